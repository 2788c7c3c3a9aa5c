//! The moves of a run: the core's training loop, over threads and over batches as the policy has them.

use std::sync::Arc;
use std::time::Instant;

use amc_core::chain::{Chain, Decision};
use amc_core::trainer::{Evaluate, Trainer};
use amc_core::{Cost, Generator, Measurements, Score, Selection};

use super::ahead::{Ahead, Told};
use super::batches::Batches;
use super::buffers::Buffers;
use super::checkpoint::{Checkpoint, bytes_of};
use super::end::End;
use super::laps::Laps;
use super::threads::Threads;
use super::transfer::Whole;
use super::{Progress, Settings};
use crate::CRC;
use crate::data::pack::PackedSet;
use crate::evaluate::{Evaluator, Work};
use crate::ranks::Team;

/// Samples are grouped by their losses again when the loss has come down to this part of what it was.
const STALE: f32 = 0.95;

/// Who evaluates the moves of a run.
pub(super) struct Run<'m, 'a> {
    evaluator: Evaluator<'a>,
    batches: Batches<'m>,
    threads: Threads,
    /// Of a whole pass.
    cost: Cost,
    /// All parameters of the net.
    whole: Whole<'m>,
    /// When the last evaluation within a bound began and ended, if that is looked at.
    evaluated: Option<[Instant; 2]>,
    /// What another rank has found of the next move, which then is not evaluated.
    pub told: Option<Told>,
}

impl Evaluate for Run<'_, '_> {
    type Workers = Threads;

    fn workers(&self) -> Threads {
        self.threads
    }

    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        let Self { evaluator, batches, whole, .. } = self;
        let (fresh, rest) = batches.fresh();
        let loss = evaluator.score(&batches.current(), (fresh, &rest), whole.with(parameters), signal);
        batches.learn(evaluator);
        loss
    }

    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        if let Some(told) = self.told.take() {
            return Some(told.take(signal));
        }
        let measurements = Measurements { signal, correct: self.batches.is_progressive() };
        let Self { evaluator, whole, batches, evaluated, .. } = self;
        let evaluate = || evaluator.evaluate_within(bound, whole.with(parameters), &batches.current(), measurements);
        let Some(times) = evaluated else { return evaluate() };
        times[0] = Instant::now();
        let score = evaluate();
        times[1] = Instant::now();
        score
    }

    fn next_batch(&mut self) -> bool {
        self.batches.redraw()
    }

    fn accepted(&mut self, score: Score) -> bool {
        let Self { evaluator, batches, .. } = self;
        batches.forget();
        batches.learn(evaluator);
        let grows = batches.grow(score.correct);
        if batches.is_stale(score.loss, STALE) {
            // Where another rank has found the score, these losses are of other parameters, or not known at all.
            if let Some(losses) = evaluator.sample_values().get(..batches.pack().len()) {
                batches.group(losses, score.loss, true);
            }
        }
        grows
    }
}

/// A chain that moves over batches of data.
pub struct AmcMoves<'m, 'a> {
    trainer: Trainer<'m, Run<'m, 'a>>,
    /// On ranks that look ahead.
    ahead: Option<Ahead<'m>>,
}

impl<'m, 'a> AmcMoves<'m, 'a> {
    /// A chain at the initial parameters, on the first batch; or where one of the same settings was.
    pub(super) fn new(
        (selection, mut whole): (Selection<'m>, Whole<'m>),
        mut evaluator: Evaluator<'a>,
        mut batches: Batches<'m>,
        (buffers, ahead): (&'m mut Buffers, Option<(&Arc<Team>, &'m mut Buffers)>),
        rng: Generator,
        settings: &Settings,
        from: Option<&Checkpoint>,
    ) -> anyhow::Result<Self> {
        let (chain, gathered) = match from {
            None => {
                let loss = buffers.begin(&mut evaluator, &batches.current(), &mut whole);
                batches.set().check_team()?;
                batches.set().check_start(loss, buffers.signal())?;
                let (memory, gathered) = buffers.lend(selection);
                (Chain::new(memory, settings.options, rng, loss)?, gathered)
            }
            Some(Checkpoint { chain, batch, early_rejection }) => {
                evaluator.resume(*early_rejection);
                let state = buffers.load(chain, settings.arithmetic, settings.options)?;
                batches.resume(state.counters.steps, *batch);
                let (memory, gathered) = buffers.lend(selection);
                (Chain::resume(memory, settings.options, state)?, gathered)
            }
        };
        let (threads, cost) = (Threads::of(settings, chain.parameters().len()), selection.net().cost());
        let run = Run { evaluator, batches, threads, cost, whole, evaluated: None, told: None };
        let ahead = ahead.map(|(team, buffers)| Ahead::new(team, &chain, selection, buffers)).transpose()?;
        Ok(Self { trainer: Trainer::of(chain, run, gathered)?, ahead })
    }

    /// Where it stands: what a run of the same settings goes on from.
    pub(super) fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        let Run { evaluator, batches, threads, .. } = self.trainer.evaluator();
        let (chain, early_rejection) =
            (bytes_of(self.trainer.chain(), threads.arithmetic)?, evaluator.early_rejection());
        Ok(Checkpoint { chain, batch: batches.size(), early_rejection })
    }

    /// The ranks that make these moves, if there are several.
    pub(super) fn team(&self) -> Option<&Arc<Team>> {
        let of_samples = self.trainer.evaluator().batches.set().share().map(|share| share.team());
        of_samples.or(self.ahead.as_ref().map(Ahead::team))
    }

    /// CRC-32 of what ranks have in common.
    pub(super) fn checksum(&self) -> anyhow::Result<u32> {
        let bytes = bytes_of(self.trainer.chain(), self.trainer.evaluator().threads.arithmetic)?;
        // A snapshot ends with its own CRC-32: together with that all have the same.
        Ok(CRC.checksum(bytes.split_last_chunk::<4>().map_or(&bytes[..], |(bytes, _)| bytes)))
    }

    /// Makes a move.
    ///
    /// # Errors
    /// Where a rank that looks ahead has gone, or is not at the same place.
    pub(super) fn make(&mut self) -> anyhow::Result<Decision> {
        match &mut self.ahead {
            Some(ahead) => ahead.make(&mut self.trainer),
            None => Ok(self.trainer.step()),
        }
    }

    /// Makes a move, and says where its time went.
    pub(super) fn make_timed(&mut self) -> anyhow::Result<Laps> {
        let (_, run, _) = self.trainer.parts();
        run.evaluator.look_at_threads();
        let begun = Instant::now();
        run.evaluated = Some([begun; 2]);
        let accepted = self.make()? == Decision::Accepted;
        let Run { evaluator, evaluated, .. } = self.trainer.evaluator();
        Ok(Laps::until_now(begun, evaluated.unwrap_or([begun; 2]), evaluator.waiting(), accepted))
    }

    /// What was computed so far, but for evaluations without a bound.
    pub(super) fn work(&self) -> Work {
        let (chain, evaluator) = (self.trainer.chain(), &self.trainer.evaluator().evaluator);
        let share = evaluator.early_rejection().evaluated_share().unwrap_or(0.0);
        let mut work = Work::default();
        work.add(self.trainer.evaluator().cost, share * chain.counters().steps as f64);
        work
    }

    /// Where the chain stands.
    pub(super) fn progress<'t>(&'t mut self, test: Option<&'t PackedSet<'t>>) -> Progress<'t, 'a> {
        let (chain, Run { evaluator, batches, whole, .. }, _) = self.trainer.parts();
        Progress {
            counters: chain.counters(),
            loss: chain.loss(),
            sigma: chain.sigma(),
            batch: batches.size(),
            parameters: whole.with(chain.parameters()),
            evaluator,
            test,
        }
    }

    /// Ends the moves.
    pub(super) fn end(self) -> End<'m, 'a> {
        let (chain, Run { evaluator, batches, mut whole, .. }) = self.trainer.into_parts();
        let (counters, sigma) = (chain.counters(), chain.sigma());
        let parameters = whole.with(chain.parameters()).to_vec();
        let early_rejection = evaluator.early_rejection();
        End { parameters, counters, sigma, early_rejection, evaluator, batches }
    }
}
