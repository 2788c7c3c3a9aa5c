//! Convolution of images.

use core::fmt;

use super::images::{Image, Kernel, KernelError};
use super::sliding::Sliding;
use crate::activation::Activation;
use crate::lanes::Lanes;
use crate::layer::kind::{CODE, Kind, LayerPass, SIZE, Seen, Shape};

/// A 2-D convolution: at each position of its window, every filter is a neuron of the numbers under the window.
/// Where the window reaches beyond the image it finds zeros.
///
/// It gives an [`Image`] of as many channels as filters. Its weights are
/// `[window row][window column][channel][filter]`, of every filter the same at all positions; PyTorch's are
/// `[filter][channel][window row][window column]`.
///
/// The signal of its inputs is Σ S² over the window, the mean over samples and positions. It is gathered in every
/// evaluation, of a net's first layer as well.
///
/// ```
/// use amc_core::{Activation, Image, Kernel, Layer, Net};
///
/// const IMAGE: Image = Image::new(28, 28, 1);
/// const HALVED: Image = IMAGE.through(Kernel::new(3, 2, 1), 16);
/// const NET: Net = Net::new(IMAGE.numbers(), &[
///     Layer::convolution(IMAGE, 16, Kernel::new(3, 2, 1), Activation::Relu),
///     Layer::global_average(HALVED),
///     Layer::dense(10, Activation::Softmax),
/// ]);
/// assert_eq!(NET.parameters(), (3 * 3 + 1) * 16 + (16 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Convolution {
    /// What it takes.
    pub image: Image,
    /// Filters: the channels of what it gives.
    pub filters: usize,
    /// The window.
    pub kernel: Kernel,
    /// What each filter makes of its input.
    pub activation: Activation,
}

impl Convolution {
    /// `filters` filters, whose window moves over an image.
    pub const fn new(image: Image, filters: usize, kernel: Kernel, activation: Activation) -> Self {
        Self { image, filters, kernel, activation }
    }

    pub(crate) const fn sliding(&self) -> Sliding {
        Sliding::square(self.image, self.kernel)
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

impl Kind for Convolution {
    type Error = KernelError;

    const BYTES: usize = Image::BYTES + SIZE + Kernel::BYTES + CODE;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, self.sliding(), seen);
    }
}

impl fmt::Display for Convolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, filters, kernel, activation } = self;
        write!(f, "Layer::convolution({image}, {filters}, {kernel}, {activation})")
    }
}
