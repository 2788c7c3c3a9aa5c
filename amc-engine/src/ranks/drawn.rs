//! Random batches, of which each of several ranks holds some samples.
//!
//! A block of such a batch has samples of many ranks, and its sum is not a sum of what each of them has: where a loss is wanted,
//! and not only whether it is above a bound, all ranks are told what was found of each sample.

use super::{Expected, Part, Share};

/// 2⁻²⁴: by this part of itself, at most, a sum is rounded.
const U: f64 = 1.0 / 16_777_216.0;

/// A random batch: all of its samples, in the order in which each rank packs those that it holds.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    share: &'a Share,
    samples: &'a [u32],
    /// Where each stands among the terms of the loss.
    places: &'a [u32],
}

impl<'a> Drawn<'a> {
    /// These samples of a shared set.
    pub fn new(share: &'a Share, samples: &'a [u32], places: &'a [u32]) -> Self {
        Self { share, samples, places }
    }

    /// Samples of the batch, on all ranks.
    pub fn all(&self) -> usize {
        self.samples.len()
    }

    /// How many of the first so many this rank holds.
    pub fn held(&self, first: usize) -> usize {
        let rank = self.share.team().rank();
        self.holders().take(first).filter(|holder| *holder == rank).count()
    }

    /// The samples that this rank holds: where it has them, and their places among the terms of the loss.
    pub fn here(&self) -> impl Iterator<Item = (u32, u32)> {
        let samples = self.samples.iter().zip(self.places);
        samples.filter_map(|(sample, place)| Some((self.share.place(*sample as usize)? as u32, *place)))
    }

    fn holders(&self) -> impl Iterator<Item = usize> {
        self.samples.iter().map(|sample| self.share.holder(*sample as usize))
    }

    /// Whether the mean of all ranks' losses over so many terms is certain to exceed a bound, or a rank has gone; given those that
    /// this rank has found, and whether it has given up.
    pub(crate) fn exceed(
        &self,
        bound: f32,
        terms: usize,
        losses: impl Iterator<Item = f32>,
        has_given_up: bool,
    ) -> bool {
        let team = self.share.team();
        let (most, n) = (f64::from(bound) * terms as f64, self.all() as f64 * U);
        let expected = Expected { blocks: self.all(), ranks: team.count(), most };
        let part = Part::of(losses, has_given_up, &expected);
        let Some(tally) = team.sum(&part, &expected, bound.to_bits() ^ (terms as u32).rotate_left(7)) else {
            return true;
        };
        // Rounded by 15 additions at most, of a block's partial sums and of these and to the mean; and the lost part of all blocks.
        let is_within = tally.sum <= most * (1.0 + 32.0 * U + n * n);
        !is_within && tally.is_least(&expected)
    }

    /// What was found of each sample of the batch, `[row][place]`: by this rank of those of the first `fresh` that it holds,
    /// `[row][sample]`, by the others of theirs; `rest` is what is known of the others. None where a rank has gone.
    pub(crate) fn table(&self, found: &[f32], (fresh, rest): (usize, &[f32]), rows: usize) -> Option<Vec<f32>> {
        let count = self.all();
        let fresh = fresh.min(count);
        // As many numbers on each rank: who holds fewer samples puts zeros behind its own.
        let mut held = vec![0; self.share.team().count()];
        self.holders().take(fresh).for_each(|holder| held[holder] += 1);
        let (own, most) = (held[self.share.team().rank()], held.into_iter().max().unwrap_or(0));
        let row = |row: usize| found[row * own..][..own].iter().copied().chain(std::iter::repeat(0.0)).take(most);
        let bytes: Vec<u8> = (0..rows).flat_map(row).flat_map(f32::to_le_bytes).collect();
        let of_ranks = self.share.team().gather_alike(&bytes).ok()?;
        let of_ranks: Vec<&[[u8; 4]]> = of_ranks.iter().map(|bytes| bytes.as_chunks().0).collect();
        let mut table = vec![0.0; rows * count];
        let mut next = vec![0; of_ranks.len()];
        for (holder, place) in self.holders().zip(self.places).take(fresh) {
            let numbers = of_ranks[holder].get(next[holder]..).unwrap_or_default();
            let numbers = numbers.iter().step_by(most.max(1));
            let row = table[*place as usize..].iter_mut().step_by(count);
            row.zip(numbers).for_each(|(to, number)| *to = f32::from_le_bytes(*number));
            next[holder] += 1;
        }
        let known = self.places.get(fresh..).unwrap_or_default();
        for (index, place) in known.iter().enumerate() {
            let row = table[*place as usize..].iter_mut().step_by(count);
            row.zip(rest[index..].iter().step_by(known.len())).for_each(|(to, number)| *to = *number);
        }
        Some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::Drawn;
    use crate::ranks::{Share, Together};

    /// Samples 0, 70, 140, ... of 700, packed from the last to the first.
    const SAMPLES: [u32; 10] = [630, 560, 490, 420, 350, 280, 210, 140, 70, 0];
    const PLACES: [u32; 10] = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

    fn on_ranks<T: Send>(ranks: usize, work: impl Fn(Drawn<'_>) -> T + Sync) -> Vec<T> {
        let one = |team| work(Drawn::new(&Share::new(&team, 700, 0), &SAMPLES, &PLACES));
        std::thread::scope(|scope| {
            let threads: Vec<_> = Together::teams(ranks).into_iter().map(|team| scope.spawn(|| one(team))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        })
    }

    #[test]
    fn every_rank_has_what_all_have_found_in_its_places() {
        for ranks in [1, 2, 3, 12] {
            for fresh in [10, 4, 0] {
                let rest: Vec<f32> =
                    [0.0, 100.0].iter().flat_map(|row| PLACES[fresh..].iter().map(move |p| row + *p as f32)).collect();
                let tables = on_ranks(ranks, |drawn| {
                    let held = drawn.held(fresh);
                    let own: Vec<f32> = drawn.here().take(held).map(|(_, place)| place as f32).collect();
                    let found: Vec<f32> =
                        [0.0, 100.0].iter().flat_map(|row| own.iter().map(move |x| row + x)).collect();
                    drawn.table(&found, (fresh, &rest), 2).expect("all are there")
                });
                let wanted: Vec<f32> = (0..10).chain(100..110).map(|x| x as f32).collect();
                assert!(tables.iter().all(|table| *table == wanted), "{ranks} ranks, {fresh} fresh: {tables:?}");
            }
        }
    }

    #[test]
    fn what_is_above_a_bound_is_told_by_the_sum_of_all() {
        let exceeds = |losses: fn(u32) -> f32, gives_up: bool| {
            let ends = on_ranks(3, |drawn| {
                let losses: Vec<f32> = drawn.here().map(|(_, place)| losses(place)).collect();
                drawn.exceed(1.0, 10, losses.into_iter(), gives_up)
            });
            assert!(ends.iter().all(|end| *end == ends[0]));
            ends[0]
        };
        assert!(!exceeds(|_| 1.0, false) && !exceeds(|_| 1.000_001, false) && exceeds(|_| 1.000_003, false));
        assert!(exceeds(|_| f32::NAN, false) && exceeds(|_| 0.1, true));
        // What is below 0 may bring the sum down again.
        assert!(!exceeds(|place| if place == 3 { -1.0 } else { 1.2 }, false));
    }
}
