//! A trainer by the paper's chain: the core's, with samples or a function of C's.

use core::mem::MaybeUninit;

use amc_core::chain::{Chain, Proposal};
use amc_core::{Generator, Objective};
use amc_store::Arithmetic;
use amc_store::snapshot::Snapshot;

use crate::Status;
use crate::evaluator::{Batch, Evaluator, Training};
use crate::feed::Feed;
use crate::lanes::{LANES, Lanes};
use crate::trainer::{Counters, Decision};

type Pending<'c> = Proposal<'c, 'static, Generator, Lanes>;

/// A training, in memory of the caller's.
#[derive(Debug)]
pub(crate) struct Chained {
    training: Training,
    in_place: bool,
    /// Whether the chain knows the loss of the current parameters.
    scored: bool,
    /// Whether the signals are of the pending proposal.
    evaluated: bool,
}

// Functions of their own: the memory of drawing is not to lie on the stack while the net is evaluated.
#[inline(never)]
fn draw(chain: &mut Chain<'static, Generator>) {
    chain.propose(LANES).suspend();
}

#[inline(never)]
fn settle(proposal: Pending<'_>, loss: f32, signal: &[f32]) -> Decision {
    proposal.decide_with(loss, signal).into()
}

impl Chained {
    // It is written where it stays: as a function the stack would hold several.
    #[inline(always)]
    pub fn new(
        chain: Chain<'static, Generator>,
        evaluator: Evaluator,
        in_place: bool,
        scored: bool,
        gathered: &'static mut [f32],
    ) -> Result<Self, Status> {
        let training = Training::of(chain, evaluator, gathered)?;
        Ok(Self { training, in_place, scored, evaluated: false })
    }

    pub fn objective(&self) -> Result<Objective<'static>, Status> {
        self.training.evaluator().objective.ok_or(Status::NoNet)
    }

    /// Takes samples that were checked, and computes the loss of the current parameters on them.
    pub fn set_samples(&mut self, samples: Batch) -> Result<(), Status> {
        let objective = self.objective()?;
        let (chain, evaluator, gathered) = self.training.parts();
        let signal_norm = !gathered.is_empty();
        let signal = if signal_norm { objective.input_signal(LANES, &samples) } else { 0.0 };
        if signal_norm && (!signal.is_finite() || (signal == 0.0 && !samples.features.is_zero())) {
            return Err(Status::Signal);
        }
        drop(chain.pending(LANES));
        let scored = evaluator.score(f32::INFINITY, chain.parameters(), &samples, gathered);
        let loss = scored.map_or(f32::NAN, |score| score.loss);
        if !loss.is_finite() {
            return Err(Status::Loss);
        }
        // That of the samples in use, until nothing can fail.
        if let Some(first) = gathered.first_mut() {
            *first = signal;
        }
        chain.rescore_with(loss, gathered)?;
        evaluator.samples = Some(samples);
        self.scored = true;
        Ok(())
    }

    pub fn rescore(&mut self, loss: f32) -> Result<(), Status> {
        let (chain, evaluator, gathered) = self.training.parts();
        if !gathered.is_empty() && evaluator.samples.is_none() {
            // The signals are not known.
            return Err(Status::NoSamples);
        }
        if !loss.is_finite() {
            return Err(Status::Loss);
        }
        drop(chain.pending(LANES));
        chain.rescore(loss)?;
        self.scored = true;
        Ok(())
    }

    pub fn restart(&mut self) {
        let (chain, ..) = self.training.parts();
        drop(chain.pending(LANES));
        chain.restart();
    }

    /// Makes a proposal: where its parameters are until it is decided, and the largest loss that will be accepted.
    pub fn propose(&mut self) -> Result<(*const f32, f32), Status> {
        if !self.scored {
            return Err(Status::NoLoss);
        }
        let (chain, ..) = self.training.parts();
        draw(chain);
        self.evaluated = false;
        let proposal = chain.pending(LANES).ok_or(Status::Fault)?;
        let proposed = (proposal.parameters().as_ptr(), proposal.bound());
        proposal.suspend();
        Ok(proposed)
    }

    /// The loss of the pending proposal.
    pub fn evaluate(&mut self) -> Result<f32, Status> {
        self.objective()?;
        let (chain, evaluator, gathered) = self.training.parts();
        let samples = evaluator.samples.ok_or(Status::NoSamples)?;
        let proposal = chain.pending(LANES).ok_or(Status::NoProposal)?;
        let scored = evaluator.score(f32::INFINITY, proposal.parameters(), &samples, gathered);
        proposal.suspend();
        self.evaluated = scored.is_some();
        Ok(scored.map_or(f32::NAN, |score| score.loss))
    }

    pub fn decide(&mut self, loss: f32) -> Result<Decision, Status> {
        let (chain, _, gathered) = self.training.parts();
        let signal: &[f32] = if self.evaluated { gathered } else { &[] };
        let proposal = chain.pending(LANES).ok_or(Status::NoProposal)?;
        Ok(settle(proposal, loss, signal))
    }

    /// A move, evaluated until it is certain to be rejected.
    pub fn step(&mut self) -> Result<Decision, Status> {
        self.objective()?;
        if self.training.evaluator().samples.is_none() {
            return Err(Status::NoSamples);
        }
        if !self.scored {
            return Err(Status::NoLoss);
        }
        Ok(self.training.step().into())
    }

    /// Whether the current parameters are overwritten by proposed ones.
    fn check_decided(&mut self) -> Result<(), Status> {
        match self.training.parts().0.pending(LANES) {
            Some(proposal) => proposal.suspend(),
            None => return Ok(()),
        }
        if self.in_place { Err(Status::Undecided) } else { Ok(()) }
    }

    /// Writes the outputs that the net gives for the first sample of `features`.
    pub fn predict(&mut self, features: &Feed<'_>, outputs: &mut [MaybeUninit<f32>]) -> Result<(), Status> {
        let objective = self.objective()?;
        if outputs.len() != objective.net().outputs() {
            return Err(Status::Length);
        }
        self.check_decided()?;
        let (chain, evaluator, _) = self.training.parts();
        let given = objective.predict(LANES, chain.parameters(), features, 0, evaluator.scratch)?;
        for (to, from) in outputs.iter_mut().zip(given) {
            to.write(*from);
        }
        Ok(())
    }

    /// Where the current parameters are.
    pub fn parameters(&self) -> *const f32 {
        self.training.parameters().as_ptr()
    }

    /// The loss of the current parameters, NaN before it is known.
    pub fn loss(&self) -> f32 {
        if self.scored { self.training.loss() } else { f32::NAN }
    }

    pub fn sigma(&self) -> f32 {
        self.training.chain().sigma()
    }

    pub fn counters(&self) -> Counters {
        self.training.chain().counters().into()
    }

    pub fn snapshot(&self) -> Result<Snapshot<'_, Generator>, Status> {
        if !self.scored {
            return Err(Status::NoLoss);
        }
        let snapshot = Snapshot::of(self.training.chain(), Arithmetic::Portable)?;
        Ok(match self.training.evaluator().objective {
            Some(objective) => snapshot.objective(objective),
            None => snapshot,
        })
    }
}
