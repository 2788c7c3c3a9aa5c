//! Features as evaluations read them: tiles of samples, which list only the features that are not 0 in all of them.

use std::ops::Range;

use amc_core::lanes::Outlined;
use amc_core::{Element, FeatureKernel, Features, Lanes};

use crate::lanes::TILE;

/// The features of packed samples, zeros left out.
#[derive(Debug)]
pub struct Sparse<'a, E> {
    tiles: &'a [Range<usize>],
    features: &'a [u32],
    values: &'a [[E; TILE]],
    samples: usize,
    width: usize,
    scale: f32,
}

impl<'a, E: Element> Sparse<'a, E> {
    /// `samples` samples of `width` features each, to be multiplied by `scale`. Each of the `tiles` is the part of
    /// `features` and `values` that belongs to it: its features' numbers, ascending, and their values.
    pub fn new(
        tiles: &'a [Range<usize>],
        (features, values): (&'a [u32], &'a [[E; TILE]]),
        (samples, width): (usize, usize),
        scale: f32,
    ) -> Self {
        Self { tiles, features, values, samples, width, scale }
    }
}

impl<E> Clone for Sparse<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Sparse<'_, E> {}

impl<E: Element> Features for Sparse<'_, E> {
    fn samples(&self) -> usize {
        self.samples
    }

    fn first(self, samples: usize) -> Self {
        Self { samples: samples.min(self.samples), ..self }
    }

    fn width(&self) -> usize {
        self.width
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    #[inline(always)]
    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        const { assert!(L::T == TILE) };
        let range = self.tiles.get(first / TILE).cloned().unwrap_or_default();
        let (features, values) = (self.features.get(range.clone()), self.values.get(range));
        let listed = features.unwrap_or_default().iter().zip(values.unwrap_or_default());
        listed.map(move |(feature, values)| (*feature as usize, E::load(lanes, values)))
    }
}

/// Packed features of either kind.
#[derive(Clone, Copy, Debug)]
pub enum PackedFeatures<'a> {
    /// Bytes.
    U8(Sparse<'a, u8>),
    /// Numbers.
    F32(Sparse<'a, f32>),
}

/// `$call`, with the packed features of either kind as `$sparse`.
macro_rules! either {
    ($packed:expr, |$sparse:ident| $call:expr) => {
        match $packed {
            PackedFeatures::U8($sparse) => $call,
            PackedFeatures::F32($sparse) => $call,
        }
    };
}

impl Features for PackedFeatures<'_> {
    fn samples(&self) -> usize {
        either!(self, |sparse| sparse.samples())
    }

    fn first(self, samples: usize) -> Self {
        match self {
            PackedFeatures::U8(sparse) => PackedFeatures::U8(sparse.first(samples)),
            PackedFeatures::F32(sparse) => PackedFeatures::F32(sparse.first(samples)),
        }
    }

    fn width(&self) -> usize {
        either!(self, |sparse| sparse.width())
    }

    fn scale(&self) -> f32 {
        either!(self, |sparse| sparse.scale())
    }

    #[inline(always)]
    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        match self {
            PackedFeatures::U8(sparse) => Either::U8(sparse.tile(lanes, first)),
            PackedFeatures::F32(sparse) => Either::F32(sparse.tile(lanes, first)),
        }
    }

    #[inline(always)]
    fn apply<L: Lanes, K: FeatureKernel<L>>(&self, lanes: L, kernel: K) {
        either!(self, |features| lanes.outlined(OnSparse { features, kernel }));
    }
}

/// A kernel on features of one kind.
struct OnSparse<'s, 'a, E, K> {
    features: &'s Sparse<'a, E>,
    kernel: K,
}

impl<L: Lanes, E: Element, K: FeatureKernel<L>> Outlined<L> for OnSparse<'_, '_, E, K> {
    #[inline(always)]
    fn run(self, lanes: L) {
        self.kernel.run(lanes, self.features);
    }
}

/// A tile's features of either kind.
#[derive(Clone)]
enum Either<U, F> {
    U8(U),
    F32(F),
}

impl<T, U: Iterator<Item = T>, F: Iterator<Item = T>> Iterator for Either<U, F> {
    type Item = T;

    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        match self {
            Self::U8(features) => features.next(),
            Self::F32(features) => features.next(),
        }
    }
}
