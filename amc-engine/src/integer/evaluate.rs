//! Evaluation of an integer net over threads: each has some tiles of its own, and its own memory.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use amc_core::Activation;
use amc_core::integer::{Change, Evaluate, Net, Objective, Score, SerialMemory, Targets};
use amc_kernels::integer::{Evaluator as Part, TILE, Tiled};
use rayon::prelude::*;

use super::data::Set;
use super::net::Description;
use crate::crew;
use crate::ranks::{OF_MOVE, OF_SUM, RanksError, Team};

/// Bytes that are kept of samples, at most; where they were more, less is kept of the last ones.
pub(super) const MOST: usize = 1 << 30;

/// Sums of a whole net's evaluation from which on a second thread pays, as a move has about as many.
const PARALLEL_FROM: usize = 1 << 20;
/// Such sums of a rank between two looks at what all of them have found, at least.
const ROUND: usize = 1 << 18;

/// The tiles of each thread: as many, or one more.
fn ranges(net: Net<'_>, set: &Set, threads: usize) -> Vec<Range<usize>> {
    let units: usize = net.shape().layers().iter().map(amc_core::Layer::units).sum();
    let tiles = set.tiles();
    let is_small = set.len().saturating_mul(units) < PARALLEL_FROM;
    let threads = if is_small { 1 } else { threads.clamp(1, tiles.max(1)) };
    (0..threads).map(|thread| tiles * thread / threads..tiles * (thread + 1) / threads).collect()
}

/// Bytes that are kept of a tile whose sums are, and of one whose activations are.
fn of_tile(net: Net<'_>) -> (usize, usize) {
    (net.kept_sums(TILE).saturating_mul(size_of::<i32>()), net.kept_outputs(TILE))
}

/// Tiles whose sums are kept, and tiles whose activations are, of so many within so many bytes: of all both, or behind the first ones
/// the others.
fn kept(net: Net<'_>, tiles: usize, bytes: usize) -> (usize, usize) {
    let (sums, outputs) = of_tile(net);
    if sums.saturating_add(outputs).saturating_mul(tiles) <= bytes {
        return (tiles, tiles);
    }
    if sums.saturating_mul(tiles) <= bytes {
        return (tiles, 0);
    }
    let with_outputs = bytes.checked_div(outputs).unwrap_or(0).min(tiles);
    if with_outputs < tiles {
        return (0, with_outputs);
    }
    // What is left where all have their activations kept.
    let with_sums = (bytes - outputs * tiles) / (sums - outputs).max(1);
    (with_sums.min(tiles), tiles - with_sums.min(tiles))
}

/// Bytes that evaluation takes beside the samples.
pub(super) fn bytes(net: Net<'_>, set: &Set, threads: usize, keeps: bool) -> u64 {
    let scratch = net.scratch(TILE).saturating_mul(size_of::<i32>()).saturating_add(net.scratch_outputs(TILE));
    let (sums, outputs) = of_tile(net);
    let all = sums.saturating_add(outputs).saturating_mul(set.tiles());
    let kept = if keeps { all.min(MOST) } else { 0 };
    scratch.saturating_mul(threads).saturating_add(kept) as u64
}

/// Bytes of a line of memory.
const LINE: usize = 64;

/// Numbers from the beginning of a line on: else registers of AVX-512 would each be read from two, and of AVX2 each other.
struct Lines<T> {
    all: Vec<T>,
    first: usize,
}

impl<T: Copy + Default> Lines<T> {
    fn new(numbers: usize) -> Self {
        let before = LINE / size_of::<T>() - 1;
        let mut all = vec![T::default(); numbers + before];
        let first = all.as_ptr().align_offset(LINE).min(before);
        all.truncate(first + numbers);
        Self { all, first }
    }

    fn numbers(&mut self) -> &mut [T] {
        &mut self.all[self.first..]
    }
}

/// The memory of a thread.
struct Memory {
    sums: Lines<i32>,
    outputs: Lines<i8>,
    kept_sums: Lines<i32>,
    kept_outputs: Lines<i8>,
}

/// The memory of an [`Evaluator`].
pub struct Buffers(Vec<(Range<usize>, Memory)>);

impl Buffers {
    /// For these samples on so many threads, or fewer; what is kept of them, if `keeps`, has a limit.
    pub fn new(net: Net<'_>, set: &Set, threads: usize, keeps: bool) -> Self {
        let ranges = ranges(net, set, threads);
        let share = if keeps { MOST / ranges.len() } else { 0 };
        let memory = |range: Range<usize>| {
            let (with_sums, with_outputs) = if keeps { kept(net, range.len(), share) } else { (0, 0) };
            let memory = Memory {
                sums: Lines::new(net.scratch(TILE)),
                outputs: Lines::new(net.scratch_outputs(TILE)),
                kept_sums: Lines::new(net.kept_sums(TILE) * with_sums),
                kept_outputs: Lines::new(net.kept_outputs(TILE) * with_outputs),
            };
            (range, memory)
        };
        Self(ranges.into_iter().map(memory).collect())
    }
}

/// What a thread evaluates.
struct Share<'m> {
    part: Part<'m>,
    /// Its tiles, the hardest first: those whose losses were largest when they were last kept.
    order: Vec<u32>,
    /// The losses of tiles, as proposed last.
    losses: Vec<u64>,
}

impl Share<'_> {
    /// Adds the losses of the tiles of one of so many rounds to what all threads have `spent`, until that exceeds `bound`.
    fn propose(
        &mut self,
        (round, rounds): (usize, usize),
        bound: u64,
        (parameters, change): (&[i8], &Change),
        spent: &AtomicU64,
    ) {
        let Self { part, order, losses } = self;
        let order = &order[order.len() * round / rounds..order.len() * (round + 1) / rounds];
        let mut at = 0;
        part.propose_tiles(parameters, change, &mut |found| {
            if let Some(loss) = found {
                losses[order[at] as usize] = loss;
                at += 1;
                if spent.fetch_add(loss, Relaxed) + loss > bound {
                    return None;
                }
            }
            order.get(at).map(|tile| *tile as usize)
        });
    }

    fn keep(&mut self, parameters: &[i8], change: &Change) {
        self.part.keep(parameters, change);
        let losses = &self.losses;
        self.order.sort_unstable_by_key(|tile| (Reverse(losses[*tile as usize]), *tile));
    }
}

/// Evaluates samples on as many threads as there is memory for; moves by the crew's, all else by those of the current rayon pool.
pub struct Evaluator<'m> {
    shares: Vec<Share<'m>>,
    /// Those of other ranks included.
    samples: usize,
    /// Who shares the samples, if ranks do.
    team: Option<Arc<Team>>,
    /// In how many rounds a move is evaluated.
    rounds: usize,
}

impl<'m> Evaluator<'m> {
    /// Evaluates these samples.
    ///
    /// # Errors
    /// Where they do not fit the net, or the memory is another net's.
    pub fn new(objective: Objective<'m>, set: &'m Set, buffers: &'m mut Buffers) -> anyhow::Result<Self> {
        let share = |(range, memory): &'m mut (Range<usize>, Memory)| {
            let (samples, targets) = set.part(range.clone());
            let memory = SerialMemory {
                sums: memory.sums.numbers(),
                outputs: memory.outputs.numbers(),
                kept_sums: memory.kept_sums.numbers(),
                kept_outputs: memory.kept_outputs.numbers(),
            };
            let part = Part::new(objective, samples, targets, memory)?;
            anyhow::Ok(Share { part, order: (0..range.len() as u32).collect(), losses: vec![0; range.len()] })
        };
        // Of few samples a rank may have none.
        let is_left = |(range, _): &&mut (Range<usize>, Memory)| !range.is_empty() || set.share().is_none();
        let shares = buffers.0.iter_mut().filter(is_left).map(share).collect::<anyhow::Result<Vec<_>>>()?;
        let team = set.share().map(|share| Arc::clone(share.team()));
        let units: usize = objective.net().shape().layers().iter().map(amc_core::Layer::units).sum();
        let rounds = team.as_ref().map_or(1, |team| {
            let of_rank = (set.all() / team.count()).saturating_mul(units);
            (of_rank / ROUND).clamp(1, OF_MOVE / OF_SUM)
        });
        Ok(Self { shares, samples: set.all(), team, rounds })
    }

    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Whether all ranks that share the samples are there.
    pub(super) fn check_team(&self) -> Result<(), RanksError> {
        self.team.as_ref().map_or(Ok(()), |team| team.check())
    }

    /// Who shares the samples, if ranks do.
    pub(super) fn team(&self) -> Option<&Team> {
        self.team.as_deref()
    }

    /// The sums of all ranks; none once one has gone.
    fn of_all<const N: usize>(&self, numbers: [u64; N], question: u64) -> Option<[u64; N]> {
        match &self.team {
            Some(team) => team.sum_of(numbers, (question ^ question >> 32) as u32),
            None => Some(numbers),
        }
    }

    pub(super) fn score(&mut self, parameters: &[i8]) -> anyhow::Result<Score> {
        let scores = match &mut self.shares[..] {
            [share] => vec![share.part.score(parameters)],
            shares => shares.par_iter_mut().with_max_len(1).map(|share| share.part.score(parameters)).collect(),
        };
        let own = scores.into_iter().try_fold(Score::default(), |all, part| {
            let part = part?;
            let (correct, clipped) = (all.correct + part.correct, all.clipped + part.clipped);
            anyhow::Ok(Score { loss: all.loss + part.loss, correct, clipped })
        })?;
        let all = self.of_all([own.loss, own.correct as u64, own.clipped as u64], 1);
        self.check_team()?;
        let [loss, correct, clipped] = all.unwrap_or_default();
        Ok(Score { loss, correct: correct as usize, clipped: clipped as usize })
    }
}

impl Evaluate for Evaluator<'_> {
    fn propose(&mut self, bound: u64, parameters: &[i8], change: &Change) -> Option<u64> {
        let (mut own, mut all) = (0, 0);
        for round in 0..self.rounds {
            // What others have found by the last round.
            let others = all - own;
            let spent = AtomicU64::new(all);
            crew::share(self.shares.len(), self.shares.iter_mut(), |share| {
                share.propose((round, self.rounds), bound, (parameters, change), &spent)
            });
            own = spent.into_inner() - others;
            // If it is within the bound, no thread has ended early.
            [all] = self.of_all([own], bound)?;
            if all > bound {
                return None;
            }
        }
        Some(all)
    }

    fn keep(&mut self, parameters: &[i8], change: &Change) {
        crew::share(self.shares.len(), self.shares.iter_mut(), |share| share.keep(parameters, change));
    }

    fn begin(&mut self, parameters: &[i8]) -> u64 {
        let own = match &mut self.shares[..] {
            [share] => share.part.begin(parameters),
            shares => shares.par_iter_mut().with_max_len(1).map(|share| share.part.begin(parameters)).sum(),
        };
        self.of_all([own], 0).map_or(0, |[all]| all)
    }
}

/// The outputs of a net, `[sample][output]`, on the samples of a set in their order: of a softmax the logits, 256 for a doubling.
///
/// # Errors
/// Where they do not fit the net.
pub fn outputs(description: &Description, parameters: &[i8], set: &Set) -> anyhow::Result<Vec<i32>> {
    let objective = description.objective()?;
    objective.net().check(parameters)?;
    let net = objective.net();
    let width = net.shape().outputs();
    let mut all = vec![0; set.len() * width];
    if set.is_empty() && set.share().is_some() {
        // Other ranks have some.
        return Ok(all);
    }
    let (mut sums, mut made) = (vec![0; net.scratch(TILE)], vec![0; net.scratch_outputs(TILE)]);
    let memory = SerialMemory { sums: &mut sums, outputs: &mut made, kept_sums: &mut [], kept_outputs: &mut [] };
    // What is wanted of the samples is not known, and not asked for.
    let (first, _) = set.part(0..set.tiles().min(1));
    let (classes, values) = (vec![0; first.samples], vec![0; first.samples * width]);
    let targets = match description.output() {
        Activation::Softmax => Targets::Classes(&classes),
        _ => Targets::Values(&values),
    };
    let mut part = Part::new(objective, first, targets, memory)?;
    for tile in 0..set.tiles() {
        let (Tiled { features, samples, .. }, _) = set.part(tile..tile + 1);
        let outputs = part.outputs(parameters, features)?;
        for lane in 0..samples {
            let row = &mut all[set.place(tile * TILE + lane) * width..][..width];
            row.iter_mut().zip(outputs).for_each(|(y, outputs)| *y = outputs[lane]);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use amc_core::{Activation, Layer};

    use super::{LINE, Lines, TILE, kept};
    use crate::integer::{Description, Inputs};

    #[test]
    fn what_is_kept_stays_within_its_bytes_and_is_all_there_is_room_for() {
        let layers = vec![Layer::dense(9, Activation::Tanh), Layer::dense(3, Activation::Softmax)];
        let description = Description::fit(4, (Inputs::I8, 32), layers, 127);
        let net = description.objective().expect("a net").net();
        let (sums, outputs) = (4 * net.kept_sums(TILE), net.kept_outputs(TILE));
        assert_eq!(kept(net, 10, 10 * (sums + outputs)), (10, 10));
        assert_eq!(kept(net, 10, 10 * (sums + outputs) - 1), (10, 0));
        assert_eq!(kept(net, 10, 10 * sums), (10, 0));
        for bytes in [10 * sums - 1, 3 * sums + 7 * outputs, 10 * outputs, 10 * outputs - 1, outputs, 0] {
            let (with_sums, with_outputs) = kept(net, 10, bytes);
            assert!(with_sums * sums + with_outputs * outputs <= bytes && with_sums + with_outputs <= 10);
            assert!((with_sums + with_outputs == 10) == (bytes >= 10 * outputs), "{bytes}");
        }
        assert_eq!(kept(net, 10, 3 * sums + 7 * outputs), (3, 7));
    }
    #[test]
    fn numbers_begin_at_a_line_of_memory() {
        for numbers in [1, 63, 64, 1 << 20] {
            let (mut words, mut bytes) = (Lines::<i32>::new(numbers), Lines::<i8>::new(numbers));
            assert_eq!((words.numbers().len(), bytes.numbers().len()), (numbers, numbers));
            assert_eq!((words.numbers().as_ptr() as usize % LINE, bytes.numbers().as_ptr() as usize % LINE), (0, 0));
        }
        assert!(Lines::<i32>::new(0).numbers().is_empty());
    }
}
