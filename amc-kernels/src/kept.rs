//! Losses with a changed part of a net, from numbers that are kept of every sample.

use std::sync::{Mutex, PoisonError};

use amc_core::sums::{BLOCK, block_sum};
use amc_core::{Collect, KeptLayer, KeptTask, Lanes, Objective, Part, SampleValue};

use crate::evaluate::PackedSamples;
use crate::lanes::{OnLanes, dispatch};
use crate::{Arithmetic, Scratch, TILE};

/// What is kept of a block of samples, and what was found for it last.
#[derive(Debug)]
pub struct Block {
    kept: Vec<f32>,
    fresh: [f32; BLOCK],
    /// The losses of its samples, as proposed or kept last.
    pub losses: [f32; BLOCK],
    /// Their sum.
    pub sum: f32,
    /// Samples whose class was found, if they were counted.
    pub correct: u32,
}

impl Block {
    /// What is kept: [`Net::kept`](amc_core::Net::kept) numbers for each sample, filled up to a whole tile.
    pub fn kept(&self) -> &[f32] {
        &self.kept
    }
}

/// Numbers that a block of so many samples holds, of the layers from `first` on.
pub fn numbers(objective: &Objective<'_>, samples: usize, first: usize) -> usize {
    objective.net().kept_from(first) * samples.next_multiple_of(TILE) + 2 * BLOCK
}

/// The blocks of so many samples, of which nothing is kept yet; and never of the layers before `first`: then a part is to be the one
/// that is [evaluated](amc_core::Net::evaluated).
pub fn blocks(objective: &Objective<'_>, samples: usize, first: usize) -> Vec<Mutex<Block>> {
    let of_sample = objective.net().kept_from(first);
    let block = |first: usize| {
        let samples = (samples - first).min(BLOCK).next_multiple_of(TILE);
        let kept = vec![0.0; of_sample * samples];
        Mutex::new(Block { kept, fresh: [0.0; BLOCK], losses: [0.0; BLOCK], sum: 0.0, correct: 0 })
    };
    (0..samples).step_by(BLOCK).map(block).collect()
}

/// What is done with the blocks: a [`KeptTask`].
#[derive(Clone, Copy, Debug)]
pub enum Task<'c> {
    /// Finds their losses. Of a neuron, these are its parameters.
    Propose(&'c [f32]),
    /// Keeps what changed, and finds the losses of that.
    Keep {
        /// Whether samples whose class is found are counted.
        counts: bool,
    },
}

/// A changed part of a net.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'c> {
    /// All parameters.
    pub parameters: &'c [f32],
    /// Where they are others than what is kept was made of.
    pub part: Part,
    /// The net's [`kept_layers_from`](amc_core::Net::kept_layers_from) the first of which anything is kept.
    pub layers: &'c [KeptLayer],
}

/// Finds the losses of block after block, as `next` asks for them: it is given their sum for the block before, if there
/// was one. Lengths are those of [`Objective::part`].
#[expect(clippy::too_many_arguments, reason = "what an evaluation takes, what changed, and what is kept")]
pub fn each(
    arithmetic: Arithmetic,
    objective: &Objective<'_>,
    changed: Changed<'_>,
    samples: &PackedSamples<'_>,
    task: Task<'_>,
    blocks: &[Mutex<Block>],
    scratch: &mut Scratch,
    next: &mut dyn FnMut(Option<f32>) -> Option<usize>,
) {
    let scratch = scratch.numbers();
    dispatch(arithmetic, Each { objective, changed, samples, task, blocks, scratch, next });
}

struct Each<'s> {
    objective: &'s Objective<'s>,
    changed: Changed<'s>,
    samples: &'s PackedSamples<'s>,
    task: Task<'s>,
    blocks: &'s [Mutex<Block>],
    scratch: &'s mut [f32],
    next: &'s mut dyn FnMut(Option<f32>) -> Option<usize>,
}

impl OnLanes for Each<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { objective, changed, samples, task, blocks, scratch, next } = self;
        let Changed { parameters, part, layers } = changed;
        let mut wanted = next(None);
        while let Some(at) = wanted {
            let Some(block) = blocks.get(at) else { return };
            let mut block = block.lock().unwrap_or_else(PoisonError::into_inner);
            let Block { kept, fresh, losses, sum, correct } = &mut *block;
            let mut found = Losses { losses, first: at * BLOCK };
            let task = match task {
                Task::Propose(column) => KeptTask::Propose { kept, fresh, column },
                Task::Keep { counts } => KeptTask::Keep { kept, fresh, counts },
            };
            let of = (part, layers);
            *correct = objective.part(lanes, parameters, of, samples, at, task, scratch, &mut found);
            let count = samples.len().saturating_sub(at * BLOCK).min(BLOCK);
            *sum = block_sum(losses.get(..count).unwrap_or_default());
            let sum = *sum;
            drop(block);
            wanted = next(Some(sum));
        }
    }
}

/// Takes the losses of the samples from `first` on.
struct Losses<'l> {
    losses: &'l mut [f32; BLOCK],
    first: usize,
}

impl<L: Lanes> Collect<L> for Losses<'_> {
    #[inline(always)]
    fn take(&mut self, lanes: L, _: SampleValue, sample: usize, _: usize, v: L::V) {
        if let Some(to) = self.losses.get_mut(sample - self.first..) {
            lanes.store(v, to);
        }
    }
}
