//! A chain of a net with layers of every kind, which gives the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use amc_core::chain::{Counters, Options, TrainingMemory};
use amc_core::trainer::Trainer;
use amc_core::{Activation, Generator, Image, Kernel, Lanes, Layer, Loss, Net, Objective, gaussian};
use rand_core::SeedableRng;

use crate::golden::{Golden, PIXELS, checksum, digits};

const THREE: Kernel = Kernel::new(3, 1, 1);

/// The net: an image is looked at as such, and then as a sequence of four steps.
pub const NET: Net<'static> = Net::new(
    PIXELS,
    &[
        Layer::convolution(Image::new(8, 8, 1), 3, THREE, Activation::Relu),
        Layer::keep(192),
        Layer::convolution(Image::new(8, 8, 3), 3, THREE, Activation::Linear),
        Layer::add(192, Activation::Relu),
        Layer::max_pool(Image::new(8, 8, 3), Kernel::new(2, 2, 0)),
        Layer::conv1d(4, 12, 8, THREE, Activation::Tanh),
        Layer::gru_states(8, 8, 4),
        Layer::keep(32),
        Layer::recurrent_states(8, 8, 4, Activation::Tanh),
        Layer::swap(32),
        Layer::normalization(32, Activation::Linear),
        Layer::add(32, Activation::Linear),
        Layer::gru(8, 12, 4),
        Layer::recurrent(4, 16, 3, Activation::Tanh),
        Layer::global_average(Image::new(2, 2, 4)),
        Layer::dense(10, Activation::Softmax),
    ],
);
/// The net and its loss.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);

/// Images that the net learns: the first so many.
const SAMPLES: usize = 40;
/// Moves that the chain makes.
pub const MOVES: u64 = 60;
const SEED: u64 = 1;
/// The scale of the parameters to begin with.
const START: f32 = 0.3;
const OPTIONS: Options = Options::new(0.02).epsilon(0.01).n_reset(5);

/// What training needs, for tiles of up to 16 samples, with centres and signals.
const NEEDS: TrainingMemory = NET.memory(16).centres().signal_norm();

/// All memory of a training of [`NET`].
#[derive(Debug)]
pub struct Memory([f32; NEEDS.numbers()]);

impl Memory {
    /// All zero.
    pub const fn new() -> Self {
        Self([0.0; NEEDS.numbers()])
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs the chain.
///
/// # Panics
/// Never: the net, the images and the memory fit together.
pub fn run<L: Lanes>(lanes: L, memory: &mut Memory) -> Golden {
    const FIT: &str = "the net, the images and the memory fit together";
    let buffers = NEEDS.cut(&mut memory.0).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    gaussian::fill(lanes, &mut rng, START, buffers.parameters);
    let images = digits(0, SAMPLES);
    let mut trainer = Trainer::with_signal_norm(|| OBJECTIVE, lanes, images, buffers, OPTIONS, rng).expect(FIT);
    let now = trainer.fit(|now| now.counters.steps == MOVES);
    let Counters { steps, accepted, resets } = now.counters;
    Golden { hash: checksum(trainer.parameters()), steps, accepted, resets, loss_bits: now.loss.to_bits() }
}
