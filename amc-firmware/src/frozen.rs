//! What frozen layers make of samples, stored in every way: the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use amc_core::{Activation, Body, F16, Frozen, Generator, Lanes, Layer, Net, Rows, Scaled, gaussian};
use rand_core::SeedableRng;

use crate::golden::checksum_of;

/// Of both ways to use weights: by sums of small numbers, and made `f32` before.
const NET: Net<'static> = Net::new(
    6,
    &[Layer::gru_states(2, 3, 3), Layer::dense(13, Activation::Tanh), Layer::dense(5, Activation::Softmax)],
);
const NUMBERS: (usize, usize) = Body::stored(&NET);
/// Tiles of four are all there, and not.
const SAMPLES: usize = 7;
const SCRATCH: usize = Body::scratch(&NET, 16);

const FIT: &str = "the net, the samples and the memory fit together";

/// The checksums of the features by weights of 32, 16 and 8 bits.
///
/// # Panics
/// Never: the net, the samples and the memory fit together.
pub fn run<L: Lanes>(lanes: L) -> [u32; 3] {
    let mut rng = Generator::seed_from_u64(1);
    let (mut parameters, mut others, mut rows) =
        ([0.0; NET.parameters()], [0.0; NUMBERS.1], [0.0; SAMPLES * NET.inputs()]);
    gaussian::fill(lanes, &mut rng, 0.5, &mut parameters);
    gaussian::fill(lanes, &mut rng, 0.5, &mut others);
    gaussian::fill(lanes, &mut rng, 1.0, &mut rows);
    // From −2 to 2, the smallest among them, which have no 1 before their point.
    let halves: [F16; NUMBERS.0] = core::array::from_fn(|i| F16(((i * 2731 % 0x4000) | ((i % 2) << 15)) as u16));
    let bytes: [i8; NUMBERS.0] = core::array::from_fn(|i| (i * 37 % 255) as u8 as i8);
    // Whole scales would make numbers so large that nothing but ends of functions is left.
    let small: [f32; NUMBERS.1] = others.map(|x| x / 64.0);
    [
        Frozen::F32(&parameters),
        Frozen::F16(Scaled { weights: &halves, others: &others }),
        Frozen::I8(Scaled { weights: &bytes, others: &small }),
    ]
    .map(|stored| features(lanes, stored, &rows))
}

fn features<L: Lanes>(lanes: L, stored: Frozen<'_>, rows: &[f32]) -> u32 {
    let units = NET.outputs();
    let (mut scratch, mut made) = ([0.0; SCRATCH], [0.0; SAMPLES.next_multiple_of(16) * NET.outputs()]);
    let body = Body::try_stored(NET, stored).expect(FIT);
    body.features(lanes, &Rows::new(rows, NET.inputs(), 1.0), &mut scratch, &mut made).expect(FIT);
    let of = |sample: usize, unit: usize| made[(sample / L::T * units + unit) * L::T + sample % L::T];
    checksum_of((0..SAMPLES * units).map(|at| of(at / units, at % units).to_le_bytes()))
}
