//! Which samples of a set a rank holds.

use std::sync::Arc;

use amc_core::sums::BLOCK;

use super::{RanksError, Team};

/// A rank's part of the samples of a set: of the blocks that losses are summed in, every so many-th, so that of any number of
/// first samples each rank has its part.
#[derive(Clone, Debug)]
pub struct Share {
    team: Arc<Team>,
    samples: usize,
    checksum: u32,
}

impl Share {
    /// This rank's part of so many samples, all of which have this [checksum](crate::data::Set::checksum).
    pub fn new(team: &Arc<Team>, samples: usize, checksum: u32) -> Self {
        Self { team: Arc::clone(team), samples, checksum }
    }

    /// This rank's part of the first so many of these samples.
    pub fn first(&self, samples: usize) -> Self {
        Self { samples: samples.min(self.samples), ..self.clone() }
    }

    /// Who shares the set.
    pub fn team(&self) -> &Arc<Team> {
        &self.team
    }

    /// Samples on all ranks.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The checksum of all samples.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// How many of the first so many samples this rank holds: its own first ones.
    pub fn held(&self, first: usize) -> usize {
        let (rank, ranks) = (self.team.rank(), self.team.count());
        let first = first.min(self.samples);
        let (blocks, rest) = (first / BLOCK, first % BLOCK);
        let whole = (blocks + ranks - 1 - rank) / ranks * BLOCK;
        whole + if blocks % ranks == rank { rest } else { 0 }
    }

    /// The samples that this rank holds, in order, as ranges of all.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (rank, ranks, samples) = (self.team.rank(), self.team.count(), self.samples);
        (rank * BLOCK..samples).step_by(ranks * BLOCK).map(move |first| first..(first + BLOCK).min(samples))
    }

    /// Which rank holds a sample.
    pub fn holder(&self, sample: usize) -> usize {
        sample / BLOCK % self.team.count()
    }

    /// Where this rank holds a sample, if it does.
    pub fn place(&self, sample: usize) -> Option<usize> {
        let place = sample / BLOCK / self.team.count() * BLOCK + sample % BLOCK;
        (self.holder(sample) == self.team.rank()).then_some(place)
    }
}

impl Share {
    /// Rows of so many numbers for all samples, in their order, of which each rank has those of its own.
    ///
    /// # Errors
    /// Where a rank has gone.
    pub fn rows(&self, own: &[f32], width: usize) -> Result<Vec<f32>, RanksError> {
        let bytes: Vec<u8> = own.iter().flat_map(|x| x.to_le_bytes()).collect();
        let all = self.team.gather(&bytes)?;
        let mut of_ranks: Vec<_> = all.iter().map(|bytes| bytes.as_chunks().0.chunks(width * BLOCK)).collect();
        let blocks = (0..self.samples.div_ceil(BLOCK)).filter_map(|block| {
            let next = of_ranks.get_mut(block % self.team.count());
            next.and_then(Iterator::next)
        });
        Ok(blocks.flatten().map(|x| f32::from_le_bytes(*x)).collect())
    }
}

/// What every rank has of its blocks, in the blocks' own order.
pub(crate) fn in_order(of_ranks: &[Vec<f32>]) -> impl Iterator<Item = f32> {
    let most = of_ranks.iter().map(Vec::len).max().unwrap_or(0);
    (0..most).flat_map(move |place| of_ranks.iter().filter_map(move |of_rank| of_rank.get(place).copied()))
}

#[cfg(test)]
mod tests {
    use super::{Share, in_order};
    use crate::ranks::Together;

    #[test]
    fn every_sample_is_held_once_and_first_ones_are_shared() {
        for (ranks, samples) in [(1, 100), (3, 1000), (4, 60_000), (5, 130), (3, 64)] {
            let mut holders = vec![0; samples];
            for team in Together::teams(ranks) {
                let share = Share::new(&team, samples, 0);
                let held: Vec<usize> = share.ranges().flatten().collect();
                assert_eq!(share.held(samples), held.len());
                held.iter().for_each(|sample| holders[*sample] += 1);
                for first in [0, 1, 63, 64, 65, 100, 200] {
                    assert_eq!(share.held(first), held.iter().filter(|sample| **sample < first).count(), "{first}");
                }
                held.iter().enumerate().for_each(|(place, sample)| assert_eq!(share.place(*sample), Some(place)));
                let elsewhere = (0..samples).filter(|sample| share.place(*sample).is_none());
                assert_eq!(elsewhere.count(), samples - held.len());
            }
            assert!(holders.iter().all(|count| *count == 1));
        }
    }

    #[test]
    fn rows_come_in_the_order_of_the_samples() {
        for (ranks, samples) in [(3, 1000), (4, 130)] {
            let one = |team| {
                let share = Share::new(&team, samples, 0);
                let own: Vec<f32> = share.ranges().flatten().flat_map(|sample| [sample as f32, -1.0]).collect();
                share.rows(&own, 2).expect("all are there")
            };
            let wanted: Vec<f32> = (0..samples).flat_map(|sample| [sample as f32, -1.0]).collect();
            std::thread::scope(|scope| {
                let threads: Vec<_> =
                    Together::teams(ranks).into_iter().map(|team| scope.spawn(|| one(team))).collect();
                threads.into_iter().for_each(|thread| assert_eq!(thread.join().expect("no panic"), wanted));
            });
        }
    }

    #[test]
    fn blocks_come_in_their_own_order() {
        let of_ranks = [vec![0.0, 3.0, 6.0], vec![1.0, 4.0], vec![2.0, 5.0]];
        assert_eq!(in_order(&of_ranks).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }
}
