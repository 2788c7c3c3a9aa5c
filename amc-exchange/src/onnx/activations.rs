//! Activations, which become those of the layer before.

use amc_core::{Activation, Layer};

use super::attributes::Attributes;
use super::messages::Node;
use super::read::Reader;

impl Reader<'_> {
    /// Has the last layer apply the activation that a node is.
    pub(super) fn activation(&mut self, node: &Node) -> Result<(), String> {
        let activation = match &*node.operator {
            "Tanh" => Activation::Tanh,
            "Relu" => Activation::Relu,
            "Sigmoid" => Activation::Sigmoid,
            _ => Activation::Softmax,
        };
        let known: &[&str] = if activation == Activation::Softmax { &["axis"] } else { &[] };
        let attributes = Attributes::new(node, known)?;
        if activation == Activation::Softmax
            && (!self.value.is_flat() || self.value.dim(attributes.int("axis", -1))? != 1)
        {
            return Err(format!("it is not over all outputs of a sample, which is {}", self.value.text()));
        }
        let own = match self.layers.last_mut() {
            Some(Layer::Dense(of)) => &mut of.activation,
            Some(Layer::Conv1d(of)) => &mut of.activation,
            Some(Layer::Convolution(of)) => &mut of.activation,
            Some(Layer::Normalization(of)) => &mut of.activation,
            Some(Layer::Add(of)) => &mut of.activation,
            _ => return Err("there is no layer before it whose activation it could be".to_string()),
        };
        if *own != Activation::Linear {
            return Err("the layer before it has an activation already".to_string());
        }
        *own = activation;
        Ok(())
    }
}
