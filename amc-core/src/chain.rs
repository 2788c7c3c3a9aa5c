//! The chain: propose a change of all parameters, learn the loss there, accept or reject, adapt (Sec. III A).
//!
//! The chain never computes a loss. It proposes, the caller evaluates however and wherever it likes, and the
//! proposal is decided with the result:
//!
//! ```
//! use amc_core::chain::{Chain, Memory, Options};
//! use amc_core::{Generator, Portable};
//! use rand_core::SeedableRng;
//!
//! // Rosenbrock's function, Eq. (6), from (−2, 2).
//! let f = |x: &[f32]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
//! let (mut x, mut proposed) = ([-2.0, 2.0], [0.0; 2]);
//! let options = Options::new(0.1).n_reset(20);
//! let loss = f(&x);
//! let memory = Memory::new(&mut x, &mut proposed);
//! let mut chain = Chain::new(memory, options, Generator::seed_from_u64(1), loss)?;
//! for _ in 0..3000 {
//!     let proposal = chain.propose(Portable::<1>);
//!     let loss = f(proposal.parameters());
//!     proposal.decide(loss);
//! }
//! assert!(chain.loss() < 1e-3);
//! # Ok::<(), amc_core::chain::ChainError>(())
//! ```

mod ahead;
#[cfg(feature = "defmt")]
mod format;
mod grid;
mod memory;
mod options;
mod parts;
mod proposal;
mod scales;
mod state;
mod streams;
mod training_memory;

pub use grid::Grid;
pub use memory::Memory;
pub use options::{Options, OptionsError};
pub use parts::{MovePart, MoveParts, Workers};
pub use proposal::{Decision, Proposal};
pub use state::{State, StateError};
pub use streams::{RANGE, Stream, jump_streams, streams};
pub use training_memory::TrainingMemory;

use rand_core::Rng;

use crate::elementary::ln_normal;
use crate::gaussian::uniform;
use crate::lanes::Portable;
// What is trained of a net. Where there are dense layers alone it is all of it, and a trainer takes no byte more for the rest.
#[cfg(not(feature = "layers"))]
use crate::net::Net as Trained;
#[cfg(feature = "layers")]
use crate::trainable::Selection as Trained;
use parts::Task;

/// What σ is multiplied by after n_s consecutive rejections (Sec. II C).
pub const SIGMA_FACTOR: f32 = 0.95;

/// Why a chain is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ChainError {
    /// A hyperparameter is out of its range.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A slice is not as long as the parameter vector, or as the list of layers for the signal norm.
    #[error("{what}: {needed} numbers are needed, but there are {given}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Numbers needed.
        needed: usize,
        /// Numbers given.
        given: usize,
    },
    /// ε is not 0, but there is no memory for the centres μ.
    #[error("epsilon is not 0: the chain needs memory for the centres")]
    NoCentres,
    /// There are not as many streams as [`streams`] tells.
    #[error("{needed} streams are needed beside the chain's own generator, but there are {given}")]
    Streams {
        /// Streams needed.
        needed: usize,
        /// Streams given.
        given: usize,
    },
    /// A parameter to start from is infinite or not a number.
    #[error("parameter {index} is {value}: a chain starts from finite parameters")]
    Parameter {
        /// The first such parameter.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// The proposed parameters overwrite the current ones, but there is no grid to undo that on.
    #[error("training in place needs a grid: Options::grid")]
    NoGrid,
    /// A parameter to start from is not on the grid, or beyond it, or −0.
    #[error("parameter {index} is {value}: it has to be on the grid of {step}, where Grid::round brings it")]
    OffGrid {
        /// The first such parameter.
        index: usize,
        /// What it is.
        value: f32,
        /// The grid's step g.
        step: f32,
    },
    /// A proposal made in place is suspended, and the parameters are still the proposed ones. Of a chain's state: any
    /// proposal is suspended.
    #[error("a proposal is undecided: the current parameters are back when it is decided, or the next is made")]
    Undecided,
    /// The loss of the current parameters is infinite or not a number, so that nothing could be compared with it.
    #[error("the loss of the current parameters is {loss}: it has to be finite")]
    Loss {
        /// The loss.
        loss: f32,
    },
    /// The state to go on from is not one of a running chain.
    #[error(transparent)]
    State(#[from] StateError),
}

/// How many moves were made, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counters {
    /// Moves decided.
    pub steps: u64,
    /// Moves accepted.
    pub accepted: u64,
    /// Times that σ was reduced after n_s consecutive rejections.
    pub resets: u64,
}

impl Counters {
    /// Accepted moves over all moves; 0 before the first.
    pub fn acceptance_rate(&self) -> f32 {
        self.accepted as f32 / self.steps.max(1) as f32
    }
}

/// The state of aMC: parameters, μ, σ, n_cr, U(x), and the generators.
#[derive(Debug)]
pub struct Chain<'m, R> {
    memory: Memory<'m, R>,
    options: Options,
    /// The generator of the first range of parameters, and of ξ.
    own: Stream<R>,
    sigma: f32,
    rejected_in_a_row: u32,
    loss: f32,
    counters: Counters,
    /// Restarted while the parameters were those of a pending proposal.
    restart_due: bool,
}

fn check_loss(loss: f32) -> Result<(), ChainError> {
    if loss.is_finite() { Ok(()) } else { Err(ChainError::Loss { loss }) }
}

impl<R> Chain<'_, R> {
    /// Whether x is still x', in place.
    pub(crate) fn is_undecided(&self) -> bool {
        self.memory.in_place && self.memory.has_any_move(&self.own)
    }

    /// Whether a decision may take as many Gaussians as a proposal.
    pub(crate) fn draws_again(&self) -> bool {
        self.memory.in_place || self.options.epsilon != 0.0
    }
}

impl<'m, R: Rng + Clone> Chain<'m, R> {
    /// A chain at the parameters in `memory`, whose loss is `loss`.
    pub fn new(memory: Memory<'m, R>, options: Options, rng: R, loss: f32) -> Result<Self, ChainError> {
        options.check()?;
        memory.check(&options)?;
        check_loss(loss)?;
        memory.centres.fill(0.0);
        for stream in memory.streams.iter_mut() {
            // It may have served another chain.
            stream.has_move = false;
        }
        Ok(Self {
            sigma: options.sigma,
            memory,
            options,
            own: Stream::new(rng),
            rejected_in_a_row: 0,
            loss,
            counters: Counters { steps: 0, accepted: 0, resets: 0 },
            restart_due: false,
        })
    }

    /// The current parameters x.
    pub fn parameters(&self) -> &[f32] {
        self.memory.parameters
    }

    /// The loss U(x) of the current parameters.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    /// The current scale σ of moves.
    pub fn sigma(&self) -> f32 {
        self.sigma
    }

    /// The hyperparameters.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Replaces U(x) by the loss of the current parameters on another batch, or by a better estimate of a noisy one:
    /// [`Remeasured`](crate::trainer::Remeasured) says how.
    pub fn rescore(&mut self, loss: f32) -> Result<(), ChainError> {
        if self.is_undecided() {
            return Err(ChainError::Undecided);
        }
        check_loss(loss)?;
        self.own.has_move = false;
        self.loss = loss;
        Ok(())
    }

    /// [`rescore`](Chain::rescore), with the signals of that evaluation.
    pub fn rescore_with(&mut self, loss: f32, signal: &[f32]) -> Result<(), ChainError> {
        self.rescore(loss)?;
        self.memory.keep_signal(signal);
        Ok(())
    }

    /// Back to σ₀, with all μ = 0 and no rejections in a row: what follows a doubled batch (Sec. II F).
    pub fn restart(&mut self) {
        // The pending move was drawn with what is set here.
        self.restart_due = self.is_undecided();
        if self.restart_due {
            return;
        }
        self.own.has_move = false;
        self.sigma = self.options.sigma;
        self.rejected_in_a_row = 0;
        self.memory.centres.fill(0.0);
    }

    /// Proposes x' = x + e, Eq. (9): step 2 of the algorithm. `workers` compute it, and what its decision takes: any
    /// [lanes](crate::Lanes), or threads.
    ///
    /// The move's Gaussians are drawn first, then, at T > 0, ξ, from the chain's own generator.
    #[inline(always)]
    pub fn propose<C: Workers<R>>(&mut self, mut workers: C) -> Proposal<'_, 'm, R, C> {
        if self.is_undecided() {
            self.take_back(&mut workers);
        }
        self.own.allowed_rise = f32::NAN;
        for stream in self.memory.streams.iter_mut() {
            stream.allowed_rise = f32::NAN;
        }
        self.share(&mut workers, Task::Propose);
        if self.options.temperature != 0.0 {
            self.own.allowed_rise += self.allowed_rise();
        }
        self.own.allowed_rise =
            self.memory.streams.iter().fold(self.own.allowed_rise, |sum, stream| sum + stream.allowed_rise);
        Proposal { chain: self, workers }
    }

    /// The move that was [suspended](Proposal::suspend), if there is one; `workers` compute what its decision takes.
    ///
    /// There is none any more once the chain was [rescored](Chain::rescore) or [restarted](Chain::restart).
    pub fn pending<C: Workers<R>>(&mut self, workers: C) -> Option<Proposal<'_, 'm, R, C>> {
        (self.own.has_move && !self.restart_due).then_some(Proposal { chain: self, workers })
    }

    /// By how much the loss may rise: xi < exp(−ΔU/T) [60] is ΔU < −T ln xi, known before U' is.
    #[inline(never)]
    fn allowed_rise(&mut self) -> f32 {
        let [ln_xi] = ln_normal(Portable::<1>, [uniform(&mut self.own.now)]);
        -self.options.temperature * ln_xi
    }

    /// Undoes a proposal that was suspended in place.
    #[cold]
    #[inline(never)]
    fn take_back<C: Workers<R>>(&mut self, workers: &mut C) {
        self.share(workers, Task::Undo);
        if self.restart_due {
            self.restart();
        }
    }

    #[inline(always)]
    fn share<C: Workers<R>>(&mut self, workers: &mut C, task: Task) {
        workers.share(self.memory.parts(&mut self.own, task, &self.options, self.sigma));
    }
}
