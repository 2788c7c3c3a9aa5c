//! Who gives a trainer its losses.

use crate::score::Score;

/// A way to evaluate the loss, and to compute the moves: on one core by [`Serial`](super::Serial), or by a caller's
/// threads, ranks and caches. Whatever it is, the training loop is the [`Trainer`](super::Trainer)'s.
///
/// It has a batch that is current, on which all evaluations are made until it is changed in
/// [`next_batch`](Evaluate::next_batch) or [`accepted`](Evaluate::accepted).
pub trait Evaluate {
    /// Who computes proposals: [lanes](crate::Lanes), or any other [`Workers`](crate::chain::Workers).
    ///
    /// It is called from functions that are not inlined: one that brings an instruction set enters it by itself.
    type Workers: Copy;

    /// Whether there may be signals: without, their code is left out, and trainers are given no room for them.
    const SIGNALS: bool = true;

    /// Who computes proposals.
    fn workers(&self) -> Self::Workers;

    /// U(x) of the current parameters on the current batch. `signal` is empty, or receives the signals of *all* layers:
    /// [`Objective::input_signal`](crate::Objective::input_signal), and what an evaluation
    /// [gathers](crate::Measurements::signal).
    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32;

    /// U(x') of proposed parameters on the current batch, or none as soon as it is certain to exceed `bound`, and always
    /// where that is NaN. `signal` is empty, or receives the signals that an evaluation gathers; the net's inputs' is there
    /// already.
    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score>;

    /// Changes the batch before a move, but not the first, which has the batch that the chain begins with; says whether it
    /// did. The current parameters are then evaluated on it first.
    #[inline(always)]
    fn next_batch(&mut self) -> bool {
        false
    }

    /// A move was accepted, whose score this is: what is known of the parameters before is of no use any more. Says whether
    /// the batch has changed; the new parameters are then evaluated on it at once, and the chain
    /// [restarts](crate::chain::Chain::restart).
    #[inline(always)]
    fn accepted(&mut self, score: Score) -> bool {
        let _ = score;
        false
    }

    /// The loss of the current parameters, `before`, was evaluated anew and is `now`; says whether the chain is to
    /// [restart](crate::chain::Chain::restart).
    #[inline(always)]
    fn scored(&mut self, before: f32, now: f32) -> bool {
        let _ = (before, now);
        false
    }
}
