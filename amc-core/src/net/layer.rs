//! The kinds of layers, and what their sizes come to.

#[cfg(feature = "layers")]
use crate::layers::images::{Image, Kernel};

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
    /// A simple recurrent layer: h_t = activation(W x_t + V h_{t−1} + b) for t = 1 to `steps`, from h_0 = 0.
    ///
    /// It takes the outputs of the layer before as a sequence, `[step][inputs]`. Its weights are W, `[inputs][units]`,
    /// and behind it V, `[units][units]`: one section, since every neuron has the same inputs, x_t and h_{t−1}.
    /// PyTorch's `nn.RNN` has two biases, of which b is the sum.
    ///
    /// The signal of its inputs is Σ S² over x_t and h_{t−1}, the mean over samples and steps. As states depend on the
    /// parameters, it is gathered in every evaluation, of a net's first layer as well.
    #[cfg(feature = "layers")]
    Recurrent {
        /// Numbers of a step.
        inputs: usize,
        /// Neurons: the numbers of a state.
        units: usize,
        /// Steps of the sequence.
        steps: usize,
        /// What each neuron makes of its input; no softmax.
        activation: Activation,
        /// Whether it gives every state, `[step][units]`, or the last one only, `[units]`.
        every: bool,
    },
    /// Layer normalisation (Ba, Kiros and Hinton, arXiv:1607.06450) of the outputs of the layer before, for each
    /// sample: activation((x − mean) / √(variance + 10⁻⁵) · gain + bias).
    ///
    /// It has no weights, and for biases the gains, `[units]`, followed by the biases, `[units]`: the signal norm
    /// scales neither. A caller that draws all parameters to start from sets the gains to 1 after that, and the biases
    /// to 0.
    #[cfg(feature = "layers")]
    Normalization {
        /// Outputs of the layer before, and its own.
        units: usize,
        /// What becomes of each normalised number.
        activation: Activation,
    },
    /// A 2-D convolution: at each position of its window, every filter is a neuron of the numbers under the window.
    /// Where the window reaches beyond the image it finds zeros.
    ///
    /// It gives an [`Image`] of as many channels as filters. Its weights are
    /// `[window row][window column][channel][filter]`, of every filter the same at all positions; PyTorch's are
    /// `[filter][channel][window row][window column]`.
    ///
    /// The signal of its inputs is Σ S² over the window, the mean over samples and positions. It is gathered in every
    /// evaluation, of a net's first layer as well.
    #[cfg(feature = "layers")]
    Convolution {
        /// What it takes.
        image: Image,
        /// Filters: the channels of what it gives.
        filters: usize,
        /// The window.
        kernel: Kernel,
        /// What each filter makes of its input.
        activation: Activation,
    },
    /// The largest number under a window, for each of its positions and each channel. Beyond the image, numbers are
    /// −∞. NaN under a window gives NaN.
    #[cfg(feature = "layers")]
    MaxPool {
        /// What it takes.
        image: Image,
        /// The window.
        kernel: Kernel,
    },
    /// The mean of each channel over all positions of an image.
    #[cfg(feature = "layers")]
    GlobalAverage {
        /// What it takes.
        image: Image,
    },
    /// Keeps a copy of the numbers that it passes on, for a [`Swap`](Layer::Swap) or an [`Add`](Layer::Add). What was
    /// kept before is lost.
    #[cfg(feature = "layers")]
    Keep {
        /// Outputs of the layer before, and its own.
        units: usize,
    },
    /// Gives what was kept, and keeps the outputs of the layer before in its place.
    #[cfg(feature = "layers")]
    Swap {
        /// Numbers that were kept: its outputs.
        units: usize,
    },
    /// Adds what was kept, and has then nothing kept any more: the end of a residual block (He et al.,
    /// arXiv:1512.03385).
    #[cfg(feature = "layers")]
    Add {
        /// Outputs of the layer before, numbers that were kept, and its own outputs.
        units: usize,
        /// What becomes of each sum.
        activation: Activation,
    },
}

/// What the sizes of a layer come to.
pub(crate) struct Shape {
    /// Outputs that the layer before has to have.
    pub takes: usize,
    /// Inputs of a neuron.
    pub fan_in: usize,
    /// Neurons.
    pub neurons: usize,
    /// Parameters that follow the weights.
    pub biases: usize,
    /// Numbers that it gives for a sample.
    pub outputs: usize,
    /// Numbers that it has in memory for a sample while it makes them.
    pub room: usize,
    /// How often a sample's pass uses each weight.
    pub uses: usize,
    /// Whether its weights are used at several steps or positions, so that the signal of its inputs is not that of the
    /// numbers it takes.
    pub shared: bool,
}

impl Shape {
    /// That of a dense layer.
    pub(crate) const fn dense(width: usize, units: usize) -> Self {
        Self {
            takes: width,
            fan_in: width,
            neurons: units,
            biases: units,
            outputs: units,
            room: units,
            uses: 1,
            shared: false,
        }
    }

    /// That of a layer without parameters.
    #[cfg(feature = "layers")]
    pub(crate) const fn without_parameters(takes: usize, outputs: usize) -> Self {
        let room = if takes > outputs { takes } else { outputs };
        Self { takes, fan_in: 0, neurons: outputs, biases: 0, outputs, room, uses: 1, shared: false }
    }
}

impl Layer {
    /// A fully-connected layer of `units` neurons.
    pub const fn dense(units: usize, activation: Activation) -> Self {
        Layer::Dense { units, activation }
    }

    /// Outputs of the layer.
    #[inline(always)]
    pub const fn units(&self) -> usize {
        self.shape(0).outputs
    }

    /// The function applied to its neurons' inputs.
    pub const fn activation(&self) -> Activation {
        match self {
            Layer::Dense { activation, .. } => *activation,
            #[cfg(feature = "layers")]
            Layer::Recurrent { activation, .. }
            | Layer::Normalization { activation, .. }
            | Layer::Convolution { activation, .. }
            | Layer::Add { activation, .. } => *activation,
            #[cfg(feature = "layers")]
            Layer::MaxPool { .. } | Layer::GlobalAverage { .. } | Layer::Keep { .. } | Layer::Swap { .. } => {
                Activation::Linear
            }
        }
    }

    #[inline]
    pub(crate) const fn is_recurrent(&self) -> bool {
        match self {
            Layer::Dense { .. } => false,
            #[cfg(feature = "layers")]
            other => matches!(other, Layer::Recurrent { .. }),
        }
    }

    /// Its shape behind a layer of `width` outputs. What overflows is `usize::MAX`.
    // That of a dense layer is found without a call, which would cost a pass the constants in the lanes' registers.
    #[inline(always)]
    pub(crate) const fn shape(&self, width: usize) -> Shape {
        match *self {
            Layer::Dense { units, .. } => Shape::dense(width, units),
            #[cfg(feature = "layers")]
            _ => crate::layers::shape(self, width),
        }
    }
}
