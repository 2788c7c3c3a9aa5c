//! Samples swapped between tiles that are near each other, so that fewer features are not 0 in any of a tile's samples.

use amc_core::Lanes;
use amc_kernels::lanes::{OnLanes, dispatch};
use amc_kernels::{Arithmetic, TILE};
use rayon::prelude::*;

use super::order::Masks;

/// Tiles between which samples are swapped: a fixed number, so that the order does not depend on threads.
const TOGETHER: usize = 256;
/// Swaps between two tiles, at most, before the next two.
const SWAPS: usize = 4;
/// Words of masks in pairs of tiles, at most: of more samples or features, tiles that are less far are looked at, so that it
/// takes no more than some half a second of a processor.
const MOST: usize = 1 << 20;

/// Swaps samples of each tile with those of the `reach` tiles behind it, where that leaves fewer features.
pub(super) fn swap(masks: &Masks, order: &mut [u32], reach: usize) {
    let words = order.len() / TILE * masks.per_sample;
    let reach = reach.min(MOST / words.max(1));
    let swap = |order: &mut [u32]| dispatch(Arithmetic::Portable, Swap { masks, order, reach });
    order.par_chunks_mut(TOGETHER * TILE).for_each(swap);
}

struct Swap<'s> {
    masks: &'s Masks,
    order: &'s mut [u32],
    reach: usize,
}

/// Features of a tile.
struct Tile {
    /// Those that are not 0 in one of its samples alone.
    once: Vec<u64>,
    /// Those that are not 0 in any of them.
    any: Vec<u64>,
    /// Of each of its samples, how many are so in it alone.
    alone: [u32; TILE],
}

impl Tile {
    #[inline(always)]
    fn new(masks: &Masks, samples: &[u32]) -> Self {
        let (mut once, mut any) = (vec![0; masks.per_sample], vec![0; masks.per_sample]);
        for sample in samples {
            for ((once, any), mask) in once.iter_mut().zip(&mut any).zip(masks.of(*sample)) {
                *once = *once & !mask | mask & !*any;
                *any |= mask;
            }
        }
        let mut alone = [0; TILE];
        for (alone, sample) in alone.iter_mut().zip(samples) {
            *alone = masks.of(*sample).iter().zip(&once).map(|(mask, once)| (mask & once).count_ones()).sum();
        }
        Self { once, any, alone }
    }

    /// How many features come to it with the sample of mask `new`, when that of mask `old` has gone.
    #[inline(always)]
    fn adds(&self, old: &[u64], new: &[u64]) -> u32 {
        let all = self.once.iter().zip(&self.any).zip(old.iter().zip(new));
        all.map(|((once, any), (old, new))| (new & !(any & !(once & old))).count_ones()).sum()
    }
}

impl OnLanes for Swap<'_> {
    type Output = ();

    // On lanes for their instruction set alone: it counts bits by one instruction.
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { masks, order, reach } = self;
        let (samples, _) = order.as_chunks_mut::<TILE>();
        let mut tiles: Vec<_> = samples.iter().map(|samples| Tile::new(masks, samples)).collect();
        for a in 0..tiles.len() {
            for b in a + 1..tiles.len().min(a + 1 + reach) {
                for _ in 0..SWAPS {
                    let Some((of_a, of_b)) = best(masks, (&tiles[a], &samples[a]), (&tiles[b], &samples[b])) else {
                        break;
                    };
                    (samples[a][of_a], samples[b][of_b]) = (samples[b][of_b], samples[a][of_a]);
                    for tile in [a, b] {
                        tiles[tile] = Tile::new(masks, &samples[tile]);
                    }
                }
            }
        }
    }
}

/// The samples of two tiles that leave the fewest features when they are swapped; none where that is not fewer than now.
#[inline(always)]
fn best(masks: &Masks, a: (&Tile, &[u32; TILE]), b: (&Tile, &[u32; TILE])) -> Option<(usize, usize)> {
    let (mut fewer, mut found) = (0, None);
    for (i, (alone, sample)) in a.0.alone.iter().zip(a.1).enumerate() {
        let old = masks.of(*sample);
        for (j, (also, other)) in b.0.alone.iter().zip(b.1).enumerate() {
            // What goes; less is left of it by what comes.
            let goes = alone + also;
            if goes <= fewer {
                continue;
            }
            let new = masks.of(*other);
            let comes = a.0.adds(old, new);
            if goes <= fewer + comes {
                continue;
            }
            let comes = comes + b.0.adds(new, old);
            if goes > fewer + comes {
                (fewer, found) = (goes - comes, Some((i, j)));
            }
        }
    }
    found
}
