//! Where numbers are kept, and how they are put there.

use super::layers::{KeptLayer, layer_of};
use crate::forward::Tap;
use crate::lanes::Lanes;

/// What is kept of a block of samples: for each part of a [layer](KeptLayer) the numbers of all samples, `[tile][unit][T]`.
pub(super) struct Kept<S> {
    pub(super) numbers: S,
    /// The block's samples, filled up to whole tiles.
    pub(super) samples: usize,
}

impl<S: AsRef<[f32]>> Kept<S> {
    /// The numbers of some tiles, from sample `first` of the block on.
    #[inline(always)]
    pub(super) fn tiles(&self, slot: usize, units: usize, (first, samples): (usize, usize)) -> &[f32] {
        let start = slot * self.samples + first * units;
        self.numbers.as_ref().get(start..start + samples * units).unwrap_or_default()
    }
}

/// Writes what a pass makes into what is kept.
pub(super) struct Keeper<'k> {
    pub(super) layers: &'k [KeptLayer],
    pub(super) kept: Kept<&'k mut [f32]>,
    /// The first sample of the tiles at hand.
    pub(super) first: usize,
}

impl Keeper<'_> {
    /// Where so many numbers of the tiles at hand go.
    #[inline(always)]
    pub(super) fn place(&mut self, slot: usize, units: usize, numbers: usize) -> &mut [f32] {
        let start = slot * self.kept.samples + self.first * units;
        self.kept.numbers.get_mut(start..start + numbers).unwrap_or_default()
    }

    fn put(&mut self, slot: Option<usize>, units: usize, made: &[f32]) {
        if let Some(slot) = slot {
            fill(self.place(slot, units, made.len()), made);
        }
    }
}

impl Tap for Option<Keeper<'_>> {
    #[inline(always)]
    fn sums(&mut self, layer: usize, made: &[f32]) {
        if let Some(keeper) = self {
            let KeptLayer { sums, units, .. } = layer_of(keeper.layers, layer);
            keeper.put(sums, units, made);
        }
    }

    #[inline(always)]
    fn outputs(&mut self, layer: usize, made: &[f32]) {
        if let Some(keeper) = self {
            let KeptLayer { outputs, units, .. } = layer_of(keeper.layers, layer);
            keeper.put(outputs, units, made);
        }
    }
}

/// Copies numbers to the front of others.
pub(super) fn fill(to: &mut [f32], from: &[f32]) {
    if let Some(to) = to.get_mut(..from.len()) {
        to.copy_from_slice(from);
    }
}

/// Replaces the numbers of a unit, `[tile][T]`, in those of its layer.
#[inline(always)]
pub(super) fn put_unit<L: Lanes>(layer: &mut [f32], units: usize, unit: usize, numbers: &[f32]) {
    let tiles = layer.chunks_exact_mut((units * L::T).max(1)).zip(numbers.chunks_exact(L::T));
    for (tile, numbers) in tiles {
        fill(tile.get_mut(unit * L::T..).unwrap_or_default(), numbers);
    }
}
