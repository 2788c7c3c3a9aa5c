//! Where the time of a move goes.

use std::time::{Duration, Instant};

/// The parts of a move.
#[derive(Clone, Copy, Debug)]
pub struct Laps {
    /// Drawing it.
    pub proposal: Duration,
    /// Evaluating it.
    pub evaluation: Duration,
    /// Of the evaluation: what each of its threads had nothing to do for, on average.
    pub waiting: Duration,
    /// Keeping what was proposed, or not, and what is known of the samples.
    pub decision: Duration,
    /// Whether it was accepted.
    pub accepted: bool,
}

impl Laps {
    /// Of a move from `begun` until now, whose evaluation began and ended at these times.
    pub(super) fn until_now(begun: Instant, evaluated: [Instant; 2], waiting: Duration, accepted: bool) -> Self {
        let [from, to] = evaluated;
        Self { proposal: from - begun, evaluation: to - from, waiting, decision: to.elapsed(), accepted }
    }

    /// All of it.
    pub fn whole(&self) -> Duration {
        self.proposal + self.evaluation + self.decision
    }
}
