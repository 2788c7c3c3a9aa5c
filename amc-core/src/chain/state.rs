//! A chain's state, to be kept while the machine is off, and the chain that goes on from it.

use rand_core::Rng;

use super::{Chain, ChainError, Counters, Memory, Options, Stream, check_loss};

/// Where a chain stands, beside the vectors and streams that its caller lent it.
///
/// With those and its options it makes the same chain again, to the bit: [`Chain::resume`].
#[derive(Clone, Debug, PartialEq)]
pub struct State<R> {
    /// σ, above 0, and not below a grid's step.
    pub sigma: f32,
    /// U(x) of the current parameters, finite.
    pub loss: f32,
    /// n_cr, below n_s.
    pub rejected_in_a_row: u32,
    /// The counters.
    pub counters: Counters,
    /// The chain's own generator, of the first range of parameters and of ξ.
    pub generator: R,
}

/// What no running chain has in its state.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StateError {
    /// σ is not finite, not above 0, or below the grid's step.
    #[error("sigma is {sigma}: a chain goes on with a finite step size of more than 0, on a grid of at least {least}")]
    Sigma {
        /// σ
        sigma: f32,
        /// The grid's step, or 0.
        least: f32,
    },
    /// n_cr has reached n_s, or the end of its range where that is never.
    #[error("{rejected} moves were rejected in a row, but sigma is reduced after {n_reset} (0: never)")]
    Rejected {
        /// n_cr
        rejected: u32,
        /// n_s
        n_reset: u32,
    },
    /// More moves were accepted, or ended in a reset, than were made.
    #[error("{} moves were accepted and {} ended in a reset, of {}", .0.accepted, .0.resets, .0.steps)]
    Counters(Counters),
    /// A centre or a signal is infinite or not a number.
    #[error("{what} {index} is {value}: it has to be finite")]
    NotFinite {
        /// `centre` or `signal`.
        what: &'static str,
        /// The first such number.
        index: usize,
        /// What it is.
        value: f32,
    },
}

impl<R> State<R> {
    fn check(&self, options: &Options) -> Result<(), ChainError> {
        check_loss(self.loss)?;
        let (sigma, least) = (self.sigma, options.grid.map_or(0.0, |grid| grid.step()));
        if !(sigma.is_finite() && sigma > 0.0 && sigma >= least) {
            return Err(StateError::Sigma { sigma, least }.into());
        }
        let (rejected, n_reset) = (self.rejected_in_a_row, options.n_reset);
        if rejected >= if n_reset == 0 { u32::MAX } else { n_reset } {
            return Err(StateError::Rejected { rejected, n_reset }.into());
        }
        let Counters { steps, accepted, resets } = self.counters;
        match accepted.checked_add(resets) {
            Some(decided) if decided <= steps => Ok(()),
            _ => Err(StateError::Counters(self.counters).into()),
        }
    }
}

fn check_finite(what: &'static str, values: &[f32]) -> Result<(), StateError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(StateError::NotFinite { what, index, value: *value }),
        None => Ok(()),
    }
}

impl<'m, R: Rng + Clone> Chain<'m, R> {
    /// The chain that was at `state`, with the same parameters, centres, signals and streams in `memory`, and the same
    /// `options`: it makes the moves, bit for bit, that the other would have gone on with. Workers and lanes may be others
    /// of the same arithmetic.
    ///
    /// Centres and signals are as `memory` holds them. Centres that ε = 0 leaves at 0 are set to that.
    pub fn resume(memory: Memory<'m, R>, options: Options, state: State<R>) -> Result<Self, ChainError> {
        options.check()?;
        memory.check(&options)?;
        state.check(&options)?;
        check_finite("signal", memory.signal())?;
        if options.epsilon != 0.0 {
            check_finite("centre", memory.centres)?;
        } else {
            memory.centres.fill(0.0);
        }
        for stream in memory.streams.iter_mut() {
            stream.has_move = false;
        }
        let State { sigma, loss, rejected_in_a_row, counters, generator } = state;
        let own = Stream::new(generator);
        Ok(Self { memory, options, own, sigma, rejected_in_a_row, loss, counters, restart_due: false })
    }

    /// Where the chain stands: what [`resume`](Chain::resume) takes, and takes always.
    ///
    /// # Errors
    /// While a proposal is [suspended](super::Proposal::suspend), or where a centre or signal is no longer finite: from
    /// there no chain is resumed.
    pub fn state(&self) -> Result<State<R>, ChainError> {
        if self.own.has_move || self.is_undecided() {
            return Err(ChainError::Undecided);
        }
        check_finite("signal", self.signal())?;
        check_finite("centre", self.centres())?;
        Ok(State {
            sigma: self.sigma,
            loss: self.loss,
            rejected_in_a_row: self.rejected_in_a_row,
            counters: self.counters,
            generator: self.own.now.clone(),
        })
    }
}

impl<R> Chain<'_, R> {
    /// The centres μ; none where ε = 0.
    pub fn centres(&self) -> &[f32] {
        if self.options.epsilon == 0.0 { &[] } else { self.memory.centres }
    }

    /// The signals of the current parameters, one a layer; none without signal norm.
    pub fn signal(&self) -> &[f32] {
        self.memory.signal()
    }

    /// The streams beside the chain's own generator.
    pub fn streams(&self) -> &[Stream<R>] {
        self.memory.streams
    }
}

impl<R> Stream<R> {
    /// The generator, at the numbers of the next move.
    pub fn generator(&self) -> &R {
        &self.now
    }
}
