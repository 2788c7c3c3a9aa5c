//! An order of samples in which those of a tile have their zeros in common, so that an evaluation skips them.
//!
//! Samples are halved again and again along the direction in which their masks (which features are not 0) vary most,
//! until a tile is left: neighbours then look alike. On MNIST a third of a tile's features are left, instead of a half; of
//! these a fifteenth goes when samples are swapped between tiles.

use rayon::prelude::*;

use amc_kernels::TILE;

use super::swaps::swap;

/// Samples from which a direction of large variance is found.
const PROBES: usize = 64;
/// Steps of the power method; what is wanted is a good direction, not the best.
const POWER_STEPS: usize = 4;

/// Tiles behind a tile that samples are swapped with, once and again.
const FAR: [usize; 2] = [16, 16];
/// The same of samples that were in order.
const NEAR: usize = 4;

/// The features of each sample that are not 0.
#[derive(Debug)]
pub(super) struct Masks {
    words: Vec<u64>,
    pub(super) per_sample: usize,
}

/// Samples in an order that leaves many zeros out.
#[derive(Debug)]
pub(crate) struct Order {
    masks: Masks,
    samples: Vec<u32>,
}

impl Masks {
    fn new<E: Copy + Default + PartialEq + Sync>(rows: &[E], width: usize) -> Self {
        let per_sample = width.div_ceil(64);
        let mut words = vec![0; rows.len() / width * per_sample];
        words.par_chunks_mut(per_sample).zip(rows.par_chunks_exact(width)).for_each(|(mask, row)| {
            for (word, values) in mask.iter_mut().zip(row.chunks(64)) {
                let bits = values.iter().enumerate().map(|(bit, v)| u64::from(*v != E::default()) << bit);
                *word = bits.fold(0, |word, bit| word | bit);
            }
        });
        Self { words, per_sample }
    }

    /// The features of a sample that are not 0, a bit each.
    #[inline(always)]
    pub(super) fn of(&self, sample: u32) -> &[u64] {
        &self.words[sample as usize * self.per_sample..][..self.per_sample]
    }

    /// The features of a sample that are not 0.
    fn features(&self, sample: u32) -> impl Iterator<Item = usize> {
        self.of(sample).iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(64 * index + bit)
            })
        })
    }

    /// The direction in which the masks of `samples` vary most, about: a number for each feature.
    fn direction(&self, samples: &[u32]) -> Vec<f32> {
        let width = 64 * self.per_sample;
        let probes = || samples.iter().copied().step_by(samples.len().div_ceil(PROBES));
        let count = probes().count() as f32;
        let mut mean = vec![0.0; width];
        probes().flat_map(|sample| self.features(sample)).for_each(|feature| mean[feature] += 1.0 / count);
        // Any start will do that is not orthogonal to what is looked for: here numbers without a pattern.
        let start = |feature: usize| (feature as u32).wrapping_mul(2_654_435_761) as f32 / 4_294_967_296.0 - 0.5;
        let mut direction: Vec<f32> = (0..width).map(start).collect();
        for _ in 0..POWER_STEPS {
            let middle: f32 = mean.iter().zip(&direction).map(|(m, d)| m * d).sum();
            let mut next = vec![0.0; width];
            for sample in probes() {
                let place = self.place(sample, &direction) - middle;
                self.features(sample).for_each(|feature| next[feature] += place);
                next.iter_mut().zip(&mean).for_each(|(next, mean)| *next -= place * mean);
            }
            let length = next.iter().map(|x| x * x).sum::<f32>().sqrt();
            if length == 0.0 {
                break;
            }
            direction = next.into_iter().map(|x| x / length).collect();
        }
        direction
    }

    fn place(&self, sample: u32, direction: &[f32]) -> f32 {
        self.features(sample).map(|feature| direction[feature]).sum()
    }

    fn halve(&self, samples: &mut [u32], tile: usize) {
        if samples.len() <= tile {
            return;
        }
        let direction = self.direction(samples);
        let mut placed: Vec<_> = samples.iter().map(|sample| (self.place(*sample, &direction), *sample)).collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        samples.iter_mut().zip(placed).for_each(|(to, (_, sample))| *to = sample);
        let (low, high) = samples.split_at_mut((samples.len() / 2).next_multiple_of(tile));
        rayon::join(|| self.halve(low, tile), || self.halve(high, tile));
    }
}

impl Order {
    /// That of the samples of `rows`, `[sample][feature]`: the same for the same rows on any machine.
    pub fn by_zeros<E: Copy + Default + PartialEq + Sync>(rows: &[E], width: usize) -> Self {
        let mut order = Self::halved(rows, width, TILE);
        let Self { masks, samples } = &mut order;
        FAR.into_iter().for_each(|reach| swap(masks, samples, reach));
        order
    }

    /// The same for tiles of another size, without swaps.
    pub fn halved<E: Copy + Default + PartialEq + Sync>(rows: &[E], width: usize, tile: usize) -> Self {
        let masks = Masks::new(rows, width);
        let mut samples: Vec<u32> = (0..(rows.len() / width) as u32).collect();
        masks.halve(&mut samples, tile);
        Self { masks, samples }
    }

    /// The samples.
    pub fn samples(&self) -> &[u32] {
        &self.samples
    }

    /// The samples of each group, the last group first, in an order that leaves many zeros out, and more with
    /// `swaps`.
    pub fn in_groups(&self, groups: &[usize], swaps: bool) -> Vec<u32> {
        let mut samples = self.samples.clone();
        samples.sort_by_key(|sample| std::cmp::Reverse(groups[*sample as usize]));
        if swaps && samples != self.samples {
            swap(&self.masks, &mut samples, NEAR);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, swap};

    #[test]
    fn samples_with_zeros_in_common_come_together() {
        // Sample s has its only features at 8 (s mod 5) and the next seven.
        let (samples, width) = (160, 40);
        let mut rows = vec![0_u8; samples * width];
        for (sample, row) in rows.chunks_exact_mut(width).enumerate() {
            row[8 * (sample % 5)..][..8].fill(1);
        }
        let order = Order::by_zeros(&rows, width).samples;
        let kinds = order.chunks(16).map(|tile| {
            let mut kinds: Vec<u32> = tile.iter().map(|sample| sample % 5).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.len()
        });
        assert!(kinds.sum::<usize>() <= 15, "32 samples of each of 5 kinds fill 10 tiles");
        let mut all = order.clone();
        all.sort_unstable();
        assert_eq!(all, (0..160).collect::<Vec<_>>(), "every sample once");
    }

    #[test]
    fn samples_without_zeros_or_without_anything_else_are_all_there() {
        for value in [0_u8, 1] {
            let mut order = Order::by_zeros(&[value; 37 * 3], 3).samples;
            order.sort_unstable();
            assert_eq!(order, (0..37).collect::<Vec<_>>());
        }
    }

    /// Features that are left in all tiles.
    fn left(rows: &[u8], width: usize, order: &[u32]) -> usize {
        let is_left =
            |tile: &[u32], feature: usize| tile.iter().any(|sample| rows[*sample as usize * width + feature] != 0);
        order.chunks(16).map(|tile| (0..width).filter(|feature| is_left(tile, *feature)).count()).sum()
    }

    #[test]
    fn swaps_leave_fewer_features_and_every_sample() {
        // Of two kinds, a tile each by turns, but for one sample of the other kind in each; and a part of a tile.
        let (samples, width) = (16 * 16 + 5, 60);
        let mut rows = vec![0_u8; samples * width];
        for (sample, row) in rows.chunks_exact_mut(width).enumerate() {
            let kind = (sample / 16 + usize::from(sample % 16 == 3)) % 2;
            row[30 * kind..][..30].fill(1);
        }
        let mut order = Order::by_zeros(&rows, width);
        order.samples = (0..samples as u32).collect();
        assert_eq!(left(&rows, width, &order.samples), 17 * 60);
        swap(&order.masks, &mut order.samples, 2);
        assert_eq!(left(&rows, width, &order.samples), 16 * 30 + 60);
        let groups: Vec<_> = (0..samples).map(|sample| sample / 128).collect();
        let swapped = order.in_groups(&groups, true);
        let sorted = order.in_groups(&groups, false);
        let group =
            |wanted: usize| order.samples.iter().copied().filter(move |sample| *sample as usize / 128 == wanted);
        assert_eq!(sorted, [2, 1, 0].into_iter().flat_map(group).collect::<Vec<_>>());
        assert!(left(&rows, width, &swapped) < left(&rows, width, &sorted));
        for mut order in [swapped, sorted, order.samples] {
            order.sort_unstable();
            assert_eq!(order, (0..samples as u32).collect::<Vec<_>>());
        }
    }
}
