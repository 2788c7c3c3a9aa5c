//! Mixed moves, over threads and over batches as the policy has them.

use amc_core::mixed::{Arm, EvaluateParts, Mixed, MixedMemory, MixedState, start, start_at};
use amc_core::{Generator, Net, Objective, Part, Portable, Score};
use anyhow::Context;
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::batches::Batches;
use super::checkpoint::Checkpoint;
use super::end::End;
use super::{Progress, Settings};
use crate::CRC;
use crate::data::Set;
use crate::data::pack::PackedSet;
use crate::evaluate::kept::{KeptEvaluator, room};
use crate::evaluate::{Evaluator, Work};
use crate::ranks::{RanksError, Share};

/// Samples are grouped by their losses again when the loss has come down to this part of what it was: a whole pass then keeps all
/// numbers anew, which costs as much as many moves.
const STALE: f32 = 0.9;

/// The memory of mixed moves.
pub(super) struct Memory {
    parameters: Vec<f32>,
    undo: Vec<f32>,
    base: Vec<f32>,
    arms: Vec<Arm>,
    statistics: Vec<f32>,
}

impl Memory {
    /// For a net.
    pub fn new(net: Net<'_>) -> Self {
        let numbers = || vec![0.0; net.parameters()];
        let (arms, statistics) = (vec![Arm::NEW; net.arms()], vec![0.0; net.statistics()]);
        Self { parameters: numbers(), undo: numbers(), base: numbers(), arms, statistics }
    }

    fn lend(&mut self) -> MixedMemory<'_> {
        let Self { parameters, undo, base, arms, statistics } = self;
        MixedMemory { parameters, undo, base, arms, statistics }
    }
}

/// Where mixed moves stand.
#[derive(Serialize, Deserialize)]
struct Stored {
    parameters: Vec<f32>,
    base: Vec<f32>,
    arms: Vec<Arm>,
    statistics: Vec<f32>,
    state: MixedState<[u8; 16]>,
    work: Work,
    served: Served,
}

/// Random batches, of which each serves for some moves.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Served {
    /// Batches before this one.
    before: u64,
    /// What the moves proposed on this one have cost, in what [`Net::cost_of`] counts.
    cost: u64,
}

/// Who evaluates the moves of a run.
struct Run<'m, 'a> {
    objective: Objective<'a>,
    settings: Settings,
    batches: Batches<'m>,
    kept: KeptEvaluator<'a>,
    /// Samples that statistics are gathered over.
    sampled: (PackedSet<'m>, KeptEvaluator<'a>),
    /// The score of the parameters that are kept.
    score: Score,
    served: Served,
}

/// Whole passes that the moves cost that a random batch serves for: what is kept of it takes one more.
const PASSES: u64 = 10;

/// Samples that statistics are gathered over, at most: what all layers give for them is kept.
pub(super) fn most_sampled(objective: &Objective<'_>) -> usize {
    room::most_samples(objective).min(1024)
}

/// Some samples of a set, evenly spread: all ranks have the same ones.
pub(super) fn sampled(objective: &Objective<'_>, set: &Set) -> Result<Set, RanksError> {
    set.every(set.all().div_ceil(most_sampled(objective)).max(1))
}

impl Run<'_, '_> {
    /// Keeps the parameters for the batch that is current, whatever was kept before.
    fn begin(&mut self, parameters: &[f32]) -> f32 {
        let Self { objective, settings, batches, .. } = self;
        if self.kept.samples() != samples(batches) {
            let (early_rejection, work) = (self.kept.early_rejection(), self.kept.work());
            self.kept = kept(*objective, batches, settings);
            self.kept.resume(early_rejection, work);
        }
        self.keep(parameters, Part::Net)
    }

    /// Draws another random batch, where the one before has served; gives the loss on it.
    fn redraw(&mut self, parameters: &[f32]) -> Option<f32> {
        let passes = PASSES.saturating_mul(self.objective.net().cost().total() as u64);
        let has_served = self.served.cost >= passes;
        (has_served && self.batches.redraw()).then(|| {
            self.served = Served { before: self.served.before + 1, cost: 0 };
            self.begin(parameters)
        })
    }

    /// A move was accepted; gives the loss where there are more samples now.
    fn accepted(&mut self, parameters: &[f32]) -> Option<f32> {
        let Self { batches, kept, score, .. } = self;
        if batches.is_stale(score.loss, STALE) {
            batches.group(kept.losses(), score.loss, false);
            self.keep(parameters, Part::Net);
        }
        self.batches.grow(self.score.correct).then(|| self.begin(parameters))
    }
}

impl EvaluateParts for Run<'_, '_> {
    type Lanes = Portable<16>;

    fn lanes(&self) -> Self::Lanes {
        Portable
    }

    fn propose(&mut self, bound: f32, parameters: &[f32], part: Part) -> Option<f32> {
        // As if none ended early: when one does depends on threads.
        self.served.cost = self.served.cost.saturating_add(self.kept.cost_of(part).total() as u64);
        self.kept.propose(bound, parameters, part, &self.batches.current())
    }

    fn keep(&mut self, parameters: &[f32], part: Part) -> f32 {
        self.score = self.kept.keep(parameters, part, &self.batches.current(), self.batches.is_progressive());
        self.score.loss
    }

    fn gather(&mut self, net: Net<'_>, parameters: &[f32], statistics: &mut [f32], from: usize) {
        let (pack, kept) = &mut self.sampled;
        kept.keep(parameters, Part::Layer(from.saturating_sub(1)), &pack.batch(), false);
        kept.gather(net, statistics, from, &pack.batch());
    }
}

/// Who evaluates parts on a batch.
fn kept<'a>(objective: Objective<'a>, batches: &Batches<'_>, settings: &Settings) -> KeptEvaluator<'a> {
    KeptEvaluator::new(objective, settings.arithmetic, settings.threads, samples(batches))
}

/// The batch's samples: here, and with those of other ranks. Of random batches a rank does not hold as many of each.
fn samples(batches: &Batches<'_>) -> (usize, usize) {
    (batches.pack().len(), batches.size())
}

/// A loss that is finite: where that of the current parameters is not, on samples that are new, any others with a finite loss
/// are better.
fn finite(loss: f32) -> f32 {
    if loss.is_finite() { loss } else { f32::MAX }
}

/// Mixed moves over batches of data.
pub struct MixedMoves<'m, 'a> {
    mixed: Mixed<'m, Generator>,
    run: Run<'m, 'a>,
    /// Measures what is not trained on.
    evaluator: Evaluator<'a>,
}

impl<'m, 'a> MixedMoves<'m, 'a> {
    /// From parameters of its own to start from, on the first batch; or where one of the same settings was.
    pub(super) fn new(
        objective: Objective<'a>,
        evaluator: Evaluator<'a>,
        (mut batches, sampled): (Batches<'m>, &'m Set),
        memory: &'m mut Memory,
        mut rng: Generator,
        settings: &Settings,
        from: Option<&Checkpoint>,
    ) -> anyhow::Result<Self>
    where
        'a: 'm,
    {
        let (net, temperature) = (objective.net(), settings.options.temperature);
        let stored = from.map(|from| {
            let Checkpoint { chain, batch, early_rejection } = from;
            let stored: Stored = postcard::from_bytes(chain).context("what was kept of the moves is damaged")?;
            batches.resume(stored.served.before.saturating_add(1), *batch);
            anyhow::Ok((stored, *early_rejection))
        });
        let stored = stored.transpose()?;
        let kept = kept(objective, &batches, settings);
        let score = Score { loss: f32::NAN, correct: 0 };
        let count = sampled.len();
        let places: Vec<u32> = (0..count as u32).collect();
        let of_sampled = KeptEvaluator::keeping_all(objective, settings.arithmetic, count);
        let sampled = (PackedSet::at(sampled, &places, 1), of_sampled);
        let mut run =
            Run { objective, settings: settings.clone(), batches, kept, sampled, score, served: Served::default() };
        let mixed = match stored {
            None => {
                let Memory { parameters, statistics, .. } = memory;
                let loss = match &settings.transfer.from {
                    None => start(net, parameters, statistics, &mut rng, &mut run),
                    Some(from) => {
                        parameters.copy_from_slice(from);
                        start_at(net, parameters, statistics, &mut run)
                    }
                };
                run.batches.set().check_team()?;
                run.batches.set().check_start(loss, &[])?;
                Mixed::new(net, memory.lend(), temperature, rng, loss)?
            }
            Some((stored, early_rejection)) => {
                let Stored { parameters, base, arms, statistics, state, work, served } = stored;
                let undo = parameters.clone();
                *memory = Memory { parameters, undo, base, arms, statistics };
                let MixedState { loss, counters, kinds, pattern, since_gathered, generator } = state;
                let generator = Generator::from_seed(generator);
                let state = MixedState { loss, counters, kinds, pattern, since_gathered, generator };
                let mixed = Mixed::resume(net, memory.lend(), temperature, state)?;
                run.kept.resume(early_rejection, work);
                run.served = served;
                let now = finite(run.begin(mixed.parameters()));
                anyhow::ensure!(
                    now.to_bits() == loss.to_bits(),
                    "the parameters kept do not have the loss kept: {now}, not {loss}"
                );
                mixed
            }
        };
        let mut moves = Self { mixed, run, evaluator };
        moves.mixed.set_kept_from(moves.run.kept.kept_from());
        Ok(moves)
    }

    /// Where it stands: what a run of the same settings goes on from.
    pub(super) fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        let chain = postcard::to_stdvec(&self.stored(self.run.kept.work()))?;
        Ok(Checkpoint { chain, batch: self.run.batches.size(), early_rejection: self.run.kept.early_rejection() })
    }

    /// The samples as ranks share them, if they do.
    pub(super) fn share(&self) -> Option<&Share> {
        self.run.batches.set().share()
    }

    /// CRC-32 of what ranks have in common.
    pub(super) fn checksum(&self) -> anyhow::Result<u32> {
        Ok(CRC.checksum(&postcard::to_stdvec(&self.stored(Work::default()))?))
    }

    fn stored(&self, work: Work) -> Stored {
        let MixedState { loss, counters, kinds, pattern, since_gathered, generator } = self.mixed.state();
        let generator = Generator::state(&generator);
        Stored {
            parameters: self.mixed.parameters().to_vec(),
            base: self.mixed.base().to_vec(),
            arms: self.mixed.arms().to_vec(),
            statistics: self.mixed.statistics().to_vec(),
            state: MixedState { loss, counters, kinds, pattern, since_gathered, generator },
            work,
            served: self.run.served,
        }
    }

    /// Makes a move.
    pub(super) fn make(&mut self) {
        let Self { mixed, run, .. } = self;
        if let Some(loss) = run.redraw(mixed.parameters()) {
            mixed.rescore(finite(loss)).expect("a finite loss");
        }
        if mixed.step(run)
            && let Some(loss) = run.accepted(mixed.parameters())
        {
            mixed.rescore(finite(loss)).expect("a finite loss");
            mixed.set_kept_from(run.kept.kept_from());
        }
    }

    /// What was computed so far.
    pub(super) fn work(&self) -> Work {
        self.run.kept.work()
    }

    /// Where training stands.
    pub(super) fn progress<'t>(&'t mut self, test: Option<&'t PackedSet<'t>>) -> Progress<'t, 'a> {
        let Self { mixed, run, evaluator } = self;
        Progress {
            counters: mixed.counters(),
            loss: mixed.loss(),
            sigma: mixed.sigma(),
            batch: run.batches.size(),
            parameters: mixed.parameters(),
            evaluator,
            test,
        }
    }

    /// Ends the moves.
    pub(super) fn end(self) -> End<'m, 'a> {
        let Self { mixed, run: Run { batches, kept, .. }, evaluator } = self;
        End {
            parameters: mixed.parameters().to_vec(),
            counters: mixed.counters(),
            sigma: mixed.sigma(),
            early_rejection: kept.early_rejection(),
            evaluator,
            batches,
        }
    }
}
