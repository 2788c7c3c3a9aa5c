//! Data of integers.

use super::kernel::Element;

/// Features in tiles of `T` samples, `[tile][feature][T]`; with `T` = 1 one sample after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles<'a, E, const T: usize> {
    values: &'a [E],
    samples: usize,
    width: usize,
}

impl<'a, E: Element, const T: usize> Tiles<'a, E, T> {
    /// `samples` samples of `width` features each. The last tile is filled up with any numbers that the net may be given.
    pub const fn new(values: &'a [E], samples: usize, width: usize) -> Self {
        Self { values, samples, width }
    }

    /// Samples.
    pub const fn len(&self) -> usize {
        self.samples
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Features of a sample.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// All numbers.
    pub(super) const fn values(&self) -> &'a [E] {
        self.values
    }

    /// The features of a tile, `[feature][T]`.
    #[inline(always)]
    pub(super) fn tile(&self, tile: usize) -> &'a [E] {
        let size = self.width * T;
        self.values.get(tile * size..).and_then(|values| values.get(..size)).unwrap_or_default()
    }
}

/// What the net should give for each sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets<'a> {
    /// The class of each sample, from 0.
    Classes(&'a [u8]),
    /// The outputs of each sample, `[sample][output]`.
    Values(&'a [i16]),
}

/// Samples with their targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples<'a, E, const T: usize> {
    /// What the net is given.
    pub features: Tiles<'a, E, T>,
    /// What it should make of it.
    pub targets: Targets<'a>,
}
