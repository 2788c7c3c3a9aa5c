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

/// The scale of a layer whose inputs have this root mean square, and are at most so large.
fn fitting(layer: &Layer, fan_in: usize, (rms, most): (u32, i32), limit: i8) -> Scale {
    let of = |rms| Scale::fit(fan_in, rms, limit, layer.activation());
    let Layer::Recurrent(layer) = layer else { return of(rms) };
    let (inputs, units) = (layer.inputs as u64, layer.units as u64);
    // Inputs are multiplied to be as large as states, which a neuron takes, too, as far as its sum has room for it.
    let with = |bias| Scale { bias, ..of(rms) };
    let has_room = |bias: &u8| {
        let of_inputs = inputs.saturating_mul(most.unsigned_abs().into()).saturating_add(1 << bias);
        let sum = of_inputs.saturating_mul(1 << with(*bias).gain()).saturating_add(units.saturating_mul(127));
        sum.saturating_mul(127) <= i32::MAX as u64
    };
    let bias = (of(rms).bias..=Scale::MOST).find(has_room).unwrap_or(of(rms).bias);
    let square = |x: u32| u64::from(x) * u64::from(x);
    let rms = rms << with(bias).gain();
    let sum = inputs.saturating_mul(square(rms)).saturating_add(units.saturating_mul(square(ACTIVATION)));
    of((sum / inputs.saturating_add(units).max(1)).isqrt() as u32).bias(bias)
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
                    let rms = std::mem::replace(&mut rms, ACTIVATION);
                    scales.push(fitting(layer, fan_in, (rms, most), limit));
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
        description::Description::unnamed(self.inputs, self.layers.clone(), loss)
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

#[cfg(test)]
mod tests {
    use super::{Description, Inputs, Scale};
    use amc_core::{Activation, Layer};

    #[test]
    fn inputs_of_a_recurrent_layer_are_multiplied_as_far_as_sums_have_room() {
        let scale = |inputs: usize, rms| {
            let layers = vec![Layer::recurrent(inputs, 24, 2, Activation::Tanh), Layer::dense(3, Activation::Softmax)];
            let description = Description::fit(2 * inputs, (Inputs::U8, rms), layers, 127);
            description.objective().expect("its sums have room");
            description.scales[0]
        };
        // 7 · 2⁴ is as large as states are.
        assert_eq!(scale(8, 7), Scale::new(7).bias(3));
        assert_eq!(scale(8, 7).gain(), 4);
        assert_eq!(scale(8, 100).gain(), 0);
        // 127 · 255 · 5,000 · 2⁴ is more than a sum has room for.
        assert_eq!(scale(5000, 7).gain(), 3);
    }
}
