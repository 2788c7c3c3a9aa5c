//! Layer normalisation: over the outputs of the layer before, each sample for itself.

use crate::lanes::Lanes;
use crate::net::{Activation, Layer, Shape};

impl Layer {
    /// What a [normalisation](Layer::Normalization) adds to the variance: PyTorch's default.
    pub const NORMALIZATION_EPSILON: f32 = 1e-5;

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
    Shape { biases: units.saturating_mul(2), ..Shape::without_parameters(units, units) }
}

/// Normalises the tiles `given`, `[tile][unit][T]`; `parameters` are the gains and then the biases. It makes as many.
#[inline(always)]
pub(crate) fn run<L: Lanes>(lanes: L, given: &[f32], parameters: &[f32], made: &mut [f32]) {
    let units = parameters.len() / 2;
    let (gains, biases) = parameters.split_at(units);
    let count = lanes.splat(units as f32);
    let tile = (units * L::T).max(1);
    for (given, made) in given.chunks_exact(tile).zip(made.chunks_exact_mut(tile)) {
        let mut sum = lanes.splat(0.0);
        for value in given.chunks_exact(L::T) {
            sum = lanes.add(sum, lanes.load(value));
        }
        let mean = lanes.div(sum, count);
        let mut squares = lanes.splat(0.0);
        for value in given.chunks_exact(L::T) {
            let off = lanes.sub(lanes.load(value), mean);
            squares = lanes.mul_add(off, off, squares);
        }
        let variance = lanes.div(squares, count);
        let deviation = lanes.sqrt(lanes.add(variance, lanes.splat(Layer::NORMALIZATION_EPSILON)));
        let values = given.chunks_exact(L::T).zip(made.chunks_exact_mut(L::T));
        for ((value, made), (gain, bias)) in values.zip(gains.iter().zip(biases)) {
            let normal = lanes.div(lanes.sub(lanes.load(value), mean), deviation);
            lanes.store(lanes.mul_add(normal, lanes.splat(*gain), lanes.splat(*bias)), made);
        }
    }
}
