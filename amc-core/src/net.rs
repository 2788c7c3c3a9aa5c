//! A net as a description: layers, sizes, and where each layer's parameters lie.
//!
//! Values live elsewhere, in one flat parameter vector. For each layer in turn it holds the weights,
//! `[fan-in][units]`, and then the biases, `[units]`.

/// The function that makes a neuron's output from its input (its pre-activation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Activation {
    /// The input itself.
    Linear,
    /// The hyperbolic tangent.
    Tanh,
    /// max(0, input)
    Relu,
    /// 1 / (1 + e^−input)
    Sigmoid,
    /// e^input over the sum of that of all the layer's neurons; on the last layer only.
    Softmax,
}

/// One layer of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Layer {
    /// Every neuron is connected to all outputs of the layer before.
    Dense {
        /// Neurons.
        units: usize,
        /// What each neuron makes of its input.
        activation: Activation,
    },
}

impl Layer {
    /// A fully-connected layer of `units` neurons.
    pub const fn dense(units: usize, activation: Activation) -> Self {
        Layer::Dense { units, activation }
    }

    /// Outputs of the layer.
    pub const fn units(&self) -> usize {
        match self {
            Layer::Dense { units, .. } => *units,
        }
    }

    /// The function applied to its neurons' inputs.
    pub const fn activation(&self) -> Activation {
        match self {
            Layer::Dense { activation, .. } => *activation,
        }
    }
}

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
    /// A softmax stands before the last layer, or has a single unit (and is then always 1).
    #[error("layer {layer} is a softmax: it has to be the last layer and have at least two units")]
    Softmax {
        /// The layer.
        layer: usize,
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
    /// Weights, `[fan-in][units]`.
    pub weights: usize,
    /// Biases, which follow the weights.
    pub biases: usize,
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
        if inputs == 0 {
            return Err(NetError::NoInputs);
        }
        if layers.is_empty() {
            return Err(NetError::NoLayers);
        }
        let (mut fan_in, mut total, mut layer) = (inputs, 0_usize, 0);
        while layer < layers.len() {
            let units = layers[layer].units();
            if units == 0 {
                return Err(NetError::NoUnits { layer });
            }
            let softmax = matches!(layers[layer].activation(), Activation::Softmax);
            if softmax && (layer + 1 < layers.len() || units == 1) {
                return Err(NetError::Softmax { layer });
            }
            // Room for every scratch buffer of 2 · 16 samples in bytes, too.
            let (Some(weights), Some(_)) = (fan_in.checked_mul(units), units.checked_mul(256)) else {
                return Err(NetError::TooLarge { layer });
            };
            let with_biases = weights.checked_add(units);
            total = match with_biases {
                Some(n) => match total.checked_add(n) {
                    Some(total) if total <= isize::MAX as usize / 4 => total,
                    _ => return Err(NetError::TooLarge { layer }),
                },
                None => return Err(NetError::TooLarge { layer }),
            };
            fan_in = units;
            layer += 1;
        }
        Ok(Self { inputs, layers })
    }

    /// Numbers in a sample.
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers the net gives for a sample.
    pub const fn outputs(&self) -> usize {
        match self.layers.last() {
            Some(layer) => layer.units(),
            None => 0,
        }
    }

    /// The last layer's activation.
    pub const fn output(&self) -> Activation {
        match self.layers.last() {
            Some(layer) => layer.activation(),
            None => Activation::Linear,
        }
    }

    /// The layers, in the order in which data pass them.
    pub const fn layers(&self) -> &'a [Layer] {
        self.layers
    }

    /// N, the number of parameters: the length of the parameter vector.
    pub const fn parameters(&self) -> usize {
        let (mut total, mut layer, mut fan_in) = (0, 0, self.inputs);
        while layer < self.layers.len() {
            total += (fan_in + 1) * self.layers[layer].units();
            fan_in = self.layers[layer].units();
            layer += 1;
        }
        total
    }

    /// Numbers of scratch memory that an evaluation needs to have `samples` samples (those of at least one tile) in the
    /// net together.
    ///
    /// Two activations of the widest layer, and 16 partial sums of every layer's signal.
    pub const fn scratch(&self, samples: usize) -> usize {
        2 * self.widest() * samples + self.layers.len() * crate::sums::LANES
    }

    pub(crate) const fn widest(&self) -> usize {
        let (mut widest, mut layer) = (0, 0);
        while layer < self.layers.len() {
            if self.layers[layer].units() > widest {
                widest = self.layers[layer].units();
            }
            layer += 1;
        }
        widest
    }

    /// The sections of the parameter vector, one for each layer.
    pub fn sections(&self) -> impl Iterator<Item = Section> + Clone + use<'a> {
        self.layers.iter().scan((0, self.inputs), |(start, fan_in), layer| {
            let units = layer.units();
            let section = Section { start: *start, weights: *fan_in * units, biases: units };
            *start += section.weights + section.biases;
            *fan_in = units;
            Some(section)
        })
    }
}
