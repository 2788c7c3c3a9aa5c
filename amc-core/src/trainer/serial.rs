//! Evaluation on one core.

use core::marker::PhantomData;

use rand_core::Rng;

use super::sums::Evaluation;
use super::{Batches, Buffers, Evaluate, Trainer, TrainerError};
use crate::chain::{Chain, ChainError, Memory, Options, State};
use crate::lanes::Lanes;
use crate::net::Net;
use crate::objective::{Objective, ObjectiveError};
use crate::samples::{Features, Rows, Samples};
use crate::score::{Measurements, Score};

/// What is trained: an [`Objective`], or a function that gives one.
///
/// A function that gives a constant, `|| OBJECTIVE`, is known when the program is compiled: of layers and losses it then
/// holds what that objective uses, in a small net's trainer a quarter less.
pub trait IntoObjective<'a>: Copy {
    /// The objective, always the same one.
    fn objective(self) -> Objective<'a>;
}

impl<'a> IntoObjective<'a> for Objective<'a> {
    #[inline(always)]
    fn objective(self) -> Self {
        self
    }
}

impl<'a, F: Fn() -> Objective<'a> + Copy> IntoObjective<'a> for F {
    #[inline(always)]
    fn objective(self) -> Objective<'a> {
        self()
    }
}

/// A net and its loss, evaluated on one core, block by block, over batches `B`. `SIGNALS`: with signal norm, which is
/// code that an image without it does not hold.
#[derive(Debug)]
pub struct Serial<'m, O, L, B, const SIGNALS: bool = false> {
    pub(super) objective: O,
    pub(super) lanes: L,
    pub(super) batches: B,
    pub(super) scratch: &'m mut [f32],
}

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, const SIGNALS: bool> Serial<'m, O, L, B, SIGNALS> {
    /// Evaluates `objective` on `lanes`, in at least [`Net::scratch`](crate::Net::scratch)`(L::T)` numbers of memory. The
    /// objective has to have [checked](Objective::check) the samples.
    pub const fn new(objective: O, lanes: L, batches: B, scratch: &'m mut [f32]) -> Self {
        Self { objective, lanes, batches, scratch }
    }

    #[inline(always)]
    pub(super) fn evaluation(&mut self) -> Evaluation<'m, '_, O, L, B, SIGNALS> {
        let Self { objective, lanes, batches, scratch } = self;
        Evaluation { objective: *objective, lanes: *lanes, batches, scratch, of: PhantomData }
    }
}

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, const SIGNALS: bool> Evaluate for Serial<'m, O, L, B, SIGNALS> {
    type Workers = L;

    const SIGNALS: bool = SIGNALS;

    #[inline(always)]
    fn workers(&self) -> L {
        self.lanes
    }

    #[inline]
    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        let evaluation = self.evaluation();
        evaluation.input_signal(signal);
        evaluation.run(f32::INFINITY, parameters, signal).map_or(f32::NAN, |score| score.loss)
    }

    #[inline(always)]
    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        self.evaluation().run(bound, parameters, signal)
    }

    #[inline(always)]
    fn next_batch(&mut self) -> bool {
        self.batches.next()
    }

    #[inline(always)]
    fn accepted(&mut self, score: Score) -> bool {
        self.batches.accepted(score.correct)
    }

    #[inline(always)]
    fn scored(&mut self, before: f32, now: f32) -> bool {
        self.batches.scored(before, now)
    }
}

/// A trainer on one core.
type Serially<'m, O, L, B, R, const SIGNALS: bool> = Trainer<'m, Serial<'m, O, L, B, SIGNALS>, R>;

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, R: Rng + Clone> Serially<'m, O, L, B, R, false> {
    /// Trains `objective` on `batches` from the parameters that the buffers hold, by moves that `rng` draws.
    ///
    /// # Errors
    /// Where samples, memory or options do not fit, or the loss of these parameters is not finite.
    pub fn new(
        objective: O,
        lanes: L,
        batches: B,
        buffers: Buffers<'m, R>,
        options: Options,
        rng: R,
    ) -> Result<Self, TrainerError> {
        Self::begin(objective, lanes, batches, buffers, options, rng)
    }

    /// Goes on, to the bit, from where a training of the same options stood on the same batch: the buffers hold its
    /// parameters and centres.
    ///
    /// # Errors
    /// Where samples, memory or options do not fit, or no chain was ever in this state.
    pub fn resume(
        objective: O,
        lanes: L,
        batches: B,
        buffers: Buffers<'m, R>,
        options: Options,
        state: State<R>,
    ) -> Result<Self, TrainerError> {
        Self::begin_at(objective, lanes, batches, buffers, options, state)
    }
}

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, R: Rng + Clone> Serially<'m, O, L, B, R, true> {
    /// [`new`](Trainer::new) with signal norm (Sec. III B).
    ///
    /// # Errors
    /// As there.
    pub fn with_signal_norm(
        objective: O,
        lanes: L,
        batches: B,
        buffers: Buffers<'m, R>,
        options: Options,
        rng: R,
    ) -> Result<Self, TrainerError> {
        Self::begin(objective, lanes, batches, buffers, options, rng)
    }

    /// [`resume`](Trainer::resume) with signal norm: the buffers hold the signals as well.
    ///
    /// # Errors
    /// As there.
    pub fn resume_with_signal_norm(
        objective: O,
        lanes: L,
        batches: B,
        buffers: Buffers<'m, R>,
        options: Options,
        state: State<R>,
    ) -> Result<Self, TrainerError> {
        Self::begin_at(objective, lanes, batches, buffers, options, state)
    }
}

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, R: Rng + Clone, const SIGNALS: bool>
    Serially<'m, O, L, B, R, SIGNALS>
{
    #[inline(always)]
    fn begin(
        objective: O,
        lanes: L,
        batches: B,
        buffers: Buffers<'m, R>,
        options: Options,
        rng: R,
    ) -> Result<Self, TrainerError> {
        Self::check(objective, &batches)?;
        let signals = if SIGNALS { buffers.signal.len() } else { 0 };
        objective.objective().check_lengths::<L>(buffers.parameters.len(), buffers.scratch.len(), signals)?;
        let Buffers { scratch, gathered, .. } = buffers;
        // Not by an evaluator, of which the stack would hold a second one.
        let evaluation = Evaluation::<_, _, _, SIGNALS> {
            objective,
            lanes,
            batches: &batches,
            scratch: &mut *scratch,
            of: PhantomData,
        };
        evaluation.input_signal(buffers.signal);
        let score = evaluation.run(f32::INFINITY, buffers.parameters, buffers.signal);
        let loss = score.map_or(f32::NAN, |score| score.loss);
        let buffers = Buffers { scratch: &mut [], gathered: &mut [], ..buffers };
        let chain = Chain::new(memory::<_, SIGNALS>(objective.objective().net(), buffers), options, rng, loss)?;
        let evaluator = Serial::<_, _, _, SIGNALS>::new(objective, lanes, batches, scratch);
        Ok(Self::of(chain, evaluator, if SIGNALS { gathered } else { &mut [] })?)
    }

    #[inline(always)]
    fn begin_at(
        objective: O,
        lanes: L,
        batches: B,
        buffers: Buffers<'m, R>,
        options: Options,
        state: State<R>,
    ) -> Result<Self, TrainerError> {
        Self::check(objective, &batches)?;
        let signals = if SIGNALS { buffers.signal.len() } else { 0 };
        objective.objective().check_lengths::<L>(buffers.parameters.len(), buffers.scratch.len(), signals)?;
        let Buffers { scratch, gathered, .. } = buffers;
        let evaluator = Serial::<_, _, _, SIGNALS>::new(objective, lanes, batches, scratch);
        let buffers = Buffers { scratch: &mut [], gathered: &mut [], ..buffers };
        let chain = Chain::resume(memory::<_, SIGNALS>(objective.objective().net(), buffers), options, state)?;
        Ok(Self::of(chain, evaluator, if SIGNALS { gathered } else { &mut [] })?)
    }

    fn check(objective: O, batches: &B) -> Result<(), ObjectiveError> {
        objective.objective().check(&batches.samples())
    }

    /// The samples, and the batches drawn from them.
    pub fn batches(&self) -> &B {
        &self.evaluator.batches
    }

    /// Replaces the samples. The current parameters are evaluated on them before the next move.
    ///
    /// # Errors
    /// Where they do not fit the net; then nothing has changed.
    pub fn set_batches(&mut self, batches: B) -> Result<(), ObjectiveError> {
        Self::check(self.evaluator.objective, &batches)?;
        self.change_batches(|current| *current = batches);
        Ok(())
    }

    /// Changes the samples where they are, by ones that [`Objective::check`] would accept. The current parameters are
    /// evaluated on them before the next move.
    pub fn change_batches<T>(&mut self, change: impl FnOnce(&mut B) -> T) -> T {
        self.rescore();
        change(&mut self.evaluator.batches)
    }

    /// Writes what the net with the current parameters gives for one sample, whose features are numbers.
    ///
    /// # Errors
    /// Where lengths do not fit, or, in place, a move is [suspended](Trainer::slice).
    pub fn predict(&mut self, features: &[f32], outputs: &mut [f32]) -> Result<(), TrainerError> {
        if self.chain.is_undecided() {
            return Err(ChainError::Undecided.into());
        }
        let Self { chain, evaluator: Serial { objective, lanes, scratch, .. }, .. } = self;
        predict(&objective.objective(), *lanes, chain.parameters(), features, scratch, outputs)
            .map_err(TrainerError::from)
    }

    /// Evaluates other samples at the current parameters, and counts those whose class is found.
    ///
    /// # Errors
    /// Where they do not fit the net, or, in place, a move is [suspended](Trainer::slice).
    pub fn evaluate<F: Features>(&mut self, samples: &Samples<'_, F>) -> Result<Score, TrainerError> {
        if self.chain.is_undecided() {
            return Err(ChainError::Undecided.into());
        }
        let Self { chain, evaluator: Serial { objective, lanes, scratch, .. }, .. } = self;
        let objective = objective.objective();
        objective.check(samples)?;
        let measurements = Measurements { correct: true, ..Measurements::default() };
        Ok(objective.evaluate(*lanes, chain.parameters(), samples, scratch, measurements)?)
    }
}

fn memory<'m, R, const SIGNALS: bool>(net: Net<'m>, buffers: Buffers<'m, R>) -> Memory<'m, R> {
    let Buffers { parameters, proposed, centres, streams, signal, .. } = buffers;
    let memory = match proposed.is_empty() {
        true => Memory::in_place(parameters),
        false => Memory::new(parameters, proposed),
    };
    let memory = memory.centres(centres).streams(streams);
    if SIGNALS { memory.signal_norm(net, signal) } else { memory }
}

/// Writes what a net with these parameters gives for one sample.
pub(super) fn predict<L: Lanes>(
    objective: &Objective<'_>,
    lanes: L,
    parameters: &[f32],
    features: &[f32],
    scratch: &mut [f32],
    outputs: &mut [f32],
) -> Result<(), ObjectiveError> {
    let (needed, given) = (objective.net().outputs(), outputs.len());
    if needed != given {
        return Err(ObjectiveError::Length { what: "outputs", needed, given });
    }
    let rows = Rows::new(features, features.len(), 1.0);
    let tile = objective.predict(lanes, parameters, &rows, 0, scratch)?;
    for (to, lanes) in outputs.iter_mut().zip(tile.chunks_exact(L::T)) {
        if let [first, ..] = lanes {
            *to = *first;
        }
    }
    Ok(())
}
