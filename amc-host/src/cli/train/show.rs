//! What happens to a run beside its moves: it is shown, its loss curve is kept, and now and then where it stands.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use amc_core::chain::Counters;
use amc_engine::data::pack::PackedSet;
use amc_engine::train::{Checkpoint, Moves};
use indicatif::{ProgressBar, ProgressStyle};

use super::best::Watch;
use super::kept::Keeper;
use super::stop::{StopArgs, asked};
use super::together::{Clock, Now};
use crate::note;
use crate::output::Point;

/// Points on a loss curve, about.
const CURVE_POINTS: u64 = 500;

/// What comes of a run.
pub(super) struct Way<'w> {
    pub curve: Vec<Point>,
    pub stop: &'w StopArgs,
    pub keeper: Keeper,
    pub watch: Watch<'w>,
    pub clock: Clock,
    pub was_asked: bool,
    /// Why it ended before its last step, if it did.
    pub ended: Option<String>,
}

/// Where a run stands after a move.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    pub counters: Counters,
    pub loss: f32,
    pub sigma: f32,
    pub batch: usize,
    /// Moves since the loss was lowered.
    pub not_lowered: u64,
}

/// Moves that can be asked, which takes time.
pub(super) trait Asked {
    /// The share of test samples classified rightly; none where there are no classes or no test samples.
    fn test_accuracy(&mut self) -> anyhow::Result<Option<f32>>;

    /// What a run goes on from.
    fn checkpoint(&mut self) -> anyhow::Result<Checkpoint>;

    /// Checks that all ranks have come to the same.
    fn compare(&mut self) -> anyhow::Result<()>;
}

/// Moves of floats, and the test samples.
pub(super) struct OfFloats<'s, 'm, 'a>(pub &'s mut Moves<'m, 'a>, pub Option<&'s PackedSet<'s>>);

impl Asked for OfFloats<'_, '_, '_> {
    fn test_accuracy(&mut self) -> anyhow::Result<Option<f32>> {
        Ok(self.0.progress(self.1).test_accuracy())
    }

    fn checkpoint(&mut self) -> anyhow::Result<Checkpoint> {
        self.0.checkpoint()
    }

    fn compare(&mut self) -> anyhow::Result<()> {
        self.0.compare()
    }
}

impl Asked for amc_engine::integer::Moves<'_> {
    fn test_accuracy(&mut self) -> anyhow::Result<Option<f32>> {
        self.test_accuracy()
    }

    fn checkpoint(&mut self) -> anyhow::Result<Checkpoint> {
        amc_engine::integer::Moves::checkpoint(self)
    }

    fn compare(&mut self) -> anyhow::Result<()> {
        amc_engine::integer::Moves::compare(self)
    }
}

/// Shows a run with a progress bar.
pub(super) struct Show {
    pub bar: ProgressBar,
    steps: u64,
    every: u64,
    /// Moves between two looks.
    stride: u64,
    accuracy: Option<f32>,
    shown: Instant,
    asked: Arc<AtomicBool>,
}

impl Show {
    /// Of a run of so many moves, which is looked at after as many.
    pub fn new(steps: u64, stride: u64) -> anyhow::Result<Self> {
        let asked = asked()?;
        let bar = ProgressBar::new(steps);
        let style = "{elapsed_precise} [{bar:30}] {pos}/{len}  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style)?.progress_chars("=> "));
        let every = (steps / CURVE_POINTS).max(1);
        Ok(Self { bar, steps, every, stride, accuracy: None, shown: Instant::now(), asked })
    }

    /// Looks at where it stands after a move, and says whether it goes on.
    pub fn after(&mut self, at: Stand, moves: &mut dyn Asked, way: &mut Way<'_>) -> anyhow::Result<ControlFlow<()>> {
        let Stand { counters, loss, sigma, batch, not_lowered } = at;
        let (step, acceptance_rate) = (counters.steps, counters.acceptance_rate());
        let is_point = step % self.every < self.stride || step == self.steps;
        if is_point {
            self.accuracy = moves.test_accuracy()?;
        }
        let measured = self.accuracy.filter(|_| is_point);
        let Way { keeper, clock, .. } = way;
        let now = || Now { asked: self.asked.load(Relaxed), is_due: keeper.is_due(), seconds: keeper.seconds() };
        let now = clock.look(step == self.steps, now)?;
        let reached = way.stop.reached(|| now.seconds, loss, not_lowered, measured);
        if is_point || reached.is_some() {
            way.curve.push(Point { step, loss, acceptance_rate, sigma, batch, test_accuracy: measured });
        }
        if self.shown.elapsed().as_millis() >= 100 {
            self.shown = Instant::now();
            let accuracy = self.accuracy.map_or(String::new(), |a| format!("  accuracy {a:.3}"));
            let numbers = format!("loss {loss:.5}  acceptance {acceptance_rate:.3}  sigma {sigma:.2e}{accuracy}");
            self.bar.set_message(numbers);
            self.bar.set_position(step);
        }
        // Should the results not be written, they can be once more.
        if step == self.steps || reached.is_some() || now.is_due {
            moves.compare()?;
            self.bar.suspend(|| way.keeper.try_keep(&way.curve, &way.watch.lowest, moves.checkpoint()));
        }
        if let Some(why) = reached {
            self.bar.suspend(|| note!("ended after {step} of {} steps: {why}", self.steps));
            way.ended = Some(why);
            return Ok(ControlFlow::Break(()));
        }
        if now.asked {
            moves.compare()?;
            way.keeper.keep(&way.curve, &way.watch.lowest, moves.checkpoint())?;
            way.was_asked = true;
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }
}
