//! A loss that is summed up block by block.

use core::marker::PhantomData;

use super::{Batches, IntoObjective};
use crate::lanes::Lanes;
use crate::objective::Objective;
use crate::score::{Measurements, Score};
use crate::sums::{BLOCK, Total, ceiling};

/// The sums over the blocks that were evaluated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Blocks.
    pub block: usize,
    loss: Total,
    correct: u32,
}

/// The same of Σ S² of the net's inputs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inputs {
    /// Blocks.
    pub block: usize,
    pub sum: Total,
}

/// An evaluation on one core.
pub(super) struct Evaluation<'m, 'e, O, L, B, const SIGNALS: bool> {
    pub objective: O,
    pub lanes: L,
    pub batches: &'e B,
    pub scratch: &'e mut [f32],
    pub of: PhantomData<Objective<'m>>,
}

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, const SIGNALS: bool> Evaluation<'m, '_, O, L, B, SIGNALS> {
    /// U(x), if it is not certain to exceed the bound.
    // Once, for current and proposed parameters: the pass is the larger part of a small image.
    #[inline(never)]
    pub fn run(mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        let ceiling = ceiling(bound, self.terms());
        let mut sums = Sums::default();
        while !sums.loss.exceeds(ceiling) {
            if self.add(parameters, &mut sums, signal) {
                return Some(self.finish(&sums, signal));
            }
        }
        None
    }

    /// [`add`](Evaluation::add), once for all slices.
    #[inline(never)]
    pub fn add_block(&mut self, parameters: &[f32], sums: &mut Sums, signal: &mut [f32]) -> bool {
        self.add(parameters, sums, signal)
    }

    /// Evaluates the next block; says whether it was the last.
    #[inline(always)]
    fn add(&mut self, parameters: &[f32], sums: &mut Sums, signal: &mut [f32]) -> bool {
        let objective = self.objective.objective();
        let samples = self.batches.samples();
        let signal = if SIGNALS { signal } else { &mut [] };
        if sums.block == 0 {
            signal.iter_mut().skip(objective.gathers_from()).for_each(|signal| *signal = 0.0);
        }
        let measurements = Measurements { signal, correct: B::COUNTS };
        let score = objective.block(self.lanes, parameters, &samples, sums.block, self.scratch, measurements);
        sums.loss.add(score.loss);
        sums.correct += score.correct;
        sums.block += 1;
        sums.block * BLOCK >= samples.len()
    }

    /// Whether the loss is certain to exceed a bound.
    pub fn exceeds(&self, sums: &Sums, bound: f32) -> bool {
        sums.loss.exceeds(ceiling(bound, self.terms()))
    }

    /// What the sum of losses is divided by.
    fn terms(&self) -> usize {
        self.objective.objective().terms(self.batches.samples().len())
    }

    /// The means of the sums over all blocks.
    pub fn finish(&self, sums: &Sums, signal: &mut [f32]) -> Score {
        let samples = self.batches.samples().len();
        let signal = if SIGNALS { signal } else { &mut [] };
        for signal in signal.iter_mut().skip(self.objective.objective().gathers_from()) {
            *signal /= samples as f32;
        }
        Score { loss: sums.loss.mean(self.terms()), correct: sums.correct }
    }

    /// Adds the next block to the signal of the net's inputs; says whether it was the last.
    pub fn add_inputs(&self, inputs: &mut Inputs) -> bool {
        let samples = self.batches.samples();
        inputs.sum.add(self.objective.objective().block_input_signal(self.lanes, &samples, inputs.block));
        inputs.block += 1;
        inputs.block * BLOCK >= samples.len()
    }

    /// The signal of the net's inputs, of all blocks at once.
    #[inline]
    pub fn input_signal(&self, signal: &mut [f32]) {
        if SIGNALS && let Some(inputs) = signal.first_mut() {
            *inputs = self.objective.objective().input_signal(self.lanes, &self.batches.samples());
        }
    }
}
