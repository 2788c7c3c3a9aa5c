//! The first layer's inputs, of either kind: with one type for both, the kernels are compiled once.

use amc_core::{Features, Lanes};

use crate::data::pack::Packed;

/// A tile's features: their numbers in the sample, and their values.
#[derive(Clone)]
pub(super) enum Inputs<U, F> {
    U8(U),
    F32(F),
}

impl<T, U: Iterator<Item = T>, F: Iterator<Item = T>> Iterator for Inputs<U, F> {
    type Item = T;

    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        match self {
            Self::U8(features) => features.next(),
            Self::F32(features) => features.next(),
        }
    }
}

/// The features of the tile that begins with sample `first`.
#[inline(always)]
pub(super) fn inputs<'a, L: Lanes + 'a>(
    lanes: L,
    features: &'a Packed<'_>,
    first: usize,
) -> impl Iterator<Item = (usize, L::V)> + Clone + use<'a, L> {
    match features {
        Packed::U8(features) => Inputs::U8(features.tile(lanes, first)),
        Packed::F32(features) => Inputs::F32(features.tile(lanes, first)),
    }
}
