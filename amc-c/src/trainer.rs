//! The trainer: a chain, the net it trains if there is one, and the samples.

use core::mem::MaybeUninit;

use amc_core::chain::{self, Chain, Proposal};
use amc_core::{Gather, Generator, Objective, Samples as Data, Score};
use amc_cortex_m::CortexM;
use amc_store::Arithmetic;
use amc_store::snapshot::Snapshot;

use crate::Status;
use crate::feed::Feed;

/// The lanes of the whole library, with the bits of `Portable`. Fewer sums would save 5 kB of flash, and cost five
/// times the instructions.
type Lanes = CortexM<1>;
pub(crate) const LANES: Lanes = CortexM;

type Pending<'c> = Proposal<'c, 'static, Generator, Lanes>;
// cbindgen takes types by their last name: `Samples` is C's.
type Batch = Data<'static, Feed<'static>>;

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
    chain: Chain<'static, Generator>,
    objective: Option<Objective<'static>>,
    samples: Option<Batch>,
    /// With signal norm: the signals of the proposal that was evaluated last.
    gathered: &'static mut [f32],
    scratch: &'static mut [f32],
    in_place: bool,
    /// Whether the chain knows the loss of the current parameters.
    scored: bool,
    /// Whether `gathered` is of the pending proposal.
    evaluated: bool,
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

// Functions of their own: the memory of drawing is not to lie on the stack while the net is evaluated.
#[inline(never)]
fn draw(chain: &mut Chain<'static, Generator>) {
    chain.propose(LANES).suspend();
}

#[inline(never)]
fn settle(proposal: Pending<'_>, loss: f32, signal: &[f32]) -> Decision {
    proposal.decide_with(loss, signal).into()
}

#[inline(never)]
fn score(
    objective: &Objective<'static>,
    (bound, parameters): (f32, &[f32]),
    samples: &Batch,
    scratch: &mut [f32],
    signal: &mut [f32],
) -> Result<Option<Score>, Status> {
    let gather = Gather { signal, correct: false };
    Ok(objective.evaluate_within(LANES, bound, parameters, samples, scratch, gather)?)
}

impl Trainer {
    pub(crate) fn new(
        chain: Chain<'static, Generator>,
        objective: Option<Objective<'static>>,
        in_place: bool,
        scored: bool,
        gathered: &'static mut [f32],
        scratch: &'static mut [f32],
    ) -> Self {
        Self { chain, objective, samples: None, gathered, scratch, in_place, scored, evaluated: false }
    }

    pub(crate) fn objective(&self) -> Result<Objective<'static>, Status> {
        self.objective.ok_or(Status::NoNet)
    }

    /// Takes samples that were checked, and computes the loss of the current parameters on them.
    pub(crate) fn set_samples(&mut self, samples: Batch) -> Result<(), Status> {
        let objective = self.objective()?;
        let signal_norm = !self.gathered.is_empty();
        let signal = if signal_norm { objective.input_signal(LANES, &samples) } else { 0.0 };
        if signal_norm && (!signal.is_finite() || (signal == 0.0 && !samples.features.is_zero())) {
            return Err(Status::Signal);
        }
        self.take_back();
        let scored =
            score(&objective, (f32::INFINITY, self.chain.parameters()), &samples, self.scratch, self.gathered)?;
        let loss = scored.map_or(f32::NAN, |score| score.loss);
        if !loss.is_finite() {
            return Err(Status::Loss);
        }
        // That of the samples in use, until nothing can fail.
        if let Some(first) = self.gathered.first_mut() {
            *first = signal;
        }
        self.chain.rescore_with(loss, self.gathered)?;
        (self.samples, self.scored) = (Some(samples), true);
        Ok(())
    }

    pub(crate) fn rescore(&mut self, loss: f32) -> Result<(), Status> {
        if !self.gathered.is_empty() && self.samples.is_none() {
            // The signals are not known.
            return Err(Status::NoSamples);
        }
        if !loss.is_finite() {
            return Err(Status::Loss);
        }
        self.take_back();
        self.chain.rescore(loss)?;
        self.scored = true;
        Ok(())
    }

    /// Ends a pending proposal undecided.
    fn take_back(&mut self) {
        drop(self.chain.pending(LANES));
    }

    pub(crate) fn restart(&mut self) {
        self.take_back();
        self.chain.restart();
    }

    /// Makes a proposal: where its parameters are until it is decided, and the largest loss that will be accepted.
    pub(crate) fn propose(&mut self) -> Result<(*const f32, f32), Status> {
        if !self.scored {
            return Err(Status::NoLoss);
        }
        draw(&mut self.chain);
        self.evaluated = false;
        let proposal = self.chain.pending(LANES).ok_or(Status::Fault)?;
        let proposed = (proposal.parameters().as_ptr(), proposal.bound());
        proposal.suspend();
        Ok(proposed)
    }

    /// The score of the pending proposal, if it is not certain to be above a bound: its own, or `bound`.
    fn score(&mut self, bound: Option<f32>) -> Result<Option<Score>, Status> {
        let objective = self.objective()?;
        let samples = self.samples.as_ref().ok_or(Status::NoSamples)?;
        let proposal = self.chain.pending(LANES).ok_or(Status::NoProposal)?;
        let within = (bound.unwrap_or(proposal.bound()), proposal.parameters());
        let scored = score(&objective, within, samples, self.scratch, self.gathered);
        proposal.suspend();
        self.evaluated = matches!(scored, Ok(Some(_)));
        scored
    }

    pub(crate) fn evaluate(&mut self) -> Result<f32, Status> {
        Ok(self.score(Some(f32::INFINITY))?.map_or(f32::NAN, |score| score.loss))
    }

    pub(crate) fn decide(&mut self, loss: f32) -> Result<Decision, Status> {
        let signal: &[f32] = if self.evaluated { self.gathered } else { &[] };
        let proposal = self.chain.pending(LANES).ok_or(Status::NoProposal)?;
        Ok(settle(proposal, loss, signal))
    }

    /// A proposal, evaluated until it is certain to be rejected, and decided.
    pub(crate) fn step(&mut self) -> Result<Decision, Status> {
        self.objective()?;
        if self.samples.is_none() {
            return Err(Status::NoSamples);
        }
        self.propose()?;
        let scored = self.score(None)?;
        self.decide(scored.map_or(f32::INFINITY, |score| score.loss))
    }

    /// Whether the current parameters are overwritten by proposed ones.
    fn check_decided(&mut self) -> Result<(), Status> {
        match self.chain.pending(LANES) {
            Some(proposal) => proposal.suspend(),
            None => return Ok(()),
        }
        if self.in_place { Err(Status::Undecided) } else { Ok(()) }
    }

    /// Writes the outputs that the net gives for the first sample of `features`.
    pub(crate) fn predict(&mut self, features: &Feed<'_>, outputs: &mut [MaybeUninit<f32>]) -> Result<(), Status> {
        let objective = self.objective()?;
        if outputs.len() != objective.net().outputs() {
            return Err(Status::Length);
        }
        self.check_decided()?;
        let given = objective.predict(LANES, self.chain.parameters(), features, 0, self.scratch)?;
        for (to, from) in outputs.iter_mut().zip(given) {
            to.write(*from);
        }
        Ok(())
    }

    /// Where the current parameters are.
    pub(crate) fn parameters(&self) -> *const f32 {
        self.chain.parameters().as_ptr()
    }

    /// The loss of the current parameters, NaN before it is known.
    pub(crate) fn loss(&self) -> f32 {
        if self.scored { self.chain.loss() } else { f32::NAN }
    }

    pub(crate) fn sigma(&self) -> f32 {
        self.chain.sigma()
    }

    pub(crate) fn counters(&self) -> Counters {
        let chain::Counters { steps, accepted, resets } = self.chain.counters();
        Counters { steps, accepted, resets }
    }

    pub(crate) fn snapshot(&self) -> Result<Snapshot<'_, Generator>, Status> {
        if !self.scored {
            return Err(Status::NoLoss);
        }
        let snapshot = Snapshot::of(&self.chain, Arithmetic::Portable)?;
        Ok(match self.objective {
            Some(objective) => snapshot.objective(objective),
            None => snapshot,
        })
    }
}
