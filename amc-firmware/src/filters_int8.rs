//! An integer net with a convolution and pooling learns digits within 16 KiB of RAM, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), [`digits_int8`](crate::digits_int8), `amc_core` and `rand_core`, so that a test
//! on the host can include this file.

use amc_core::integer::{Chain, ChainMemory, Kernel, Net, Objective, Scale, Serial, SerialMemory};
use amc_core::{Activation, Generator, Image, Layer};
use rand_core::SeedableRng;

use crate::digits_int8::{Golden, HELD_OUT, images};
use crate::golden::{IMAGES, PIXELS, checksum_of};

/// Images that the net learns: the first so many, which stay in flash.
const LEARNED: usize = 200;
/// Images of which activations are kept.
const KEPT: usize = 64;
/// Moves.
const MOVES: u64 = 500;
const SEED: u64 = 1;

const IMAGE: Image = Image::new(8, 8, 1);
const WINDOW: amc_core::Kernel = amc_core::Kernel::new(3, 1, 0);
const HALVED: amc_core::Kernel = amc_core::Kernel::new(2, 2, 0);
const FILTERS: usize = 4;
const FILTERED: Image = IMAGE.through(WINDOW, FILTERS);
const POOLED: Image = FILTERED.through(HALVED, FILTERS);

const LAYERS: &[Layer] = &[
    Layer::convolution(IMAGE, FILTERS, WINDOW, Activation::Tanh),
    Layer::max_pool(FILTERED, HALVED),
    Layer::dense(10, Activation::Softmax),
];
/// The largest value of a pixel.
const WHITE: i32 = 16;
/// Root mean squares of pixels, and of activations.
const RMS: [u32; 2] = [7, 64];
const SCALES: [Scale; 3] = [
    Scale::fit(9, RMS[0], 127, Activation::Tanh),
    Scale::NONE,
    Scale::fit(POOLED.numbers(), RMS[1], 127, Activation::Softmax),
];
const NET: Net<'static> = Net::new(amc_core::Net::new(PIXELS, LAYERS), &SCALES, WHITE);
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

/// Trains the net; gives what that came to.
///
/// # Panics
/// Never: the net, the images and the memory fit together.
pub fn run<K: Kernel<1>>(kernel: K, memory: &mut Memory) -> Golden {
    let Memory { parameters, undo, rates, sums, outputs, kept } = memory;
    let evaluation = SerialMemory { sums, outputs, kept_sums: &mut [], kept_outputs: kept };
    let mut evaluator = Serial::new(OBJECTIVE, kernel, images(0, LEARNED), evaluation).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    NET.draw(parameters, &mut rng);
    let mut chain = Chain::new(NET, ChainMemory { parameters, undo, rates }, rng, &mut evaluator).expect(FIT);
    for _ in 0..MOVES {
        chain.step(&mut evaluator);
    }
    let held_out = images(IMAGES - HELD_OUT, HELD_OUT);
    let counters = chain.counters();
    Golden {
        hash: checksum_of(chain.parameters().iter().map(|parameter| parameter.to_le_bytes())),
        steps: counters.steps,
        accepted: counters.accepted,
        loss: chain.loss(),
        saturated: chain.saturated(),
        right: evaluator.score(&held_out, chain.parameters()).expect(FIT).correct,
    }
}
