//! Forward passes of blocks of samples, and what is found for each of these.

use amc_core::sums::{BLOCK, block_sum};
use amc_core::{Collect, Lanes, Objective, Request, SampleValue, Samples, Targets};

use crate::lanes::{OnLanes, dispatch};
use crate::packed::PackedFeatures;
use crate::{Arithmetic, Scratch, TILE};

/// Samples in packed features.
pub type PackedSamples<'a> = Samples<'a, PackedFeatures<'a>>;

/// Rows of numbers that [`blocks`] finds for samples, if signals are wanted: their losses, and the signals of the layers
/// that an evaluation gathers them for.
pub fn rows(objective: &Objective<'_>) -> usize {
    1 + objective.net().layers().len() - objective.gathers_from()
}

/// Scratch memory, as much as a block has a use for.
pub fn scratch(objective: &Objective<'_>) -> Scratch {
    Scratch::new(objective.net().scratch(BLOCK))
}

/// What was found for a block.
pub struct BlockValues<'n> {
    /// Samples whose class was found, if that was wanted.
    pub correct: u32,
    /// The samples' losses, and their signals if these were wanted: as many rows as [`rows`] says. Or their outputs, a row
    /// each. Numbers beyond the last sample mean nothing.
    pub rows: &'n [[f32; BLOCK]],
    /// The sum of each row, as a whole evaluation adds it up.
    pub sums: &'n [f32],
}

/// Evaluates block after block, of lengths as [`Objective::block`] has them, as `next` asks for them: it is given what was
/// found for the block before, if there was one. `rows` and `sums` are memory for that.
///
/// Where lengths do not fit, numbers mean nothing.
#[expect(clippy::too_many_arguments, reason = "what the core's block has, and where the numbers go")]
pub fn blocks(
    arithmetic: Arithmetic,
    objective: &Objective<'_>,
    parameters: &[f32],
    samples: &PackedSamples<'_>,
    wanted: Request,
    scratch: &mut Scratch,
    (rows, sums): (&mut [[f32; BLOCK]], &mut [f32]),
    next: &mut dyn FnMut(Option<BlockValues<'_>>) -> Option<usize>,
) {
    let scratch = scratch.numbers();
    dispatch(arithmetic, Blocks { objective, parameters, samples, wanted, scratch, rows, sums, next });
}

/// The net's outputs for the first samples, `[output][sample]` in blocks of [`BLOCK`] samples: as many blocks as
/// `outputs` has room for.
pub fn outputs(
    arithmetic: Arithmetic,
    objective: &Objective<'_>,
    parameters: &[f32],
    features: PackedFeatures<'_>,
    outputs: &mut [f32],
) {
    let samples = &Samples { features, targets: Targets::Values(&[]) };
    let width = objective.net().outputs().max(1);
    let (mut scratch, mut rows) = (scratch(objective), vec![[0.0; BLOCK]; width]);
    let mut blocks_of_outputs = outputs.chunks_exact_mut(BLOCK * width).enumerate();
    let mut current: Option<(usize, &mut [f32])> = None;
    let mut next = |values: Option<BlockValues<'_>>| {
        if let (Some((_, outputs)), Some(values)) = (&mut current, values) {
            outputs.copy_from_slice(values.rows.as_flattened());
        }
        current = blocks_of_outputs.next();
        current.as_ref().map(|(block, _)| *block)
    };
    let to = (&mut rows[..], &mut [][..]);
    blocks(arithmetic, objective, parameters, samples, Request::Outputs, &mut scratch, to, &mut next);
}

/// Σ S² of the net's inputs for each sample, as [`Objective::input_signals`] has it.
pub fn input_signals(arithmetic: Arithmetic, objective: &Objective<'_>, samples: &PackedSamples<'_>) -> Vec<f32> {
    let mut signals = vec![0.0; samples.len().next_multiple_of(TILE)];
    dispatch(arithmetic, InputSignals { objective, samples, signals: &mut signals });
    signals.truncate(samples.len());
    signals
}

struct Blocks<'s> {
    objective: &'s Objective<'s>,
    parameters: &'s [f32],
    samples: &'s PackedSamples<'s>,
    wanted: Request,
    scratch: &'s mut [f32],
    rows: &'s mut [[f32; BLOCK]],
    sums: &'s mut [f32],
    next: &'s mut dyn FnMut(Option<BlockValues<'_>>) -> Option<usize>,
}

impl OnLanes for Blocks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { objective, parameters, samples, wanted, scratch, rows, sums, next } = self;
        let mut block = next(None);
        while let Some(at) = block {
            let (first, from) = (at * BLOCK, objective.gathers_from());
            let mut numbers = Rows { numbers: rows.as_flattened_mut(), first, from };
            let correct = objective.tiles(lanes, parameters, samples, at, scratch, wanted, &mut numbers);
            let count = samples.len().saturating_sub(first).min(BLOCK);
            for (sum, row) in sums.iter_mut().zip(&*rows) {
                *sum = block_sum(row.get(..count).unwrap_or_default());
            }
            block = next(Some(BlockValues { correct, rows, sums }));
        }
    }
}

/// Rows of numbers for the samples from `first` on.
struct Rows<'s> {
    numbers: &'s mut [f32],
    first: usize,
    /// The layer whose signals the second row is for.
    from: usize,
}

impl<L: Lanes> Collect<L> for Rows<'_> {
    #[inline(always)]
    fn take(&mut self, lanes: L, found: SampleValue, sample: usize, _: usize, v: L::V) {
        let row = match found {
            SampleValue::Loss => 0,
            SampleValue::Signal(layer) => 1 + layer - self.from,
            SampleValue::Output(output) => output,
        };
        if let Some(to) = self.numbers.get_mut(row * BLOCK + sample - self.first..) {
            lanes.store(v, to);
        }
    }
}

struct InputSignals<'s> {
    objective: &'s Objective<'s>,
    samples: &'s PackedSamples<'s>,
    signals: &'s mut [f32],
}

impl OnLanes for InputSignals<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { objective, samples, signals } = self;
        objective.input_signals(lanes, samples, |sample, _, v| {
            if let Some(to) = signals.get_mut(sample..) {
                lanes.store(v, to);
            }
        });
    }
}
