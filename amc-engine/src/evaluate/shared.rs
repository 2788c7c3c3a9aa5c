//! One evaluation by several ranks, each of which has some of the blocks.

use std::cmp::Ordering;

use amc_core::sums::{BLOCK, Total, ceiling};

use crate::data::pack::Batch;
use crate::ranks::{Part, Share, Tally, in_order};

/// Multiply-adds of a rank between two looks at what all of them have found, at least: some 50 µs.
const ROUND: usize = 4_000_000;
/// Looks at an evaluation, at most.
const MOST_ROUNDS: usize = 4;

/// An evaluation that ranks share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'s> {
    share: &'s Share,
    /// Blocks of all ranks.
    blocks: usize,
    /// Terms of the mean.
    terms: usize,
    bound: f32,
    /// What the sum of losses is expected to be at most.
    most: f64,
}

/// What the ranks' sums come to.
pub(super) enum Outcome {
    /// The loss is above the bound, or there is none since a rank has gone.
    Above,
    /// The loss, and how many samples are right.
    Is(f32, u32),
}

/// What a rank has found of its blocks, in their order.
pub(super) struct Found<'f> {
    /// The losses, and each layer's signals if they are gathered: `[row][block]`.
    pub rows: &'f [f32],
    /// Its blocks.
    pub blocks: usize,
    /// Whether it has given up: the others' losses and its own are certain to exceed the bound.
    pub is_above: bool,
    /// Samples that are right.
    pub correct: u32,
}

impl<'s> Shared<'s> {
    /// Of a batch, if it is shared: whether its loss is at most a bound. `expected` is a sum of losses that is not likely to
    /// be exceeded, if there is no bound.
    pub fn new(batch: &Batch<'s>, terms: usize, bound: f32, expected: f64) -> Option<Self> {
        let (samples, share) = batch.shared?;
        let most = if bound == f32::INFINITY { expected } else { f64::from(ceiling(bound, terms)) };
        Some(Self { share, blocks: samples.div_ceil(BLOCK), terms, bound, most })
    }

    /// In how many rounds the ranks evaluate, where a sample costs so many multiply-adds.
    pub fn rounds(&self, cost: usize) -> usize {
        if self.bound == f32::INFINITY {
            return 1;
        }
        let blocks = self.blocks / self.share.team().count();
        (blocks.saturating_mul(BLOCK).saturating_mul(cost) / ROUND).clamp(1, MOST_ROUNDS).min(blocks.max(1))
    }

    /// What all ranks have found so far; none where that exceeds the bound in any case.
    pub fn look(&self, losses: impl Iterator<Item = f32>, is_above: bool) -> Option<f64> {
        let mut part = Part::of(losses, self.blocks, self.most);
        part.is_above |= is_above;
        let tally = self.sum(&part)?;
        let exceeds = tally.is_above || tally.sum > f64::from(ceiling(self.bound, self.terms));
        (!exceeds).then_some(tally.sum)
    }

    /// The loss, if it is at most the bound. `signals` are then the sums of the rows behind the first.
    pub fn finish(&self, found: &Found<'_>, signals: &mut [f32]) -> Outcome {
        let losses = &found.rows[..found.blocks];
        let mut part = Part::of(losses.iter().copied(), self.blocks, self.most);
        part.is_above |= found.is_above;
        part.correct = found.correct;
        let Some(tally) = self.sum(&part) else { return Outcome::Above };
        let has_bound = self.bound != f32::INFINITY;
        if has_bound && tally.is_above {
            return Outcome::Above;
        }
        let bounds = tally.mean(self.blocks, self.most, self.terms);
        match bounds {
            // Not a number is no bound.
            Some(bounds) if has_bound && bounds.low.partial_cmp(&self.bound).is_none_or(Ordering::is_gt) => {
                Outcome::Above
            }
            Some(bounds) if bounds.low == bounds.high && signals.is_empty() => Outcome::Is(bounds.low, tally.correct),
            _ => match self.sums_of_all(found, signals) {
                Some(loss) if !has_bound || loss <= self.bound => Outcome::Is(loss, tally.correct),
                _ => Outcome::Above,
            },
        }
    }

    /// The loss as one machine has it, from all blocks' sums, and the sums of the signals.
    fn sums_of_all(&self, found: &Found<'_>, signals: &mut [f32]) -> Option<f32> {
        let bytes: Vec<u8> = found.rows.iter().flat_map(|x| x.to_le_bytes()).collect();
        let all = self.share.team().gather(&bytes).ok()?;
        let rows = signals.len() + 1;
        let row_of = |bytes: &Vec<u8>, row: usize| -> Vec<f32> {
            let (numbers, _) = bytes.as_chunks();
            let blocks = numbers.len() / rows;
            numbers[row * blocks..][..blocks].iter().map(|number| f32::from_le_bytes(*number)).collect()
        };
        let row = |row: usize| all.iter().map(|bytes| row_of(bytes, row)).collect::<Vec<_>>();
        let mut total = Total::default();
        in_order(&row(0)).for_each(|sum| total.add(sum));
        for (signal, index) in signals.iter_mut().zip(1..) {
            *signal = in_order(&row(index)).fold(0.0, |sum, signal| sum + signal);
        }
        Some(total.mean(self.terms))
    }

    /// The sum of all parts, of the same question: which bound, and how many samples.
    fn sum(&self, part: &Part) -> Option<Tally> {
        let question = self.bound.to_bits() ^ (self.terms as u32).rotate_left(7);
        self.share.team().sum(part, question)
    }
}
