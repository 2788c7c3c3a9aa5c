//! A chain over a window of samples.

use amc_core::chain::{Chain, ChainError, Memory as ChainMemory, Options, State};
use amc_core::trainer::{Buffers, BuffersError, IntoObjective, Progress, Serial, Trainer, TrainerError};
use amc_core::{Generator, Lanes, ObjectiveError, gaussian};
use amc_store::Arithmetic;
use amc_store::snapshot::Snapshot;

use crate::{Memory, SampleError, Window};

/// By what rules a learner learns.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rules {
    /// The chain's hyperparameters.
    pub options: Options,
    /// The scale of the parameters to start from, which are drawn from N(0, `start_sigma`²); 0 or above.
    pub start_sigma: f32,
    /// Samples with a number beyond this are left out; above 0, may be infinite.
    pub limit: f32,
    /// The loss on changed samples over that before, from which σ starts anew; above 0, may be infinite.
    pub surprise: f32,
    /// The loss over that of the last save, up to which the next is [due](Learner::due).
    pub improved: f32,
}

impl Rules {
    /// `start_sigma` 0.3, no limit, `surprise` 2, `improved` 0.5.
    pub const fn new(options: Options) -> Self {
        Self { options, start_sigma: 0.3, limit: f32::INFINITY, surprise: 2.0, improved: 0.5 }
    }

    /// With a limit.
    #[must_use]
    pub const fn limit(self, limit: f32) -> Self {
        Self { limit, ..self }
    }

    /// With a scale of the parameters to start from.
    #[must_use]
    pub const fn start_sigma(self, start_sigma: f32) -> Self {
        Self { start_sigma, ..self }
    }
}

/// Why a learner cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LearnerError {
    /// The block of memory is too short.
    #[error(transparent)]
    Memory(#[from] BuffersError),
    /// The memory is another net's, or has no room for a sample.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// There is no such chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Predictions are made while a move is evaluated, so that learning in place is not possible.
    #[error("a learner needs two copies of the parameters")]
    InPlace,
}

/// A net that learns from the newest samples, on one core. `O` is its [objective](IntoObjective), `L` its lanes.
#[derive(Debug)]
pub struct Learner<'m, O, L> {
    trainer: Trainer<'m, Serial<'m, O, L, Window<'m>>>,
    objective: O,
    limit: f32,
    improved: f32,
    /// The loss when it was last saved.
    saved: f32,
    left_out: u32,
}

impl<'m, O: IntoObjective<'m>, L: Lanes> Learner<'m, O, L> {
    /// One that knows nothing.
    ///
    /// # Errors
    /// Where memory or options do not fit.
    pub fn new(
        objective: O,
        lanes: L,
        rules: Rules,
        memory: Memory<'m>,
        mut rng: Generator,
    ) -> Result<Self, LearnerError> {
        gaussian::fill(lanes, &mut rng, rules.start_sigma, memory.training.parameters);
        if let Some(grid) = rules.options.grid {
            grid.round(memory.training.parameters);
        }
        Self::pretrained(objective, lanes, rules, memory, rng)
    }

    /// One that starts from the parameters in the memory, as they were trained elsewhere.
    ///
    /// # Errors
    /// Where memory or options do not fit, or a parameter is not finite, or not on the grid.
    pub fn pretrained(
        objective: O,
        lanes: L,
        rules: Rules,
        memory: Memory<'m>,
        rng: Generator,
    ) -> Result<Self, LearnerError> {
        // No sample was seen: any loss will be better.
        let begin = |memory| Chain::new(memory, rules.options, rng, f32::MAX);
        Self::with_chain(objective, lanes, rules, memory, begin)
    }

    /// One that goes on from where a chain of the same options was [saved](Learner::due), of which the memory holds
    /// parameters and centres. Its window is empty.
    ///
    /// # Errors
    /// Where memory or options do not fit, or no chain was ever in this state.
    pub fn resume(
        objective: O,
        lanes: L,
        rules: Rules,
        memory: Memory<'m>,
        state: State<Generator>,
    ) -> Result<Self, LearnerError> {
        Self::with_chain(objective, lanes, rules, memory, |memory| Chain::resume(memory, rules.options, state))
    }

    #[inline(always)]
    fn with_chain(
        objective: O,
        lanes: L,
        rules: Rules,
        memory: Memory<'m>,
        begin: impl FnOnce(ChainMemory<'m>) -> Result<Chain<'m, Generator>, ChainError>,
    ) -> Result<Self, LearnerError> {
        let Memory { training, window } = memory;
        let Buffers { parameters, proposed, centres, streams, scratch, .. } = training;
        let net = objective.objective().net();
        let (inputs, features) = (net.inputs(), window.widths().0);
        if inputs != features {
            return Err(ObjectiveError::Features { inputs, features }.into());
        }
        let (needed, given) = (net.outputs(), window.widths().1);
        if needed != given {
            return Err(ObjectiveError::Targets { needed, given }.into());
        }
        if window.capacity() == 0 {
            return Err(ObjectiveError::NoSamples.into());
        }
        let lengths = [
            ("parameters", net.parameters(), parameters.len(), true),
            ("scratch", net.scratch(L::T), scratch.len(), false),
        ];
        for (what, needed, given, exact) in lengths {
            if given < needed || exact && given != needed {
                return Err(ObjectiveError::Length { what, needed, given }.into());
            }
        }
        if proposed.is_empty() {
            return Err(LearnerError::InPlace);
        }
        let chain = begin(ChainMemory::new(parameters, proposed).centres(centres).streams(streams))?;
        let window = window.surprise(rules.surprise);
        let mut trainer = Trainer::of(chain, Serial::new(objective, lanes, window, scratch), &mut [])?;
        trainer.rescore();
        let Rules { limit, improved, .. } = rules;
        Ok(Self { trainer, objective, limit, improved, saved: f32::INFINITY, left_out: 0 })
    }

    /// Takes a sample into the window, in place of the oldest; a bad one is counted, left out, and changes nothing else.
    ///
    /// A move that was being evaluated ends here: its sums are of the old window.
    ///
    /// # Errors
    /// What is bad about it.
    pub fn push(&mut self, features: &[f32], targets: &[f32]) -> Result<(), SampleError> {
        let checked = self.trainer.batches().check(self.objective, self.limit, features, targets);
        match checked {
            Ok(()) => self.trainer.change_batches(|window| window.push(features, targets)),
            Err(_) => self.left_out = self.left_out.saturating_add(1),
        }
        checked
    }

    /// Learns for a slice of at most `budget` multiply-adds, but a piece of work at least, as
    /// [`Trainer::slice`] counts them; gives how many it was, 0 while there are no samples.
    pub fn slice(&mut self, budget: usize) -> usize {
        self.trainer.slice(budget)
    }

    /// The most multiply-adds of a piece of work on the samples that are there.
    pub fn largest_piece(&self) -> usize {
        self.trainer.largest_piece()
    }

    /// Writes what the net makes of a sample's features, at any time between slices.
    ///
    /// # Errors
    /// Where lengths are not those of the net.
    pub fn predict(&mut self, features: &[f32], outputs: &mut [f32]) -> Result<(), TrainerError> {
        self.trainer.predict(features, outputs)
    }

    /// The chain, to be stored, if its loss has come down far enough since it was last [saved](Learner::saved); a move
    /// that was being evaluated ends then. Never while the window is not full, or the loss of its samples not known.
    ///
    /// # Errors
    /// Those of [`Chain::state`].
    pub fn due(&mut self) -> Result<Option<Snapshot<'_, Generator>>, ChainError> {
        if self.trainer.loss() <= self.improved * self.saved { self.snapshot() } else { Ok(None) }
    }

    /// The chain, to be stored, however much it has learned; a move that was being evaluated ends. None while the window
    /// is not full, or the loss of its samples not known.
    ///
    /// # Errors
    /// Those of [`Chain::state`].
    pub fn snapshot(&mut self) -> Result<Option<Snapshot<'_, Generator>>, ChainError> {
        let window = self.trainer.batches();
        if window.len() < window.capacity() {
            return Ok(None);
        }
        let objective = self.objective.objective();
        let Some(chain) = self.trainer.at_rest() else { return Ok(None) };
        Ok(Some(Snapshot::of(chain, Arithmetic::Portable)?.objective(objective)))
    }

    /// What was [due](Learner::due) is stored.
    pub fn saved(&mut self) {
        self.saved = self.trainer.loss();
    }

    /// Where learning stands.
    pub fn progress(&self) -> Progress {
        self.trainer.progress()
    }

    /// The current parameters.
    pub fn parameters(&self) -> &[f32] {
        self.trainer.parameters()
    }

    /// The samples that it learns from.
    pub fn window(&self) -> &Window<'m> {
        self.trainer.batches()
    }

    /// Bad samples so far.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }
}
