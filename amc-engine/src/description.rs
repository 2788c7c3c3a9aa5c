//! Nets that own their layers, with their losses, and what options and files call these.

mod names;
mod nets;

use amc_core::{Activation, Layer, Loss, Net, Objective};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize};

pub use self::names::{LayerName, LayerNames, NameError};
pub use self::nets::Modification;

/// An activation as options and model files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationName {
    /// The input itself.
    Linear,
    /// The hyperbolic tangent.
    Tanh,
    /// max(0, input).
    Relu,
    /// The logistic function.
    Sigmoid,
    /// Exponentials over their sum; output only.
    Softmax,
    /// −1 below 0, else 1.
    Sign,
    /// 0 below 0, else 1.
    Step,
}

impl ActivationName {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Linear, Self::Tanh, Self::Relu, Self::Sigmoid, Self::Softmax, Self::Sign, Self::Step];

    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::Sigmoid => "sigmoid",
            Self::Softmax => "softmax",
            Self::Sign => "sign",
            Self::Step => "step",
        }
    }
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Linear => Activation::Linear,
            ActivationName::Tanh => Activation::Tanh,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Sigmoid => Activation::Sigmoid,
            ActivationName::Softmax => Activation::Softmax,
            ActivationName::Sign => Activation::Sign,
            ActivationName::Step => Activation::Step,
        }
    }
}

/// A loss as options and model files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    /// Mean-squared error over samples and outputs.
    Mse,
    /// Mean of −ln of the probability given to the class.
    CrossEntropy,
}

impl LossName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mse, Self::CrossEntropy];

    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::CrossEntropy => "cross-entropy",
        }
    }

    fn of(loss: Loss) -> Option<Self> {
        Self::ALL.into_iter().find(|name| Loss::from(*name) == loss)
    }
}

impl From<LossName> for Loss {
    fn from(name: LossName) -> Self {
        match name {
            LossName::Mse => Loss::MeanSquaredError,
            LossName::CrossEntropy => Loss::CrossEntropy,
        }
    }
}

/// The description of a net and its loss: what a model file carries besides parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Numbers in a sample.
    pub inputs: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    /// What they are called.
    pub names: LayerNames,
    /// The loss it was trained on.
    pub loss: LossName,
}

impl Description {
    /// A net of these layers, which have no names.
    pub fn unnamed(inputs: usize, layers: Vec<Layer>, loss: LossName) -> Self {
        Self { inputs, layers, names: LayerNames::default(), loss }
    }

    /// A net of dense layers, of these sizes: inputs, units of each hidden layer, outputs. Hidden layers are all of one
    /// `activation`, and the last layer has the one called `output`.
    pub fn new(sizes: &[usize], activation: ActivationName, output: ActivationName, loss: LossName) -> Self {
        let units = sizes.get(1..).unwrap_or_default();
        let mut layers: Vec<_> = units.iter().map(|units| Layer::dense(*units, activation.into())).collect();
        if let (Some(last), Some(units)) = (layers.last_mut(), units.last()) {
            *last = Layer::dense(*units, output.into());
        }
        Self::unnamed(sizes.first().copied().unwrap_or(0), layers, loss)
    }

    /// What is stored; `None` where this program has no name for the loss.
    pub fn read(stored: &amc_store::Description<'_>) -> Option<Self> {
        let (inputs, layers) = (stored.inputs(), stored.layers().collect());
        Some(Self::unnamed(inputs, layers, LossName::of(stored.loss())?))
    }

    /// The net and its loss.
    pub fn objective(&self) -> anyhow::Result<Objective<'_>> {
        let net = Net::try_new(self.inputs, &self.layers)?;
        Ok(Objective::try_new(net, self.loss.into())?)
    }
}

/// Layers by the names that the core has for them.
impl Serialize for Description {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layers: Vec<_> = self.layers.iter().map(|layer| format!("{layer:?}")).collect();
        let mut fields = serializer.serialize_struct("Description", 3)?;
        fields.serialize_field("inputs", &self.inputs)?;
        fields.serialize_field("layers", &layers)?;
        fields.serialize_field("loss", &self.loss)?;
        fields.end()
    }
}
