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

#[cfg(feature = "defmt")]
mod format;
mod options;

pub use options::{Options, OptionsError};

use rand_core::Rng;

use crate::elementary::ln;
use crate::gaussian::{BLOCK, blocks, uniform};
use crate::lanes::{Lanes, Portable};
use crate::net::Net;

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
    /// A parameter to start from is infinite or not a number.
    #[error("parameter {index} is {value}: a chain starts from finite parameters")]
    Parameter {
        /// The first such parameter.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// The loss of the current parameters is infinite or not a number, so that nothing could be compared with it.
    #[error("the loss of the current parameters is {loss}: it has to be finite")]
    Loss {
        /// The loss.
        loss: f32,
    },
}

/// The memory of a chain, lent by the caller: static buffers on a device, vectors on a host.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Memory<'m> {
    parameters: &'m mut [f32],
    proposed: &'m mut [f32],
    centres: &'m mut [f32],
    signal_norm: Option<SignalNorm<'m>>,
}

impl<'m> Memory<'m> {
    /// N current parameters, which the chain starts from, and as many for the proposed ones.
    pub const fn new(parameters: &'m mut [f32], proposed: &'m mut [f32]) -> Self {
        Self { parameters, proposed, centres: &mut [], signal_norm: None }
    }

    /// N centres μ as well: ε may differ from 0. They start at 0, whatever they hold.
    #[must_use]
    pub fn centres(self, centres: &'m mut [f32]) -> Self {
        Self { centres, ..self }
    }

    /// Signal norm on (Sec. III B): the weights of layer l are moved by λ_l σ, with λ_l = `signal[l]`^(−1/2), Eq. (17).
    /// `signal` holds a number for each layer of `net`, as an evaluation at the current parameters gathers them.
    #[must_use]
    pub fn signal_norm(self, net: Net<'m>, signal: &'m mut [f32]) -> Self {
        Self { signal_norm: Some(SignalNorm { net, signal }), ..self }
    }
}

/// Where the signal norm's λ come from.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct SignalNorm<'m> {
    net: Net<'m>,
    signal: &'m mut [f32],
}

impl SignalNorm<'_> {
    /// λ of layer `l`'s weights: Eq. (17), and 0 where all their inputs vanish.
    fn lambda(&self, layer: usize) -> f32 {
        let signal = self.signal.get(layer).copied().unwrap_or(0.0);
        if signal > 0.0 && signal.is_finite() { 1.0 / libm::sqrtf(signal) } else { 0.0 }
    }
}

/// How many moves were made, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
    pub fn accept_rate(&self) -> f32 {
        self.accepted as f32 / self.steps.max(1) as f32
    }
}

/// The state of aMC: parameters, μ, σ, n_cr, U(x), and the generator.
#[derive(Debug)]
pub struct Chain<'m, R> {
    memory: Memory<'m>,
    options: Options,
    rng: R,
    sigma: f32,
    rejected_in_a_row: u32,
    loss: f32,
    counters: Counters,
}

impl<'m, R: Rng + Clone> Chain<'m, R> {
    /// A chain at the parameters in `memory`, whose loss is `loss`.
    pub fn new(memory: Memory<'m>, options: Options, rng: R, loss: f32) -> Result<Self, ChainError> {
        options.check()?;
        let needed = memory.parameters.len();
        let same = |what, given| match given == needed {
            true => Ok(()),
            false => Err(ChainError::Length { what, needed, given }),
        };
        same("proposed", memory.proposed.len())?;
        if options.epsilon != 0.0 {
            if memory.centres.is_empty() && needed > 0 {
                return Err(ChainError::NoCentres);
            }
            same("centres", memory.centres.len())?;
        }
        if let Some(SignalNorm { net, signal }) = &memory.signal_norm {
            same("the net of the signal norm", net.parameters())?;
            let (needed, given) = (net.layers().len(), signal.len());
            if needed != given {
                return Err(ChainError::Length { what: "signal", needed, given });
            }
        }
        if let Some(index) = memory.parameters.iter().position(|x| !x.is_finite()) {
            let value = memory.parameters.get(index).copied().unwrap_or(f32::NAN);
            return Err(ChainError::Parameter { index, value });
        }
        memory.centres.fill(0.0);
        let (sigma, counters) = (options.sigma, Counters::default());
        let mut chain = Self { memory, options, rng, sigma, rejected_in_a_row: 0, loss, counters };
        chain.rescore(loss)?;
        Ok(chain)
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

    /// Replaces U(x) by the loss of the current parameters on another batch.
    pub fn rescore(&mut self, loss: f32) -> Result<(), ChainError> {
        if !loss.is_finite() {
            return Err(ChainError::Loss { loss });
        }
        self.loss = loss;
        Ok(())
    }

    /// [`rescore`](Chain::rescore), with the signals of that evaluation.
    pub fn rescore_with(&mut self, loss: f32, signal: &[f32]) -> Result<(), ChainError> {
        self.rescore(loss)?;
        self.keep_signal(signal);
        Ok(())
    }

    /// Back to σ₀, with all μ = 0 and no rejections in a row: what follows a doubled batch (Sec. II F).
    pub fn restart(&mut self) {
        self.sigma = self.options.sigma;
        self.rejected_in_a_row = 0;
        self.memory.centres.fill(0.0);
    }

    /// Proposes x' = x + e, Eq. (9): step 2 of the algorithm.
    ///
    /// The move's Gaussians are drawn first, then, at T > 0, ξ.
    #[inline(always)]
    pub fn propose<L: Lanes>(&mut self, lanes: L) -> Proposal<'_, 'm, R, L> {
        let before = self.rng.clone();
        let (sigma, rng) = (self.sigma, &mut self.rng);
        let Memory { parameters, proposed, centres, signal_norm } = &mut self.memory;
        let mut finite = lanes.splat(0.0);
        moves(lanes, rng, parameters.len(), sigma, signal_norm.as_ref(), |at, scale, z| {
            let x = parameters.get(at..).unwrap_or_default();
            let mu = centres.get(at..).unwrap_or_default();
            let e = step(lanes, scale, z, mu);
            let x = lanes.add(lanes.load(x), e);
            // Adds 0, or NaN once a parameter is infinite or not a number.
            finite = lanes.mul_add(x, lanes.splat(0.0), finite);
            lanes.store(x, proposed.get_mut(at..).unwrap_or_default());
        });
        let mut ends = [0.0; 16];
        lanes.store(finite, &mut ends);
        let poison = ends.iter().fold(0.0, |sum, end| sum + end);
        // xi < exp(−ΔU/T) [60] is U' < U − T ln xi: one bound, known before U' is.
        let rise = match self.options.temperature {
            0.0 => 0.0,
            temperature => {
                let [ln_xi] = ln(Portable::<1>, [uniform(rng)]);
                -temperature * ln_xi
            }
        };
        let bound = self.loss + rise + poison;
        Proposal { chain: self, lanes, before, bound }
    }

    fn keep_signal(&mut self, signal: &[f32]) {
        if let Some(norm) = &mut self.memory.signal_norm {
            for (kept, signal) in norm.signal.iter_mut().zip(signal) {
                *kept = *signal;
            }
        }
    }
}

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
/// generator has moved on.
#[derive(Debug)]
#[must_use = "a proposal that is not decided changes nothing"]
pub struct Proposal<'c, 'm, R, L> {
    chain: &'c mut Chain<'m, R>,
    lanes: L,
    /// The generator before the move was drawn: the move can be drawn again.
    before: R,
    bound: f32,
}

impl<R: Rng + Clone, L: Lanes> Proposal<'_, '_, R, L> {
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
    pub fn decide_with(self, loss: f32, signal: &[f32]) -> Decision {
        if !(loss <= self.bound && loss.is_finite()) {
            return self.reject();
        }
        let chain = self.chain;
        chain.counters.steps += 1;
        chain.counters.accepted += 1;
        chain.rejected_in_a_row = 0;
        chain.loss = loss;
        chain.move_centres(self.lanes, self.before);
        chain.keep_signal(signal);
        chain.memory.accept();
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

impl Memory<'_> {
    fn accept(&mut self) {
        for (x, proposed) in self.parameters.iter_mut().zip(&*self.proposed) {
            *x = *proposed;
        }
    }
}

impl<R: Rng + Clone> Chain<'_, R> {
    /// Eq. (10), with the move drawn once more from the generator's state before it.
    #[inline(always)]
    fn move_centres<L: Lanes>(&mut self, lanes: L, mut before: R) {
        let epsilon = self.options.epsilon;
        if epsilon == 0.0 {
            return;
        }
        let Memory { centres, signal_norm, .. } = &mut self.memory;
        moves(lanes, &mut before, centres.len(), self.sigma, signal_norm.as_ref(), |at, scale, z| {
            let centres = centres.get_mut(at..).unwrap_or_default();
            let mu = lanes.load(centres);
            let e = step(lanes, scale, z, centres);
            let mu = lanes.mul_add(lanes.splat(epsilon), lanes.sub(e, mu), mu);
            lanes.store(mu, centres);
        });
    }
}

/// e = μ + λσ z, Eq. (9), for the first `T` of the slices.
#[inline(always)]
fn step<L: Lanes>(lanes: L, scale: &[f32], z: &[f32], mu: &[f32]) -> L::V {
    lanes.mul_add(lanes.load(scale), lanes.load(z), lanes.load(mu))
}

/// Draws a move's Gaussians and calls `each(index of the first parameter, its λσ and the next, its z and the next)`
/// for every `T` parameters.
#[inline(always)]
fn moves<L: Lanes, R: Rng>(
    lanes: L,
    rng: &mut R,
    count: usize,
    sigma: f32,
    norm: Option<&SignalNorm<'_>>,
    mut each: impl FnMut(usize, &[f32], &[f32]),
) {
    // Pieces of the parameter vector that share λσ, by their ends: weights and biases of each layer in turn.
    let mut pieces = norm.into_iter().flat_map(|norm| {
        norm.net.sections().enumerate().flat_map(|(layer, section)| {
            let biases = section.start + section.weights;
            [(biases, norm.lambda(layer) * sigma), (biases + section.biases, sigma)]
        })
    });
    let (mut end, mut scale) = pieces.next().unwrap_or((count, sigma));
    let mut scales = [scale; BLOCK];
    let mut uniform_until = end;
    blocks(lanes, rng, count, |start, z| {
        if start + z.len() > uniform_until {
            for (index, out) in (start..start + z.len()).zip(&mut scales) {
                while index >= end {
                    (end, scale) = pieces.next().unwrap_or((count, sigma));
                }
                *out = scale;
            }
            // Only a block filled from one piece serves the next block, too.
            uniform_until = if scales.iter().all(|s| *s == scale) { end } else { 0 };
        }
        for (tile, (scale, z)) in scales.chunks(L::T).zip(z.chunks(L::T)).enumerate() {
            each(start + tile * L::T, scale, z);
        }
    });
}
