//! A proposed move, and what becomes of it.

use rand_core::Rng;

use super::parts::{Task, Workers};
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
pub struct Proposal<'c, 'm, R: Rng + Clone, C: Workers<R>> {
    pub(super) chain: &'c mut Chain<'m, R>,
    pub(super) workers: C,
}

impl<R: Rng + Clone, C: Workers<R>> Proposal<'_, '_, R, C> {
    /// The proposed parameters x'.
    pub fn parameters(&self) -> &[f32] {
        self.chain.memory.proposed()
    }

    /// The largest loss that will be accepted: U(x) at T = 0, and U(x) − T ln ξ above. NaN where no loss will be.
    pub fn bound(&self) -> f32 {
        self.chain.loss + self.chain.own.allowed_rise
    }

    /// Leaves the move undecided: [`Chain::pending`] gives it back. So an evaluation can be spread over interrupts, or
    /// over the calls of a program that holds nothing but the chain. The workers are forgotten, not dropped.
    ///
    /// Until then [`Chain::parameters`] are the current ones, but in place they are the proposed ones.
    pub fn suspend(self) {
        core::mem::forget(self);
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
        let accepted = loss <= self.bound() && loss.is_finite();
        self.settle(accepted);
        if !accepted {
            return self.chain.count_rejection();
        }
        let chain = &mut *self.chain;
        chain.counters.steps += 1;
        chain.counters.accepted += 1;
        chain.rejected_in_a_row = 0;
        chain.loss = loss;
        chain.memory.keep_signal(signal);
        Decision::Accepted
    }

    /// Rejects the move: what [`decide`](Proposal::decide) does with a loss above the bound, when it is known to be
    /// that without its value.
    #[inline(always)]
    pub fn reject(mut self) -> Decision {
        self.settle(false);
        self.chain.count_rejection()
    }

    /// Makes x what it is after the decision, and μ after an acceptance.
    #[inline(always)]
    fn settle(&mut self, accepted: bool) {
        let chain = &mut *self.chain;
        if accepted || chain.memory.in_place {
            let task = if accepted { Task::Accept(chain.options.epsilon) } else { Task::Undo };
            chain.share(&mut self.workers, task);
        }
        chain.own.has_move = false;
    }
}

impl<R: Rng + Clone, C: Workers<R>> Drop for Proposal<'_, '_, R, C> {
    fn drop(&mut self) {
        if self.chain.own.has_move || self.chain.is_undecided() {
            self.settle(false);
        }
    }
}

impl<R> Chain<'_, R> {
    pub(super) fn count_rejection(&mut self) -> Decision {
        self.counters.steps += 1;
        self.rejected_in_a_row += 1;
        if self.rejected_in_a_row != self.options.n_reset {
            // With n_s = 0 for never, the count must not wrap around to it.
            self.rejected_in_a_row = self.rejected_in_a_row.min(u32::MAX - 1);
            return Decision::Rejected;
        }
        self.rejected_in_a_row = 0;
        // Below the grid's step moves would be 0, and accepted as equal.
        let least = self.options.grid.map_or(0.0, |grid| grid.step());
        self.sigma = (SIGMA_FACTOR * self.sigma).max(least);
        self.memory.centres.fill(0.0);
        self.counters.resets += 1;
        Decision::RejectedAndReset
    }
}
