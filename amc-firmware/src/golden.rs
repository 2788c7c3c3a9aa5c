//! The golden chain: one short training that gives the same bits on a device and on a host.
//!
//! It depends on nothing but `amc_core`, `rand_core` and `crc`, so that a test on the host can include this file.

use core::fmt;

use amc_core::chain::{Counters, Options, TrainingMemory};
use amc_core::trainer::{IntoObjective, Serial, Trainer};
use amc_core::{Activation, Generator, Lanes, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use rand_core::SeedableRng;

/// Images of the file.
pub const IMAGES: usize = 1797;
/// Pixels of an image.
pub const PIXELS: usize = 64;
/// The pixels, 0 to 16, one image after another, and then the labels: they stay in flash.
static DATA: &[u8; IMAGES * (PIXELS + 1)] = include_bytes!("../../data/digits.u8");

/// The net.
pub const NET: Net<'static> =
    Net::new(PIXELS, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
/// The net and its loss.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

/// Images that the chain learns: the first so many.
const SAMPLES: usize = 200;
/// Moves that the chain makes on a device.
pub const MOVES: u64 = 1000;
const SEED: u64 = 1;
const OPTIONS: Options = Options::new(0.05).epsilon(0.01).n_reset(5);

const FIT: &str = "the net, the images and the buffers fit together";

/// Images with their labels.
pub type Images = Samples<'static, Rows<'static, u8>>;

/// Pixels and labels of `count` images, from image `first` on.
pub fn stored(first: usize, count: usize) -> (&'static [u8], &'static [u8]) {
    let (pixels, labels) = DATA.split_at(IMAGES * PIXELS);
    (&pixels[first * PIXELS..][..count * PIXELS], &labels[first..][..count])
}

/// `count` images with their labels, from image `first` on.
pub fn digits(first: usize, count: usize) -> Images {
    let (pixels, labels) = stored(first, count);
    Samples { features: Rows::new(pixels, PIXELS, 1.0 / 16.0), targets: Targets::Classes(labels) }
}

/// CRC-32 (ISO-HDLC) of the parameters as little-endian bytes.
pub fn checksum(parameters: &[f32]) -> u32 {
    checksum_of(parameters.iter().map(|parameter| parameter.to_le_bytes()))
}

/// The same of numbers' bytes.
pub fn checksum_of<const N: usize>(numbers: impl Iterator<Item = [u8; N]>) -> u32 {
    let crc = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);
    let mut digest = crc.digest();
    numbers.for_each(|number| digest.update(&number));
    digest.finalize()
}

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

/// [`OBJECTIVE`], known when the program is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Digits;

impl<'a> IntoObjective<'a> for Digits {
    #[inline(always)]
    fn objective(self) -> Objective<'a> {
        OBJECTIVE
    }
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
    /// Reductions of σ.
    pub resets: u64,
    /// The last loss.
    pub loss_bits: u32,
}

impl fmt::Display for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, steps, accepted, resets, loss_bits } = self;
        write!(f, "hash={hash:08x} steps={steps} accepted={accepted} resets={resets} loss_bits={loss_bits:08x}")
    }
}

/// A trainer on images, with signal norm.
pub type Learner<'m, L> = Trainer<'m, Serial<'m, Digits, L, Images, true>>;

/// A trainer that begins at random parameters, N(0, σ₀²).
///
/// # Panics
/// If the options are out of range: the net, the images and the memory fit together.
pub fn begin<L: Lanes>(lanes: L, images: Images, options: Options, memory: &mut Memory) -> Learner<'_, L> {
    let buffers = NEEDS.cut(&mut memory.0).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    gaussian::fill(lanes, &mut rng, options.sigma, buffers.parameters);
    Trainer::with_signal_norm(Digits, lanes, images, buffers, options, rng).expect(FIT)
}

/// Runs the chain: so many moves on the first 200 images.
pub fn run<L: Lanes>(lanes: L, memory: &mut Memory, moves: u64) -> Golden {
    let mut learner = begin(lanes, digits(0, SAMPLES), OPTIONS, memory);
    let now = learner.fit(|now| now.counters.steps == moves);
    let Counters { steps, accepted, resets } = now.counters;
    Golden { hash: checksum(learner.parameters()), steps, accepted, resets, loss_bits: now.loss.to_bits() }
}
