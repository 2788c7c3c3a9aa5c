//! Losses that are measured, and come out different every time.

use super::Evaluate;
use crate::score::Score;

/// An evaluator of noisy losses: after every so many moves the loss of the current parameters is measured again, and U(x) is
/// the mean of all measurements of them, the one that they were accepted by included.
///
/// Without, a lucky measurement stays: at T = 0 nothing is accepted any more but what is luckier. A new measurement alone
/// in place of the mean forgets what was known, and where moves are short it lets the true loss rise. Every 10 moves did
/// best; every 100 was too rare (the repository's `docs/continual.md` has what was compared).
///
/// It is for an evaluator of the caller's own: a net's loss on given samples is the same every time. On a batch that has
/// changed the mean begins anew. Who moves a chain by hand does the same by
/// [`Chain::rescore`](crate::chain::Chain::rescore).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Remeasured<E> {
    evaluator: E,
    every: u32,
    /// Since the last measurement of the current parameters that was not for a move.
    moves: u32,
    /// The batch is that of the measurements before.
    again: bool,
    mean: f32,
    /// Measurements in the mean; none where it is not finite.
    measurements: f32,
}

impl<E> Remeasured<E> {
    /// Measures again after `every` moves; 0 is for never. The loss that the chain begins with is not part of a mean.
    pub const fn new(evaluator: E, every: u32) -> Self {
        Self { evaluator, every, moves: 0, again: false, mean: 0.0, measurements: 0.0 }
    }

    /// Who measures.
    pub const fn evaluator(&self) -> &E {
        &self.evaluator
    }

    fn begin(&mut self, loss: f32) {
        self.mean = loss;
        self.measurements = if loss.is_finite() { 1.0 } else { 0.0 };
    }
}

impl<E: Evaluate> Evaluate for Remeasured<E> {
    type Workers = E::Workers;

    const SIGNALS: bool = E::SIGNALS;

    fn workers(&self) -> E::Workers {
        self.evaluator.workers()
    }

    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        let loss = self.evaluator.evaluate(parameters, signal);
        self.moves = 0;
        if self.again && self.measurements > 0.0 && loss.is_finite() {
            self.measurements += 1.0;
            self.mean += (loss - self.mean) / self.measurements;
        } else {
            self.begin(loss);
        }
        self.mean
    }

    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        self.moves = self.moves.saturating_add(1);
        self.again = false;
        self.evaluator.evaluate_within(bound, parameters, signal)
    }

    fn next_batch(&mut self) -> bool {
        let changed = self.evaluator.next_batch();
        self.again = !changed && self.every != 0 && self.moves >= self.every;
        changed || self.again
    }

    fn accepted(&mut self, score: Score) -> bool {
        self.begin(score.loss);
        self.evaluator.accepted(score)
    }

    fn scored(&mut self, before: f32, now: f32) -> bool {
        // Noise is no new batch.
        !self.again && self.evaluator.scored(before, now)
    }
}
