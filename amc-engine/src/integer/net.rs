//! Integer nets that own their layers.

use amc_core::integer::{Net, Objective, Scale};
use amc_core::{Activation, Layer};
use serde::{Deserialize, Serialize};

use super::data::TARGET;
use crate::description::{self, LossName};

/// The root mean square that activations of a layer are taken for: half of the largest.
const ACTIVATION: u32 = 64;

/// What an integer net takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inputs {
    /// Bytes, 0 to 255, as they are.
    U8,
    /// −127 to 127.
    I8,
}

impl Inputs {
    /// The largest.
    pub const fn most(self) -> i32 {
        match self {
            Self::U8 => 255,
            Self::I8 => 127,
        }
    }

    /// As Rust names their type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
        }
    }
}

/// The description of an integer net: what a model file carries besides parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Numbers in a sample.
    pub inputs: usize,
    /// What they are.
    pub of: Inputs,
    /// The layers.
    pub layers: Vec<Layer>,
    /// What the sums of each layer are divided by.
    pub scales: Vec<Scale>,
    /// The largest that a weight can be, 1 to 127.
    pub limit: i8,
}

/// The root mean square of all inputs of a neuron, where those that a layer is given have this: a recurrent one's are states, too.
fn of_all_inputs(layer: &Layer, rms: u32) -> u32 {
    let square = |x: u32| u64::from(x) * u64::from(x);
    match layer {
        Layer::Recurrent(layer) => {
            let (inputs, units) = (layer.inputs as u64, layer.units as u64);
            let sum = inputs.saturating_mul(square(rms)).saturating_add(units.saturating_mul(square(ACTIVATION)));
            (sum / inputs.saturating_add(units).max(1)).isqrt() as u32
        }
        _ => rms,
    }
}

impl Description {
    /// A net whose scales [fit](Scale::fit) inputs of this root mean square.
    pub fn fit(inputs: usize, (of, rms): (Inputs, u32), layers: Vec<Layer>, limit: i8) -> Self {
        // What is no net has no scales either, and is refused as such.
        let sections = amc_core::Net::try_new(inputs, &layers).map(|net| net.sections().collect::<Vec<_>>());
        let (mut rms, mut most, mut scales) = (rms, of.most(), Vec::new());
        for (layer, section) in layers.iter().zip(sections.unwrap_or_default()) {
            match section.weights.checked_div(section.neurons) {
                Some(fan_in) => {
                    let rms = of_all_inputs(layer, std::mem::replace(&mut rms, ACTIVATION));
                    scales.push(Scale::fit(fan_in, rms, limit, layer.activation()));
                }
                // It pools: what it gives is as large as what it is given, or as bytes of a sign can be.
                None => {
                    let shift = (0..8).find(|shift| most >> shift <= Inputs::I8.most()).unwrap_or(0);
                    rms = (rms >> shift).max(1);
                    scales.push(Scale { shift, ..Scale::NONE });
                }
            }
            most = Inputs::I8.most();
        }
        Self { inputs, of, layers, scales, limit }
    }

    /// The net and its loss.
    pub fn objective(&self) -> anyhow::Result<Objective<'_>> {
        let shape = amc_core::Net::try_new(self.inputs, &self.layers)?;
        let net = Net::try_new(shape, &self.scales, self.of.most())?.with_limit(self.limit)?;
        Ok(Objective::new(net)?)
    }

    /// What the last layer makes.
    pub fn output(&self) -> Activation {
        self.layers.last().map_or(Activation::Linear, Layer::activation)
    }

    /// The same net of floats, with the loss that this one has.
    pub fn of_floats(&self) -> description::Description {
        let loss = match self.output() {
            Activation::Softmax => LossName::CrossEntropy,
            _ => LossName::Mse,
        };
        description::Description { inputs: self.inputs, layers: self.layers.clone(), loss }
    }

    /// The mean of so many samples' losses in units of the same net of floats: cross-entropy to base e, or the mean square of
    /// standard deviations.
    pub fn mean(&self, loss: u64, samples: usize) -> f32 {
        let mean = loss as f64 / samples.max(1) as f64;
        let outputs = self.layers.last().map_or(1, Layer::units) as f64;
        let unit = self.objective().map_or(1, |objective| objective.unit());
        let of_a_float = match self.output() {
            Activation::Softmax => mean / f64::from(unit) * std::f64::consts::LN_2,
            _ => mean / outputs / f64::from(TARGET * TARGET),
        };
        of_a_float as f32
    }
}
