//! Layers of many widths, and functions at their ends: what lanes with instructions of their own have to give to the portable
//! bits.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use amc_core::elementary::{exp, tanh};
use amc_core::{
    Activation, Features, Generator, Lanes, Layer, Loss, Measurements, Net, Objective, Rows, Samples, Targets, Tiles,
    gaussian,
};
use rand_core::SeedableRng;

use crate::golden::checksum_of;

/// Inputs of a net, and samples: tiles of four are filled up.
const INPUTS: usize = 5;
const SAMPLES: usize = 6;
/// Inputs of the widest layer: more than a panel of them.
const WIDEST: usize = 70;
const OUTPUTS: usize = 13;
/// Neurons of two narrower layers.
const BOTH: usize = 36;

const PARAMETERS: usize = (INPUTS + 1) * WIDEST + (WIDEST + 1) * OUTPUTS;
/// For the samples of a wide tile, or for two narrow ones together.
const SCRATCH: usize = 2 * 16 * WIDEST + 2 * 16;

const FIT: &str = "the nets, the samples and the memory fit together";

/// The checksum of what all of it comes to on these lanes.
///
/// # Panics
/// Never: the nets, the samples and the memory fit together.
pub fn run<L: Lanes>(lanes: L) -> u32 {
    let (mut parameters, mut numbers) = ([0.0; PARAMETERS], [[0.0; INPUTS]; SAMPLES]);
    // So large that some sums are beyond where tanh ends.
    gaussian::fill(lanes, &mut Generator::seed_from_u64(1), 4.0, &mut parameters);
    let bytes: [u8; INPUTS * SAMPLES] = core::array::from_fn(|i| (7 * i % 11) as u8);
    for (number, byte) in numbers.as_flattened_mut().iter_mut().zip(bytes) {
        // Of which some are −0.
        *number = -(f32::from(byte) - 5.0) / 4.0;
    }
    let mut tiles = [0.0; INPUTS * 16];
    for (sample, row) in numbers.iter().enumerate() {
        for (input, x) in row.iter().enumerate() {
            tiles[(sample / L::T * INPUTS + input) * L::T + sample % L::T] = *x;
        }
    }
    let mut words = [0_u32; 1024];
    let mut count = 0;
    let mut note = |x: f32| {
        // All NaN are one.
        words[count] = if x.is_nan() { u32::MAX } else { x.to_bits() };
        count += 1;
    };
    for first in 1..=BOTH {
        let (first, second) = if first < BOTH { (first, BOTH - first) } else { (WIDEST, OUTPUTS) };
        let layers = [Layer::dense(first, Activation::Tanh), Layer::dense(second, Activation::Linear)];
        let objective = Objective::new(Net::new(INPUTS, &layers), Loss::MeanSquaredError);
        let parameters = &parameters[..objective.net().parameters()];
        for loss in [
            loss(lanes, &objective, parameters, Rows::new(&bytes, INPUTS, 1.0 / 8.0)),
            loss(lanes, &objective, parameters, Rows::new(numbers.as_flattened(), INPUTS, 1.0)),
            loss(lanes, &objective, parameters, Tiles::new(&tiles, SAMPLES, INPUTS, 0.5)),
        ] {
            note(loss);
        }
    }
    let ends = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, -0.0, 1e-45, -1e-45];
    let more = [10.0, 10.1, -10.0, -10.1, 88.7, 89.0, 89.1, -87.5, -95.3, -103.9, -104.0, -104.1, 0.3, -0.3];
    for x in ends.into_iter().chain(more) {
        for y in [exp(lanes, lanes.splat(x)), tanh(lanes, lanes.splat(x))] {
            let mut all = [0.0; 16];
            lanes.store(y, &mut all);
            note(all[L::T - 1]);
        }
    }
    checksum_of(words.into_iter().map(u32::to_le_bytes))
}

/// The mean square of a net's outputs.
fn loss<L: Lanes>(lanes: L, objective: &Objective<'_>, parameters: &[f32], features: impl Features) -> f32 {
    let samples = Samples { features, targets: Targets::Values(&[0.0; BOTH * SAMPLES]) };
    let mut scratch = [0.0; SCRATCH];
    let score = objective.evaluate(lanes, parameters, &samples, &mut scratch, Measurements::default());
    score.expect(FIT).loss
}
