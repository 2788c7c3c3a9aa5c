//! Evaluation of changed parts of a net, from numbers kept of every sample, over several threads and with the bits of one.

pub mod room;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use amc_core::mixed::Gather;
use amc_core::sums::{BLOCK, Total, block_sum, ceiling};
use amc_core::{Cost, KeptLayer, Net, Objective, Part, Portable, Score};
use amc_kernels::kept::{self as kernels, Block, Changed, Task};
use amc_kernels::{Arithmetic, Scratch, TILE};

use super::queue::Queue;
use super::shared::{Found, Outcome, Shared};
use super::{EarlyRejection, PARALLEL_FROM, Work};
use crate::crew;
use crate::data::pack::Batch;
use crate::ranks::{Drawn, OF_SUM};

/// Bytes that a rank adds to the sum when a move was accepted, at most.
const OF_KEEPING: usize = OF_SUM + size_of::<u64>();

/// Evaluates changed parts of a net on a batch.
pub struct KeptEvaluator<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    layers: Vec<KeptLayer>,
    /// Here, and with those of other ranks.
    samples: (usize, usize),
    /// The first layer of which anything is kept.
    first: usize,
    blocks: Vec<Mutex<Block>>,
    /// A thread's working memory.
    workers: Vec<Scratch>,
    /// All blocks, the hardest first: those whose losses were largest when they were last kept.
    order: Vec<u32>,
    /// Losses by place, for samples that are packed in another order than they are summed in.
    table: Vec<f32>,
    /// Of a changed neuron its parameters.
    column: Vec<f32>,
    early_rejection: EarlyRejection,
    work: Work,
    /// Of ranks: twice the last sum of losses.
    expected: f64,
}

impl<'a> KeptEvaluator<'a> {
    /// An evaluator on up to `threads` threads, for so many samples, which with those of other ranks
    /// are `all`. Nothing is kept yet.
    pub fn new(
        objective: Objective<'a>,
        arithmetic: Arithmetic,
        threads: usize,
        (samples, all): (usize, usize),
    ) -> Self {
        // The bits of a proposed loss depend on it, and are those of one machine.
        let first = room::first(&objective, all);
        Self::keeping_from(first, objective, arithmetic, threads, (samples, all))
    }

    /// One that keeps numbers of all layers, on a thread, for some samples.
    pub fn keeping_all(objective: Objective<'a>, arithmetic: Arithmetic, samples: usize) -> Self {
        Self::keeping_from(0, objective, arithmetic, 1, (samples, samples))
    }

    /// One that keeps numbers of the layers from `first` on.
    fn keeping_from(
        first: usize,
        objective: Objective<'a>,
        arithmetic: Arithmetic,
        threads: usize,
        (samples, all): (usize, usize),
    ) -> Self {
        let net = objective.net();
        let mut layers = vec![KeptLayer::default(); net.layers().len()];
        net.kept_layers_from(first, &mut layers);
        let blocks = kernels::blocks(&objective, samples, first);
        let scratch = amc_kernels::evaluate::scratch(&objective);
        let workers = vec![scratch; threads.max(1)];
        let order = (0..blocks.len() as u32).collect();
        let (table, column, early_rejection) = (Vec::new(), Vec::new(), EarlyRejection::default());
        Self {
            objective,
            arithmetic,
            layers,
            samples: (samples, all),
            first,
            blocks,
            workers,
            order,
            table,
            column,
            early_rejection,
            work: Work::default(),
            expected: 0.0,
        }
    }

    /// What the evaluation of a part computes for a sample.
    pub fn cost_of(&self, part: Part) -> Cost {
        self.objective.net().cost_of(self.evaluated(part))
    }

    /// What is evaluated for a part.
    fn evaluated(&self, part: Part) -> Part {
        self.objective.net().evaluated(part, self.first)
    }

    /// The first layer of which anything is kept: parts whose inputs are not cost a whole pass.
    pub fn kept_from(&self) -> usize {
        self.first
    }

    /// Samples that numbers are kept of: here, and with those of other ranks.
    pub fn samples(&self) -> (usize, usize) {
        self.samples
    }

    /// Keeps the numbers for parameters of which only a part is another than those kept before, and which were
    /// [proposed](KeptEvaluator::propose) last; the first time, the part begins with the first layer. Gives U(x), the bits of a whole
    /// evaluation.
    ///
    /// Samples whose class is found are counted if `counts`.
    pub fn keep(&mut self, parameters: &[f32], part: Part, batch: &Batch<'_>, counts: bool) -> Score {
        let task = Task::Keep { counts };
        let shared = self.shared(f32::INFINITY, batch);
        self.run(f32::INFINITY, parameters, part, task, (batch, shared));
        let mut correct = 0;
        let mut sums = Vec::with_capacity(self.blocks.len());
        for block in &mut self.blocks {
            let block = block.get_mut().unwrap_or_else(PoisonError::into_inner);
            correct += block.correct;
            sums.push(block.sum);
        }
        let sum = |block: &u32| sums[*block as usize];
        self.order.sort_unstable_by(|a, b| sum(b).total_cmp(&sum(a)).then(a.cmp(b)));
        let none = Score { loss: f32::NAN, correct: 0 };
        self.mean((batch, shared), (f32::INFINITY, false), counts.then_some(correct)).unwrap_or(none)
    }

    /// U(x') with a part changed, or none as soon as it is certain to exceed `bound`. Of a neuron it is
    /// that of a whole evaluation but for rounding; [kept](KeptEvaluator::keep), it is that of one.
    pub fn propose(&mut self, bound: f32, parameters: &[f32], part: Part, batch: &Batch<'_>) -> Option<f32> {
        let mut column = std::mem::take(&mut self.column);
        column.clear();
        if let Part::Neuron { .. } = part {
            column.extend(self.objective.net().indices(part).map(|index| parameters[index]));
        }
        let shared = self.shared(bound, batch);
        let is_within = self.run(bound, parameters, part, Task::Propose(&column), (batch, shared));
        self.column = column;
        Some(self.mean((batch, shared), (bound, !is_within?), None)?.loss)
    }

    /// Gathers the statistics of the inputs of the layers from `from` on, for the parameters kept last.
    pub fn gather(&mut self, net: Net<'_>, statistics: &mut [f32], from: usize, batch: &Batch<'_>) {
        let samples = batch.samples.len();
        let mut gather = Gather::new(net, statistics, from);
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let kept = block.get_mut().unwrap_or_else(PoisonError::into_inner).kept();
            let (first, features) = (index * BLOCK, &batch.samples.features);
            gather.add(Portable::<TILE>, &self.layers, kept, features, (first, (samples - first).min(BLOCK)));
        }
        gather.end();
    }

    /// The losses found last, by the samples' places.
    pub fn losses(&self) -> &[f32] {
        &self.table
    }

    /// What early rejection came to so far.
    pub fn early_rejection(&self) -> EarlyRejection {
        self.early_rejection
    }

    /// What was computed so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Goes on counting from before.
    pub fn resume(&mut self, early_rejection: EarlyRejection, work: Work) {
        (self.early_rejection, self.work) = (early_rejection, work);
    }

    /// The evaluation as ranks share it, if they do.
    fn shared<'s>(&self, bound: f32, batch: &Batch<'s>) -> Option<Shared<'s>> {
        Shared::new(batch, self.objective.terms(batch.all()), bound, self.expected)
    }

    /// Finds the losses; says whether all that are to be found here were, before the bound was exceeded. None where all ranks
    /// know that it is.
    fn run(
        &mut self,
        bound: f32,
        parameters: &[f32],
        part: Part,
        task: Task<'_>,
        (batch, shared): (&Batch<'_>, Option<Shared<'_>>),
    ) -> Option<bool> {
        let part = self.evaluated(part);
        let Self { objective, arithmetic, layers, blocks, workers, order, .. } = self;
        let samples = &batch.samples;
        let net = objective.net();
        let cost = match task {
            Task::Propose(_) => net.cost_of(part),
            Task::Keep { .. } => net.cost_of_keeping(part),
        };
        let work = samples.len().saturating_mul(cost.total());
        let threads = if work < PARALLEL_FROM { 1 } else { workers.len() };
        let ceiling = ceiling(bound, objective.terms(batch.all()));
        let rounds = shared.map_or(1, |shared| shared.rounds(cost.total(), OF_KEEPING));
        let changed = Changed { parameters, part, layers };
        let count = blocks.len();
        let (mut round, mut so_far, mut done) = (1, Some(0.0), 0);
        let mut is_within = true;
        while let Some(sum) = so_far {
            let to_do = count * (round - 1) / rounds..count * round / rounds;
            let queue = Queue::new(&order[to_do.clone()], threads, sum, ceiling);
            let all = AtomicUsize::new(0);
            let work = |scratch: &mut Scratch| {
                let (mut taken, mut done) = (queue.taken(), 0);
                let mut next = |found: Option<f32>| {
                    if let Some(sum) = found {
                        taken.add(sum);
                        done += 1;
                    }
                    taken.next().map(|block| block as usize)
                };
                kernels::each(*arithmetic, objective, changed, samples, task, blocks, scratch, &mut next);
                all.fetch_add(done, Relaxed);
            };
            match &mut workers[..threads] {
                [worker] => work(worker),
                workers => crew::share(threads, workers.iter_mut(), work),
            }
            done += all.into_inner();
            is_within = done == to_do.end;
            let Some(shared) = shared.filter(|_| round < rounds) else { break };
            let found = if is_within { &order[..to_do.end] } else { &[] };
            let sum_of = |block: &u32| lock(&blocks[*block as usize]).sum;
            so_far = shared.look(found.iter().map(sum_of), !is_within);
            round += 1;
        }
        self.work.add(cost, done as f64 / count.max(1) as f64);
        if bound != f32::INFINITY {
            self.early_rejection.evaluated += done as u64;
            self.early_rejection.offered += count as u64;
        }
        so_far.map(|_| is_within)
    }

    /// The mean of the losses that were found, summed in the order of the samples; with how many of all are right, of which
    /// `correct` are here, if they are counted. None of a loss above the bound, which here is certain if `is_above`.
    fn mean(
        &mut self,
        (batch, shared): (&Batch<'_>, Option<Shared<'_>>),
        (bound, is_above): (f32, bool),
        correct: Option<u32>,
    ) -> Option<Score> {
        if let Some(drawn) = batch.drawn {
            return self.mean_of_drawn((batch, drawn), bound, is_above);
        }
        if is_above && shared.is_none() {
            return None;
        }
        let sums: Vec<f32> = match batch.places {
            _ if is_above => Vec::new(),
            None => self.blocks.iter().map(|block| lock(block).sum).collect(),
            Some(places) => {
                self.table.resize(batch.samples.len(), 0.0);
                for (places, block) in places.chunks(BLOCK).zip(&mut self.blocks) {
                    let losses = &block.get_mut().unwrap_or_else(PoisonError::into_inner).losses;
                    places.iter().zip(losses).for_each(|(place, loss)| self.table[*place as usize] = *loss);
                }
                self.table.chunks(BLOCK).map(block_sum).collect()
            }
        };
        let terms = self.objective.terms(batch.all());
        let score = match shared {
            None => {
                let mut total = Total::default();
                sums.iter().for_each(|sum| total.add(*sum));
                Score { loss: total.mean(terms), correct: correct.unwrap_or(0) }
            }
            Some(shared) => match shared.finish(&Found { rows: &sums, blocks: sums.len(), is_above, correct }, &mut [])
            {
                Outcome::Is(loss, correct) => Score { loss, correct },
                Outcome::Above => return None,
            },
        };
        self.expected = 2.0 * f64::from(score.loss) * terms as f64;
        Some(score)
    }

    /// The mean of a random batch's losses, of which each rank has found some. None where they are certain to exceed the bound, as
    /// those found here do if `is_above`, or a rank has gone.
    fn mean_of_drawn(&mut self, (batch, drawn): (&Batch<'_>, Drawn<'_>), bound: f32, is_above: bool) -> Option<Score> {
        let terms = self.objective.terms(batch.all());
        let mut found = Vec::with_capacity(BLOCK * self.blocks.len());
        if !is_above {
            let losses = |block: &mut Mutex<Block>| block.get_mut().unwrap_or_else(PoisonError::into_inner).losses;
            found.extend(self.blocks.iter_mut().flat_map(losses).take(batch.samples.len()));
        }
        if bound != f32::INFINITY && drawn.exceed(bound, terms, found.iter().copied(), is_above) {
            return None;
        }
        self.table = drawn.table(&found, (drawn.all(), &[]), 1)?;
        let mut total = Total::default();
        self.table.chunks(BLOCK).for_each(|losses| total.add(block_sum(losses)));
        Some(Score { loss: total.mean(terms), correct: 0 })
    }
}

fn lock(block: &Mutex<Block>) -> MutexGuard<'_, Block> {
    block.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use amc_core::{Generator, Measurements, Part, Score};
    use amc_kernels::{Arithmetic, is_available};
    use rand_core::{Rng, SeedableRng};

    use super::KeptEvaluator;
    use crate::data::digits;
    use crate::data::pack::PackedSet;
    use crate::description::{ActivationName, Description, LossName};
    use crate::evaluate::Evaluator;
    use crate::train::Initial;

    /// The bits of all losses, proposed and kept, of a few moves of any parts, where layers are kept from `first` on.
    fn bits(first: usize, arithmetic: Arithmetic, threads: usize, packed: &PackedSet<'_>) -> Vec<u32> {
        let net = Description::new(&[64, 80, 24, 10], ActivationName::Tanh, ActivationName::Softmax, LossName::Mse);
        let objective = net.objective().expect("a net");
        let (net, batch) = (objective.net(), packed.batch());
        let mut rng = Generator::seed_from_u64(3);
        let mut x = Initial::Gaussian(0.3).draw(net, arithmetic, &mut rng);
        let mut whole = Evaluator::new(objective, arithmetic, 1);
        let samples = (batch.samples.len(), batch.samples.len());
        let mut kept = KeptEvaluator::keeping_from(first, objective, arithmetic, threads, samples);
        let mut measure =
            |x: &[f32]| whole.evaluate(x, &batch, Measurements { correct: true, ..Measurements::default() });
        assert_eq!(kept.keep(&x, Part::Net, &batch, true), measure(&x));
        let (mut bits, mut loss) = (Vec::new(), measure(&x).loss);
        for number in 0..60 {
            let layer = rng.next_u32() as usize % 3;
            let unit = rng.next_u32() as usize % net.neurons(layer);
            let part =
                [Part::Neuron { layer, unit }, Part::Layer(layer), Part::Net][(number % 8_usize).saturating_sub(5)];
            let mut proposed = x.clone();
            let by = Initial::Gaussian(0.03).draw(net, arithmetic, &mut rng);
            net.indices(part).for_each(|index| proposed[index] += by[index]);
            let near = kept.propose(f32::INFINITY, &proposed, part, &batch).expect("no bound");
            let exact = measure(&proposed);
            // Rounding of sums of 80 terms of at most 1, over 1,437 · 10 outputs.
            assert!((near - exact.loss).abs() < 1e-5 * exact.loss, "{part:?}: {near}, not {}", exact.loss);
            if first > 0 && part.layer() <= first {
                assert_eq!((near, kept.cost_of(part)), (exact.loss, net.cost()), "{part:?}");
            }
            if exact.loss > 1.001 * loss {
                assert_eq!(kept.propose(loss, &proposed, part, &batch).filter(|near| *near <= loss), None);
            }
            if number % 3 == 0 {
                kept.propose(f32::INFINITY, &proposed, part, &batch);
                let counts = number % 2 == 0;
                let correct = if counts { exact.correct } else { 0 };
                assert_eq!(kept.keep(&proposed, part, &batch, counts), Score { correct, ..exact }, "{part:?}");
                (x, loss) = (proposed, exact.loss);
            }
            bits.extend([near.to_bits(), loss.to_bits()]);
        }
        bits
    }

    #[test]
    fn where_the_last_layers_alone_are_kept_all_else_is_evaluated_whole() {
        let data = digits();
        let packed = PackedSet::all(&data.train, 1);
        let all = bits(0, Arithmetic::Portable, 1, &packed);
        for first in 1..=3 {
            let some = bits(first, Arithmetic::Portable, 2, &packed);
            let losses = |bits: &[u32]| bits.iter().skip(1).step_by(2).copied().collect::<Vec<_>>();
            assert!(losses(&some) == losses(&all), "{first}");
        }
    }

    #[test]
    fn any_threads_and_any_order_of_samples_have_the_bits_of_whole_evaluations() {
        let data = digits();
        let plain = PackedSet::at(&data.train, &(0..1437).collect::<Vec<_>>(), 1);
        let mut ordered = PackedSet::all(&data.train, 1);
        assert!(ordered.is_ordered() && !plain.is_ordered());
        ordered.group(&(0..1437).map(|sample| (sample % 7) as f32).collect::<Vec<_>>(), false);
        for arithmetic in [Arithmetic::Portable, Arithmetic::Fused] {
            if is_available(arithmetic) {
                let one = bits(0, arithmetic, 1, &plain);
                assert_eq!(bits(0, arithmetic, 3, &plain), one);
                assert_eq!(bits(0, arithmetic, 2, &ordered), one);
            }
        }
    }
}
