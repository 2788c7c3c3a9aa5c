//! The lowest loss of a run: where it was last lowered, and the parameters where it can rise again.

use amc_engine::data::pack::PackedSet;
use amc_engine::data::{Data, Set};
use amc_engine::description::Description;
use amc_engine::train::{Batching, Method, Progress, Settings, Trained};
use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::note;

/// Times that the loss of all samples is measured in a run on random batches.
const MEASURED: u64 = 20;
/// What the loss has to fall by to have been lowered.
const LOWERED: f32 = 1e-3;
/// Moves without one accepted of which is told.
const QUIET: u64 = 5_000;

/// What was lowest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lowest {
    /// The loss that was last lower by [`LOWERED`], after which move, of a batch of how many samples.
    lowered: Option<(f32, u64, usize)>,
    /// The parameters of the lowest loss, if it can rise.
    best: Option<Best>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Best {
    loss: f32,
    step: u64,
    parameters: Vec<f32>,
}

/// Of all samples it may be none that is finite, where that of a batch is.
fn is_first(least: f32, loss: f32) -> bool {
    !least.is_finite() && loss.is_finite()
}

impl Lowest {
    /// Looks at the loss after a move; returns the moves since it was lowered.
    pub fn look(&mut self, loss: f32, step: u64, batch: usize) -> u64 {
        let is_lower = |(least, _, of): &(f32, u64, usize)| {
            loss < least - LOWERED * least.abs() || is_first(*least, loss) || *of != batch
        };
        if self.lowered.as_ref().is_none_or(is_lower) {
            self.lowered = Some((loss, step, batch));
        }
        self.since(step)
    }

    fn since(&self, step: u64) -> u64 {
        step - self.lowered.map_or(0, |(_, since, _)| since)
    }
}

/// Looks at the losses of a run.
pub(super) struct Watch<'d> {
    pub lowest: Lowest,
    rises: Rises<'d>,
    method: Method,
    n_reset: u32,
    /// Accepted moves, and since when as many.
    accepted: (u64, u64),
}

/// Whether a loss rises.
enum Rises<'d> {
    /// Never on the same samples.
    Never,
    /// By moves that a temperature accepts.
    Heated,
    /// By other samples than those of the batch: of all of them it is measured once in so many moves.
    Drawn(&'d Set, usize, u64),
}

impl<'d> Watch<'d> {
    /// Of a run that came to `lowest` before it was interrupted.
    pub fn new(data: &'d Data, settings: &Settings, lowest: Lowest) -> Self {
        let rises = match settings.batching {
            _ if !settings.loss_can_rise() => Rises::Never,
            Batching::Mini(_) => Rises::Drawn(&data.train, settings.threads, settings.steps.div_ceil(MEASURED).max(1)),
            Batching::Full | Batching::Progressive => Rises::Heated,
        };
        let (method, n_reset) = (settings.method, settings.options.n_reset);
        Self { lowest, rises, method, n_reset, accepted: (0, 0) }
    }

    /// Looks at where a run stands after a move; returns the moves since the loss was lowered.
    pub fn look(&mut self, progress: &mut Progress<'_, '_>) -> u64 {
        let (step, batch) = (progress.counters.steps, progress.batch);
        let loss = match &self.rises {
            Rises::Drawn(all, threads, every) if step.is_multiple_of(*every) => {
                Some(progress.loss_on(&PackedSet::all(all, *threads)))
            }
            Rises::Drawn(..) => None,
            Rises::Never | Rises::Heated => Some(progress.loss),
        };
        if let Some(loss) = loss {
            self.lowest.look(loss, step, batch);
            let best = &mut self.lowest.best;
            let is_best = best.as_ref().is_none_or(|best| loss < best.loss || is_first(best.loss, loss));
            if !matches!(self.rises, Rises::Never) && is_best {
                let kept = best.get_or_insert_with(|| Best { loss, step, parameters: Vec::new() });
                (kept.loss, kept.step) = (loss, step);
                kept.parameters.clear();
                kept.parameters.extend_from_slice(progress.parameters());
            }
        }
        self.lowest.since(step)
    }

    /// What to do where no move is accepted any more; said once each time.
    pub fn advice(&mut self, progress: &Progress<'_, '_>) -> Option<String> {
        let (steps, accepted) = (progress.counters.steps, progress.counters.accepted);
        if self.accepted.0 != accepted || self.accepted.1 > steps || steps < QUIET {
            self.accepted = (accepted, steps);
            return None;
        }
        let what = match self.n_reset {
            _ if self.method == Method::Mixed => {
                "if that is not low enough, begin with another --seed, or more units in --layers"
            }
            0 => "sigma stays as it is: take a smaller --sigma, or --n-reset 50, with which it falls",
            _ => {
                "if that is not low enough, begin with another --sigma, take a larger --n-reset, with which sigma falls later, or \
                 more units in --layers"
            }
        };
        let Progress { loss, sigma, .. } = progress;
        let told =
            || format!("no move was accepted in the last {QUIET} of {steps}: loss {loss}, sigma {sigma:.1e}; {what}");
        (steps - self.accepted.1 == QUIET).then(told)
    }

    /// What training gave, at the parameters of the lowest loss, and after which move: the last ones, unless others were better.
    pub fn choose(
        self,
        trained: Trained,
        description: &Description,
        data: &Data,
        settings: &Settings,
    ) -> anyhow::Result<(Trained, u64)> {
        let (last, last_step) = (trained.train_loss, trained.counters.steps);
        let Some(Best { loss, step, parameters }) = self.lowest.best else { return Ok((trained, last_step)) };
        if loss >= last || loss.is_nan() {
            note!("the loss was never lower than after the last step: the model is of that");
            return Ok((trained, last_step));
        }
        note!(
            "the model is of step {step}, where the loss on all samples to train on was lowest: {loss}, and {last} after the last step"
        );
        let best = trained.at(parameters, description, data, settings).context("the best parameters")?;
        Ok((best, step))
    }
}
