//! A net as a description: layers, sizes, and where each layer's parameters lie.
//!
//! Values live elsewhere, in one flat parameter vector. For each layer in turn it holds the weights,
//! `[fan-in][units]`, and then the biases, `[units]`.

use core::ops::Range;

use crate::activation::Activation;
use crate::layer::kind::{Kept, Shape};
use crate::layer::{Layer, LayerError};

/// Why a list of layers is not a net. Layers are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NetError {
    /// The net takes no input.
    #[error("a net needs at least one input")]
    NoInputs,
    /// There is no layer.
    #[error("a net needs at least one layer")]
    NoLayers,
    /// A layer has no neurons.
    #[error("layer {layer} has no units")]
    NoUnits {
        /// The layer.
        layer: usize,
    },
    /// A softmax stands before the last layer, or in a recurrent one, or has a single unit (and is then always 1).
    #[error("layer {layer} is a softmax: it has to be the last layer, not recurrent, and have at least two units")]
    Softmax {
        /// The layer.
        layer: usize,
    },
    /// A layer takes another number of inputs than the layer before, or the sample, gives: for a recurrent one it is
    /// its steps times the inputs of a step, for one that takes an image all its numbers.
    #[error("layer {layer} takes {takes} inputs, but is given {given}")]
    Inputs {
        /// The layer.
        layer: usize,
        /// Numbers that it takes.
        takes: usize,
        /// Numbers that it is given.
        given: usize,
    },
    /// A layer is refused by its kind.
    #[error("layer {layer}: {error}")]
    Layer {
        /// The layer.
        layer: usize,
        /// What is wrong with it.
        error: LayerError,
    },
    /// The sizes overflow the machine's integers.
    #[error("the net is too large: layer {layer} overflows the address space")]
    TooLarge {
        /// The layer.
        layer: usize,
    },
}

/// A net: the number of inputs, and the layers they pass through.
///
/// ```
/// use amc_core::{Activation, Layer, Net};
///
/// const NET: Net = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
/// static PARAMETERS: [f32; NET.parameters()] = [0.0; NET.parameters()];
/// assert_eq!(PARAMETERS.len(), (64 + 1) * 16 + (16 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Net<'a> {
    inputs: usize,
    layers: &'a [Layer],
}

/// Where one layer's parameters lie in the parameter vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Section {
    /// The first weight.
    pub start: usize,
    /// Weights, `[fan-in][neurons]`: what the signal norm scales.
    pub weights: usize,
    /// Neurons: a unit each, or of a gated one three; without weights, 0.
    pub neurons: usize,
    /// Biases, which follow the weights, or whatever else the signal norm leaves alone.
    pub biases: usize,
    /// The fan-in by which PyTorch's default draws them to start from, uniform within ±1/√(fan-in): a neuron's inputs, in
    /// a recurrent layer its units.
    pub initial_fan_in: usize,
}

impl Section {
    /// Where its parameters are.
    pub const fn range(&self) -> Range<usize> {
        self.start..self.start + self.weights + self.biases
    }
}

impl<'a> Net<'a> {
    /// A net known to be right; in a `const`, a wrong one does not compile.
    ///
    /// # Panics
    /// Where [`try_new`](Net::try_new) gives an error.
    pub const fn new(inputs: usize, layers: &'a [Layer]) -> Self {
        match Self::try_new(inputs, layers) {
            Ok(net) => net,
            Err(_) => panic!("not a net: Net::try_new tells why"),
        }
    }

    /// A net of `inputs` numbers a sample and these layers.
    pub const fn try_new(inputs: usize, layers: &'a [Layer]) -> Result<Self, NetError> {
        /// The most numbers of four bytes that memory can hold.
        const MOST: usize = isize::MAX as usize / 4;

        if inputs == 0 {
            return Err(NetError::NoInputs);
        }
        if layers.is_empty() {
            return Err(NetError::NoLayers);
        }
        let (mut width, mut kept, mut total, mut layer) = (inputs, None, 0_usize, 0);
        while layer < layers.len() {
            if let Err(error) = layers[layer].check(kept) {
                return Err(NetError::Layer { layer, error });
            }
            let Shape { takes, fan_in, neurons, biases, outputs, room, kept: behind, .. } = layers[layer].shape(width);
            if neurons == 0 {
                return Err(NetError::NoUnits { layer });
            }
            let softmax = matches!(layers[layer].activation(), Activation::Softmax);
            if softmax && (layer + 1 < layers.len() || outputs == 1 || layers[layer].activates()) {
                return Err(NetError::Softmax { layer });
            }
            // Room for every scratch buffer of up to 3 · 16 samples in bytes, too.
            let (Some(weights), Some(_), true) = (fan_in.checked_mul(neurons), room.checked_mul(256), takes < MOST)
            else {
                return Err(NetError::TooLarge { layer });
            };
            if takes != width {
                return Err(NetError::Inputs { layer, takes, given: width });
            }
            let with_biases = weights.checked_add(biases);
            total = match with_biases {
                Some(n) => match total.checked_add(n) {
                    Some(total) if total <= MOST => total,
                    _ => return Err(NetError::TooLarge { layer }),
                },
                None => return Err(NetError::TooLarge { layer }),
            };
            kept = match behind {
                Kept::AsBefore => kept,
                Kept::Numbers(units) => Some(units),
                Kept::Nothing => None,
            };
            width = outputs;
            layer += 1;
        }
        Ok(Self { inputs, layers })
    }

    /// The net of the first `layers` layers, and that of the others, which takes what the first one gives: a body that is
    /// [frozen](crate::Body), and the head that is trained.
    ///
    /// # Errors
    /// Where one of them has no layers, or the second one goes on with what the first one kept.
    pub const fn split(self, layers: usize) -> Result<(Self, Self), NetError> {
        let Some((first, rest)) = self.layers.split_at_checked(layers) else { return Err(NetError::NoLayers) };
        let first = match Self::try_new(self.inputs, first) {
            Ok(first) => first,
            Err(error) => return Err(error),
        };
        match Self::try_new(first.outputs(), rest) {
            Ok(rest) => Ok((first, rest)),
            Err(error) => Err(error),
        }
    }

    /// Numbers in a sample.
    #[inline]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers the net gives for a sample.
    #[inline]
    pub const fn outputs(&self) -> usize {
        match self.layers.last() {
            Some(layer) => layer.units(),
            None => 0,
        }
    }

    /// The last layer's activation.
    #[inline]
    pub const fn output(&self) -> Activation {
        match self.layers.last() {
            Some(layer) => layer.activation(),
            None => Activation::Linear,
        }
    }

    /// The layers, in the order in which data pass them.
    #[inline]
    pub const fn layers(&self) -> &'a [Layer] {
        self.layers
    }

    /// N, the number of parameters: the length of the parameter vector.
    pub const fn parameters(&self) -> usize {
        let (mut total, mut layer, mut width) = (0, 0, self.inputs);
        while layer < self.layers.len() {
            let shape = self.layers[layer].shape(width);
            total += shape.fan_in * shape.neurons + shape.biases;
            width = shape.outputs;
            layer += 1;
        }
        total
    }

    /// Multiply-adds of one sample's forward pass, and numbers that pass an activation; what overflows is `usize::MAX`.
    pub const fn operations(&self) -> (usize, usize) {
        let (mut multiply_adds, mut activations, mut layer, mut width) = (0_usize, 0_usize, 0, self.inputs);
        while layer < self.layers.len() {
            let Shape { fan_in, neurons, uses, outputs, .. } = self.layers[layer].shape(width);
            let neurons = neurons.saturating_mul(uses);
            activations = activations.saturating_add(neurons);
            multiply_adds = multiply_adds.saturating_add(neurons.saturating_mul(fan_in));
            width = outputs;
            layer += 1;
        }
        (multiply_adds, activations)
    }

    /// Numbers of scratch memory that an evaluation needs to have `samples` samples (those of at least one tile) in the
    /// net together.
    ///
    /// Two activations of the widest layer (a recurrent one that gives its last state has two states, a gated one the sums
    /// of a step as well), with residual connections three, and 16 partial sums of every layer's signal. The net's inputs
    /// count as an activation where a first layer that is neither dense nor recurrent needs a copy of them.
    pub const fn scratch(&self, samples: usize) -> usize {
        self.buffers() * self.widest() * samples + self.layers.len() * crate::sums::LANES
    }

    /// Activations that are in memory together.
    #[inline]
    pub(crate) const fn buffers(&self) -> usize {
        let mut layer = 0;
        while layer < self.layers.len() {
            if let Kept::Numbers(_) = self.layers[layer].shape(0).kept {
                return 3;
            }
            layer += 1;
        }
        2
    }

    #[inline]
    pub(crate) const fn widest(&self) -> usize {
        let (mut widest, mut layer) = (0, 0);
        while layer < self.layers.len() {
            let room = self.layers[layer].shape(0).room;
            if room > widest {
                widest = room;
            }
            layer += 1;
        }
        widest
    }

    /// The sections of the parameter vector, one for each layer.
    #[inline]
    pub fn sections(&self) -> impl Iterator<Item = Section> + Clone + use<'a> {
        self.layers.iter().scan((0, self.inputs), |(start, width), layer| {
            let Shape { fan_in, neurons, biases, outputs, initial_fan_in, .. } = layer.shape(*width);
            let weights = fan_in * neurons;
            let neurons = if fan_in > 0 { neurons } else { 0 };
            let section = Section { start: *start, weights, neurons, biases, initial_fan_in };
            *start += section.weights + section.biases;
            *width = outputs;
            Some(section)
        })
    }
}
