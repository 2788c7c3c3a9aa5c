//! Training by mixed moves on one core.

use rand_core::Rng;

use super::buffers::MixedBuffers;
use super::serial::predict;
use super::{Progress, TrainerError};
use crate::Generator;
use crate::lanes::Lanes;
use crate::mixed::{Begin, EvaluateParts, Mixed, MixedOptions, SerialParts};
use crate::objective::Objective;
use crate::part::Part;
use crate::samples::{Features, Samples};

/// [Mixed moves](crate::mixed) of a net on samples that are all learned from at once.
#[derive(Debug)]
pub struct MixedTrainer<'m, L, F, R = Generator> {
    mixed: Mixed<'m, R>,
    parts: SerialParts<'m, L, F>,
    begin: Begin,
}

impl<'m, L: Lanes, F: Features, R: Rng + Clone> MixedTrainer<'m, L, F, R> {
    /// Trains `objective` on these samples, by moves that `rng` draws, as the parameters are that it begins at, unless they are
    /// given.
    ///
    /// # Errors
    /// Where samples, memory or options do not fit, or the loss of the first parameters is not finite.
    pub fn new(
        objective: Objective<'m>,
        lanes: L,
        samples: Samples<'m, F>,
        buffers: MixedBuffers<'m>,
        options: MixedOptions,
        rng: R,
    ) -> Result<Self, TrainerError> {
        let mut trainer = Self::waiting(objective, lanes, buffers, options, rng)?;
        trainer.set_samples(samples)?;
        Ok(trainer)
    }

    /// One that begins when samples are [set](MixedTrainer::set_samples). Until then its loss is not a number, and no move is
    /// accepted.
    ///
    /// # Errors
    /// Where memory or options do not fit.
    pub fn waiting(
        objective: Objective<'m>,
        lanes: L,
        buffers: MixedBuffers<'m>,
        options: MixedOptions,
        rng: R,
    ) -> Result<Self, TrainerError> {
        let MixedBuffers { moves, evaluations } = buffers;
        let parts = SerialParts::waiting(objective, lanes, evaluations)?;
        let mixed = Mixed::waiting(objective.net(), moves, options, rng)?;
        Ok(Self { mixed, parts, begin: options.begin })
    }

    /// Sets the samples: the first, or others in place of them, of which the loss and the statistics of the layers' inputs are
    /// found anew.
    ///
    /// # Errors
    /// Where they do not fit the net or the memory, or the loss of the current parameters on them is not finite. Then
    /// training goes on as it would have.
    pub fn set_samples(&mut self, samples: Samples<'m, F>) -> Result<(), TrainerError> {
        let Self { mixed, parts, begin } = self;
        parts.objective().check(&samples)?;
        let before = parts.set_samples(Some(samples))?;
        let done = match before {
            None => mixed.begin(*begin, parts),
            Some(_) => mixed.renew(parts),
        };
        if done.is_err() {
            let is_waiting = before.is_none();
            parts.set_samples(before)?;
            if !is_waiting {
                parts.keep(mixed.parameters(), Part::Net);
            }
        }
        mixed.set_kept_from(if parts.keeps() { 0 } else { usize::MAX });
        Ok(done?)
    }

    /// Makes a move; says whether it was accepted.
    pub fn step(&mut self) -> bool {
        self.parts.samples().is_some() && self.mixed.step(&mut self.parts)
    }

    /// Where training stands; σ is the mean of its logarithm over the arms.
    pub fn progress(&self) -> Progress {
        let Self { mixed, .. } = self;
        Progress { counters: mixed.counters(), loss: mixed.loss(), sigma: mixed.sigma() }
    }

    /// The moves.
    pub fn mixed(&self) -> &Mixed<'m, R> {
        &self.mixed
    }

    /// Who evaluates them.
    pub fn evaluator(&self) -> &SerialParts<'m, L, F> {
        &self.parts
    }

    /// The moves, and who evaluates them.
    pub fn parts(&mut self) -> (&mut Mixed<'m, R>, &mut SerialParts<'m, L, F>) {
        (&mut self.mixed, &mut self.parts)
    }

    /// Writes what the net with the current parameters gives for one sample, whose features are numbers.
    ///
    /// # Errors
    /// Where lengths do not fit.
    pub fn predict(&mut self, features: &[f32], outputs: &mut [f32]) -> Result<(), TrainerError> {
        let Self { mixed, parts, .. } = self;
        let (objective, lanes) = (parts.objective(), parts.lanes());
        Ok(predict(&objective, lanes, mixed.parameters(), features, parts.scratch(), outputs)?)
    }
}
