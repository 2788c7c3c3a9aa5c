//! An integer net learns digits, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core`, `rand_core` and `crc`, so that a test on the host can
//! include this file.

use core::fmt;

use amc_core::integer::{
    Chain, ChainMemory, Kernel, Net, Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles,
};
use amc_core::{Activation, Generator, Layer};
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use rand_core::SeedableRng;

use crate::golden::{IMAGES, PIXELS, stored};

/// Images that the net learns: the first so many, which stay in flash.
pub const LEARNED: usize = IMAGES - HELD_OUT;
/// Images that it is tried on: the last so many.
pub const HELD_OUT: usize = 360;
/// Images of which activations are kept, in 12,800 bytes: a part with 16 KiB of RAM has no room for more.
const KEPT: usize = 800;
/// Moves that are made on the smallest core.
pub const MOVES: u64 = 10_000;
/// Moves that are made on every core.
pub const FEW: u64 = 300;
const SEED: u64 = 1;

const LAYERS: &[Layer] = &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)];
/// The largest value of a pixel.
const WHITE: i32 = 16;
/// Root mean squares of pixels, and of activations.
const RMS: [u32; 2] = [7, 64];
const SCALES: [Scale; 2] =
    [Scale::fit(PIXELS, RMS[0], 127, Activation::Tanh), Scale::fit(16, RMS[1], 127, Activation::Softmax)];
/// The net.
pub const NET: Net<'static> = Net::new(amc_core::Net::new(PIXELS, LAYERS), &SCALES, WHITE);
const OBJECTIVE: Objective<'static> = match Objective::new(NET) {
    Ok(objective) => objective,
    Err(_) => panic!("a softmax has a loss"),
};
const FIT: &str = "the net, the images and the memory fit together";

/// All memory of the training.
#[derive(Debug)]
pub struct Memory {
    parameters: [i8; NET.parameters()],
    undo: [i8; NET.widest_neuron()],
    rates: [u32; LAYERS.len()],
    sums: [i32; NET.scratch(1)],
    outputs: [i8; NET.scratch_outputs(1)],
    kept: [i8; NET.kept_outputs(1) * KEPT],
}

impl Memory {
    /// All zero.
    pub const fn new() -> Self {
        Self { parameters: [0; _], undo: [0; _], rates: [0; _], sums: [0; _], outputs: [0; _], kept: [0; _] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// `count` images with their labels, from image `first` on.
pub fn images(first: usize, count: usize) -> Samples<'static, u8, 1> {
    let (pixels, labels) = stored(first, count);
    Samples { features: Tiles::new(pixels, count, PIXELS), targets: Targets::Classes(labels) }
}

/// CRC-32 (ISO-HDLC) of the parameters as bytes.
pub fn checksum(parameters: &[i8]) -> u32 {
    let crc = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);
    let mut digest = crc.digest();
    for parameter in parameters {
        digest.update(&parameter.to_le_bytes());
    }
    digest.finalize()
}

/// What the chain came to. As text it is the line that device and host have to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Golden {
    /// [`checksum`] of the last parameters.
    pub hash: u32,
    /// Moves made.
    pub steps: u64,
    /// Moves accepted.
    pub accepted: u64,
    /// The last loss, summed, in bits of 2¹² units.
    pub loss: u64,
    /// Parameters at the limit.
    pub saturated: usize,
    /// Held-out images that are recognised.
    pub right: usize,
}

impl fmt::Display for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, steps, accepted, loss, saturated, right } = self;
        write!(f, "hash={hash:08x} steps={steps} accepted={accepted} loss={loss} saturated={saturated} ")?;
        write!(f, "held_out={right}/{HELD_OUT}")
    }
}

/// Makes moves until `ends` says so, given how many there were and the loss; gives what they came to.
///
/// # Panics
/// Never: the net, the images and the memory fit together.
pub fn run<K: Kernel<1>>(kernel: K, memory: &mut Memory, mut ends: impl FnMut(u64, u64) -> bool) -> Golden {
    let Memory { parameters, undo, rates, sums, outputs, kept } = memory;
    let evaluation = SerialMemory { sums, outputs, kept_sums: &mut [], kept_outputs: kept };
    let mut evaluator = Serial::new(OBJECTIVE, kernel, images(0, LEARNED), evaluation).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    NET.draw(parameters, &mut rng);
    let mut chain = Chain::new(NET, ChainMemory { parameters, undo, rates }, rng, &mut evaluator).expect(FIT);
    while !ends(chain.counters().steps, chain.loss()) {
        chain.step(&mut evaluator);
    }
    let (counters, loss, saturated) = (chain.counters(), chain.loss(), chain.saturated());
    let hash = checksum(chain.parameters());
    let right = evaluator.score(&images(IMAGES - HELD_OUT, HELD_OUT), chain.parameters()).expect(FIT).correct;
    Golden { hash, steps: counters.steps, accepted: counters.accepted, loss, saturated, right }
}
