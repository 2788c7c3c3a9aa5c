//! RNN and GRU, whose sequences have their steps first.

use amc_core::{Activation, Layer};

use super::attributes::Attributes;
use super::messages::Node;
use super::read::Reader;
use super::value::{Dim, Value};
use crate::order::Cell;
use crate::tensor::shape_text;

/// A step that is counted from the end.
const LAST: i64 = -1;

impl<'m> Reader<'m> {
    /// A recurrent layer; gives the name of all states, or of the last one.
    pub(super) fn recurrent(&mut self, node: &'m Node) -> Result<&'m str, String> {
        let is_gru = node.operator == "GRU";
        let known = [
            "activations",
            "activation_alpha",
            "activation_beta",
            "direction",
            "hidden_size",
            "layout",
            "linear_before_reset",
        ];
        let attributes = Attributes::new(node, &known)?;
        if attributes.text("direction").is_some_and(|direction| direction != "forward") {
            return Err("forward is the only direction that is read".to_string());
        }
        attributes.only("layout", 0)?;
        let activation = activation(&attributes, is_gru)?;
        for (place, what) in [(4, "lengths of sequences"), (5, "a first state")] {
            let given = node.inputs.get(place).filter(|input| !input.is_empty());
            if given.is_some_and(|input| place == 4 || !self.graph.is_zero(input)) {
                return Err(format!("{what} that is not left out or 0 is not read"));
            }
        }
        let lengths: Vec<_> = self.value.dims.iter().map(Dim::length).collect();
        let [Some(steps), None, Some(inputs)] = lengths[..] else {
            return Err(format!(
                "it takes no sequence [step, batch, input], but {}: of a module without batch_first the batch is the second \
                 dimension, to be named by dynamic_axes where it is exported",
                self.value.text()
            ));
        };
        let gates = if is_gru { 3 } else { 1 };
        let (of_inputs, of_states, biases) = (self.weights(node, 1)?, self.weights(node, 2)?, self.input(node, 3)?);
        let shapes = || format!("weights of {} and {}", shape_text(&of_inputs.shape), shape_text(&of_states.shape));
        let [1, _, units] = of_states.shape[..] else { return Err(shapes()) };
        let neurons = units.checked_mul(gates).filter(|neurons| *neurons > 0).ok_or_else(shapes)?;
        let of_bias = biases.as_ref().map_or(&[][..], |biases| &biases.values);
        if of_inputs.shape != [1, neurons, inputs] || of_states.shape != [1, neurons, units] {
            return Err(format!("{} do not fit {inputs} inputs and {units} units", shapes()));
        }
        if biases.is_some() && of_bias.len() != 2 * neurons {
            return Err(format!("{} biases for {units} units", of_bias.len()));
        }
        let (input_biases, state_biases) = match biases.is_some() {
            true => of_bias.split_at(neurons),
            false => (&[][..], &[][..]),
        };
        let filled = |biases: &[f32]| if biases.is_empty() { vec![0.0; neurons] } else { biases.to_vec() };
        let (input_biases, state_biases) = (filled(input_biases), filled(state_biases));
        let cell = Cell { of_inputs: of_inputs.values, of_states: of_states.values, input_biases, state_biases };
        let cell = if is_gru { cell.with_gates_changed() } else { cell };
        if !self.value.settle(&[0, 2]) {
            return Err("steps and inputs are in another order in the layer before".to_string());
        }
        let used: Vec<_> =
            (0..2).filter(|place| node.outputs.get(*place).is_some_and(|name| self.is_used(name))).collect();
        let [used] = used[..] else {
            return Err("one of its outputs has to be used, and not both".to_string());
        };
        let every = used == 0;
        let [time, units_axis] = [steps, units].map(|length| self.ids.axis(length));
        let one = || Dim::Of(Vec::new());
        let made = match every {
            true => {
                let ours = [&time[..], &units_axis].concat();
                Value::new(vec![Dim::Of(time), one(), Dim::Batch, Dim::Of(units_axis)], ours)
            }
            false => Value::new(vec![one(), Dim::Batch, Dim::Of(units_axis.clone())], units_axis),
        };
        let layer = match (is_gru, every) {
            (false, false) => Layer::recurrent(inputs, units, steps, activation),
            (false, true) => Layer::recurrent_states(inputs, units, steps, activation),
            (true, false) => Layer::gru(inputs, units, steps),
            (true, true) => Layer::gru_states(inputs, units, steps),
        };
        self.push(layer, cell.to_ours(inputs, units), made)?;
        Ok(&node.outputs[used])
    }

    /// Of all states of a recurrent layer the last one: the layer gives no other then.
    pub(super) fn last_state(&mut self, node: &Node) -> Result<(), String> {
        let axis = self.value.dim(Attributes::new(node, &["axis"])?.int("axis", 0))?;
        let indices = self.graph.ints(node.inputs.get(1).ok_or("it has no indices")?)?;
        let [index] = indices[..] else { return Err("one index is read".to_string()) };
        let is_scalar = self.graph.is_scalar(&node.inputs[1]);
        let length = self.value.dims[axis].length().ok_or("it takes one sample of a batch")?;
        if index != LAST && usize::try_from(index).ok() != Some(length - 1) {
            return Err(format!("index {index}: the last one alone is read"));
        }
        if length > 1 {
            let (steps, every) = match self.layers.last_mut() {
                Some(Layer::Recurrent(of)) => (of.steps, &mut of.every),
                Some(Layer::Gru(of)) => (of.steps, &mut of.every),
                _ => return Err("it is read behind a recurrent layer alone".to_string()),
            };
            if !*every || steps != length || !self.value.drop_first(axis) {
                return Err("it does not take a state".to_string());
            }
            *every = false;
        }
        if is_scalar { self.value.squeeze(&[axis as i64]) } else { Ok(()) }
    }
}

fn activation(attributes: &Attributes<'_>, is_gru: bool) -> Result<Activation, String> {
    let names = attributes.texts("activations");
    let names: Option<Vec<_>> = names.as_ref().map(|names| names.iter().map(String::as_str).collect());
    let has_numbers = attributes.has("activation_alpha") || attributes.has("activation_beta");
    if is_gru {
        attributes.only("linear_before_reset", 1).map_err(|reason| format!("{reason}, as of PyTorch"))?;
        if !attributes.has("linear_before_reset") {
            return Err("linear_before_reset is 0, and 1 alone is read, as of PyTorch".to_string());
        }
    }
    match names.as_deref() {
        None if !has_numbers => Ok(Activation::Tanh),
        Some(["Sigmoid", "Tanh"]) if is_gru && !has_numbers => Ok(Activation::Tanh),
        Some(["Tanh"]) if !is_gru && !has_numbers => Ok(Activation::Tanh),
        Some(["Relu"]) if !is_gru && !has_numbers => Ok(Activation::Relu),
        Some(["Sigmoid"]) if !is_gru && !has_numbers => Ok(Activation::Sigmoid),
        Some(["Affine"]) if !is_gru => {
            match (attributes.floats("activation_alpha"), attributes.floats("activation_beta")) {
                ([1.0], [] | [0.0]) => Ok(Activation::Linear),
                _ => Err("activation Affine is read where it changes nothing".to_string()),
            }
        }
        names => Err(format!("activations {names:?} are not read")),
    }
}
