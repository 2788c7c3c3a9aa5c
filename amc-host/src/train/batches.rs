//! The batch that moves are judged on, as it changes.

use amc_core::Generator;
use amc_core::batch::{Minibatch, Progressive};

use crate::data::pack::{Batch, Pack};

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

/// The batch that is current, and how it changes.
pub(super) enum Batches<'d> {
    Full(&'d Pack<'d>),
    Mini { pack: Pack<'d>, subsets: Minibatch<'d>, rng: Generator },
    Progressive { pack: Pack<'d>, policy: Progressive, threads: usize },
}

impl<'d> Batches<'d> {
    /// The first batch of `all` samples. `order` is working memory; random batches are drawn from a stream of their own
    /// beside `rng`'s, so that batches and moves do not change each other.
    pub fn new(
        batching: Batching,
        all: &'d Pack<'d>,
        order: &'d mut Vec<u32>,
        rng: &Generator,
        threads: usize,
    ) -> Self {
        let set = all.set();
        match batching {
            Batching::Full => Batches::Full(all),
            Batching::Mini(size) => {
                order.resize(set.len(), 0);
                let mut rng = rng.clone();
                rng.long_jump();
                let mut subsets = Minibatch::new(size, order);
                Batches::Mini { pack: Pack::at(set, subsets.draw(&mut rng), threads), subsets, rng }
            }
            Batching::Progressive => {
                let policy = Progressive::new(Progressive::FIRST, set.len());
                Batches::Progressive { pack: Pack::first(set, policy.size(), threads), policy, threads }
            }
        }
    }

    fn pack(&self) -> &Pack<'d> {
        match self {
            Batches::Full(pack) => pack,
            Batches::Mini { pack, .. } | Batches::Progressive { pack, .. } => pack,
        }
    }

    /// Samples in the batch.
    pub fn size(&self) -> usize {
        self.pack().len()
    }

    /// The batch.
    pub fn current(&self) -> Batch<'_> {
        self.pack().batch()
    }

    /// Whether [`grow`](Batches::grow) has a use for the number of samples that are right.
    pub fn is_progressive(&self) -> bool {
        matches!(self, Batches::Progressive { .. })
    }

    /// Draws a batch for the next move, where every move has one of its own; says whether it did.
    pub fn redraw(&mut self) -> bool {
        let Batches::Mini { pack, subsets, rng } = self else { return false };
        pack.replace(subsets.draw(rng));
        true
    }

    /// Doubles a progressive batch that is learned, with `correct` of its samples right; says whether it did.
    pub fn grow(&mut self, correct: u32) -> bool {
        let Batches::Progressive { pack, policy, threads } = self else { return false };
        let grows = policy.update(correct);
        if grows {
            *pack = Pack::first(pack.set(), policy.size(), *threads);
        }
        grows
    }
}
