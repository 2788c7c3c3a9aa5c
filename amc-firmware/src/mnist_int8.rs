//! An integer 784-16-16-10 net learns MNIST's digits within 16 KiB of RAM, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`integers`] and `amc_core`, so that a program on the host can include this file.

use amc_core::integer::{Kernel, Net, Samples, Scale, Targets, Tiles};
use amc_core::{Activation, Layer};

use crate::integers::{self, Learner, bytes, objective};

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

/// All memory of the training.
pub type Memory = integers::Memory<{ LAYERS.len() }, { NET.scratch(1) }, { bytes(NET, KEPT) }>;

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

impl End {
    /// Of a chain.
    pub fn of<K: Kernel<1>>(learner: &Learner<'_, K>) -> Self {
        let chain = learner.chain();
        Self { loss: chain.loss(), accepted: chain.counters().accepted, hash: learner.hash() }
    }
}

/// So many moves on `file`, of [`LEARNED`] images.
///
/// # Panics
/// Where the file is too short.
pub fn run<'m, K: Kernel<1>>(kernel: K, file: &'m [u8], memory: &'m mut Memory, moves: u64) -> Learner<'m, K> {
    let mut learner = Learner::begin(const { objective(NET) }, kernel, images(file, LEARNED), memory, SEED);
    learner.run(moves);
    learner
}
