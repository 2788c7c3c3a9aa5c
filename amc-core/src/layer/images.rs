//! The geometry of convolution and pooling: images, and windows that move over them.

use core::fmt;
use core::ops::Range;

use crate::layer::kind::{SIZE, SMALL};

/// The size of an image, or of what a layer made of one. Its numbers are `[row][column][channel]`; PyTorch's are
/// `[channel][row][column]`, which for one channel is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Image {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Numbers at each place.
    pub channels: usize,
}

impl Image {
    pub(crate) const BYTES: usize = 3 * SIZE;

    /// An image of `rows` times `columns` places with `channels` numbers each.
    pub const fn new(rows: usize, columns: usize, channels: usize) -> Self {
        Self { rows, columns, channels }
    }

    /// Its numbers; `usize::MAX` where they overflow.
    pub const fn numbers(&self) -> usize {
        self.rows.saturating_mul(self.columns).saturating_mul(self.channels)
    }

    /// What a layer makes of it whose window is `kernel`: `channels` numbers for each of the window's positions.
    ///
    /// ```
    /// use amc_core::{Image, Kernel};
    ///
    /// let halved = Image::new(28, 28, 1).through(Kernel::new(3, 2, 1), 16);
    /// assert_eq!(halved, Image::new(14, 14, 16));
    /// ```
    pub const fn through(&self, kernel: Kernel, channels: usize) -> Self {
        Self::new(kernel.positions(self.rows), kernel.positions(self.columns), channels)
    }
}

/// The window of a convolution or pooling, which moves over an image as a square, or along a sequence.
///
/// Along a side of n places it has ⌊(n + 2 `padding` − `size`) / `stride`⌋ + 1 positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Kernel {
    /// Rows, and columns; of a sequence, steps.
    pub size: u32,
    /// Places from one position to the next, at least 1.
    pub stride: u32,
    /// Places that are added on each side, fewer than `size`.
    pub padding: u32,
}

/// Why a window cannot move over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum KernelError {
    /// It would never move.
    #[error("the stride of a window has to be at least 1")]
    Stride,
    /// It would be in the padding alone, or has no size.
    #[error("the padding of a window has to be below its size of {size}, but is {padding}")]
    Padding {
        /// The window's size.
        size: u32,
        /// Its padding.
        padding: u32,
    },
    /// It is larger than the image with its padding, or that overflows. A sequence is an image of one row.
    #[error("a window of size {size} and padding {padding} has no place on {rows} rows of {columns} columns")]
    Size {
        /// The window's size.
        size: u32,
        /// Its padding.
        padding: u32,
        /// The image's rows.
        rows: usize,
        /// The image's columns.
        columns: usize,
    },
}

impl Kernel {
    pub(crate) const BYTES: usize = 3 * SMALL;

    /// A window of `size` times `size` places.
    pub const fn new(size: u32, stride: u32, padding: u32) -> Self {
        Self { size, stride, padding }
    }

    /// Whether it can move along a side of an image, of `n` places.
    pub(crate) const fn check(&self, n: usize, image: Image) -> Result<(), KernelError> {
        let (Self { size, stride, padding }, Image { rows, columns, .. }) = (*self, image);
        if stride == 0 {
            return Err(KernelError::Stride);
        }
        if padding >= size {
            return Err(KernelError::Padding { size, padding });
        }
        if self.positions(n) == 0 {
            return Err(KernelError::Size { size, padding, rows, columns });
        }
        Ok(())
    }

    /// Its size, stride and padding, in the terms of an image.
    pub(crate) const fn sizes(&self) -> (usize, usize, usize) {
        (self.size as usize, self.stride as usize, self.padding as usize)
    }

    /// Its positions along a side of `n` places; 0 where there are none, or the padded side overflows.
    const fn positions(&self, n: usize) -> usize {
        let (size, stride, padding) = self.sizes();
        let Some(padding) = padding.checked_mul(2) else { return 0 };
        let Some(padded) = n.checked_add(padding) else { return 0 };
        let Some(free) = padded.checked_sub(size) else { return 0 };
        match free.checked_div(stride) {
            Some(strides) => strides.saturating_add(1),
            None => 0,
        }
    }

    /// The places, of a side of `n`, that are under it at a position, and the first of its own that is on one of them.
    #[inline(always)]
    pub(crate) fn under(&self, n: usize, position: usize) -> (Range<usize>, usize) {
        let (size, stride, padding) = self.sizes();
        let start = position * stride;
        let first = padding.saturating_sub(start);
        let end = (start + size).saturating_sub(padding).min(n);
        ((start + first).saturating_sub(padding)..end, first)
    }

    /// The part of it that is on one of the `n` places at any position.
    #[inline(always)]
    pub(crate) fn used(&self, n: usize) -> Range<usize> {
        let (size, stride, padding) = self.sizes();
        let last = self.positions(n).saturating_sub(1) * stride;
        padding.saturating_sub(last)..(n + padding).min(size)
    }

    /// The positions, along a side of `n` places, at which it covers `place`.
    #[inline(always)]
    pub(crate) fn covers(&self, n: usize, place: usize) -> usize {
        let (size, stride, padding) = self.sizes();
        let (place, stride) = (place + padding, stride.max(1));
        let end = (place / stride + 1).min(self.positions(n));
        end.saturating_sub((place + 1).saturating_sub(size).div_ceil(stride))
    }
}

/// As Rust writes it.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, columns, channels } = self;
        write!(f, "Image::new({rows}, {columns}, {channels})")
    }
}

/// As Rust writes it.
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, stride, padding } = self;
        write!(f, "Kernel::new({size}, {stride}, {padding})")
    }
}
