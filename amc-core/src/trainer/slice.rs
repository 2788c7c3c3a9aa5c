//! Training in slices, for use between interrupts.

use rand_core::Rng;

use super::sums::{Inputs, Sums};
use super::{Batches, Evaluate, IntoObjective, Serial, Trainer, propose, settle};
use crate::chain::Decision;
use crate::lanes::Lanes;
use crate::sums::BLOCK;

/// Multiply-adds that a neuron's activation counts as: tanh takes a Cortex-M4F about so many.
pub const ACTIVATION: usize = 8;

/// Multiply-adds that a Gaussian number counts as: it takes a Cortex-M4F about so many.
pub const GAUSSIAN: usize = 16;

/// What training goes on with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    /// U(x) of the current parameters: the samples have changed.
    Stale,
    /// First the signal of the net's inputs, where it depends on the samples alone.
    Inputs(Inputs),
    /// Then U(x).
    Score(Sums),
    /// A move, on the next batch.
    Begin,
    /// A move.
    Propose,
    /// U(x') of the suspended move.
    Evaluate(Sums),
}

impl<'m, O: IntoObjective<'m>, L: Lanes, B: Batches, R: Rng + Clone, const SIGNALS: bool>
    Trainer<'m, Serial<'m, O, L, B, SIGNALS>, R>
{
    /// Works for a slice of about `budget` multiply-adds, and says how many it was; 0 where there are no samples. The
    /// moves are, to the bit, those of [`step`](Trainer::step).
    ///
    /// Work is done in pieces: the draw of a move, and the evaluation of a block of up to [`BLOCK`] samples, with the
    /// decision where one can be made then. A slice makes one piece in any case, and more for as long as all of them
    /// together do not exceed the budget. So it never takes more than the budget or the
    /// [largest piece](Trainer::largest_piece), whichever is larger; a budget of 0 asks for a single piece. A move that is
    /// not decided when a slice ends is suspended, and the next slice goes on with it.
    ///
    /// Counted are multiply-adds of layers, [`ACTIVATION`] for each number that passes an activation, [`GAUSSIAN`] for
    /// each number drawn, and 2 for each parameter that is copied. The draw of a [batch](Batches::next) is not.
    pub fn slice(&mut self, budget: usize) -> usize {
        let mut spent = 0_usize;
        loop {
            if self.evaluator.batches.samples().is_empty() || spent > 0 && spent >= budget {
                return spent;
            }
            if let Work::Begin = self.work {
                self.work = if self.evaluator.next_batch() { Work::Stale } else { Work::Propose };
            }
            if let Work::Stale = self.work {
                let inputs = SIGNALS && self.evaluator.objective.objective().gathers_from() > 0;
                self.work = if inputs { Work::Inputs(Inputs::default()) } else { Work::Score(Sums::default()) };
            }
            let sum = spent.saturating_add(self.price());
            if spent > 0 && (sum > budget || sum == usize::MAX) {
                return spent;
            }
            self.piece();
            spent = sum;
        }
    }

    /// The most multiply-adds, as [`slice`](Trainer::slice) counts them, of a piece of work on the current batch.
    pub fn largest_piece(&self) -> usize {
        self.price_of(Work::Propose).max(self.price_of(Work::Evaluate(Sums::default())))
    }

    fn price(&self) -> usize {
        self.price_of(self.work)
    }

    fn price_of(&self, work: Work) -> usize {
        let parameters = self.chain.parameters().len();
        let drawn = parameters.saturating_mul(GAUSSIAN);
        let net = self.evaluator.objective.objective().net();
        let samples = |block: usize| self.evaluator.batches.samples().len().saturating_sub(block * BLOCK).min(BLOCK);
        let evaluated = |block| {
            let (multiply_adds, activations) = net.operations();
            samples(block).saturating_mul(multiply_adds.saturating_add(activations.saturating_mul(ACTIVATION)))
        };
        match work {
            Work::Inputs(inputs) => samples(inputs.block).saturating_mul(net.inputs()),
            Work::Stale => evaluated(0),
            Work::Score(sums) => evaluated(sums.block),
            Work::Begin | Work::Propose => drawn,
            Work::Evaluate(sums) => {
                let decided = if self.chain.draws_again() { drawn } else { parameters.saturating_mul(2) };
                evaluated(sums.block).saturating_add(decided)
            }
        }
    }

    fn piece(&mut self) {
        self.work = match self.work {
            Work::Inputs(inputs) => self.add_inputs(inputs),
            Work::Stale => self.score_block(Sums::default()),
            Work::Score(sums) => self.score_block(sums),
            Work::Begin | Work::Propose => {
                propose(&mut self.chain, self.evaluator.lanes).suspend();
                Work::Evaluate(Sums::default())
            }
            Work::Evaluate(sums) => self.evaluate_block(sums),
        };
    }

    fn add_inputs(&mut self, mut inputs: Inputs) -> Work {
        let evaluation = self.evaluator.evaluation();
        if !evaluation.add_inputs(&mut inputs) {
            return Work::Inputs(inputs);
        }
        if let Some(signal) = self.signal.first_mut() {
            *signal = inputs.sum.mean(evaluation.batches.samples().len());
        }
        Work::Score(Sums::default())
    }

    fn score_block(&mut self, mut sums: Sums) -> Work {
        let Self { chain, evaluator, signal, .. } = self;
        let mut evaluation = evaluator.evaluation();
        if !evaluation.add_block(chain.parameters(), &mut sums, signal) {
            return Work::Score(sums);
        }
        let loss = evaluation.finish(&sums, signal).loss;
        self.keep_score(loss);
        Work::Propose
    }

    fn evaluate_block(&mut self, mut sums: Sums) -> Work {
        let Self { chain, evaluator, signal, .. } = self;
        let Some(proposal) = chain.pending(evaluator.lanes) else { return Work::Propose };
        let mut evaluation = evaluator.evaluation();
        let whole = evaluation.add_block(proposal.parameters(), &mut sums, signal);
        if evaluation.exceeds(&sums, proposal.bound()) {
            settle::<Serial<'m, O, L, B, SIGNALS>, R>(proposal, None, &[]);
        } else if whole {
            let score = evaluation.finish(&sums, signal);
            let decision = settle::<Serial<'m, O, L, B, SIGNALS>, R>(proposal, Some(score), signal);
            if decision == Decision::Accepted && evaluator.accepted(score) {
                chain.restart();
                return Work::Stale;
            }
        } else {
            proposal.suspend();
            return Work::Evaluate(sums);
        }
        Work::Begin
    }
}
