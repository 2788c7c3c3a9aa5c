//! An integer net learns digits, with the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), [`integers`] and `amc_core`, so that a test on the host can include this file.

use core::fmt;

use amc_core::integer::{Kernel, Net, Samples, Scale, Targets, Tiles};
use amc_core::{Activation, Layer};

use crate::golden::{IMAGES, PIXELS, stored};
use crate::integers::{self, Learner, bytes, objective};

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
pub const WHITE: i32 = 16;
/// Root mean squares of pixels, and of activations.
pub const RMS: [u32; 2] = [7, 64];
const SCALES: [Scale; 2] =
    [Scale::fit(PIXELS, RMS[0], 127, Activation::Tanh), Scale::fit(16, RMS[1], 127, Activation::Softmax)];
/// The net.
pub const NET: Net<'static> = Net::new(amc_core::Net::new(PIXELS, LAYERS), &SCALES, WHITE);

/// All memory of the training.
pub type Memory = integers::Memory<{ LAYERS.len() }, { NET.scratch(1) }, { bytes(NET, KEPT) }>;

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

impl Golden {
    /// Of a chain that learns any of the digits.
    pub fn of<K: Kernel<1>>(learner: &mut Learner<'_, K>) -> Self {
        let (counters, right) = (learner.chain().counters(), right(learner));
        Self {
            hash: learner.hash(),
            steps: counters.steps,
            accepted: counters.accepted,
            loss: learner.chain().loss(),
            saturated: learner.chain().saturated(),
            right,
        }
    }
}

/// Held-out images that a net recognises.
pub fn right<K: Kernel<1>>(learner: &mut Learner<'_, K>) -> usize {
    learner.right(&images(IMAGES - HELD_OUT, HELD_OUT))
}

/// A chain at its beginning.
pub fn begin<K: Kernel<1>>(kernel: K, memory: &mut Memory, seed: u64) -> Learner<'_, K> {
    Learner::begin(const { objective(NET) }, kernel, images(0, LEARNED), memory, seed)
}

/// So many moves; gives what they came to.
pub fn run<K: Kernel<1>>(kernel: K, memory: &mut Memory, moves: u64) -> Golden {
    let mut learner = begin(kernel, memory, SEED);
    learner.run(moves);
    Golden::of(&mut learner)
}
