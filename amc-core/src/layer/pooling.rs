//! Pooling: one number of a channel for many.

use core::convert::Infallible;
use core::fmt;

use super::images::{Image, Kernel, KernelError};
use super::sliding::Sliding;
use crate::activation::Activation;
use crate::lanes::Lanes;
use crate::layer::kind::{Compute, Kind, LayerPass, Seen, Shape};

/// The largest number under a window, for each of its positions and each channel. Beyond the image, numbers are
/// −∞. NaN under a window gives NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MaxPool {
    /// What it takes.
    pub image: Image,
    /// The window.
    pub kernel: Kernel,
}

impl MaxPool {
    /// The largest numbers under a window that moves over an image.
    pub const fn new(image: Image, kernel: Kernel) -> Self {
        Self { image, kernel }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        let Self { image, kernel } = *self;
        Shape::without_parameters(image.numbers(), image.through(kernel, image.channels).numbers())
    }

    pub(crate) const fn activation(&self) -> Activation {
        Activation::Linear
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), KernelError> {
        Sliding::square(self.image, self.kernel).check()
    }
}

impl Kind for MaxPool {
    type Error = KernelError;

    const BYTES: usize = Image::BYTES + Kernel::BYTES;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }
}

impl Compute for MaxPool {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, mut pass: LayerPass<'_, '_>, _seen: Option<&mut dyn Seen<L>>) {
        let Self { image, kernel } = self;
        let (given, made) = pass.numbers();
        let out = image.through(kernel, image.channels);
        let place = (image.channels * L::T).max(1);
        let tiles = given.chunks_exact((image.numbers() * L::T).max(1));
        for (given, made) in tiles.zip(made.chunks_exact_mut((out.numbers() * L::T).max(1))) {
            for (row, made) in made.chunks_exact_mut((out.columns * place).max(1)).enumerate() {
                for (column, made) in made.chunks_exact_mut(place).enumerate() {
                    made.fill(f32::NEG_INFINITY);
                    let columns = kernel.under(image.columns, column).0;
                    for row in kernel.under(image.rows, row).0 {
                        let row = given.get((row * image.columns + columns.start) * place..).unwrap_or_default();
                        for given in row.chunks_exact(place).take(columns.len()) {
                            for (made, given) in made.chunks_exact_mut(L::T).zip(given.chunks_exact(L::T)) {
                                let (most, v) = (lanes.load(made), lanes.load(given));
                                let larger = lanes.select_le(v, most, most, v);
                                // A comparison with NaN chooses v: a v of NaN stays, and `most` is to stay if it is NaN.
                                lanes.store(lanes.select_le(most, most, larger, most), made);
                            }
                        }
                    }
                }
            }
        }
    }
}

impl fmt::Display for MaxPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, kernel } = self;
        write!(f, "Layer::max_pool({image}, {kernel})")
    }
}

/// The mean of each channel over all positions of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GlobalAverage {
    /// What it takes.
    pub image: Image,
}

impl GlobalAverage {
    /// The mean of each channel of an image.
    pub const fn new(image: Image) -> Self {
        Self { image }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        Shape::without_parameters(self.image.numbers(), self.image.channels)
    }

    pub(crate) const fn activation(&self) -> Activation {
        Activation::Linear
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Kind for GlobalAverage {
    type Error = Infallible;

    const BYTES: usize = Image::BYTES;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }
}

impl Compute for GlobalAverage {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, mut pass: LayerPass<'_, '_>, _seen: Option<&mut dyn Seen<L>>) {
        let Self { image } = self;
        let (given, made) = pass.numbers();
        let place = (image.channels * L::T).max(1);
        let positions = lanes.splat((image.rows * image.columns) as f32);
        let tiles = given.chunks_exact((image.numbers() * L::T).max(1));
        for (given, made) in tiles.zip(made.chunks_exact_mut(place)) {
            made.fill(0.0);
            for given in given.chunks_exact(place) {
                for (sum, given) in made.chunks_exact_mut(L::T).zip(given.chunks_exact(L::T)) {
                    lanes.store(lanes.add(lanes.load(sum), lanes.load(given)), sum);
                }
            }
            for sum in made.chunks_exact_mut(L::T) {
                lanes.store(lanes.div(lanes.load(sum), positions), sum);
            }
        }
    }
}

impl fmt::Display for GlobalAverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layer::global_average({})", self.image)
    }
}
