//! What an evaluation is asked for, what it finds for each sample, and what it gives.

use crate::lanes::Lanes;
use crate::sums::{LANES, add_tile};

/// The outcome of one evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Score {
    /// The loss U(x), a mean as [`Loss`](crate::Loss) says.
    pub loss: f32,
    /// Samples whose class was found; 0 where targets are not classes or they were not counted.
    pub correct: u32,
}

/// One block's part of a score: what a host adds up after evaluating blocks in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BlockScore {
    /// The losses of its samples, summed over samples and outputs.
    pub loss: f32,
    /// Samples whose class was found, if they were counted.
    pub correct: u32,
}

/// A number found for each sample of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SampleValue {
    /// What it adds to the loss.
    Loss,
    /// Σ S² over the inputs of a layer, where its weights are used at several steps or positions the mean over these.
    Signal(usize),
    /// What an output of the net is.
    Output(usize),
}

/// Takes the numbers that are found for the samples of a tile.
pub trait Collect<L: Lanes> {
    /// Takes what was found, `v`, for the `valid` samples from `sample` on. Implementations are `#[inline(always)]`, so that
    /// they are compiled for the lanes' instruction set, which a closure would not be.
    fn take(&mut self, lanes: L, found: SampleValue, sample: usize, valid: usize, v: L::V);
}

/// The sums of a block: what [`Objective::block`](crate::Objective::block) makes of what is found.
pub(crate) struct Sums<'s> {
    pub(crate) loss: [f32; LANES],
    pub(crate) signals: &'s mut [[f32; LANES]],
}

impl<L: Lanes> Collect<L> for Sums<'_> {
    #[inline(always)]
    fn take(&mut self, lanes: L, found: SampleValue, sample: usize, valid: usize, v: L::V) {
        let sums = match found {
            SampleValue::Loss => Some(&mut self.loss),
            SampleValue::Signal(layer) => self.signals.get_mut(layer),
            SampleValue::Output(_) => None,
        };
        if let Some(sums) = sums {
            add_tile(lanes, sums, sample, v, valid);
        }
    }
}

/// Has the losses of the samples from `first` on taken, of which `end` is behind the last: those of a tile of `width` outputs are in
/// the place of its first.
#[inline(always)]
pub(crate) fn take_losses<L: Lanes>(
    lanes: L,
    found: &[f32],
    width: usize,
    (first, end): (usize, usize),
    collect: &mut impl Collect<L>,
) {
    for (index, found) in found.chunks_exact((width * L::T).max(1)).enumerate() {
        let sample = first + index * L::T;
        collect.take(lanes, SampleValue::Loss, sample, (end - sample).min(L::T), lanes.load(found));
    }
}

/// What is found for the samples of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Request {
    /// Losses.
    Losses {
        /// And the signals of the layers.
        signals: bool,
        /// And how many are of the class that is found.
        correct: bool,
    },
    /// The net's outputs; targets do not matter.
    Outputs,
}

/// What an evaluation gathers besides the loss.
#[derive(Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Measurements<'s> {
    /// Receives, for each layer from [`Objective::gathers_from`](crate::Objective::gathers_from) on, the signal of its inputs: Σ S² of Eq. (17), as a
    /// sum from [`Objective::block`](crate::Objective::block) and as a mean over the samples from [`Objective::evaluate`](crate::Objective::evaluate). An element 0 that is
    /// not gathered belongs to [`Objective::input_signal`](crate::Objective::input_signal) and is left alone; other layers without weights have 0.
    /// Empty: not gathered.
    pub signal: &'s mut [f32],
    /// Whether samples whose class is found are counted.
    pub correct: bool,
}
