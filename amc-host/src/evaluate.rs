//! Evaluation of U(x) over several threads, with the bits of one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use amc_core::sums::{BLOCK, Total, ceiling};
use amc_core::{BlockScore, Features, Gather, Lanes, Objective, Samples, Score};
use rayon::prelude::*;

use crate::data::pack::{Batch, Packed};
use crate::lanes::{Arithmetic, OnLanes, dispatch};

/// Multiply-adds below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1_000_000;

/// Evaluates an objective; keeps the buffers between evaluations.
pub struct Evaluator<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    workers: Vec<Worker>,
    blocks: Vec<BlockScore>,
    /// A row for each block: the signals of the layers.
    signals: Vec<f32>,
    /// All blocks, the hardest first: those whose losses were largest when they were last all evaluated.
    order: Vec<u32>,
    saved: Saved,
}

/// What early rejection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Blocks of samples evaluated under a bound.
    pub evaluated: u64,
    /// Blocks that there were to evaluate.
    pub offered: u64,
}

impl Saved {
    /// The share of blocks that were evaluated; none before the first.
    pub fn evaluated_share(&self) -> Option<f64> {
        (self.offered > 0).then(|| self.evaluated as f64 / self.offered as f64)
    }
}

/// One thread's memory.
struct Worker {
    scratch: Vec<f32>,
    done: Vec<(u32, BlockScore)>,
    signals: Vec<f32>,
}

/// Calls `$call` with `$samples` as the samples of batch `$batch`.
macro_rules! with_samples {
    ($batch:expr, |$samples:ident| $call:expr) => {{
        let Batch { features, targets } = *$batch;
        match features {
            Packed::U8(features) => {
                let $samples = Samples { features, targets };
                $call
            }
            Packed::F32(features) => {
                let $samples = Samples { features, targets };
                $call
            }
            Packed::SparseU8(features) => {
                let $samples = Samples { features, targets };
                $call
            }
            Packed::SparseF32(features) => {
                let $samples = Samples { features, targets };
                $call
            }
        }
    }};
}

impl<'a> Evaluator<'a> {
    /// An evaluator on up to `threads` threads of the current rayon pool, for data that the objective has
    /// [checked](crate::data::Set::check).
    pub fn new(objective: Objective<'a>, arithmetic: Arithmetic, threads: usize) -> Self {
        let worker =
            || Worker { scratch: vec![0.0; objective.net().scratch(BLOCK)], done: Vec::new(), signals: Vec::new() };
        let workers = std::iter::repeat_with(worker).take(threads.max(1)).collect();
        let (blocks, signals, order) = (Vec::new(), Vec::new(), Vec::new());
        Self { objective, arithmetic, workers, blocks, signals, order, saved: Saved::default() }
    }

    /// U(x) on a batch. `gather.signal[0]` is left alone.
    pub fn evaluate(&mut self, parameters: &[f32], batch: &Batch<'_>, gather: Gather<'_>) -> Score {
        let score = self.evaluate_within(f32::INFINITY, parameters, batch, gather);
        score.unwrap_or(Score { loss: f32::NAN, correct: 0 })
    }

    /// [`evaluate`](Evaluator::evaluate), given up as soon as it is certain that U(x) exceeds `bound`: then there is no
    /// score. A score, where there is one, has the same bits.
    ///
    /// Blocks of samples are evaluated in the order of their losses at the last parameters that were within a finite bound.
    pub fn evaluate_within(
        &mut self,
        bound: f32,
        parameters: &[f32],
        batch: &Batch<'_>,
        gather: Gather<'_>,
    ) -> Option<Score> {
        with_samples!(batch, |samples| self.run(bound, parameters, samples, gather))
    }

    /// Σ S² of the net's inputs, averaged over the batch.
    pub fn input_signal(&self, batch: &Batch<'_>) -> f32 {
        with_samples!(batch, |samples| dispatch(self.arithmetic, InputSignal(self.objective, &samples)))
    }

    /// What early rejection came to so far, in evaluations with a bound.
    pub fn saved(&self) -> Saved {
        self.saved
    }

    fn run<F: Features + Sync>(
        &mut self,
        bound: f32,
        parameters: &[f32],
        samples: Samples<'_, F>,
        gather: Gather<'_>,
    ) -> Option<Score> {
        let (count, layers) = (samples.len(), self.objective.net().layers().len());
        let (blocks, terms) = (count.div_ceil(BLOCK), self.objective.terms(count));
        if self.order.len() != blocks {
            self.order.clear();
            self.order.extend(0..blocks as u32);
        }
        let job = Job {
            objective: self.objective,
            parameters,
            samples: &samples,
            order: &self.order,
            ceiling: ceiling(bound, terms),
            signals: if gather.signal.is_empty() { 0 } else { layers },
            correct: gather.correct,
            next: AtomicUsize::new(0),
            sum: AtomicU64::new(0.0_f64.to_bits()),
        };
        let arithmetic = self.arithmetic;
        let threads = if count * parameters.len() < PARALLEL_FROM { 1 } else { self.workers.len() };
        let workers = &mut self.workers[..threads];
        match workers {
            [worker] => dispatch(arithmetic, Work(&job, worker)),
            _ => workers.par_iter_mut().with_max_len(1).for_each(|worker| dispatch(arithmetic, Work(&job, worker))),
        }

        let done = workers.iter().map(|worker| worker.done.len()).sum::<usize>();
        if bound != f32::INFINITY {
            self.saved.evaluated += done as u64;
            self.saved.offered += blocks as u64;
        }
        if done < blocks {
            return None;
        }
        let signals = job.signals;
        self.blocks.resize(blocks, BlockScore::default());
        self.signals.resize(blocks * signals, 0.0);
        for worker in workers {
            for (place, (block, score)) in worker.done.iter().enumerate() {
                let block = *block as usize;
                self.blocks[block] = *score;
                let from = &worker.signals[place * signals..][..signals];
                self.signals[block * signals..][..signals].copy_from_slice(from);
            }
        }
        let mut total = Total::default();
        let mut correct = 0;
        for block in &self.blocks {
            total.add(block.loss);
            correct += block.correct;
        }
        let loss = total.mean(terms);
        for (layer, signal) in gather.signal.iter_mut().enumerate().skip(1) {
            *signal = self.signals.iter().skip(layer).step_by(layers).sum::<f32>() / count as f32;
        }
        if bound.is_finite() && loss <= bound {
            let blocks = &self.blocks;
            self.order.sort_unstable_by(|a, b| blocks[*b as usize].loss.total_cmp(&blocks[*a as usize].loss));
        }
        Some(Score { loss, correct })
    }
}

struct InputSignal<'s, 'a, F>(Objective<'a>, &'s Samples<'s, F>);

impl<F: Features> OnLanes for InputSignal<'_, '_, F> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> f32 {
        self.0.input_signal(lanes, self.1)
    }
}

/// An evaluation that workers share: each takes one block after another.
struct Job<'s, 'a, F> {
    objective: Objective<'a>,
    parameters: &'s [f32],
    samples: &'s Samples<'s, F>,
    order: &'s [u32],
    /// What the sum of block losses may not exceed.
    ceiling: f32,
    /// Signals of a block: 0 or the number of layers.
    signals: usize,
    correct: bool,
    /// The next place in the order.
    next: AtomicUsize,
    /// The sum of all block losses so far, the bits of an `f64`. The order of its terms depends on the threads: it
    /// serves to give up, never as the loss.
    sum: AtomicU64,
}

impl<F> Job<'_, '_, F> {
    /// Adds a block's loss; says whether all of them together may still be within the bound.
    fn add(&self, loss: f32) -> bool {
        let add = |sum: u64| Some((f64::from_bits(sum) + f64::from(loss)).to_bits());
        let before = self.sum.fetch_update(Relaxed, Relaxed, add).unwrap_or_else(|sum| sum);
        let exceeds = f64::from_bits(before) + f64::from(loss) > f64::from(self.ceiling);
        if exceeds {
            self.next.store(self.order.len(), Relaxed);
        }
        !exceeds
    }
}

struct Work<'s, 'a, 'w, F>(&'s Job<'s, 'a, F>, &'w mut Worker);

impl<F: Features> OnLanes for Work<'_, '_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self(job, worker) = self;
        worker.done.clear();
        worker.signals.clear();
        if job.ceiling < 0.0 {
            return;
        }
        while let Some(block) = job.order.get(job.next.fetch_add(1, Relaxed)) {
            let place = worker.signals.len();
            worker.signals.resize(place + job.signals, 0.0);
            let gather = Gather { signal: &mut worker.signals[place..], correct: job.correct };
            let (x, index) = (job.parameters, *block as usize);
            let score = job.objective.block(lanes, x, job.samples, index, &mut worker.scratch, gather);
            worker.done.push((*block, score));
            if !job.add(score.loss) {
                break;
            }
        }
    }
}
