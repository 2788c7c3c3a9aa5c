//! Losses of a net whose samples C gives, or of none.

use amc_core::trainer::{Evaluate, Trainer as CoreTrainer};
use amc_core::{Generator, Measurements, Objective, Samples as Data, Score};

use crate::feed::Feed;
use crate::lanes::{LANES, Lanes};

// cbindgen takes types by their last name: `Samples` and `Trainer` are C's.
pub(crate) type Batch = Data<'static, Feed<'static>>;
/// The core's training loop.
pub(crate) type Training = CoreTrainer<'static, Evaluator, Generator>;

/// Who evaluates: nobody, where C has a function of its own.
#[derive(Debug)]
pub(crate) struct Evaluator {
    pub objective: Option<Objective<'static>>,
    pub samples: Option<Batch>,
    pub scratch: &'static mut [f32],
}

impl Evaluator {
    /// The score on `samples`, if it is not certain to exceed the bound.
    #[inline(never)]
    pub fn score(&mut self, bound: f32, parameters: &[f32], samples: &Batch, signal: &mut [f32]) -> Option<Score> {
        let (objective, measurements) = (self.objective?, Measurements { signal, correct: false });
        objective.evaluate_within(LANES, bound, parameters, samples, self.scratch, measurements).ok().flatten()
    }
}

impl Evaluate for Evaluator {
    type Workers = Lanes;

    fn workers(&self) -> Lanes {
        LANES
    }

    // Samples are scored when C sets them.
    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        self.evaluate_within(f32::INFINITY, parameters, signal).map_or(f32::NAN, |score| score.loss)
    }

    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        let samples = self.samples?;
        self.score(bound, parameters, &samples, signal)
    }
}
