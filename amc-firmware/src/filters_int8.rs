//! An integer net with a convolution and pooling learns digits within 16 KiB of RAM, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), [`integers`], [`digits_int8`](crate::digits_int8) and `amc_core`, so that a test
//! on the host can include this file.

use amc_core::integer::{Kernel, Net, Scale};
use amc_core::{Activation, Image, Layer};

use crate::digits_int8::{Golden, RMS, WHITE, images};
use crate::golden::PIXELS;
use crate::integers::{self, Learner, bytes, objective};

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
const SCALES: [Scale; 3] = [
    Scale::fit(9, RMS[0], 127, Activation::Tanh),
    Scale::NONE,
    Scale::fit(POOLED.numbers(), RMS[1], 127, Activation::Softmax),
];
const NET: Net<'static> = Net::new(amc_core::Net::new(PIXELS, LAYERS), &SCALES, WHITE);

/// All memory of the training.
pub type Memory = integers::Memory<{ LAYERS.len() }, { NET.scratch(1) }, { bytes(NET, KEPT) }>;

/// Trains the net; gives what that came to.
pub fn run<K: Kernel<1>>(kernel: K, memory: &mut Memory) -> Golden {
    let mut learner = Learner::begin(const { objective(NET) }, kernel, images(0, LEARNED), memory, SEED);
    learner.run(MOVES);
    Golden::of(&mut learner)
}
