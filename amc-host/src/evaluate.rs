//! Evaluation of U(x) over several threads, with the bits of one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use amc_core::sums::{BLOCK, Total, block_sum, ceiling};
use amc_core::{BlockScore, Features, Found, Gather, Lanes, Objective, Samples, Score};
use rayon::prelude::*;

use crate::data::pack::{Batch, Packed};
use crate::lanes::{Arithmetic, OnLanes, TILE, dispatch};

/// Multiply-adds below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1_000_000;
/// Blocks that one of several threads takes at a time, at most: what threads share is slow.
const SHARE: usize = 8;
/// Times that a thread comes for blocks, at least, so that all finish together.
const ROUNDS: usize = 16;

/// Evaluates an objective; keeps the buffers between evaluations.
pub struct Evaluator<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    workers: Vec<Worker>,
    blocks: Vec<BlockScore>,
    /// For each block what all its [`rows`] come to: the loss, and the signals gathered.
    signals: Vec<f32>,
    /// For samples that are packed in another order than they are summed in, by their places in the sum: all [`rows`],
    /// or the row of losses alone.
    table: Vec<f32>,
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

/// One thread's memory, in cache lines of its own.
#[repr(align(128))]
struct Worker {
    scratch: Vec<f32>,
    /// What was found for each sample of a block, [row](rows) by row.
    numbers: Vec<f32>,
    done: Vec<(u32, BlockScore)>,
    /// For each block done: what all its rows come to, if signals are gathered, or for samples that have places their
    /// numbers, [`BLOCK`] a row.
    found: Vec<f32>,
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
            found: Vec::new(),
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
    pub fn found(&self) -> &[f32] {
        &self.table
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
        let (multiply_adds, _) = self.objective.net().operations();
        let threads = if samples.len() * multiply_adds < PARALLEL_FROM { 1 } else { self.workers.len() };
        let share = if threads == 1 { 1 } else { (blocks / (ROUNDS * threads)).clamp(1, SHARE) };
        let job = Job {
            objective: self.objective,
            parameters,
            samples: &samples,
            has_places: places.is_some(),
            order: &self.order,
            share,
            ceiling: ceiling(bound, terms),
            signals,
            correct: gather.correct,
            shared: Shared { next: AtomicUsize::new(0), sum: AtomicU64::new(0.0_f64.to_bits()) },
        };
        let arithmetic = self.arithmetic;
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
        self.collect(threads, blocks, if places.is_some() { 0 } else { signals });
        if let Some(places) = places {
            self.fill_table(threads, places, (samples.len(), rest), signals.max(1));
        }
        let correct = self.blocks.iter().map(|block| block.correct).sum();
        let mut sums = match places {
            Some(_) => self.sums_by_place(count),
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
                let loss = |place: &u32| self.table[*place as usize];
                places.chunks(BLOCK).map(|block| block.iter().map(loss).sum()).collect()
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
                if let Some(from) = worker.found.get(place * signals..(place + 1) * signals) {
                    self.signals[block * signals..][..signals].copy_from_slice(from);
                }
            }
        }
    }

    /// Puts what the workers found for the first `fresh` samples, and what `rest` has of the others, in its places. One
    /// thread does it: to two that write to the same cache lines it costs more.
    fn fill_table(&mut self, threads: usize, places: &[u32], (fresh, rest): (usize, &[f32]), rows: usize) {
        self.table.resize(places.len() * rows, 0.0);
        let table = &mut self.table;
        let mut put = |places_of: &[u32], numbers: &[f32], stride: usize| {
            for (numbers, row) in numbers.chunks_exact(stride).zip(table.chunks_exact_mut(places.len())) {
                places_of.iter().zip(numbers).for_each(|(place, number)| row[*place as usize] = *number);
            }
        };
        let (fresh, others) = places.split_at(fresh);
        for worker in &self.workers[..threads] {
            for ((block, _), found) in worker.done.iter().zip(worker.found.chunks_exact(rows * BLOCK)) {
                put(&fresh[*block as usize * BLOCK..], found, BLOCK);
            }
        }
        if !others.is_empty() {
            put(others, rest, others.len());
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
    fn sums_by_place(&self, count: usize) -> Vec<(Total, f32)> {
        let sums = |row: &[f32]| {
            let mut sums = (Total::default(), 0.0);
            for sum in row.chunks(BLOCK).map(block_sum) {
                sums.0.add(sum);
                sums.1 += sum;
            }
            sums
        };
        self.table.chunks_exact(count).map(sums).collect()
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

/// An evaluation that workers share: each takes a few blocks, and then the next.
struct Job<'s, 'a, F> {
    objective: Objective<'a>,
    parameters: &'s [f32],
    samples: &'s Samples<'s, F>,
    has_places: bool,
    order: &'s [u32],
    /// Blocks that a worker takes at a time.
    share: usize,
    /// What the sum of block losses may not exceed.
    ceiling: f32,
    /// All [`rows`] where signals are gathered, else 0.
    signals: usize,
    correct: bool,
    shared: Shared,
}

/// What all workers write to: apart from what they only read, which would have to be fetched anew after each write.
#[repr(align(128))]
struct Shared {
    /// The next place in the order.
    next: AtomicUsize,
    /// The sum of all block losses so far, the bits of an `f64`. The order of its terms depends on the threads: it
    /// serves to give up, never as the loss.
    sum: AtomicU64,
}

impl<F: Features> Job<'_, '_, F> {
    /// Evaluates a block, and keeps with it its signals or, of samples that have places, all that was found.
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, block: usize, worker: &mut Worker) -> BlockScore {
        let Worker { scratch, numbers, found, .. } = worker;
        let first = block * BLOCK;
        let wanted = (self.signals > 0, self.correct);
        let from = self.objective.gathers_from();
        let (rows, _) = numbers.as_chunks_mut::<BLOCK>();
        let each = |what, sample: usize, _, v| {
            let row = match what {
                Found::Loss => 0,
                Found::Signal(layer) => 1 + layer - from,
            };
            lanes.store(v, &mut rows[row][sample - first..]);
        };
        let correct = self.objective.tiles(lanes, self.parameters, self.samples, block, scratch, wanted, each);
        let rows = &rows[..self.signals.max(1)];
        let sum = |row: &[f32; BLOCK]| block_sum(&row[..BLOCK.min(self.samples.len() - first)]);
        if self.has_places {
            found.extend_from_slice(rows.as_flattened());
        } else {
            found.extend(rows.iter().take(self.signals).map(sum));
        }
        BlockScore { loss: rows.iter().take(1).map(sum).sum(), correct }
    }

    /// Adds the losses of blocks; says whether all of them together may still be within the bound.
    fn add(&self, loss: f64) -> bool {
        let add = |sum: u64| Some((f64::from_bits(sum) + loss).to_bits());
        let before = self.shared.sum.fetch_update(Relaxed, Relaxed, add).unwrap_or_else(|sum| sum);
        let exceeds = f64::from_bits(before) + loss > f64::from(self.ceiling);
        if exceeds {
            self.shared.next.store(self.order.len(), Relaxed);
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
        worker.found.clear();
        if job.ceiling < 0.0 {
            return;
        }
        loop {
            let first = job.shared.next.fetch_add(job.share, Relaxed);
            let blocks = job.order.get(first..).unwrap_or_default();
            let mut loss = 0.0;
            for block in blocks.iter().take(job.share) {
                let score = job.evaluate(lanes, *block as usize, worker);
                worker.done.push((*block, score));
                loss += f64::from(score.loss);
            }
            if blocks.is_empty() || !job.add(loss) {
                break;
            }
        }
    }
}
