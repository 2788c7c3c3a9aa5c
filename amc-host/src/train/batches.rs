//! The batch that moves are judged on, as it changes.

use amc_core::Generator;
use amc_core::batch::{Minibatch, Progressive};

use crate::data::gather::Gatherer;
use crate::data::{Batch, Set};

/// Which samples a move is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// All of them.
    Full,
    /// A new random subset of so many for every move.
    Mini(usize),
    /// The first 500, and twice as many whenever fewer than 10% of them are wrong (Sec. II F).
    Progressive,
}

/// A set, and the batch of it that is current.
pub(super) struct Batches<'d> {
    set: &'d Set,
    policy: Policy<'d>,
}

enum Policy<'d> {
    Full,
    Mini { subsets: Minibatch<'d>, rng: Generator, gatherer: Gatherer<'d> },
    Progressive(Progressive),
}

impl<'d> Batches<'d> {
    /// The first batch of `set`. `order` is working memory; random batches are drawn from a stream of their own beside
    /// `rng`'s, so that batches and moves do not change each other.
    pub fn new(batching: Batching, set: &'d Set, order: &'d mut Vec<u32>, rng: &Generator, threads: usize) -> Self {
        let policy = match batching {
            Batching::Full => Policy::Full,
            Batching::Mini(size) => {
                order.resize(set.len(), 0);
                let mut rng = rng.clone();
                rng.long_jump();
                let subsets = Minibatch::new(size, order);
                Policy::Mini { subsets, rng, gatherer: Gatherer::new(set, threads) }
            }
            Batching::Progressive => Policy::Progressive(Progressive::new(Progressive::FIRST, set.len())),
        };
        let mut batches = Self { set, policy };
        batches.redraw();
        batches
    }

    /// Samples in the batch.
    pub fn size(&self) -> usize {
        match &self.policy {
            Policy::Full => self.set.len(),
            Policy::Mini { gatherer, .. } => gatherer.len(),
            Policy::Progressive(batch) => batch.size(),
        }
    }

    /// The batch.
    pub fn current(&self) -> Batch<'_> {
        match &self.policy {
            Policy::Full => self.set.all(),
            Policy::Mini { gatherer, .. } => gatherer.batch(),
            Policy::Progressive(batch) => self.set.first(batch.size()),
        }
    }

    /// Whether [`grow`](Batches::grow) has a use for the number of samples that are right.
    pub fn is_progressive(&self) -> bool {
        matches!(self.policy, Policy::Progressive(_))
    }

    /// Draws a batch for the next move, where every move has one of its own; says whether it did.
    pub fn redraw(&mut self) -> bool {
        match &mut self.policy {
            Policy::Mini { subsets, rng, gatherer } => {
                gatherer.gather(subsets.draw(rng));
                true
            }
            _ => false,
        }
    }

    /// Doubles a progressive batch that is learned, with `correct` of its samples right; says whether it did.
    pub fn grow(&mut self, correct: u32) -> bool {
        match &mut self.policy {
            Policy::Progressive(batch) => batch.update(correct),
            _ => false,
        }
    }
}
