//! A thread's share of an evaluation.

use std::time::{Duration, Instant};

use amc_core::sums::BLOCK;
use amc_core::{BlockScore, Objective, Request};
use amc_kernels::evaluate::{self as kernels, BlockValues, PackedSamples};
use amc_kernels::{Arithmetic, Scratch};

use super::queue::Queue;

/// One thread's memory, in cache lines of its own.
#[repr(align(128))]
pub(super) struct Worker {
    pub scratch: Scratch,
    /// What was found for each sample of a block, [row](kernels::rows) by row.
    pub numbers: Vec<[f32; BLOCK]>,
    /// The sum of each row.
    pub sums: Vec<f32>,
    pub done: Vec<(u32, BlockScore)>,
    /// For each block done: what all its rows come to, if signals are gathered, or for samples that have places their
    /// numbers, [`BLOCK`] a row.
    pub found: Vec<f32>,
    /// How long it was at work, if that is looked at.
    pub busy: Duration,
}

impl Worker {
    /// Nothing is done yet.
    pub fn begin(&mut self) {
        self.done.clear();
        self.found.clear();
        self.busy = Duration::ZERO;
    }
}

/// What workers have found for each of these samples, in one of so many rows, where samples have places; 0 of those that were
/// given up.
pub(super) fn found_in(workers: &[Worker], samples: &PackedSamples<'_>, rows: usize, row: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; samples.len()];
    for worker in workers {
        for ((block, _), found) in worker.done.iter().zip(worker.found.chunks_exact(rows * BLOCK)) {
            let of_block = numbers.chunks_mut(BLOCK).nth(*block as usize).unwrap_or_default();
            of_block.iter_mut().zip(&found[row * BLOCK..]).for_each(|(to, number)| *to = *number);
        }
    }
    numbers
}

/// An evaluation that workers share: each takes a few blocks, and then the next.
pub(super) struct Job<'s, 'a> {
    pub arithmetic: Arithmetic,
    pub objective: Objective<'a>,
    pub parameters: &'s [f32],
    pub samples: &'s PackedSamples<'s>,
    pub has_places: bool,
    /// All [`rows`](kernels::rows) where signals are gathered, else 0.
    pub signals: usize,
    pub correct: bool,
    pub queue: Queue<'s>,
    /// When it began, if times are looked at.
    pub begun: Option<Instant>,
}

impl Job<'_, '_> {
    /// Takes blocks until there are none left, or the bound is exceeded, beside those done before. Keeps with each its signals
    /// or, of samples that have places, all that was found.
    pub fn work(&self, worker: &mut Worker) {
        let begun = self.begun.map(|_| Instant::now());
        let Worker { scratch, numbers, sums, done, found, busy } = worker;
        let Self { arithmetic, objective, parameters, samples, .. } = self;
        let wanted = Request::Losses { signals: self.signals > 0, correct: self.correct };
        let rows = self.signals.max(1);
        let (mut taken, mut at) = (self.queue.taken(), None);
        let mut next = |values: Option<BlockValues<'_>>| {
            if let (Some(block), Some(BlockValues { correct, rows, sums })) = (at, values) {
                match self.has_places {
                    true => found.extend_from_slice(rows.as_flattened()),
                    false => found.extend_from_slice(&sums[..self.signals]),
                }
                done.push((block, BlockScore { loss: sums[0], correct }));
                taken.add(sums[0]);
            }
            at = taken.next();
            at.map(|block| block as usize)
        };
        let to = (&mut numbers[..rows], &mut sums[..rows]);
        kernels::blocks(*arithmetic, objective, parameters, samples, wanted, scratch, to, &mut next);
        *busy += begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    }
}
