//! Data: the features of samples, and what a net should make of them.

use crate::lanes::{Lanes, Stored};

/// A number as data keep it: `f32`, or a byte where the data are bytes.
pub trait Element: Copy {
    /// The first `T` elements as a tile; a lane beyond the end is 0.
    fn load<L: Lanes>(lanes: L, from: &[Self]) -> L::V;

    /// The element as a number.
    fn number(self) -> f32;

    /// Elements of either kind.
    fn stored(all: &[Self]) -> Stored<'_>;

    /// Elements of one sample after another, if lanes may know how to read several samples of them.
    #[inline(always)]
    fn rows(_all: &[Self]) -> Option<Stored<'_>> {
        None
    }
}

impl Element for f32 {
    #[inline(always)]
    fn load<L: Lanes>(lanes: L, from: &[f32]) -> L::V {
        lanes.load(from)
    }

    #[inline(always)]
    fn number(self) -> f32 {
        self
    }

    #[inline(always)]
    fn stored(all: &[f32]) -> Stored<'_> {
        Stored::F32(all)
    }
}

impl Element for u8 {
    #[inline(always)]
    fn load<L: Lanes>(lanes: L, from: &[u8]) -> L::V {
        lanes.load_u8(from)
    }

    #[inline(always)]
    fn number(self) -> f32 {
        self.into()
    }

    #[inline(always)]
    fn stored(all: &[u8]) -> Stored<'_> {
        Stored::U8(all)
    }

    #[inline(always)]
    fn rows(all: &[u8]) -> Option<Stored<'_>> {
        Some(Stored::Rows(all))
    }
}

/// The features of a number of samples.
pub trait Features {
    /// Whether [`tile`](Features::tile) leaves out no feature.
    const ALL: bool = false;

    /// Samples.
    fn samples(&self) -> usize;

    /// The first `samples` of them.
    #[must_use]
    fn first(self, samples: usize) -> Self;

    /// Features of one sample.
    fn width(&self) -> usize;

    /// What a stored element is multiplied by to give the feature's value: 1/255 for pixels, 1 for numbers.
    ///
    /// It is applied to the first layer's sums, once a neuron, not to each element.
    fn scale(&self) -> f32;

    /// The stored features of the `T` samples from `first` on (a multiple of `T`): pairs of a feature's index and
    /// the tile, in the order of the indices. A feature that is 0 for the whole tile may be left out.
    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone;

    /// What [`tile`](Features::tile) gives of the samples from `first` on (a multiple of `T`), if all of it is stored like that,
    /// `[tile][feature][T]`, or in [rows](Stored::Rows).
    #[inline(always)]
    fn stored<L: Lanes>(&self, _first: usize) -> Option<Stored<'_>> {
        None
    }

    /// Runs `kernel` on these features. A type that stands for one of several ways of storing them runs it on the one at
    /// hand: a pass is then compiled once, and only what reads features once for each way.
    #[inline(always)]
    fn apply<L: Lanes, K: FeatureKernel<L>>(&self, lanes: L, kernel: K)
    where
        Self: Sized,
    {
        kernel.run(lanes, self);
    }
}

/// The part of a pass that reads features.
pub trait FeatureKernel<L> {
    /// Runs it. Implementations are `#[inline(always)]`, so that they are compiled for the lanes' instruction set.
    fn run<F: Features>(self, lanes: L, features: &F);
}

/// Features one sample after another, `[sample][feature]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rows<'a, E> {
    values: &'a [E],
    width: usize,
    scale: f32,
}

impl<'a, E: Element> Rows<'a, E> {
    /// `values.len() / width` samples of `width` features each, to be multiplied by `scale`.
    pub const fn new(values: &'a [E], width: usize, scale: f32) -> Self {
        Self { values, width, scale }
    }

    /// The features of a sample, as they are stored; none beyond the last.
    pub(crate) fn row(&self, sample: usize) -> &'a [E] {
        let start = sample.saturating_mul(self.width);
        self.values.get(start..start.saturating_add(self.width)).unwrap_or_default()
    }
}

impl<E: Element> Features for Rows<'_, E> {
    const ALL: bool = true;

    fn samples(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    fn first(self, samples: usize) -> Self {
        let end = samples.saturating_mul(self.width).min(self.values.len());
        Self { values: self.values.get(..end).unwrap_or_default(), ..self }
    }

    fn width(&self) -> usize {
        self.width
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    #[inline(always)]
    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        let rows = self.values.get(first.saturating_mul(self.width)..).unwrap_or_default();
        let width = self.width;
        let (row, others) = rows.split_at_checked(width).unwrap_or_default();
        row.iter().enumerate().map(move |(feature, element)| {
            let mut lane = [0.0; 16];
            lane[0] = element.number();
            for (t, lane) in lane.iter_mut().skip(1).enumerate().take(L::T - 1) {
                *lane = others.get(t * width + feature).map_or(0.0, |e| e.number());
            }
            (feature, lanes.load(&lane))
        })
    }

    #[inline(always)]
    fn stored<L: Lanes>(&self, first: usize) -> Option<Stored<'_>> {
        let rows = self.values.get(first.saturating_mul(self.width)..).unwrap_or_default();
        if L::T == 1 { Some(E::stored(rows)) } else { E::rows(rows) }
    }
}

/// Features in tiles of `T` samples, `[tile][feature][T]`: what wide lanes read fastest.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tiles<'a, E> {
    values: &'a [E],
    samples: usize,
    width: usize,
    scale: f32,
}

impl<'a, E: Element> Tiles<'a, E> {
    /// `samples` samples of `width` features each, to be multiplied by `scale`. The last tile is filled up with
    /// any numbers.
    pub const fn new(values: &'a [E], samples: usize, width: usize, scale: f32) -> Self {
        Self { values, samples, width, scale }
    }
}

impl<E: Element> Features for Tiles<'_, E> {
    const ALL: bool = true;

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
        let start = first.saturating_mul(self.width);
        let end = start.saturating_add(self.width.saturating_mul(L::T));
        let tile = self.values.get(start..end).unwrap_or_default();
        tile.chunks_exact(L::T).map(move |chunk| E::load(lanes, chunk)).enumerate()
    }

    #[inline(always)]
    fn stored<L: Lanes>(&self, first: usize) -> Option<Stored<'_>> {
        Some(E::stored(self.values.get(first.saturating_mul(self.width)..).unwrap_or_default()))
    }
}

/// What the net should give for each sample.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Targets<'a> {
    /// The class of each sample, from 0: the output of that number should be 1, the others 0.
    Classes(&'a [u8]),
    /// The outputs of each sample, `[sample][output]`.
    Values(&'a [f32]),
}

/// Samples with their targets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Samples<'a, F> {
    /// What the net is given.
    pub features: F,
    /// What it should make of it.
    pub targets: Targets<'a>,
}

impl<F: Features> Samples<'_, F> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.features.samples()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first `samples` of them: the batch of a progressive policy.
    #[must_use]
    pub fn first(self, samples: usize) -> Self {
        Self { features: self.features.first(samples), ..self }
    }
}
