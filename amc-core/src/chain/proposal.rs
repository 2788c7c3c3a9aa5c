//! A proposed move, and what becomes of it.

use rand_core::Rng;

use super::parts::{Crew, Task};
use super::{Chain, SIGMA_FACTOR};

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Decision {
    /// The proposed parameters are now the current ones.
    Accepted,
    /// The current parameters stay.
    Rejected,
    /// The current parameters stay; it was the n_s-th rejection in a row, so σ was reduced and μ set to 0.
    RejectedAndReset,
}

/// A proposed move, waiting for its loss. Dropped undecided it leaves the chain as it was, except that the
/// generators have moved on.
#[derive(Debug)]
#[must_use = "a proposal that is not decided changes nothing"]
pub struct Proposal<'c, 'm, R, C> {
    pub(super) chain: &'c mut Chain<'m, R>,
    pub(super) crew: C,
    pub(super) bound: f32,
}

impl<R: Rng + Clone, C: Crew<R>> Proposal<'_, '_, R, C> {
    /// The proposed parameters x'.
    #[expect(clippy::misnamed_getters, reason = "the parameters of a proposal are the proposed ones")]
    pub fn parameters(&self) -> &[f32] {
        self.chain.memory.proposed
    }

    /// The largest loss that will be accepted: U(x) at T = 0, and U(x) − T ln ξ above. NaN where no loss will be.
    pub fn bound(&self) -> f32 {
        self.bound
    }

    /// Accepts the move if `loss`, U(x'), is at most the bound, and rejects it otherwise: steps 3 and 4. A loss that
    /// is NaN or infinite is never accepted.
    #[inline(always)]
    pub fn decide(self, loss: f32) -> Decision {
        self.decide_with(loss, &[])
    }

    /// [`decide`](Proposal::decide), with the signals gathered while the proposal was evaluated: they are kept if it
    /// is accepted.
    #[inline(always)]
    pub fn decide_with(mut self, loss: f32, signal: &[f32]) -> Decision {
        if !(loss <= self.bound && loss.is_finite()) {
            return self.reject();
        }
        let chain = self.chain;
        chain.counters.steps += 1;
        chain.counters.accepted += 1;
        chain.rejected_in_a_row = 0;
        chain.loss = loss;
        let task = Task::Accept(chain.options.epsilon);
        self.crew.share(chain.memory.parts(&mut chain.own, task, chain.sigma));
        chain.memory.keep_signal(signal);
        Decision::Accepted
    }

    /// Rejects the move: what [`decide`](Proposal::decide) does with a loss above the bound, when it is known to be
    /// that without its value.
    pub fn reject(self) -> Decision {
        let chain = self.chain;
        chain.counters.steps += 1;
        chain.rejected_in_a_row += 1;
        if chain.rejected_in_a_row != chain.options.n_reset {
            // With n_s = 0 for never, the count must not wrap around to it.
            chain.rejected_in_a_row = chain.rejected_in_a_row.min(u32::MAX - 1);
            return Decision::Rejected;
        }
        chain.rejected_in_a_row = 0;
        chain.sigma *= SIGMA_FACTOR;
        chain.memory.centres.fill(0.0);
        chain.counters.resets += 1;
        Decision::RejectedAndReset
    }
}
