//! Evaluation of U(x) over several threads, with the bits of one.

use amc_core::sums::{BLOCK, Total};
use amc_core::{BlockScore, Features, Gather, Objective, ObjectiveError, Samples, Score};
use rayon::prelude::*;

use crate::data::{Batch, Packed};
use crate::lanes::{Arithmetic, OnLanes, dispatch};

/// Multiply-adds below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1_000_000;

/// Evaluates an objective; keeps the buffers between evaluations.
pub struct Evaluator<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    threads: usize,
    blocks: Vec<BlockScore>,
    /// A row for each block: the signals of the layers.
    block_signals: Vec<f32>,
    scratch: Vec<Vec<f32>>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator on up to `threads` threads of the current rayon pool.
    pub fn new(objective: Objective<'a>, arithmetic: Arithmetic, threads: usize) -> Self {
        let threads = threads.max(1);
        let scratch = vec![vec![0.0; objective.net().scratch(BLOCK)]; threads];
        Self { objective, arithmetic, threads, blocks: Vec::new(), block_signals: Vec::new(), scratch }
    }

    /// Checks that the data fit the objective.
    pub fn check(&self, batch: &Batch<'_>) -> Result<(), ObjectiveError> {
        match batch.features {
            Packed::U8(features) => self.objective.check(&Samples { features, targets: batch.targets }),
            Packed::F32(features) => self.objective.check(&Samples { features, targets: batch.targets }),
        }
    }

    /// U(x) on a batch that [`check`](Evaluator::check) has accepted. `gather.signal[0]` is left alone.
    pub fn evaluate(&mut self, parameters: &[f32], batch: &Batch<'_>, gather: Gather<'_>) -> Score {
        match batch.features {
            Packed::U8(features) => self.run(parameters, Samples { features, targets: batch.targets }, gather),
            Packed::F32(features) => self.run(parameters, Samples { features, targets: batch.targets }, gather),
        }
    }

    /// Σ S² of the net's inputs, averaged over the batch.
    pub fn input_signal(&self, batch: &Batch<'_>) -> f32 {
        struct InputSignal<'s, 'a, F>(Objective<'a>, &'s Samples<'s, F>);
        impl<F: Features> OnLanes for InputSignal<'_, '_, F> {
            type Output = f32;
            #[inline(always)]
            fn run<L: amc_core::Lanes>(self, lanes: L) -> f32 {
                self.0.input_signal(lanes, self.1)
            }
        }
        match batch.features {
            Packed::U8(features) => {
                let samples = Samples { features, targets: batch.targets };
                dispatch(self.arithmetic, InputSignal(self.objective, &samples))
            }
            Packed::F32(features) => {
                let samples = Samples { features, targets: batch.targets };
                dispatch(self.arithmetic, InputSignal(self.objective, &samples))
            }
        }
    }

    fn run<F: Features + Sync>(&mut self, parameters: &[f32], samples: Samples<'_, F>, gather: Gather<'_>) -> Score {
        let (count, layers) = (samples.len(), self.objective.net().layers().len());
        let blocks = count.div_ceil(BLOCK);
        let with_signal = !gather.signal.is_empty();
        self.blocks.clear();
        self.blocks.resize(blocks, BlockScore::default());
        self.block_signals.clear();
        self.block_signals.resize(blocks * layers, 0.0);
        let threads = if count * parameters.len() < PARALLEL_FROM { 1 } else { self.threads };
        let share = blocks.div_ceil(threads).max(1);
        let (objective, arithmetic, correct) = (self.objective, self.arithmetic, gather.correct);
        let signals = self.block_signals.chunks_mut(share * layers);
        let parts = self.blocks.chunks_mut(share).zip(signals).zip(&mut self.scratch);
        let parts: Vec<_> = parts
            .enumerate()
            .map(|(part, ((blocks, signals), scratch))| Blocks {
                objective,
                parameters,
                samples: &samples,
                first: part * share,
                blocks,
                signals,
                layers,
                scratch,
                with_signal,
                correct,
            })
            .collect();
        match threads {
            1 => parts.into_iter().for_each(|part| dispatch(arithmetic, part)),
            _ => parts.into_par_iter().for_each(|part| dispatch(arithmetic, part)),
        }

        let mut total = Total::default();
        let mut score = Score { loss: 0.0, correct: 0 };
        for block in &self.blocks {
            total.add(block.loss);
            score.correct += block.correct;
        }
        score.loss = total.mean(self.objective.terms(count));
        for (layer, signal) in gather.signal.iter_mut().enumerate().skip(1) {
            *signal = self.block_signals.iter().skip(layer).step_by(layers).sum::<f32>() / count as f32;
        }
        score
    }
}

/// Consecutive blocks, evaluated on one thread.
struct Blocks<'s, 'a, F> {
    objective: Objective<'a>,
    parameters: &'s [f32],
    samples: &'s Samples<'s, F>,
    first: usize,
    blocks: &'s mut [BlockScore],
    signals: &'s mut [f32],
    layers: usize,
    scratch: &'s mut [f32],
    with_signal: bool,
    correct: bool,
}

impl<F: Features> OnLanes for Blocks<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: amc_core::Lanes>(self, lanes: L) {
        let signals = self.signals.chunks_exact_mut(self.layers);
        for ((block, out), signal) in (self.first..).zip(self.blocks).zip(signals) {
            let signal = if self.with_signal { signal } else { &mut [] };
            let gather = Gather { signal, correct: self.correct };
            *out = self.objective.block(lanes, self.parameters, self.samples, block, self.scratch, gather);
        }
    }
}
