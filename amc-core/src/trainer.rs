//! The training loop: a batch, a proposal, its loss, a decision, again and again.
//!
//! A [`Trainer`] puts together what training a net takes: a [`Chain`], who evaluates the loss ([`Evaluate`]: one core
//! does it by [`Serial`]), and the samples ([`Batches`]: all of them, or a policy's). A function that is no net is
//! trained by the chain alone.
//!
//! ```
//! use amc_core::chain::Options;
//! use amc_core::trainer::{Batches, GrowingBatch, Trainer};
//! use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets, gaussian};
//! use rand_core::SeedableRng;
//!
//! // Which of two numbers is larger? Signal norm, momentum, and a batch that doubles when it is learned.
//! const NET: Net = Net::new(2, &[Layer::dense(4, Activation::Tanh), Layer::dense(2, Activation::Softmax)]);
//! const LARGER: Objective = Objective::new(NET, Loss::CrossEntropy);
//! let features: Vec<f32> = (0..2000).map(|i| (i * 37 % 101) as f32 / 101.0).collect();
//! let classes: Vec<u8> = features.chunks(2).map(|pair| u8::from(pair[1] > pair[0])).collect();
//! let samples = Samples { features: Rows::new(&features, 2, 1.0), targets: Targets::Classes(&classes) };
//!
//! let needs = NET.memory(4).centres().signal_norm();
//! let mut memory = vec![0.0; needs.numbers()]; // on a device a static array
//! let buffers = needs.cut(&mut memory)?;
//! let mut rng = Generator::seed_from_u64(1);
//! gaussian::fill(Portable::<4>, &mut rng, 0.1, buffers.parameters);
//! let options = Options::new(0.1).epsilon(0.01).n_reset(20);
//! let batches = GrowingBatch::new(samples, 100);
//! let mut trainer = Trainer::with_signal_norm(LARGER, Portable::<4>, batches, buffers, options, rng)?;
//! let end = trainer.fit(|now| now.loss < 0.1 || now.counters.steps == 5000);
//! assert!(end.loss < 0.1 && trainer.batches().samples().len() == 1000);
//! let mut outputs = [0.0; 2];
//! trainer.predict(&[0.2, 0.7], &mut outputs)?;
//! assert!(outputs[1] > 0.9);
//! # Ok::<(), amc_core::trainer::TrainerError>(())
//! ```

mod batches;
mod buffers;
mod evaluate;
mod method;
mod mixed;
mod remeasured;
mod serial;
mod slice;
mod sums;

pub use batches::{Batches, GrowingBatch, RandomBatch, RandomBatchError, TargetsMut};
pub use buffers::{Buffers, BuffersError, MixedBuffers};
pub use evaluate::Evaluate;
pub use method::{Method, Training};
pub use mixed::MixedTrainer;
pub use remeasured::Remeasured;
pub use serial::{IntoObjective, Serial};
pub use slice::{ACTIVATION, GAUSSIAN};

use rand_core::Rng;

use crate::Generator;
use crate::chain::{Chain, ChainError, Counters, Decision, Proposal, Workers};
use crate::mixed::MixedError;
use crate::{ObjectiveError, Score};
use slice::Work;

/// Why a training cannot begin, or not do what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TrainerError {
    /// The net, the samples and the memory do not fit together.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// There is no such chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// There are no such mixed moves.
    #[error(transparent)]
    Mixed(#[from] MixedError),
    /// There is not enough memory.
    #[error(transparent)]
    Buffers(#[from] BuffersError),
}

/// Where training stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    /// Moves made and accepted: [`acceptance_rate`](Counters::acceptance_rate) is the acceptance.
    pub counters: Counters,
    /// U(x) on the batch of the last move.
    pub loss: f32,
    /// σ, the scale of moves.
    pub sigma: f32,
}

/// A chain that moves on batches of samples.
///
/// A loss that is not a number or infinite is never accepted. Where that of the *current* parameters is one, on
/// samples that are new, it counts as [`f32::MAX`]: any parameters with a finite loss are better.
#[derive(Debug)]
pub struct Trainer<'m, E, R = Generator> {
    chain: Chain<'m, R>,
    evaluator: E,
    /// With signal norm: the signals of the parameters that were evaluated last.
    signal: &'m mut [f32],
    work: Work,
}

// Functions of their own, because the Gaussians' memory is not to lie on the stack while the loss is evaluated.
#[inline(never)]
fn propose<'c, 'm, R: Rng + Clone, C: Workers<R>>(chain: &'c mut Chain<'m, R>, workers: C) -> Proposal<'c, 'm, R, C> {
    chain.propose(workers)
}

#[inline(never)]
fn decide_with<R: Rng + Clone, C: Workers<R>>(
    proposal: Proposal<'_, '_, R, C>,
    loss: Option<f32>,
    signal: &[f32],
) -> Decision {
    match loss {
        Some(loss) => proposal.decide_with(loss, signal),
        None => proposal.reject(),
    }
}

#[inline(never)]
fn decide<R: Rng + Clone, C: Workers<R>>(proposal: Proposal<'_, '_, R, C>, loss: Option<f32>) -> Decision {
    match loss {
        Some(loss) => proposal.decide(loss),
        None => proposal.reject(),
    }
}

/// Decides a move by an evaluation's score, and with its signals if there are any.
#[inline(always)]
fn settle<E: Evaluate, R: Rng + Clone>(
    proposal: Proposal<'_, '_, R, E::Workers>,
    score: Option<Score>,
    signal: &[f32],
) -> Decision
where
    E::Workers: Workers<R>,
{
    let loss = score.map(|score| score.loss);
    if E::SIGNALS { decide_with(proposal, loss, signal) } else { decide(proposal, loss) }
}

impl<'m, E: Evaluate, R: Rng + Clone> Trainer<'m, E, R>
where
    E::Workers: Workers<R>,
{
    /// A trainer of a chain whose loss and signals are those of the evaluator's current batch, whether it has just begun
    /// or goes on. `signal` has room for as many signals as the chain has.
    ///
    /// # Errors
    /// Where it has not.
    #[inline]
    pub fn of(chain: Chain<'m, R>, evaluator: E, signal: &'m mut [f32]) -> Result<Self, ChainError> {
        let (needed, given) = (chain.signal().len(), signal.len());
        if needed != given {
            return Err(ChainError::Length { what: "signal", needed, given });
        }
        for (signal, current) in signal.iter_mut().zip(chain.signal()) {
            *signal = *current;
        }
        let begins = chain.counters().steps == 0;
        Ok(Self { chain, evaluator, signal, work: if begins { Work::Propose } else { Work::Begin } })
    }

    /// Makes a move, and gives its evaluation up once it is certain to be rejected. If a move is
    /// [suspended](Trainer::slice), it is dropped.
    pub fn step(&mut self) -> Decision {
        self.end_suspended();
        if self.is_stale() || matches!(self.work, Work::Begin) && self.evaluator.next_batch() {
            self.score();
        }
        self.work = Work::Begin;
        let Self { chain, evaluator, signal, .. } = self;
        let proposal = match <E::Workers as Workers<R>>::OUTLINES {
            true => chain.propose(evaluator.workers()),
            false => propose(chain, evaluator.workers()),
        };
        let score = evaluator.evaluate_within(proposal.bound(), proposal.parameters(), signal);
        let decision = settle::<E, R>(proposal, score, signal);
        if let (Decision::Accepted, Some(score)) = (decision, score)
            && evaluator.accepted(score)
        {
            chain.restart();
            self.score();
            self.work = Work::Propose;
        }
        decision
    }

    /// Makes moves until `stop`, which is asked before the first and after every one, says so.
    #[inline]
    pub fn fit(&mut self, mut stop: impl FnMut(&Progress) -> bool) -> Progress {
        loop {
            let now = self.progress();
            if stop(&now) {
                return now;
            }
            self.step();
        }
    }

    /// U(x) of the current parameters on a batch that has changed.
    #[inline(never)]
    fn score(&mut self) {
        let loss = self.evaluator.evaluate(self.chain.parameters(), self.signal);
        self.keep_score(loss);
    }

    fn keep_score(&mut self, loss: f32) {
        let Self { chain, evaluator, signal, .. } = self;
        let before = chain.loss();
        let (loss, signal) = if loss.is_finite() { (loss, &**signal) } else { (f32::MAX, &[][..]) };
        let signal = if E::SIGNALS { signal } else { &[] };
        if chain.rescore_with(loss, signal).is_ok() && evaluator.scored(before, chain.loss()) {
            chain.restart();
        }
    }

    /// Whether the loss of the current parameters is not known.
    fn is_stale(&self) -> bool {
        matches!(self.work, Work::Stale | Work::Inputs(_) | Work::Score(_))
    }

    /// Drops a move that is suspended.
    fn end_suspended(&mut self) {
        if let Work::Evaluate(_) = self.work {
            drop(self.chain.pending(self.evaluator.workers()));
            self.work = Work::Propose;
        }
    }

    /// Forgets the loss of the current parameters, which is evaluated anew before the next move: the samples have changed.
    pub fn rescore(&mut self) {
        self.end_suspended();
        self.work = Work::Stale;
    }

    /// The chain as it can be stored, where a suspended move is dropped; none while the loss on new samples is not known.
    pub fn at_rest(&mut self) -> Option<&Chain<'m, R>> {
        self.end_suspended();
        if self.is_stale() { None } else { Some(&self.chain) }
    }

    /// Where training stands.
    pub fn progress(&self) -> Progress {
        let Self { chain, .. } = self;
        Progress { counters: chain.counters(), loss: chain.loss(), sigma: chain.sigma() }
    }

    /// U(x) on the batch of the last move.
    pub fn loss(&self) -> f32 {
        self.chain.loss()
    }

    /// The current parameters x. In place, and while a move is [suspended](Trainer::slice), they are the proposed ones.
    pub fn parameters(&self) -> &[f32] {
        self.chain.parameters()
    }

    /// The chain.
    pub fn chain(&self) -> &Chain<'m, R> {
        &self.chain
    }

    /// The chain, for moves of the caller's own, and who evaluates. A move that a [slice](Trainer::slice) suspended is not
    /// gone on with.
    pub fn parts(&mut self) -> (&mut Chain<'m, R>, &mut E, &mut [f32]) {
        if let Work::Evaluate(_) = self.work {
            self.work = Work::Propose;
        }
        (&mut self.chain, &mut self.evaluator, self.signal)
    }

    /// Who evaluates.
    pub fn evaluator(&self) -> &E {
        &self.evaluator
    }

    /// The chain and who evaluated.
    pub fn into_parts(self) -> (Chain<'m, R>, E) {
        (self.chain, self.evaluator)
    }
}
