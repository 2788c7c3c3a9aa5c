//! Exponentials, softmax and losses of logits of every kind, and what else lanes may have instructions of their own for: they have to
//! give the portable bits.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use amc_core::{
    Activation, Features, Generator, Lanes, Layer, Loss, Measurements, Net, Objective, Rows, Samples, Targets, Tiles,
    activation, gaussian,
};
use rand_core::SeedableRng;

use crate::golden::checksum_of;

/// Units of the widest layer of logits.
const UNITS: usize = 23;
/// Logits of a sample: Gaussian numbers times the first and with the second, but every third is one of these.
type Kind = (f32, f32, &'static [f32]);
const NAN: [f32; 4] = [f32::NAN, f32::from_bits(0xffc0_0000), f32::from_bits(0x7fc0_0155), f32::from_bits(0xffc0_0155)];
/// Those of a tile of four go one way.
const KINDS: [Kind; 16] = [
    (1.0, 0.0, &[0.5]),
    (1.0, -9.0, &[-0.5]),
    (0.0, 0.0, &[-0.0, 0.0]),
    // From the largest, 0, to where exponents end, and where results do.
    (1.0, -9.0, &[0.0, -86.6, -86.7, -87.3, -87.4, -103.9, -104.1]),
    (0.0, -0.0, &[-0.0]),
    (1e-40, 0.0, &[1e-45, -1e-45]),
    (1.0, 0.0, &[NAN[0]]),
    (1.0, 0.0, &[NAN[2]]),
    (30.0, 0.0, &[1.0]),
    (1.0, 0.0, &[1e30, -1e30, f32::MAX, f32::MIN]),
    (1.0, 0.0, &[f32::NEG_INFINITY]),
    (0.0, f32::NEG_INFINITY, &[f32::NEG_INFINITY]),
    (1.0, 0.0, &[f32::INFINITY]),
    (1.0, 0.0, &[NAN[1]]),
    (1.0, -9.0, &[NAN[1]]),
    (1.0, -9.0, &[NAN[3]]),
];

const INPUTS: usize = 5;
/// Of nets: tiles of four are all there, and not.
const SAMPLES: [usize; 2] = [8, 6];
const PARAMETERS: usize = (INPUTS + 1) * UNITS;
const SCRATCH: usize = 2 * 16 * UNITS + 2 * 16;

const FIT: &str = "the nets, the samples and the memory fit together";

/// What all of it comes to.
struct Notes(u32);

impl Notes {
    fn note(&mut self, x: f32) {
        // All NaN are one.
        let bits = if x.is_nan() { u32::MAX } else { x.to_bits() };
        self.0 = checksum_of([self.0, bits].into_iter().map(u32::to_le_bytes));
    }
}

/// The checksum of what all of it comes to on these lanes.
///
/// # Panics
/// Never: the nets, the samples and the memory fit together.
pub fn run<L: Lanes>(lanes: L) -> u32 {
    let mut random = [0.0; UNITS * KINDS.len()];
    gaussian::fill(lanes, &mut Generator::seed_from_u64(2), 1.0, &mut random);
    let mut notes = Notes(0);
    for units in 1..=UNITS {
        for first in (0..KINDS.len()).step_by(L::T) {
            let mut logits = [0.0; 16 * UNITS];
            for (at, logit) in logits[..units * L::T].iter_mut().enumerate() {
                let (unit, sample) = (at / L::T, first + at % L::T);
                let (scale, shift, others) = KINDS[sample];
                *logit = match unit % 3 {
                    2 => others[unit / 3 % others.len()],
                    _ => scale * random[sample * UNITS + unit] + shift,
                };
            }
            tile(lanes, &logits[..units * L::T], &random, &mut notes);
        }
        losses(lanes, units, &random, &mut notes);
    }
    notes.0
}

/// What the lanes make of a tile of logits.
fn tile<L: Lanes>(lanes: L, logits: &[f32], random: &[f32], notes: &mut Notes) {
    let units = logits.len() / L::T;
    let mut each = [[[0.0; 16 * UNITS]; 3], [[0.0; 16 * UNITS]; 3]];
    let [[exponentials, probabilities, corrected], [largest, sums, squares]] = &mut each;
    let (exponentials, probabilities) = (&mut exponentials[..logits.len()], &mut probabilities[..logits.len()]);
    lanes.copy(logits, exponentials);
    lanes.copy(logits, probabilities);
    let (most, sum) = activation::exponentials(lanes, exponentials);
    lanes.store(most, largest);
    lanes.store(sum, sums);
    activation::softmax(lanes, probabilities, units);
    lanes.store(lanes.squares(logits), squares);
    lanes.corrected(&random[..units], lanes.load(&logits[..L::T]), logits, &mut corrected[..logits.len()]);
    for lane in 0..L::T {
        notes.note(sums[lane]);
        notes.note(squares[lane]);
        // A 0 may have either sign, and beside a NaN they are any numbers.
        let defined = !sums[lane].is_nan();
        notes.note(if defined { largest[lane] + 0.0 } else { 0.0 });
        for at in (lane..logits.len()).step_by(L::T) {
            notes.note(if defined { exponentials[at] } else { 0.0 });
            notes.note(probabilities[at]);
            notes.note(corrected[at]);
        }
    }
}

/// Losses of nets with so many outputs.
fn losses<L: Lanes>(lanes: L, units: usize, random: &[f32], notes: &mut Notes) {
    let bytes: [u8; INPUTS * SAMPLES[0]] = core::array::from_fn(|i| (7 * i % 11) as u8);
    let mut classes = [0; SAMPLES[0]];
    let mut values = [0.0; SAMPLES[0] * UNITS];
    for (sample, class) in classes.iter_mut().enumerate() {
        *class = (5 * sample % units) as u8;
        values[sample * units + usize::from(*class)] = 1.0;
    }
    let mut tiles = [0.0; INPUTS * 16];
    for (at, byte) in bytes.iter().enumerate() {
        let (sample, input) = (at / INPUTS, at % INPUTS);
        tiles[(sample / L::T * INPUTS + input) * L::T + sample % L::T] = f32::from(*byte);
    }
    let parameters = &random[..PARAMETERS][..(INPUTS + 1) * units];
    for activation in [Activation::Softmax, Activation::Linear, Activation::Sigmoid] {
        for loss in [Loss::MeanSquaredError, Loss::CrossEntropy] {
            let layers = [Layer::dense(units, activation)];
            // Softmax is not of one output, and cross-entropy of probabilities.
            let Ok(net) = Net::try_new(INPUTS, &layers) else { continue };
            let Ok(objective) = Objective::try_new(net, loss) else { continue };
            for samples in SAMPLES {
                for targets in [Targets::Classes(&classes), Targets::Values(&values)] {
                    // Up to where exponentials end.
                    for scale in [0.125, 8.0] {
                        let rows = Rows::new(&bytes[..samples * INPUTS], INPUTS, scale);
                        notes.note(value(lanes, &objective, parameters, rows, targets));
                        let tiles = Tiles::new(&tiles, samples, INPUTS, scale);
                        notes.note(value(lanes, &objective, parameters, tiles, targets));
                    }
                }
            }
        }
    }
}

fn value<L: Lanes>(
    lanes: L,
    objective: &Objective<'_>,
    parameters: &[f32],
    features: impl Features,
    targets: Targets<'_>,
) -> f32 {
    let samples = Samples { features, targets };
    let mut scratch = [0.0; SCRATCH];
    let score = objective.evaluate(lanes, parameters, &samples, &mut scratch, Measurements::default());
    score.expect(FIT).loss
}
