//! An integer net as a description: the net, what its sums are divided by, and the limit of its weights.

use rand_core::Rng;

use super::activation::ONE;
use super::error::Error;
use super::layers::largest_sum;
use super::scale::{INITIAL, Scale};
use crate::activation::Activation;
use crate::layer::Layer;
use crate::layer::kind::Shape;
use crate::mixed::below;

/// Numbers of each sample in a [`Softmax`](super::Softmax).
const SOFTMAX_ROWS: usize = 3;

/// An integer net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Net<'a> {
    shape: crate::Net<'a>,
    scales: &'a [Scale],
    inputs: i32,
    limit: i8,
}

/// A layer of a net, and where its parameters lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub layer: &'a Layer,
    /// Numbers that it is given, and gives.
    pub takes: usize,
    pub outputs: usize,
    /// Its first parameter.
    pub start: usize,
    /// Inputs of a neuron.
    pub inputs: usize,
    /// Neurons: of a dense layer as many as outputs.
    pub units: usize,
    pub activation: Activation,
    pub scale: Scale,
}

impl Place<'_> {
    /// Whether each neuron makes one output, of all that the layer is given.
    #[inline(always)]
    pub const fn is_dense(&self) -> bool {
        matches!(self.layer, Layer::Dense(_))
    }

    /// The outputs in which a neuron's parameters have a part.
    pub fn outputs_of(&self, unit: usize) -> impl Iterator<Item = usize> + use<> {
        match self.layer {
            // Behind the first step all of a state's numbers depend on all before.
            #[cfg(feature = "layers")]
            Layer::Recurrent(_) => (0..self.outputs).step_by(1),
            _ => (unit..self.outputs).step_by(self.units.max(1)),
        }
    }

    /// The weights of a neuron.
    #[inline(always)]
    pub fn row<'p>(&self, parameters: &'p [i8], unit: usize) -> &'p [i8] {
        let at = self.start + unit * self.inputs;
        parameters.get(at..at + self.inputs).unwrap_or_default()
    }

    /// Where the weight of a neuron's input is, or behind the last one its bias.
    #[inline(always)]
    pub const fn index(&self, unit: usize, input: usize) -> usize {
        if input < self.inputs {
            self.start + unit * self.inputs + input
        } else {
            self.start + self.units * self.inputs + unit
        }
    }

    /// What the bias of a neuron adds to its sum.
    #[inline(always)]
    pub fn bias(&self, parameters: &[i8], unit: usize) -> i32 {
        i32::from(parameters.get(self.index(unit, self.inputs)).copied().unwrap_or(0)) << self.scale.bias
    }
}

impl<'a> Net<'a> {
    /// A net known to be right; in a `const`, a wrong one does not compile.
    ///
    /// # Panics
    /// Where [`try_new`](Net::try_new) gives an error.
    pub const fn new(shape: crate::Net<'a>, scales: &'a [Scale], inputs: i32) -> Self {
        match Self::try_new(shape, scales, inputs) {
            Ok(net) => net,
            Err(_) => panic!("not an integer net: Net::try_new tells why"),
        }
    }

    /// A net of this shape, whose inputs are at most `inputs` in size.
    pub const fn try_new(shape: crate::Net<'a>, scales: &'a [Scale], inputs: i32) -> Result<Self, Error> {
        let layers = shape.layers();
        if scales.len() != layers.len() {
            return Err(Error::Scales { needed: layers.len(), given: scales.len() });
        }
        let (mut layer, mut width, mut most) = (0, shape.inputs(), inputs);
        while layer < layers.len() {
            let Shape { fan_in, outputs, .. } = layers[layer].shape(width);
            let Scale { shift, bias } = scales[layer];
            if shift > Scale::MOST || bias > Scale::MOST {
                return Err(Error::Shift { layer, shift: if shift > bias { shift } else { bias } });
            }
            let Some(largest) = largest_sum(&layers[layer], fan_in, most.unsigned_abs(), scales[layer]) else {
                return Err(Error::Kind { layer });
            };
            // Sums of products, of which none is larger than this.
            if largest.saturating_mul(ONE as u64) > i32::MAX as u64 {
                return Err(Error::TooWide { layer, inputs: if fan_in > 0 { fan_in } else { width }, most });
            }
            most = ONE;
            width = outputs;
            layer += 1;
        }
        Ok(Self { shape, scales, inputs, limit: ONE as i8 })
    }

    /// With weights and biases of at most this size: 7 is 4 bits, 1 ternary.
    ///
    /// # Errors
    /// Where it is below 1.
    pub const fn with_limit(self, limit: i8) -> Result<Self, Error> {
        if limit < 1 { Err(Error::Limit(limit)) } else { Ok(Self { limit, ..self }) }
    }

    /// Its layers.
    pub const fn shape(&self) -> crate::Net<'a> {
        self.shape
    }

    /// What their sums are divided by.
    pub const fn scales(&self) -> &'a [Scale] {
        self.scales
    }

    /// The largest that an input can be.
    pub const fn most_input(&self) -> i32 {
        self.inputs
    }

    /// The largest that a weight can be.
    pub const fn limit(&self) -> i8 {
        self.limit
    }

    /// Weights and biases: the length of the parameter vector.
    pub const fn parameters(&self) -> usize {
        self.shape.parameters()
    }

    /// Parameters of the neuron that has most of them.
    pub const fn widest_neuron(&self) -> usize {
        self.shape.column()
    }

    /// Sums that a tile of `T` samples has in memory: those of the widest layer.
    pub const fn scratch(&self, tile: usize) -> usize {
        self.shape.widest() * tile
    }

    /// Activations that it has in memory: those of two layers.
    pub const fn scratch_outputs(&self, tile: usize) -> usize {
        2 * self.shape.widest() * tile
    }

    /// Numbers that are kept of a tile of `T` samples where sums are: one of each output of every layer, of a softmax of more than one
    /// sample three more, and the loss.
    pub const fn kept_sums(&self, tile: usize) -> usize {
        let of_softmax = if tile > 1 && matches!(self.shape.output(), Activation::Softmax) { SOFTMAX_ROWS } else { 0 };
        (self.units(self.scales.len()) + of_softmax + 1) * tile
    }

    /// Activations that are kept of a tile: those of all layers but the last.
    pub const fn kept_outputs(&self, tile: usize) -> usize {
        self.units(self.scales.len().saturating_sub(1)) * tile
    }

    /// Units of the first `layers` layers.
    pub(super) const fn units(&self, layers: usize) -> usize {
        let (mut units, mut layer) = (0, 0);
        while layer < layers {
            units += self.shape.layers()[layer].units();
            layer += 1;
        }
        units
    }

    /// The layers.
    #[inline(always)]
    pub(super) fn places(&self) -> impl Iterator<Item = Place<'a>> + Clone + use<'a> {
        let layers = self.shape.layers().iter().zip(self.scales);
        layers.scan((0, self.shape.inputs()), |(start, width), (layer, scale)| {
            let Shape { takes, fan_in: inputs, neurons, outputs, .. } = layer.shape(*width);
            // What pools has none.
            let units = if inputs > 0 { neurons } else { 0 };
            let (activation, scale) = (layer.activation(), *scale);
            let place = Place { layer, takes, outputs, start: *start, inputs, units, activation, scale };
            *start += (inputs + 1) * units;
            *width = outputs;
            Some(place)
        })
    }

    /// Draws parameters to begin with: weights within ±16, or the limit, each as likely; biases of 0.
    pub fn draw<R: Rng>(&self, parameters: &mut [i8], rng: &mut R) {
        let most = self.limit.min(INITIAL);
        for place in self.places() {
            let weights = place.units * place.inputs;
            let section = parameters.get_mut(place.start..).unwrap_or_default();
            for (i, parameter) in section.iter_mut().take(weights + place.units).enumerate() {
                *parameter = if i < weights { below(rng, 2 * most as usize + 1) as i8 - most } else { 0 };
            }
        }
    }

    /// Checks parameters that were not made by moves.
    ///
    /// # Errors
    /// Where there are too few or too many, or one is beyond the limit.
    pub fn check(&self, parameters: &[i8]) -> Result<(), Error> {
        let (needed, given) = (self.parameters(), parameters.len());
        if needed != given {
            return Err(Error::Length { what: "parameters", needed, given });
        }
        let limit = self.limit;
        match parameters.iter().position(|parameter| parameter.unsigned_abs() > limit.unsigned_abs()) {
            Some(index) => {
                let value = parameters.get(index).copied().unwrap_or(0);
                Err(Error::Parameter { index, value, limit })
            }
            None => Ok(()),
        }
    }
}
