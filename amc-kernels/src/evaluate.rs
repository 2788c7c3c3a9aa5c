//! Forward passes of blocks of samples, and what is found for each of these.

use amc_core::sums::{BLOCK, block_sum};
use amc_core::{Collect, Lanes, Objective, Request, SampleValue, Samples, Targets};

use crate::lanes::{OnLanes, dispatch};
use crate::packed::PackedFeatures;
use crate::{Arithmetic, TILE};

/// Samples in packed features.
pub type PackedSamples<'a> = Samples<'a, PackedFeatures<'a>>;

/// Rows of numbers that [`block`] finds for samples, if signals are wanted: their losses, and the signals of the layers
/// that an evaluation gathers them for.
pub fn rows(objective: &Objective<'_>) -> usize {
    1 + objective.net().layers().len() - objective.gathers_from()
}

/// Numbers of scratch memory that is as much as a block has a use for.
pub fn scratch(objective: &Objective<'_>) -> usize {
    objective.net().scratch(BLOCK)
}

/// Evaluates the samples of a block, of lengths as [`Objective::block`] has them: their losses go to the first of the
/// rows, and signals, if `wanted`, to the following ones, of which there are as many as [`rows`] says. `sums` receives the
/// sum of each row, as a whole evaluation adds it up. Gives the samples whose class is found, if that is wanted.
///
/// Where lengths do not fit, numbers mean nothing.
#[expect(clippy::too_many_arguments, reason = "what the core's block has, and where the numbers go")]
pub fn block(
    arithmetic: Arithmetic,
    objective: &Objective<'_>,
    parameters: &[f32],
    samples: &PackedSamples<'_>,
    block: usize,
    wanted: Request,
    scratch: &mut [f32],
    (rows, sums): (&mut [[f32; BLOCK]], &mut [f32]),
) -> u32 {
    let numbers = rows.as_flattened_mut();
    dispatch(arithmetic, Block { objective, parameters, samples, block, wanted, scratch, numbers, sums })
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
    let mut scratch = vec![0.0; self::scratch(objective)];
    let scratch = &mut scratch[..];
    for (block, numbers) in outputs.chunks_exact_mut(BLOCK * objective.net().outputs().max(1)).enumerate() {
        let (scratch, wanted, sums) = (&mut *scratch, Request::Outputs, &mut [][..]);
        dispatch(arithmetic, Block { objective, parameters, samples, block, wanted, scratch, numbers, sums });
    }
}

/// Σ S² of the net's inputs for each sample, as [`Objective::input_signals`] has it.
pub fn input_signals(arithmetic: Arithmetic, objective: &Objective<'_>, samples: &PackedSamples<'_>) -> Vec<f32> {
    let mut signals = vec![0.0; samples.len().next_multiple_of(TILE)];
    dispatch(arithmetic, InputSignals { objective, samples, signals: &mut signals });
    signals.truncate(samples.len());
    signals
}

struct Block<'s> {
    objective: &'s Objective<'s>,
    parameters: &'s [f32],
    samples: &'s PackedSamples<'s>,
    block: usize,
    wanted: Request,
    scratch: &'s mut [f32],
    /// `[row][BLOCK]`
    numbers: &'s mut [f32],
    /// Of as many rows.
    sums: &'s mut [f32],
}

impl OnLanes for Block<'_> {
    type Output = u32;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> u32 {
        let Self { objective, parameters, samples, block, wanted, scratch, numbers, sums } = self;
        let (first, from) = (block * BLOCK, objective.gathers_from());
        let mut rows = Rows { numbers, first, from };
        let correct = objective.tiles(lanes, parameters, samples, block, scratch, wanted, &mut rows);
        let count = samples.len().saturating_sub(first).min(BLOCK);
        for (sum, row) in sums.iter_mut().zip(rows.numbers.chunks_exact(BLOCK)) {
            *sum = block_sum(row.get(..count).unwrap_or_default());
        }
        correct
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
