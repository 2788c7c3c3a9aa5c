//! One evaluation by several ranks, each of which has some of the blocks.

use std::cmp::Ordering;

use amc_core::sums::{BLOCK, Total, ceiling};

use crate::data::pack::Batch;
use crate::ranks::{Expected, OF_MOVE, OF_SUM, Part, Share, Tally, in_order};

/// Multiply-adds of a rank between two looks at what all of them have found, at least: some 50 µs.
const ROUND: usize = 4_000_000;

/// An evaluation that ranks share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'s> {
    share: &'s Share,
    /// What the sum of losses is expected to be.
    expected: Expected,
    /// Terms of the mean.
    terms: usize,
    bound: f32,
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
    /// Samples that are right, if they are counted.
    pub correct: Option<u32>,
}

impl<'s> Shared<'s> {
    /// Of a batch, if it is shared: whether its loss is at most a bound. `expected` is a sum of losses that is not likely to
    /// be exceeded, if there is no bound.
    pub fn new(batch: &Batch<'s>, terms: usize, bound: f32, expected: f64) -> Option<Self> {
        let (samples, share) = batch.shared?;
        let most = if bound == f32::INFINITY { expected } else { f64::from(ceiling(bound, terms)) };
        let expected = Expected { blocks: samples.div_ceil(BLOCK), ranks: share.team().count(), most };
        Some(Self { share, expected, terms, bound })
    }

    /// In how many rounds the ranks evaluate, where a sample costs so many multiply-adds, and the move so many bytes beside what
    /// they add up.
    pub fn rounds(&self, cost: usize, bytes: usize) -> usize {
        if self.bound == f32::INFINITY {
            return 1;
        }
        let blocks = self.expected.blocks / self.expected.ranks;
        let worth = blocks.saturating_mul(BLOCK).saturating_mul(cost) / ROUND;
        worth.clamp(1, (OF_MOVE - bytes) / OF_SUM).min(blocks.max(1))
    }

    /// What all ranks have found so far; none where that exceeds the bound in any case.
    pub fn look(&self, losses: impl Iterator<Item = f32>, is_above: bool) -> Option<f64> {
        let tally = self.sum(&Part::of(losses, is_above, &self.expected))?;
        (!self.exceeds(&tally)).then_some(tally.sum)
    }

    fn exceeds(&self, tally: &Tally) -> bool {
        self.bound != f32::INFINITY && tally.sum > f64::from(ceiling(self.bound, self.terms))
    }

    /// The loss, if it is at most the bound. `signals` are then the sums of the rows behind the first.
    pub fn finish(&self, found: &Found<'_>, signals: &mut [f32]) -> Outcome {
        let losses = &found.rows[..found.blocks];
        let part = Part::of(losses.iter().copied(), found.is_above, &self.expected).counting(found.correct);
        let Some(tally) = self.sum(&part).filter(|tally| !self.exceeds(tally)) else { return Outcome::Above };
        let bounds = tally.mean(&self.expected, self.terms);
        // Not a number is no bound.
        let is_above =
            |loss: f32| self.bound != f32::INFINITY && loss.partial_cmp(&self.bound).is_none_or(Ordering::is_gt);
        if bounds.is_some_and(|bounds| is_above(bounds.low)) {
            return Outcome::Above;
        }
        let known = bounds.filter(|bounds| bounds.low == bounds.high).map(|bounds| bounds.low);
        let loss = match known {
            Some(loss) if signals.is_empty() => Some(loss),
            _ => self.sums_of_all(found, known, signals),
        };
        match loss {
            Some(loss) if !is_above(loss) => Outcome::Is(loss, tally.correct),
            _ => Outcome::Above,
        }
    }

    /// The loss as one machine has it, unless it is known, from all blocks' sums, and the sums of the signals.
    fn sums_of_all(&self, found: &Found<'_>, known: Option<f32>, signals: &mut [f32]) -> Option<f32> {
        let rows = signals.len() + usize::from(known.is_none());
        let first = if known.is_some() { found.blocks } else { 0 };
        // As many numbers on each rank: who has a block less puts a 0 behind its own, which adds nothing.
        let most = self.expected.blocks.div_ceil(self.expected.ranks);
        let row = |row: usize| {
            let own = &found.rows[first + row * found.blocks..][..found.blocks];
            own.iter().copied().chain(std::iter::repeat(0.0)).take(most)
        };
        let bytes: Vec<u8> = (0..rows).flat_map(row).flat_map(f32::to_le_bytes).collect();
        let all = self.share.team().gather_alike(&bytes).ok()?;
        let row_of = |bytes: &Vec<u8>, row: usize| -> Vec<f32> {
            let (numbers, _) = bytes.as_chunks();
            numbers[row * most..][..most].iter().map(|number| f32::from_le_bytes(*number)).collect()
        };
        let row = |row: usize| all.iter().map(|bytes| row_of(bytes, row)).collect::<Vec<_>>();
        let loss = known.unwrap_or_else(|| {
            let mut total = Total::default();
            in_order(&row(0)).for_each(|sum| total.add(sum));
            total.mean(self.terms)
        });
        for (signal, index) in signals.iter_mut().zip(usize::from(known.is_none())..) {
            *signal = in_order(&row(index)).fold(0.0, |sum, signal| sum + signal);
        }
        Some(loss)
    }

    /// The sum of all parts, of the same question: which bound, and how many samples.
    fn sum(&self, part: &Part) -> Option<Tally> {
        let question = self.bound.to_bits() ^ (self.terms as u32).rotate_left(7);
        self.share.team().sum(part, &self.expected, question)
    }
}
