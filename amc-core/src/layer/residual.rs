//! Residual connections: numbers that are kept while layers pass, and added to what these made.

use core::convert::Infallible;
use core::fmt;
use core::mem::swap;

use crate::activation::Activation;
use crate::lanes::Lanes;
use crate::layer::kind::{CODE, Compute, Kept, Kind, LayerPass, SIZE, Seen, Shape};

/// Why a layer cannot go on with what was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum KeptError {
    /// Nothing was kept, or it has been added.
    #[error("nothing is kept that it could take")]
    Nothing,
    /// It takes another number of kept ones.
    #[error("it takes {takes} kept numbers, but there are {kept}")]
    Units {
        /// Numbers that it takes.
        takes: usize,
        /// Numbers that are kept.
        kept: usize,
    },
}

/// Whether a layer that takes so many kept numbers can go on with those that are kept.
const fn check(takes: usize, kept: Option<usize>) -> Result<(), KeptError> {
    match kept {
        None => Err(KeptError::Nothing),
        Some(kept) if kept != takes => Err(KeptError::Units { takes, kept }),
        Some(_) => Ok(()),
    }
}

/// Keeps a copy of the numbers that it passes on, for a [`Swap`] or an [`Add`]. What was kept before is lost.
///
/// A residual block that halves the image has a projection, a convolution of 1 × 1:
///
/// ```
/// use amc_core::{Activation, Image, Kernel, Layer, Net};
///
/// const IN: Image = Image::new(8, 8, 4);
/// const OUT: Image = Image::new(4, 4, 6);
/// const BLOCK: &[Layer] = &[
///     Layer::keep(IN.numbers()),
///     Layer::convolution(IN, 6, Kernel::new(3, 2, 1), Activation::Relu),
///     Layer::convolution(OUT, 6, Kernel::new(3, 1, 1), Activation::Linear),
///     Layer::swap(IN.numbers()),
///     Layer::convolution(IN, 6, Kernel::new(1, 2, 0), Activation::Linear),
///     Layer::add(OUT.numbers(), Activation::Relu),
/// ];
/// assert!(Net::try_new(IN.numbers(), BLOCK).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Keep {
    /// Outputs of the layer before, and its own.
    pub units: usize,
}

impl Keep {
    /// Keeps the `units` numbers that it passes on.
    pub const fn new(units: usize) -> Self {
        Self { units }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        Shape { kept: Kept::Numbers(self.units), ..Shape::without_parameters(self.units, self.units) }
    }

    pub(crate) const fn activation(&self) -> Activation {
        Activation::Linear
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Kind for Keep {
    type Error = Infallible;

    const BYTES: usize = SIZE;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }
}

impl Compute for Keep {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L, pass: LayerPass<'_, '_>, _seen: Option<&mut dyn Seen<L>>) {
        let LayerPass { taken, buffers, .. } = pass;
        let given = buffers.given.get(..taken).unwrap_or_default();
        for (kept, given) in buffers.kept.iter_mut().zip(given) {
            *kept = *given;
        }
        swap(&mut buffers.made, &mut buffers.given);
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layer::keep({})", self.units)
    }
}

/// Gives what was kept, and keeps the outputs of the layer before in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Swap {
    /// Numbers that were kept: its outputs.
    pub units: usize,
}

impl Swap {
    /// Changes the outputs of the layer before for the `units` numbers that were kept.
    pub const fn new(units: usize) -> Self {
        Self { units }
    }

    pub(crate) const fn shape(&self, width: usize) -> Shape {
        Shape { kept: Kept::Numbers(width), ..Shape::without_parameters(width, self.units) }
    }

    pub(crate) const fn activation(&self) -> Activation {
        Activation::Linear
    }

    pub(crate) const fn check(&self, kept: Option<usize>) -> Result<(), KeptError> {
        check(self.units, kept)
    }
}

impl Kind for Swap {
    type Error = KeptError;

    const BYTES: usize = SIZE;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }
}

impl Compute for Swap {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L, pass: LayerPass<'_, '_>, _seen: Option<&mut dyn Seen<L>>) {
        let buffers = pass.buffers;
        swap(&mut buffers.made, &mut buffers.given);
        swap(&mut buffers.made, &mut buffers.kept);
    }
}

impl fmt::Display for Swap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layer::swap({})", self.units)
    }
}

/// Adds what was kept, and has then nothing kept any more: the end of a residual block (He et al.,
/// arXiv:1512.03385).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Add {
    /// Outputs of the layer before, numbers that were kept, and its own outputs.
    pub units: usize,
    /// What becomes of each sum.
    pub activation: Activation,
}

impl Add {
    /// Adds the `units` numbers that were kept.
    pub const fn new(units: usize, activation: Activation) -> Self {
        Self { units, activation }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        Shape { kept: Kept::Nothing, ..Shape::without_parameters(self.units, self.units) }
    }

    pub(crate) const fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) const fn check(&self, kept: Option<usize>) -> Result<(), KeptError> {
        check(self.units, kept)
    }
}

impl Kind for Add {
    type Error = KeptError;

    const BYTES: usize = SIZE + CODE;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }
}

impl Compute for Add {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, pass: LayerPass<'_, '_>, _seen: Option<&mut dyn Seen<L>>) {
        let LayerPass { taken, wanted, buffers, .. } = pass;
        let given = buffers.given.get(..taken).unwrap_or_default();
        let made = buffers.made.get_mut(..wanted).unwrap_or_default();
        let pairs = given.chunks_exact(L::T).zip(buffers.kept.chunks_exact(L::T));
        for (made, (given, kept)) in made.chunks_exact_mut(L::T).zip(pairs) {
            lanes.store(lanes.add(lanes.load(given), lanes.load(kept)), made);
        }
    }
}

impl fmt::Display for Add {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, activation } = self;
        write!(f, "Layer::add({units}, {activation})")
    }
}
