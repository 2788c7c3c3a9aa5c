//! Evaluation of U(x) over several threads, with the bits of one.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use amc_core::sums::{BLOCK, Total, block_sum, ceiling};
use amc_core::{BlockScore, Features, Found, Gather, Lanes, Objective, Samples, Score};
use rayon::prelude::*;

use crate::data::pack::{Batch, Packed};
use crate::lanes::{Arithmetic, OnLanes, TILE, dispatch};

/// Multiply-adds below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1_000_000;

/// Evaluates an objective; keeps the buffers between evaluations.
pub struct Evaluator<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    workers: Vec<Worker>,
    blocks: Vec<BlockScore>,
    /// For each block what all its [`rows`] come to: the loss, and the signals gathered.
    signals: Vec<f32>,
    /// For samples that are packed in another order than they are summed in, by their places in the sum: the bits of
    /// all [`rows`], or of the row of losses alone.
    table: Vec<AtomicU32>,
    /// All blocks, the hardest first: those whose losses were largest when they were last all known.
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
    /// What was found for each sample of a block, [row](rows) by row.
    numbers: Vec<f32>,
    done: Vec<(u32, BlockScore)>,
    signals: Vec<f32>,
}

/// Rows of numbers that an evaluation finds for samples: their losses, and the signals of the layers that it gathers
/// them for.
fn rows(objective: &Objective<'_>) -> usize {
    1 + objective.net().layers().len() - objective.gathers_from()
}

/// Calls `$call` with `$samples` as the samples of batch `$batch`.
macro_rules! with_samples {
    ($batch:expr, |$samples:ident| $call:expr) => {{
        let Batch { features, targets, .. } = *$batch;
        match features {
            Packed::U8(features) => {
                let $samples = Samples { features, targets };
                $call
            }
            Packed::F32(features) => {
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
        let net = objective.net();
        let worker = || Worker {
            scratch: vec![0.0; net.scratch(BLOCK)],
            numbers: vec![0.0; rows(&objective) * BLOCK],
            done: Vec::new(),
            signals: Vec::new(),
        };
        let workers = std::iter::repeat_with(worker).take(threads.max(1)).collect();
        let (blocks, signals, order) = (Vec::new(), Vec::new(), Vec::new());
        let (table, saved) = (Vec::new(), Saved::default());
        Self { objective, arithmetic, workers, blocks, signals, table, order, saved }
    }

    /// U(x) on a batch. Signals are those of the layers from [`Objective::gathers_from`] on, as the core has them.
    pub fn evaluate(&mut self, parameters: &[f32], batch: &Batch<'_>, gather: Gather<'_>) -> Score {
        self.evaluate_fresh(parameters, batch, (batch.samples(), &[]), gather)
    }

    /// [`evaluate`](Evaluator::evaluate), given up as soon as it is certain that U(x) exceeds `bound`: then there is no
    /// score. A score, where there is one, has the same bits.
    ///
    /// Blocks of samples are evaluated in the order of their losses, the largest first, at the last parameters that were
    /// within a finite bound, or at which [only some](Evaluator::evaluate_fresh) had to be evaluated.
    pub fn evaluate_within(
        &mut self,
        bound: f32,
        parameters: &[f32],
        batch: &Batch<'_>,
        gather: Gather<'_>,
    ) -> Option<Score> {
        let rest = (batch.samples(), &[][..]);
        with_samples!(batch, |samples| self.run(bound, parameters, samples, batch.places, rest, gather))
    }

    /// U(x) on a batch of which only the first `fresh` samples, as they are packed, are evaluated: for the others, if there
    /// are any, the batch has places, and `rest` has what was [found](Evaluator::found) at the same parameters,
    /// `[row][sample]`. The bits of the loss and of the signals are those of [`evaluate`](Evaluator::evaluate); of the
    /// others none is counted as right.
    pub fn evaluate_fresh(
        &mut self,
        parameters: &[f32],
        batch: &Batch<'_>,
        (fresh, rest): (usize, &[f32]),
        gather: Gather<'_>,
    ) -> Score {
        let (bound, rest) = (f32::INFINITY, (fresh, rest));
        let score = with_samples!(batch, |samples| self.run(bound, parameters, samples, batch.places, rest, gather));
        score.unwrap_or(Score { loss: f32::NAN, correct: 0 })
    }

    /// Σ S² of the net's inputs, averaged over the batch.
    pub fn input_signal(&self, batch: &Batch<'_>) -> f32 {
        with_samples!(batch, |samples| dispatch(
            self.arithmetic,
            InputSignal { objective: self.objective, samples: &samples, places: batch.places }
        ))
    }

    /// What early rejection came to so far, in evaluations with a bound.
    pub fn saved(&self) -> Saved {
        self.saved
    }

    /// What the last whole evaluation of a batch that has places found, `[row][place]`: losses, and the signals of each
    /// layer that they were gathered for.
    pub fn found(&mut self) -> Vec<f32> {
        self.table.iter_mut().map(|bits| f32::from_bits(*bits.get_mut())).collect()
    }

    fn run<F: Features + Sync>(
        &mut self,
        bound: f32,
        parameters: &[f32],
        samples: Samples<'_, F>,
        places: Option<&[u32]>,
        (fresh, rest): (usize, &[f32]),
        gather: Gather<'_>,
    ) -> Option<Score> {
        let count = samples.len();
        let samples = samples.first(fresh);
        let (blocks, terms) = (samples.len().div_ceil(BLOCK), self.objective.terms(count));
        if self.order.len() != blocks {
            self.order.clear();
            self.order.extend(0..blocks as u32);
        }
        let signals = if gather.signal.is_empty() { 0 } else { rows(&self.objective) };
        if places.is_some() {
            self.table.resize_with(count * signals.max(1), AtomicU32::default);
        }
        let job = Job {
            objective: self.objective,
            parameters,
            samples: &samples,
            places,
            table: &self.table,
            count,
            order: &self.order,
            ceiling: ceiling(bound, terms),
            signals,
            correct: gather.correct,
            next: AtomicUsize::new(0),
            sum: AtomicU64::new(0.0_f64.to_bits()),
        };
        let arithmetic = self.arithmetic;
        let (multiply_adds, _) = self.objective.net().operations();
        let threads = if samples.len() * multiply_adds < PARALLEL_FROM { 1 } else { self.workers.len() };
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
        self.collect(threads, blocks, signals);
        if let Some(others) = places.and_then(|places| places.get(samples.len()..)).filter(|others| !others.is_empty())
        {
            for (rest, row) in rest.chunks_exact(others.len()).zip(self.table.chunks_exact_mut(count)) {
                for (place, number) in others.iter().zip(rest) {
                    *row[*place as usize].get_mut() = number.to_bits();
                }
            }
        }
        let correct = self.blocks.iter().map(|block| block.correct).sum();
        let mut sums = match places {
            Some(_) => self.sums_by_place(count, signals),
            None => self.sums_by_block(signals),
        }
        .into_iter();
        let loss = sums.next().map_or(f32::NAN, |(total, _)| total.mean(terms));
        for (signal, (_, sum)) in gather.signal.iter_mut().skip(self.objective.gathers_from()).zip(sums) {
            *signal = sum / count as f32;
        }
        if loss <= bound && (bound.is_finite() || places.is_some()) {
            self.put_hardest_first(places);
        }
        Some(Score { loss, correct })
    }

    /// Orders the blocks of a whole batch, whose losses are known.
    fn put_hardest_first(&mut self, places: Option<&[u32]>) {
        let losses: Vec<f32> = match places {
            Some(places) => {
                let mut loss = |place: &u32| f32::from_bits(*self.table[*place as usize].get_mut());
                places.chunks(BLOCK).map(|block| block.iter().map(&mut loss).sum()).collect()
            }
            None => self.blocks.iter().map(|block| block.loss).collect(),
        };
        self.order.clear();
        self.order.extend(0..losses.len() as u32);
        self.order.sort_unstable_by(|a, b| losses[*b as usize].total_cmp(&losses[*a as usize]));
    }

    /// Puts the workers' blocks in their own order.
    fn collect(&mut self, threads: usize, blocks: usize, signals: usize) {
        self.blocks.resize(blocks, BlockScore::default());
        self.signals.resize(blocks * signals, 0.0);
        for worker in &self.workers[..threads] {
            for (place, (block, score)) in worker.done.iter().enumerate() {
                let block = *block as usize;
                self.blocks[block] = *score;
                if let Some(from) = worker.signals.get(place * signals..(place + 1) * signals) {
                    self.signals[block * signals..][..signals].copy_from_slice(from);
                }
            }
        }
    }

    /// The sums of the loss and of the signals gathered, as the core adds them up: losses with what rounding loses,
    /// signals without.
    fn sums_by_block(&self, signals: usize) -> Vec<(Total, f32)> {
        let mut sums = vec![(Total::default(), 0.0); signals.max(1)];
        for (index, block) in self.blocks.iter().enumerate() {
            sums[0].0.add(block.loss);
            let of_block = &self.signals[index * signals..][..signals];
            for ((_, sum), signal) in sums.iter_mut().zip(of_block).skip(1) {
                *sum += signal;
            }
        }
        sums
    }

    /// The same from the table.
    fn sums_by_place(&mut self, count: usize, signals: usize) -> Vec<(Total, f32)> {
        let rows = self.table.chunks_exact_mut(count).take(signals.max(1));
        let sums = |row: &mut [AtomicU32]| {
            let mut sums = (Total::default(), 0.0);
            for block in row.chunks_mut(BLOCK) {
                let mut numbers = [0.0; BLOCK];
                for (number, bits) in numbers.iter_mut().zip(&mut *block) {
                    *number = f32::from_bits(*bits.get_mut());
                }
                let sum = block_sum(&numbers[..block.len()]);
                sums.0.add(sum);
                sums.1 += sum;
            }
            sums
        };
        rows.map(sums).collect()
    }
}

struct InputSignal<'s, 'a, F> {
    objective: Objective<'a>,
    samples: &'s Samples<'s, F>,
    places: Option<&'s [u32]>,
}

impl<F: Features> OnLanes for InputSignal<'_, '_, F> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> f32 {
        let Some(places) = self.places else { return self.objective.input_signal(lanes, self.samples) };
        let mut signals = vec![0.0; places.len()];
        self.objective.input_signals(lanes, self.samples, |sample, valid, v| {
            let mut numbers = [0.0; TILE];
            lanes.store(v, &mut numbers);
            for (place, number) in places[sample..][..valid].iter().zip(numbers) {
                signals[*place as usize] = number;
            }
        });
        let mut total = Total::default();
        signals.chunks(BLOCK).for_each(|block| total.add(block_sum(block)));
        total.mean(signals.len())
    }
}

/// An evaluation that workers share: each takes one block after another.
struct Job<'s, 'a, F> {
    objective: Objective<'a>,
    parameters: &'s [f32],
    samples: &'s Samples<'s, F>,
    places: Option<&'s [u32]>,
    table: &'s [AtomicU32],
    /// Samples of the batch, of which the first are evaluated.
    count: usize,
    order: &'s [u32],
    /// What the sum of block losses may not exceed.
    ceiling: f32,
    /// All [`rows`] where signals are gathered, else 0.
    signals: usize,
    correct: bool,
    /// The next place in the order.
    next: AtomicUsize,
    /// The sum of all block losses so far, the bits of an `f64`. The order of its terms depends on the threads: it
    /// serves to give up, never as the loss.
    sum: AtomicU64,
}

impl<F: Features> Job<'_, '_, F> {
    /// Evaluates a block, and keeps its signals with it or, like its losses, in the table.
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, block: usize, worker: &mut Worker) -> BlockScore {
        let Worker { scratch, numbers, signals, .. } = worker;
        let first = block * BLOCK;
        let wanted = (self.signals > 0, self.correct);
        let from = self.objective.gathers_from();
        let (rows, _) = numbers.as_chunks_mut::<BLOCK>();
        let each = |found, sample: usize, _, v| {
            let row = match found {
                Found::Loss => 0,
                Found::Signal(layer) => 1 + layer - from,
            };
            lanes.store(v, &mut rows[row][sample - first..]);
        };
        let correct = self.objective.tiles(lanes, self.parameters, self.samples, block, scratch, wanted, each);
        let count = self.samples.len();
        let rows = rows[..self.signals.max(1)].iter().map(|row| &row[..BLOCK.min(count - first)]);
        match self.places {
            Some(places) => {
                for (row, table) in rows.clone().zip(self.table.chunks_exact(self.count)) {
                    for (number, place) in row.iter().zip(&places[first..]) {
                        table[*place as usize].store(number.to_bits(), Relaxed);
                    }
                }
            }
            None => signals.extend(rows.clone().take(self.signals).map(block_sum)),
        }
        BlockScore { loss: rows.take(1).map(block_sum).sum(), correct }
    }

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
            let index = *block as usize;
            let score = job.evaluate(lanes, index, worker);
            worker.done.push((*block, score));
            if !job.add(score.loss) {
                break;
            }
        }
    }
}
