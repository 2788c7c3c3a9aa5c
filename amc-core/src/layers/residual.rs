//! Residual connections: numbers that are kept while layers pass, and added to what these made.

use crate::lanes::Lanes;
use crate::net::{Activation, Layer};

impl Layer {
    /// [Keeps](Layer::Keep) the numbers that it passes on.
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
    pub const fn keep(units: usize) -> Self {
        Layer::Keep { units }
    }

    /// [Changes](Layer::Swap) the outputs of the layer before for the `units` numbers that were kept.
    pub const fn swap(units: usize) -> Self {
        Layer::Swap { units }
    }

    /// [Adds](Layer::Add) the `units` numbers that were kept.
    pub const fn add(units: usize, activation: Activation) -> Self {
        Layer::Add { units, activation }
    }
}

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

/// The numbers that are kept behind `layer`, which takes `width` and before which there were `before`.
pub(crate) const fn kept(layer: Layer, width: usize, before: Option<usize>) -> Result<Option<usize>, KeptError> {
    let (takes, after) = match layer {
        Layer::Keep { units } => return Ok(Some(units)),
        Layer::Swap { units } => (units, Some(width)),
        Layer::Add { units, .. } => (units, None),
        _ => return Ok(before),
    };
    match before {
        None => Err(KeptError::Nothing),
        Some(kept) if kept != takes => Err(KeptError::Units { takes, kept }),
        Some(_) => Ok(after),
    }
}

/// Whether any of the layers keeps numbers.
pub(crate) const fn keeps(layers: &[Layer]) -> bool {
    let mut layer = 0;
    while layer < layers.len() {
        if matches!(layers[layer], Layer::Keep { .. }) {
            return true;
        }
        layer += 1;
    }
    false
}

/// Makes the sums of the numbers `given` and those kept.
#[inline(always)]
pub(crate) fn add<L: Lanes>(lanes: L, given: &[f32], kept: &[f32], made: &mut [f32]) {
    let pairs = given.chunks_exact(L::T).zip(kept.chunks_exact(L::T));
    for (made, (given, kept)) in made.chunks_exact_mut(L::T).zip(pairs) {
        lanes.store(lanes.add(lanes.load(given), lanes.load(kept)), made);
    }
}
