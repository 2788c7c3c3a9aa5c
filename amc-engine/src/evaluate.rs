//! Evaluation of U(x) over several threads, with the bits of one.

pub mod kept;
mod outputs;
mod queue;
mod shared;
mod work;
mod worker;

use std::time::{Duration, Instant};

use amc_core::sums::{BLOCK, Total, block_sum, ceiling};
use amc_core::{BlockScore, Measurements, Objective, Score};
use amc_kernels::Arithmetic;
use amc_kernels::evaluate::{self as kernels, rows};

pub use self::outputs::{features, outputs};
use self::queue::Queue;
use self::shared::{Found, Outcome, Shared};
pub use self::work::{EarlyRejection, Work};
use self::worker::{Job, Worker, found_in};
use crate::crew;
use crate::data::pack::Batch;

/// Multiply-adds, elementary functions [counted as such](amc_core::Cost::total), below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 150_000;

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
    early_rejection: EarlyRejection,
    /// Of ranks: twice the last sum of losses.
    expected: f64,
    /// What each thread waited for in the last evaluation, on average, if that is looked at.
    waiting: Option<Duration>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator on up to `threads` threads, for data that the objective has
    /// [checked](crate::data::Set::check).
    pub fn new(objective: Objective<'a>, arithmetic: Arithmetic, threads: usize) -> Self {
        let worker = || Worker {
            scratch: kernels::scratch(&objective),
            numbers: vec![[0.0; BLOCK]; rows(&objective)],
            sums: vec![0.0; rows(&objective)],
            done: Vec::new(),
            found: Vec::new(),
            busy: Duration::ZERO,
        };
        let workers = std::iter::repeat_with(worker).take(threads.max(1)).collect();
        let (blocks, signals, order) = (Vec::new(), Vec::new(), Vec::new());
        let (table, early_rejection, waiting) = (Vec::new(), EarlyRejection::default(), None);
        Self { objective, arithmetic, workers, blocks, signals, table, order, early_rejection, waiting, expected: 0.0 }
    }

    /// U(x) on a batch. Signals are those of the layers from [`Objective::gathers_from`] on, as the core has them.
    pub fn evaluate(&mut self, parameters: &[f32], batch: &Batch<'_>, measurements: Measurements<'_>) -> Score {
        self.evaluate_fresh(parameters, batch, (batch.all(), &[]), measurements)
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
        measurements: Measurements<'_>,
    ) -> Option<Score> {
        let rest = (batch.all(), &[][..]);
        self.run(bound, parameters, batch, rest, measurements)
    }

    /// U(x) on a batch of which only the first `fresh` samples, as they are packed, are evaluated: for the others, if there
    /// are any, the batch has places, and `rest` has the [values](Evaluator::sample_values) of all at the same parameters,
    /// `[row][sample]`. The bits of the loss and of the signals are those of [`evaluate`](Evaluator::evaluate); of the
    /// others none is counted as right.
    pub fn evaluate_fresh(
        &mut self,
        parameters: &[f32],
        batch: &Batch<'_>,
        (fresh, rest): (usize, &[f32]),
        measurements: Measurements<'_>,
    ) -> Score {
        let (bound, rest) = (f32::INFINITY, (fresh, rest));
        let score = self.run(bound, parameters, batch, rest, measurements);
        score.unwrap_or(Score { loss: f32::NAN, correct: 0 })
    }

    /// The loss of [`evaluate_fresh`](Self::evaluate_fresh), and the signals of all layers, the net's inputs included, if there
    /// is room for them.
    pub(crate) fn score(
        &mut self,
        batch: &Batch<'_>,
        rest: (usize, &[f32]),
        parameters: &[f32],
        signal: &mut [f32],
    ) -> f32 {
        if let Some(input) = signal.first_mut() {
            *input = self.input_signal(batch);
        }
        self.evaluate_fresh(parameters, batch, rest, Measurements { signal, correct: false }).loss
    }

    /// Σ S² of the net's inputs, averaged over the batch.
    pub fn input_signal(&self, batch: &Batch<'_>) -> f32 {
        let signals = kernels::input_signals(self.arithmetic, &self.objective, &batch.samples);
        let mut by_place = Vec::new();
        let signals = match (batch.drawn, batch.places) {
            (Some(drawn), _) => {
                by_place = drawn.table(&signals, (drawn.all(), &[]), 1).unwrap_or_default();
                &by_place
            }
            (None, None) => &signals,
            (None, Some(places)) => {
                by_place.resize(signals.len(), 0.0);
                places.iter().zip(&signals).for_each(|(place, signal)| by_place[*place as usize] = *signal);
                &by_place
            }
        };
        let mut total = Total::default();
        let sums: Vec<f32> = signals.chunks(BLOCK).map(block_sum).collect();
        let samples = batch.all().max(1);
        if let Some(shared) = Shared::new(batch, samples, f32::INFINITY, 0.0) {
            let found = Found { rows: &sums, blocks: sums.len(), is_above: false, correct: None };
            return match shared.finish(&found, &mut []) {
                Outcome::Is(signal, _) => signal,
                Outcome::Above => f32::NAN,
            };
        }
        sums.into_iter().for_each(|sum| total.add(sum));
        total.mean(samples)
    }

    /// Goes on counting from what early rejection came to before.
    pub(crate) fn resume(&mut self, early_rejection: EarlyRejection) {
        self.early_rejection = early_rejection;
    }

    /// What early rejection came to so far, in evaluations with a bound.
    pub fn early_rejection(&self) -> EarlyRejection {
        self.early_rejection
    }

    /// From now on, looks at what threads wait for.
    pub(crate) fn look_at_threads(&mut self) {
        self.waiting = self.waiting.or(Some(Duration::ZERO));
    }

    /// What each thread waited for in the last evaluation, on average, if that was looked at.
    pub(crate) fn waiting(&self) -> Duration {
        self.waiting.unwrap_or_default()
    }

    /// What the last whole evaluation of a batch that has places found, `[row][place]`: losses, and the signals of each
    /// layer that they were gathered for.
    pub fn sample_values(&self) -> &[f32] {
        &self.table
    }

    fn run(
        &mut self,
        bound: f32,
        parameters: &[f32],
        batch: &Batch<'_>,
        (fresh, rest): (usize, &[f32]),
        measurements: Measurements<'_>,
    ) -> Option<Score> {
        let Batch { samples, places, drawn, .. } = *batch;
        let count = batch.all();
        let samples = samples.first(drawn.map_or(fresh, |drawn| drawn.held(fresh)).min(samples.len()));
        let (blocks, terms) = (samples.len().div_ceil(BLOCK), self.objective.terms(count));
        if self.order.len() != blocks {
            self.order.clear();
            self.order.extend(0..blocks as u32);
        }
        let signals = if measurements.signal.is_empty() { 0 } else { rows(&self.objective) };
        let cost = self.objective.net().cost().total();
        let threads = if samples.len().saturating_mul(cost) < PARALLEL_FROM { 1 } else { self.workers.len() };
        let begun = self.waiting.is_some().then(Instant::now);
        let shared = Shared::new(batch, terms, bound, self.expected);
        let counted = if measurements.correct { size_of::<u64>() } else { 0 };
        let rounds = shared.map_or(1, |shared| shared.rounds(cost, counted));
        let workers = &mut self.workers[..threads];
        workers.iter_mut().for_each(Worker::begin);
        let done_of = |workers: &[Worker]| workers.iter().map(|worker| worker.done.len()).sum::<usize>();
        // What all ranks had found at their last look, and whether that is above the bound.
        let (mut round, mut so_far) = (1, Some(0.0));
        let mut is_above = false;
        while let Some(sum) = so_far {
            let to_do = blocks * (round - 1) / rounds..blocks * round / rounds;
            let job = Job {
                arithmetic: self.arithmetic,
                objective: self.objective,
                parameters,
                samples: &samples,
                has_places: places.is_some(),
                signals,
                correct: measurements.correct,
                queue: Queue::new(&self.order[to_do.clone()], threads, sum, ceiling(bound, terms)),
                begun,
            };
            match &mut *workers {
                [worker] => job.work(worker),
                workers => crew::share(threads, workers.iter_mut(), |worker| job.work(worker)),
            }
            is_above = done_of(workers) < to_do.end;
            let Some(shared) = shared.filter(|_| round < rounds) else { break };
            let losses = workers.iter().flat_map(|worker| worker.done.iter().map(|(_, score)| score.loss));
            so_far = shared.look(losses, is_above);
            round += 1;
        }
        if let Some(begun) = begun {
            let busy = workers.iter().map(|worker| worker.busy).sum::<Duration>();
            self.waiting = Some(begun.elapsed().saturating_sub(busy / threads as u32));
        }
        if bound != f32::INFINITY {
            self.early_rejection.evaluated += done_of(workers) as u64;
            self.early_rejection.offered += blocks as u64;
        }
        if let Some(drawn) = drawn.filter(|_| bound != f32::INFINITY) {
            let losses = found_in(workers, &samples, signals.max(1), 0);
            if drawn.exceed(bound, terms, losses.into_iter(), is_above) {
                return None;
            }
        }
        if so_far.is_none() || is_above && shared.is_none() {
            return None;
        }
        let mut sums = Vec::new();
        if !is_above {
            self.collect(threads, blocks, if places.is_some() { 0 } else { signals });
            sums = match (drawn, places) {
                (Some(drawn), _) => {
                    let rows = signals.max(1);
                    let found: Vec<f32> =
                        (0..rows).flat_map(|row| found_in(&self.workers[..threads], &samples, rows, row)).collect();
                    self.table = drawn.table(&found, (fresh, rest), rows)?;
                    self.table.chunks_exact(count.max(1)).map(sum_of_row).collect()
                }
                (None, Some(places)) => self.sums_by_place(threads, places, (samples.len(), rest), signals.max(1)),
                (None, None) => self.sums_by_block(signals),
            };
        }
        let signal = measurements.signal;
        let inputs = self.objective.gathers_from().min(signal.len());
        let gathered = &mut signal[inputs..];
        let score = match shared {
            Some(shared) => {
                let rows = if is_above { Vec::new() } else { self.rows_of_blocks(places, signals.max(1)) };
                let (blocks, correct) = (rows.len() / signals.max(1), measurements.correct.then(|| self.correct()));
                let found = Found { blocks, rows: &rows, is_above, correct };
                match shared.finish(&found, &mut gathered[..signals.saturating_sub(1)]) {
                    Outcome::Is(loss, correct) => Score { loss, correct },
                    Outcome::Above => return None,
                }
            }
            None => {
                gathered.iter_mut().zip(&sums[1..]).for_each(|(signal, (_, sum))| *signal = *sum);
                Score { loss: sums[0].0.mean(terms), correct: self.correct() }
            }
        };
        gathered.iter_mut().take(signals.saturating_sub(1)).for_each(|signal| *signal /= count as f32);
        self.expected = 2.0 * f64::from(score.loss) * terms as f64;
        if score.loss <= bound && (bound.is_finite() || places.is_some()) {
            self.put_hardest_first(places);
        }
        Some(score)
    }

    /// Samples that are right, in the blocks that were evaluated last.
    fn correct(&self) -> u32 {
        self.blocks.iter().map(|block| block.correct).sum()
    }

    /// For each row, the loss and the signals gathered, what every block comes to.
    fn rows_of_blocks(&self, places: Option<&[u32]>, rows: usize) -> Vec<f32> {
        match places {
            Some(places) => {
                let rows = self.table.chunks_exact(places.len().max(1));
                rows.flat_map(|row| row.chunks(BLOCK).map(block_sum)).collect()
            }
            None => {
                let losses = self.blocks.iter().map(|block| block.loss);
                let signals = (1..rows).flat_map(|row| self.signals.iter().skip(row).step_by(rows).copied());
                losses.chain(signals).collect()
            }
        }
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

    /// The same of samples in another order: puts what the workers found for the first `fresh`, and what `rest` has of the
    /// others, in its places in the table, and adds up that. A thread does it for a whole row: to two that write to the same
    /// cache lines it costs more.
    fn sums_by_place(
        &mut self,
        threads: usize,
        places: &[u32],
        (fresh, rest): (usize, &[f32]),
        rows: usize,
    ) -> Vec<(Total, f32)> {
        let mut sums = vec![(Total::default(), 0.0); rows];
        self.table.resize(places.len() * rows, 0.0);
        let Self { table, workers, .. } = self;
        let workers = &workers[..threads];
        let (fresh, others) = places.split_at(fresh);
        let each = table.chunks_exact_mut(places.len().max(1)).zip(&mut sums).enumerate();
        crew::share(threads.min(rows), each, |(index, (row, sum))| {
            let mut put = |places: &[u32], numbers: &[f32]| {
                places.iter().zip(numbers).for_each(|(place, number)| row[*place as usize] = *number);
            };
            for worker in workers {
                for ((block, _), found) in worker.done.iter().zip(worker.found.chunks_exact(rows * BLOCK)) {
                    put(&fresh[*block as usize * BLOCK..], &found[index * BLOCK..][..BLOCK]);
                }
            }
            if !others.is_empty() {
                put(others, &rest[index * others.len()..][..others.len()]);
            }
            *sum = sum_of_row(row);
        });
        sums
    }
}

/// The sum of a row's blocks, with what rounding loses and without.
fn sum_of_row(row: &[f32]) -> (Total, f32) {
    row.chunks(BLOCK).map(block_sum).fold((Total::default(), 0.0), |(mut total, sum), block| {
        total.add(block);
        (total, sum + block)
    })
}
