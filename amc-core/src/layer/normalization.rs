//! Layer normalisation: over the outputs of the layer before, each sample for itself.

use core::convert::Infallible;
use core::fmt;

use crate::activation::Activation;
use crate::lanes::Lanes;
use crate::layer::kind::{CODE, Compute, Kind, LayerPass, SIZE, Seen, Shape};

/// Layer normalisation (Ba, Kiros and Hinton, arXiv:1607.06450) of the outputs of the layer before, for each
/// sample: activation((x − mean) / √(variance + 10⁻⁵) · gain + bias).
///
/// It has no weights, and for biases the gains, `[units]`, followed by the biases, `[units]`: the signal norm
/// scales neither. A caller that draws all parameters to start from sets the gains to 1 after that, and the biases
/// to 0:
///
/// ```
/// use amc_core::{Activation, Layer, Net};
///
/// const NET: Net = Net::new(8, &[
///     Layer::dense(5, Activation::Linear),
///     Layer::normalization(5, Activation::Tanh),
///     Layer::dense(3, Activation::Softmax),
/// ]);
/// let mut parameters = [0.5; NET.parameters()];
/// for (layer, section) in NET.layers().iter().zip(NET.sections()) {
///     layer.set_initial(&mut parameters[section.range()]);
/// }
/// let gains_and_biases = &parameters[(8 + 1) * 5..][..5 + 5];
/// assert_eq!(gains_and_biases, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Normalization {
    /// Outputs of the layer before, and its own.
    pub units: usize,
    /// What becomes of each normalised number.
    pub activation: Activation,
}

impl Normalization {
    /// What is added to the variance: PyTorch's default.
    pub const EPSILON: f32 = 1e-5;

    /// A normalisation of `units` numbers.
    pub const fn new(units: usize, activation: Activation) -> Self {
        Self { units, activation }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        Shape { biases: self.units.saturating_mul(2), ..Shape::without_parameters(self.units, self.units) }
    }

    pub(crate) const fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Kind for Normalization {
    type Error = Infallible;

    const BYTES: usize = SIZE + CODE;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }

    fn set_initial(&self, parameters: &mut [f32]) {
        let (gains, biases) = parameters.split_at_mut(self.units.min(parameters.len()));
        gains.fill(1.0);
        biases.fill(0.0);
    }
}

impl Compute for Normalization {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, mut pass: LayerPass<'_, '_>, _seen: Option<&mut dyn Seen<L>>) {
        let parameters = pass.biases;
        let (given, made) = pass.numbers();
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
            let deviation = lanes.sqrt(lanes.add(variance, lanes.splat(Normalization::EPSILON)));
            let values = given.chunks_exact(L::T).zip(made.chunks_exact_mut(L::T));
            for ((value, made), (gain, bias)) in values.zip(gains.iter().zip(biases)) {
                let normal = lanes.div(lanes.sub(lanes.load(value), mean), deviation);
                lanes.store(lanes.mul_add(normal, lanes.splat(*gain), lanes.splat(*bias)), made);
            }
        }
    }
}

impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, activation } = self;
        write!(f, "Layer::normalization({units}, {activation})")
    }
}
