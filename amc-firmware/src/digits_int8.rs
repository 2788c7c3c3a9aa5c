//! An integer net learns digits, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use core::fmt;

use amc_core::integer::{
    Chain, ChainMemory, Kernel, Net, Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles,
};
use amc_core::{Activation, Generator, Layer};
use rand_core::SeedableRng;

use crate::golden::{IMAGES, PIXELS, checksum_of, stored};

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
/// The generator's seed.
pub const SEED: u64 = 1;

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

/// All memory of the training, which keeps the sums of so many images, and the activations of so many more.
#[derive(Debug)]
pub struct Memory<const SUMS: usize = 0, const OUTPUTS: usize = KEPT> {
    parameters: [i8; NET.parameters()],
    undo: [i8; NET.widest_neuron()],
    rates: [u32; LAYERS.len()],
    sums: [i32; NET.scratch(1)],
    outputs: [i8; NET.scratch_outputs(1)],
    kept_sums: [[i32; NET.kept_sums(1)]; SUMS],
    kept_outputs: [[i8; NET.kept_outputs(1)]; OUTPUTS],
}

impl<const SUMS: usize, const OUTPUTS: usize> Memory<SUMS, OUTPUTS> {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            parameters: [0; _],
            undo: [0; _],
            rates: [0; _],
            sums: [0; _],
            outputs: [0; _],
            kept_sums: [[0; _]; _],
            kept_outputs: [[0; _]; _],
        }
    }
}

impl<const SUMS: usize, const OUTPUTS: usize> Default for Memory<SUMS, OUTPUTS> {
    fn default() -> Self {
        Self::new()
    }
}

/// `count` images with their labels, from image `first` on.
pub fn images(first: usize, count: usize) -> Samples<'static, u8, 1> {
    let (pixels, labels) = stored(first, count);
    Samples { features: Tiles::new(pixels, count, PIXELS), targets: Targets::Classes(labels) }
}

/// What the chain came to. As text it is the line that device and host have to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Golden {
    /// [`checksum_of`] the last parameters' bytes.
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

/// A chain that learns the images.
#[derive(Debug)]
pub struct Learner<'m, K> {
    chain: Chain<'m, Generator>,
    evaluator: Serial<'m, K, u8, 1>,
}

/// A chain at its beginning.
///
/// # Panics
/// Never: the net, the images and the memory fit together.
pub fn begin<K: Kernel<1>, const SUMS: usize, const OUTPUTS: usize>(
    kernel: K,
    memory: &mut Memory<SUMS, OUTPUTS>,
    seed: u64,
) -> Learner<'_, K> {
    let Memory { parameters, undo, rates, sums, outputs, kept_sums, kept_outputs } = memory;
    let (kept_sums, kept_outputs) = (kept_sums.as_flattened_mut(), kept_outputs.as_flattened_mut());
    let evaluation = SerialMemory { sums, outputs, kept_sums, kept_outputs };
    let mut evaluator = Serial::new(OBJECTIVE, kernel, images(0, LEARNED), evaluation).expect(FIT);
    let mut rng = Generator::seed_from_u64(seed);
    NET.draw(parameters, &mut rng);
    let chain = Chain::new(NET, ChainMemory { parameters, undo, rates }, rng, &mut evaluator).expect(FIT);
    Learner { chain, evaluator }
}

impl<K: Kernel<1>> Learner<'_, K> {
    /// Makes a move.
    pub fn step(&mut self) {
        self.chain.step(&mut self.evaluator);
    }

    /// Moves made.
    pub fn steps(&self) -> u64 {
        self.chain.counters().steps
    }

    /// The loss, summed, in bits of 2¹² units.
    pub fn loss(&self) -> u64 {
        self.chain.loss()
    }

    /// Held-out images that are recognised.
    ///
    /// # Panics
    /// Never: the images fit the net.
    pub fn right(&mut self) -> usize {
        let held_out = images(IMAGES - HELD_OUT, HELD_OUT);
        self.evaluator.score(&held_out, self.chain.parameters()).expect(FIT).correct
    }

    /// What it came to.
    pub fn golden(&mut self) -> Golden {
        let (counters, right) = (self.chain.counters(), self.right());
        Golden {
            hash: checksum_of(self.chain.parameters().iter().map(|parameter| parameter.to_le_bytes())),
            steps: counters.steps,
            accepted: counters.accepted,
            loss: self.chain.loss(),
            saturated: self.chain.saturated(),
            right,
        }
    }
}

/// So many moves; gives what they came to.
pub fn run<K: Kernel<1>>(kernel: K, memory: &mut Memory, moves: u64) -> Golden {
    let mut learner = begin(kernel, memory, SEED);
    while learner.steps() < moves {
        learner.step();
    }
    learner.golden()
}
