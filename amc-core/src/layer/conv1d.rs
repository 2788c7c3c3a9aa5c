//! Convolution of sequences: of an image that is one row, of which a step is a place.

use core::fmt;

use super::images::{Image, Kernel, KernelError};
use super::sliding::Sliding;
use crate::activation::Activation;
use crate::lanes::Lanes;
use crate::layer::kind::{CODE, Kind, LayerPass, SIZE, Seen, Shape};

/// A 1-D convolution: at each position of its window, every filter is a neuron of the numbers of the steps under the
/// window. Where the window reaches beyond the sequence it finds zeros.
///
/// It takes the outputs of the layer before as a sequence, `[step][channel]`, and gives `[position][filter]`. Its weights
/// are `[window][channel][filter]`, of every filter the same at all positions; PyTorch's are `[filter][channel][window]`,
/// and its sequences `[channel][step]`.
///
/// The signal of its inputs is Σ S² over the window, the mean over samples and positions. It is gathered in every
/// evaluation, of a net's first layer as well.
///
/// ```
/// use amc_core::{Activation, Kernel, Layer, Net};
///
/// // 128 steps of 3 axes, 16 filters over 5 steps at every second one, and the class of the 62 · 16 numbers they give.
/// const NET: Net = Net::new(128 * 3, &[
///     Layer::conv1d(128, 3, 16, Kernel::new(5, 2, 0), Activation::Relu),
///     Layer::dense(6, Activation::Softmax),
/// ]);
/// assert_eq!(NET.parameters(), (5 * 3 + 1) * 16 + (62 * 16 + 1) * 6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Conv1d {
    /// Steps of the sequence.
    pub steps: usize,
    /// Numbers of a step.
    pub channels: usize,
    /// Filters: the numbers it gives at each position.
    pub filters: usize,
    /// The window.
    pub kernel: Kernel,
    /// What each filter makes of its input.
    pub activation: Activation,
}

impl Conv1d {
    /// `filters` filters, whose window moves over `steps` steps of `channels` numbers.
    pub const fn new(steps: usize, channels: usize, filters: usize, kernel: Kernel, activation: Activation) -> Self {
        Self { steps, channels, filters, kernel, activation }
    }

    pub(crate) const fn sliding(&self) -> Sliding {
        let image = Image::new(1, self.steps, self.channels);
        Sliding { image, rows: Kernel::new(1, 1, 0), columns: self.kernel }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        self.sliding().shape(self.filters)
    }

    pub(crate) const fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), KernelError> {
        self.sliding().check()
    }
}

impl Kind for Conv1d {
    type Error = KernelError;

    const BYTES: usize = 3 * SIZE + Kernel::BYTES + CODE;

    // The same function as that of the images' convolution.
    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, self.sliding(), seen);
    }
}

impl fmt::Display for Conv1d {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, channels, filters, kernel, activation } = self;
        write!(f, "Layer::conv1d({steps}, {channels}, {filters}, {kernel}, {activation})")
    }
}
