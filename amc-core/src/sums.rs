//! Sums over samples, in one order whatever the tile's width, the threads or the order of evaluation.
//!
//! Samples are summed in blocks of [`BLOCK`]. Within a block, sample s belongs to partial sum s mod 16, and a
//! fixed tree joins the 16; blocks are then added in their own order, with the rounding error carried along
//! ([`Total`]), so that a mean over 60,000 samples is as exact as one over 16.

use crate::lanes::Lanes;

/// Samples in a block.
pub const BLOCK: usize = 64;

/// Partial sums in a block.
pub(crate) const LANES: usize = 16;

/// Adds the tile `v` of the samples from `sample` on to a block's partial sums; only `valid` lanes count.
#[inline(always)]
pub(crate) fn add_tile<L: Lanes>(lanes: L, partial: &mut [f32; LANES], sample: usize, v: L::V, valid: usize) {
    let v = if valid < L::T {
        let mut all = [0.0; LANES];
        lanes.store(v, &mut all);
        for lane in all.iter_mut().skip(valid) {
            *lane = 0.0;
        }
        lanes.load(&all)
    } else {
        v
    };
    if let Some(partial) = partial.get_mut(sample % LANES..) {
        lanes.store(lanes.add(lanes.load(partial), v), partial);
    }
}

/// The sum over a block of the numbers of its samples, as an evaluation has it.
#[inline(always)]
pub fn block_sum(numbers: &[f32]) -> f32 {
    let mut partial = [0.0; LANES];
    // Apart, as the compiler knows how long the whole ones are.
    let (whole, rest) = numbers.as_chunks::<LANES>();
    for numbers in whole {
        for (partial, number) in partial.iter_mut().zip(numbers) {
            *partial += *number;
        }
    }
    for (partial, number) in partial.iter_mut().zip(rest) {
        *partial += *number;
    }
    join(partial)
}

/// The sum of a block's partial sums.
#[inline(always)]
pub(crate) fn join(mut partial: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        let (low, high) = partial.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        width /= 2;
    }
    partial[0]
}

/// A running sum of blocks that keeps what rounding loses (Knuth's two-sum).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Total {
    sum: f32,
    lost: f32,
}

impl Total {
    /// Adds the sum of the next block.
    #[inline]
    pub fn add(&mut self, block: f32) {
        let sum = self.sum + block;
        let taken = sum - self.sum;
        self.lost += (self.sum - (sum - taken)) + (block - taken);
        self.sum = sum;
    }

    /// Whether the sum already exceeds a [`ceiling`], so that no further block can bring its mean down to the bound.
    #[inline]
    pub fn exceeds(&self, ceiling: f32) -> bool {
        self.sum + self.lost > ceiling
    }

    /// The sum so far, over `count`.
    #[inline]
    pub fn mean(&self, count: usize) -> f32 {
        // After an overflow the lost part is NaN, but the sum is still infinite.
        let sum = if self.sum.is_finite() { self.sum + self.lost } else { self.sum };
        sum / count as f32
    }
}

/// What the sum of *some* blocks, in any order, has to exceed for the mean over all `terms` to be above `bound` in any
/// case: block sums are not negative, and the rounding of a [`Total`] is far below the margin of 2⁻¹⁴.
///
/// No mean is at most a bound of NaN, and no sum exceeds an infinite one.
pub fn ceiling(bound: f32, terms: usize) -> f32 {
    /// Up to so many terms rounding stays below the margin, (2⁻²⁴ terms / 64)² at most.
    const TERMS: usize = (1_u32 << 22) as usize;
    const MARGIN: f32 = 1.0 / 16_384.0;

    if bound.is_nan() {
        f32::NEG_INFINITY
    } else if terms > TERMS {
        f32::INFINITY
    } else {
        bound * terms as f32 * (1.0 + MARGIN)
    }
}
