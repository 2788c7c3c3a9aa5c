//! The trainer that C has, by whichever method it was set up for.

use core::mem::MaybeUninit;

use amc_core::{Generator, Objective, chain};
use amc_store::snapshot::Snapshot;

use crate::Status;
use crate::chained::Chained;
use crate::evaluator::Batch;
use crate::feed::Feed;
use crate::method::Moves;

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Decision {
    /// The proposed parameters are now the current ones.
    Accepted = 0,
    /// The current parameters stay.
    Rejected = 1,
    /// The current parameters stay; it was the `n_reset`-th rejection in a row, so sigma was reduced.
    RejectedAndReset = 2,
}

/// How many proposals were decided, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Proposals decided.
    pub steps: u64,
    /// Proposals accepted.
    pub accepted: u64,
    /// Times that sigma was reduced.
    pub resets: u64,
}

/// A training, in memory of the caller's. One context at a time may use it: it has no locks.
#[derive(Debug)]
pub struct Trainer {
    of: Of,
}

/// By which method.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it stays where it is written, in memory that has room for either")]
pub(crate) enum Of {
    Chain(Chained),
    Moves(&'static mut dyn Moves),
}

impl From<chain::Counters> for Counters {
    fn from(counters: chain::Counters) -> Self {
        let chain::Counters { steps, accepted, resets } = counters;
        Self { steps, accepted, resets }
    }
}

impl From<chain::Decision> for Decision {
    fn from(decision: chain::Decision) -> Self {
        match decision {
            chain::Decision::Accepted => Self::Accepted,
            chain::Decision::Rejected => Self::Rejected,
            chain::Decision::RejectedAndReset => Self::RejectedAndReset,
        }
    }
}

impl Trainer {
    // It is written where it stays: as a function the stack would hold several.
    #[inline(always)]
    pub(crate) fn new(of: Of) -> Self {
        Self { of }
    }

    /// The chain's, which alone does what not all methods do.
    fn chained(&mut self) -> Result<&mut Chained, Status> {
        match &mut self.of {
            Of::Chain(chained) => Ok(chained),
            Of::Moves(_) => Err(Status::Method),
        }
    }

    pub(crate) fn objective(&self) -> Result<Objective<'static>, Status> {
        match &self.of {
            Of::Chain(chained) => chained.objective(),
            Of::Moves(moves) => Ok(moves.objective()),
        }
    }

    /// Takes samples that were checked, and computes the loss of the current parameters on them.
    pub(crate) fn set_samples(&mut self, samples: Batch) -> Result<(), Status> {
        match &mut self.of {
            Of::Chain(chained) => chained.set_samples(samples),
            Of::Moves(moves) => moves.set_samples(samples),
        }
    }

    pub(crate) fn rescore(&mut self, loss: f32) -> Result<(), Status> {
        self.chained()?.rescore(loss)
    }

    pub(crate) fn restart(&mut self) -> Result<(), Status> {
        self.chained()?.restart();
        Ok(())
    }

    /// Makes a proposal: where its parameters are until it is decided, and the largest loss that will be accepted.
    pub(crate) fn propose(&mut self) -> Result<(*const f32, f32), Status> {
        self.chained()?.propose()
    }

    /// The loss of the pending proposal.
    pub(crate) fn evaluate(&mut self) -> Result<f32, Status> {
        self.chained()?.evaluate()
    }

    pub(crate) fn decide(&mut self, loss: f32) -> Result<Decision, Status> {
        self.chained()?.decide(loss)
    }

    /// A move, evaluated until it is certain to be rejected.
    pub(crate) fn step(&mut self) -> Result<Decision, Status> {
        match &mut self.of {
            Of::Chain(chained) => chained.step(),
            Of::Moves(moves) => moves.step(),
        }
    }

    /// Writes the outputs that the net gives for the first sample of `features`.
    pub(crate) fn predict(&mut self, features: &Feed<'_>, outputs: &mut [MaybeUninit<f32>]) -> Result<(), Status> {
        match &mut self.of {
            Of::Chain(chained) => chained.predict(features, outputs),
            Of::Moves(moves) => moves.predict(features, outputs),
        }
    }

    /// Where the current parameters are.
    pub(crate) fn parameters(&self) -> *const f32 {
        match &self.of {
            Of::Chain(chained) => chained.parameters(),
            Of::Moves(moves) => moves.parameters(),
        }
    }

    /// The loss of the current parameters, NaN before it is known.
    pub(crate) fn loss(&self) -> f32 {
        match &self.of {
            Of::Chain(chained) => chained.loss(),
            Of::Moves(moves) => moves.progress().loss,
        }
    }

    pub(crate) fn sigma(&self) -> f32 {
        match &self.of {
            Of::Chain(chained) => chained.sigma(),
            Of::Moves(moves) => moves.progress().sigma,
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        match &self.of {
            Of::Chain(chained) => chained.counters(),
            Of::Moves(moves) => moves.progress().counters.into(),
        }
    }

    pub(crate) fn snapshot(&self) -> Result<Snapshot<'_, Generator>, Status> {
        match &self.of {
            Of::Chain(chained) => chained.snapshot(),
            Of::Moves(_) => Err(Status::Method),
        }
    }
}
