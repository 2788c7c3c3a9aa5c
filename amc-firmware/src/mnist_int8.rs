//! An integer 784-16-16-10 net learns MNIST's digits within 16 KiB of RAM, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a program on the host can include this file.

use amc_core::integer::{
    Chain, ChainMemory, Kernel, Net, Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles,
};
use amc_core::{Activation, Generator, Layer};
use rand_core::SeedableRng;

use crate::golden::checksum_of;

/// Pixels of an image.
pub const PIXELS: usize = 784;
/// Images that the net learns: the first of the training images, which stay in flash.
pub const LEARNED: usize = 250;
/// Images of which activations are kept.
const KEPT: usize = 32;
const SEED: u64 = 1;

const LAYERS: &[Layer] =
    &[Layer::dense(16, Activation::Tanh), Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)];
/// The root mean square of pixels, and that of activations.
const RMS: [u32; 2] = [85, 64];
const SCALES: [Scale; 3] = [
    Scale::fit(PIXELS, RMS[0], 127, Activation::Tanh),
    Scale::fit(16, RMS[1], 127, Activation::Tanh),
    Scale::fit(16, RMS[1], 127, Activation::Softmax),
];
/// The net.
pub const NET: Net<'static> = Net::new(amc_core::Net::new(PIXELS, LAYERS), &SCALES, 255);
const OBJECTIVE: Objective<'static> = match Objective::new(NET) {
    Ok(objective) => objective,
    Err(_) => panic!("a softmax has a loss"),
};
const FIT: &str = "the net, the images and the memory fit together";

/// All memory of the training: 14,917 bytes.
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

/// Images, and behind them their labels.
pub fn images(file: &[u8], count: usize) -> Samples<'_, u8, 1> {
    let (pixels, labels) = file.split_at(count * PIXELS);
    Samples { features: Tiles::new(pixels, count, PIXELS), targets: Targets::Classes(&labels[..count]) }
}

/// What a chain came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The loss, summed, in bits of 2¹² units.
    pub loss: u64,
    /// Moves accepted.
    pub accepted: u64,
    /// [`checksum_of`] the last parameters' bytes.
    pub hash: u32,
}

/// So many moves on `file`, of [`LEARNED`] images; gives what they came to, and lends the parameters.
///
/// # Panics
/// Where the file is too short.
pub fn run<'m, K: Kernel<1>>(kernel: K, file: &[u8], memory: &'m mut Memory, moves: u64) -> (End, &'m [i8]) {
    let Memory { parameters, undo, rates, sums, outputs, kept } = memory;
    let evaluation = SerialMemory { sums, outputs, kept_sums: &mut [], kept_outputs: kept };
    let mut evaluator = Serial::new(OBJECTIVE, kernel, images(file, LEARNED), evaluation).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    NET.draw(parameters, &mut rng);
    let chain_memory = ChainMemory { parameters, undo, rates };
    let mut chain = Chain::new(NET, chain_memory, rng, &mut evaluator).expect(FIT);
    for _ in 0..moves {
        chain.step(&mut evaluator);
    }
    let hash = checksum_of(chain.parameters().iter().map(|parameter| parameter.to_le_bytes()));
    let end = End { loss: chain.loss(), accepted: chain.counters().accepted, hash };
    (end, parameters)
}
