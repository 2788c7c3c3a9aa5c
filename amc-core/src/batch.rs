//! Batches: which samples the loss is averaged over, as policies beside the chain.
//!
//! *Full batch*: every sample; U(x) of the current parameters is known from the last accepted move, so a move
//! costs one evaluation. *Minibatch* ([`Minibatch`]): a new random subset every move; a new batch is a new U(x), so
//! the current parameters are [re-scored](crate::chain::Chain::rescore) on it first, and a move costs two.
//! *Progressive* ([`Progressive`]): one fixed batch that doubles when it has been learned.

use rand_core::Rng;

/// Progressive batching (Sec. II F): the first 500 samples, and twice as many whenever fewer than 10% of the batch are
/// classified wrongly. After each doubling the current parameters are re-scored and the chain
/// [restarted](crate::chain::Chain::restart) with σ₀ and μ = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progressive {
    size: usize,
    samples: usize,
}

impl Progressive {
    /// The paper's first batch.
    pub const FIRST: usize = 500;

    /// Begins with `first` samples out of `samples`.
    pub fn new(first: usize, samples: usize) -> Self {
        Self { size: first.clamp(1, samples.max(1)), samples }
    }

    /// Samples in the batch now: the first so many of the data.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Doubles the batch if fewer than 10% of it are wrong, given how many are right; says whether it did. The last
    /// doubling takes whatever samples are left.
    pub fn update(&mut self, correct: u32) -> bool {
        let wrong = self.size.saturating_sub(correct as usize);
        let learned = wrong.saturating_mul(10) < self.size && self.size < self.samples;
        if learned {
            self.size = self.size.saturating_mul(2).min(self.samples);
        }
        learned
    }
}

/// Uniform random subsets without repetition, drawn in place from a permutation that the caller keeps.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Minibatch<'m> {
    order: &'m mut [u32],
    size: usize,
}

impl<'m> Minibatch<'m> {
    /// Batches of `size` (at most all) of the samples 0 to `order.len() − 1`. `order` is overwritten.
    pub fn new(size: usize, order: &'m mut [u32]) -> Self {
        for (i, place) in order.iter_mut().enumerate() {
            *place = i as u32;
        }
        let size = size.min(order.len());
        Self { order, size }
    }

    /// Draws the next batch: the first places of a shuffle by Fisher and Yates, one draw each.
    pub fn draw<R: Rng>(&mut self, rng: &mut R) -> &[u32] {
        for place in 0..self.size {
            let left = (self.order.len() - place) as u64;
            // Lemire's multiplication without the rejection: at 60,000 samples off by less than 2e-5 of a chance.
            let chosen = place + ((u64::from(rng.next_u32()) * left) >> 32) as usize;
            self.order.swap(place, chosen);
        }
        self.order.get(..self.size).unwrap_or_default()
    }
}
