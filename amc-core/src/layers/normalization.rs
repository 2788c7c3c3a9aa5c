//! Layer normalisation: over the outputs of the layer before, each sample for itself.

use crate::lanes::Lanes;
use crate::net::{Activation, Layer, Shape};

/// Added to the variance: PyTorch's default.
const EPSILON: f32 = 1e-5;

impl Layer {
    /// A [normalisation](Layer::Normalization) of `units` numbers.
    ///
    /// ```
    /// use amc_core::{Activation, Layer, Net};
    ///
    /// const NET: Net = Net::new(8, &[
    ///     Layer::dense(5, Activation::Linear),
    ///     Layer::normalization(5, Activation::Tanh),
    ///     Layer::dense(3, Activation::Softmax),
    /// ]);
    /// let mut parameters = [0.0; NET.parameters()];
    /// // After random numbers for all parameters, the gains are set to 1 and their biases to 0.
    /// for (layer, section) in NET.layers().iter().zip(NET.sections()) {
    ///     if let Layer::Normalization { units, .. } = *layer {
    ///         parameters[section.start..][..units].fill(1.0);
    ///         parameters[section.start + units..][..units].fill(0.0);
    ///     }
    /// }
    /// ```
    pub const fn normalization(units: usize, activation: Activation) -> Self {
        Layer::Normalization { units, activation }
    }
}

pub(crate) const fn shape(units: usize) -> Shape {
    Shape {
        takes: units,
        fan_in: 0,
        neurons: units,
        biases: units.saturating_mul(2),
        outputs: units,
        room: units,
        uses: 1,
        recurrent: false,
    }
}

/// Normalises tiles. `inputs` are, for a tile, all its numbers, where zeros may be left out, and what they are to be
/// multiplied by; `parameters` are the gains and then the biases. It makes `[tile][unit][T]`.
#[inline(always)]
pub(crate) fn run<L: Lanes, I: Iterator<Item = (usize, L::V)>>(
    lanes: L,
    inputs: (impl Fn(usize) -> I, f32),
    parameters: &[f32],
    made: &mut [f32],
) {
    let units = parameters.len() / 2;
    let (gains, biases) = parameters.split_at(units);
    let count = lanes.splat(units as f32);
    for (tile, values) in made.chunks_exact_mut((units * L::T).max(1)).enumerate() {
        values.fill(0.0);
        for (unit, v) in inputs.0(tile) {
            if let Some(value) = values.get_mut(unit * L::T..) {
                lanes.store(lanes.mul(v, lanes.splat(inputs.1)), value);
            }
        }
        let mut sum = lanes.splat(0.0);
        for value in values.chunks_exact(L::T) {
            sum = lanes.add(sum, lanes.load(value));
        }
        let mean = lanes.div(sum, count);
        let mut squares = lanes.splat(0.0);
        for value in values.chunks_exact(L::T) {
            let off = lanes.sub(lanes.load(value), mean);
            squares = lanes.mul_add(off, off, squares);
        }
        let variance = lanes.div(squares, count);
        let deviation = lanes.sqrt(lanes.add(variance, lanes.splat(EPSILON)));
        for (value, (gain, bias)) in values.chunks_exact_mut(L::T).zip(gains.iter().zip(biases)) {
            let normal = lanes.div(lanes.sub(lanes.load(value), mean), deviation);
            lanes.store(lanes.mul_add(normal, lanes.splat(*gain), lanes.splat(*bias)), value);
        }
    }
}
