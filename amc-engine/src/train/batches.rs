//! The batch that moves are judged on, as it changes.

use amc_core::Generator;
use amc_core::batch::{Minibatch, Progressive};
use serde::Serialize;

use super::cached_minibatch::CachedMinibatch;
use crate::data::Set;
use crate::data::pack::{Batch, PackedSet};
use crate::evaluate::Evaluator;

/// Which samples a move is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Batching {
    /// All of them.
    Full,
    /// A new random subset of so many for every move; for mixed moves, which keep what they know of it, for as many as cost ten passes.
    Mini(usize),
    /// The first 500, and twice as many whenever fewer than 10% of them are wrong (Sec. II F).
    Progressive,
}

/// The batch that is current, and how it changes.
pub struct Batches<'d>(Policy<'d>);

enum Policy<'d> {
    /// `grouped` is the loss at which samples were last grouped by theirs.
    Full {
        pack: PackedSet<'d>,
        grouped: f32,
    },
    Mini {
        pack: PackedSet<'d>,
        subsets: Minibatch<'d>,
        rng: Generator,
        cached: CachedMinibatch,
        threads: usize,
    },
    Progressive {
        pack: PackedSet<'d>,
        policy: Progressive,
        threads: usize,
    },
}

impl<'d> Batches<'d> {
    /// The first batch of `set`. `order` is working memory; random batches are drawn from a stream of their own
    /// beside `rng`'s, so that batches and moves do not change each other.
    pub fn new(batching: Batching, set: &'d Set, order: &'d mut Vec<u32>, rng: &Generator, threads: usize) -> Self {
        Self(match batching {
            Batching::Full => return Self::all(set, threads),
            Batching::Mini(size) => {
                order.resize(set.all(), 0);
                let mut rng = rng.clone();
                rng.long_jump();
                let mut subsets = Minibatch::new(size, order);
                let (mut cached, mut pack) = (CachedMinibatch::new(set.all()), PackedSet::empty(set, threads));
                cached.pack(subsets.draw(&mut rng), &mut pack);
                Policy::Mini { pack, subsets, rng, cached, threads }
            }
            Batching::Progressive => {
                let policy = Progressive::new(Progressive::FIRST, set.all());
                Policy::Progressive { pack: PackedSet::first(set, policy.size(), threads), policy, threads }
            }
        })
    }

    /// All samples of `set`.
    pub fn all(set: &'d Set, threads: usize) -> Self {
        Self(Policy::Full { pack: PackedSet::all(set, threads), grouped: f32::INFINITY })
    }

    /// The batch, packed.
    pub fn pack(&self) -> &PackedSet<'d> {
        match &self.0 {
            Policy::Full { pack, .. } | Policy::Mini { pack, .. } | Policy::Progressive { pack, .. } => pack,
        }
    }

    /// The samples of the set that batches are drawn from, where the batch is not always all of them.
    pub fn drawn_from(&self) -> Option<(&'d Set, usize)> {
        match &self.0 {
            Policy::Full { .. } => None,
            Policy::Mini { pack, threads, .. } | Policy::Progressive { pack, threads, .. } => {
                Some((pack.set(), *threads))
            }
        }
    }

    /// The set that batches are of.
    pub fn set(&self) -> &'d Set {
        self.pack().set()
    }

    /// Samples that a batch has at most, here and on other ranks.
    pub fn most(&self) -> usize {
        match &self.0 {
            Policy::Mini { cached, .. } => cached.size(),
            Policy::Full { pack, .. } | Policy::Progressive { pack, .. } => pack.set().all(),
        }
    }

    /// Samples in the batch, here and on other ranks.
    pub fn size(&self) -> usize {
        match &self.0 {
            Policy::Mini { cached, .. } => cached.size(),
            _ => self.pack().all_samples(),
        }
    }

    /// The batch.
    pub fn current(&self) -> Batch<'_> {
        let batch = self.pack().batch();
        match &self.0 {
            Policy::Mini { cached, .. } => Batch { drawn: cached.drawn(self.set()), ..batch },
            _ => batch,
        }
    }

    /// Whether [`grow`](Batches::grow) has a use for the number of samples that are right.
    pub fn is_progressive(&self) -> bool {
        matches!(&self.0, Policy::Progressive { .. })
    }

    /// Draws a batch, where batches are random; says whether it did.
    pub fn redraw(&mut self) -> bool {
        let Policy::Mini { pack, subsets, rng, cached, .. } = &mut self.0 else { return false };
        cached.pack(subsets.draw(rng), pack);
        true
    }

    /// How many samples, from the first packed on, have to be evaluated at the chain's parameters, and what is known of
    /// the others.
    pub fn fresh(&self) -> (usize, Vec<f32>) {
        match &self.0 {
            Policy::Mini { cached, .. } => cached.fresh(),
            _ => (self.pack().len(), Vec::new()),
        }
    }

    /// Keeps what an evaluator has found of the batch at the chain's parameters.
    pub fn learn(&mut self, evaluator: &Evaluator<'_>) {
        if let Policy::Mini { cached, .. } = &mut self.0 {
            cached.learn(evaluator.sample_values());
        }
    }

    /// The chain's parameters have changed.
    pub fn forget(&mut self) {
        if let Policy::Mini { cached, .. } = &mut self.0 {
            cached.forget();
        }
    }

    /// The batch, of so many samples, that `steps` steps, of which each has a random batch of its own, have come to.
    pub fn resume(&mut self, steps: u64, samples: usize) {
        match &mut self.0 {
            Policy::Full { .. } => (),
            Policy::Mini { pack, subsets, rng, cached, .. } => {
                // The first step has the first batch. Every draw shuffles what the last has left: all are drawn again.
                let redrawn = steps.saturating_sub(1);
                for _ in 1..redrawn {
                    subsets.draw(rng);
                }
                if redrawn > 0 {
                    cached.pack(subsets.draw(rng), pack);
                }
            }
            Policy::Progressive { pack, policy, threads } => {
                *policy = Progressive::new(samples, pack.set().all());
                *pack = PackedSet::first(pack.set(), policy.size(), *threads);
            }
        }
    }

    /// Whether the mean of a fixed batch's losses, which is `loss` now, has come down to this `part` of what it was when samples were
    /// grouped by them.
    pub fn is_stale(&self, loss: f32, part: f32) -> bool {
        matches!(&self.0, Policy::Full { pack, grouped } if pack.is_ordered() && loss < part * grouped)
    }

    /// [Groups](PackedSet::group) a fixed batch's samples by their losses, whose mean is `loss`: what is rejected is then rejected
    /// earlier.
    pub fn group(&mut self, losses: &[f32], loss: f32, swaps: bool) {
        if let Policy::Full { pack, grouped } = &mut self.0 {
            pack.group(losses, swaps);
            *grouped = loss;
        }
    }

    /// Doubles a progressive batch that is learned, with `correct` of its samples right; says whether it did.
    pub fn grow(&mut self, correct: u32) -> bool {
        let Policy::Progressive { pack, policy, threads } = &mut self.0 else { return false };
        let grows = policy.update(correct);
        if grows {
            *pack = PackedSet::first(pack.set(), policy.size(), *threads);
        }
        grows
    }
}
