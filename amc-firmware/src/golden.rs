//! The golden chain: one short training that gives the same bits on a device and on a host.
//!
//! It depends on nothing but `amc_core`, `rand_core` and `crc`, so that a test on the host can include this file.

use core::fmt;

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Activation, Gather, Generator, Lanes, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
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
/// Parameters of the net.
pub const PARAMETERS: usize = NET.parameters();
/// Layers of the net.
pub const LAYERS: usize = NET.layers().len();

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
    let crc = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);
    let mut digest = crc.digest();
    for parameter in parameters {
        digest.update(&parameter.to_le_bytes());
    }
    digest.finalize()
}

/// All memory of a training of [`NET`], for tiles of up to 16 samples.
#[derive(Debug)]
pub struct Buffers {
    /// The current parameters.
    pub parameters: [f32; PARAMETERS],
    /// The proposed parameters.
    pub proposed: [f32; PARAMETERS],
    /// The centres μ.
    pub centres: [f32; PARAMETERS],
    /// The signals of the current parameters.
    pub signal: [f32; LAYERS],
    /// The signals of the proposed parameters.
    pub gathered: [f32; LAYERS],
    /// Scratch memory of the forward pass.
    pub scratch: [f32; NET.scratch(16)],
}

impl Buffers {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            parameters: [0.0; PARAMETERS],
            proposed: [0.0; PARAMETERS],
            centres: [0.0; PARAMETERS],
            signal: [0.0; LAYERS],
            gathered: [0.0; LAYERS],
            scratch: [0.0; NET.scratch(16)],
        }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
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

/// A chain over images, with signal norm, and what its moves need.
#[derive(Debug)]
pub struct Learner<'b, L> {
    lanes: L,
    images: Images,
    gathered: &'b mut [f32],
    /// Scratch memory of the forward pass.
    pub scratch: &'b mut [f32],
    /// The chain.
    pub chain: Chain<'b, Generator>,
}

impl<'b, L: Lanes> Learner<'b, L> {
    /// A chain at random parameters, N(0, σ₀²).
    ///
    /// # Panics
    /// If the options are out of range: the net, the images and the buffers fit together.
    pub fn new(lanes: L, images: Images, options: Options, buffers: &'b mut Buffers) -> Self {
        let Buffers { parameters, proposed, centres, signal, gathered, scratch } = buffers;
        OBJECTIVE.check(&images).expect(FIT);
        let mut rng = Generator::seed_from_u64(SEED);
        gaussian::fill(lanes, &mut rng, options.sigma, parameters);
        let first = loss(lanes, &images, parameters, signal, scratch);
        signal[0] = OBJECTIVE.input_signal(lanes, &images);
        gathered[0] = signal[0];
        let memory = Memory::new(parameters, proposed).centres(centres).signal_norm(NET, signal);
        let chain = Chain::new(memory, options, rng, first).expect(FIT);
        Self { lanes, images, gathered, scratch, chain }
    }

    /// Makes a move, and gives its evaluation up once it is certain to be rejected.
    pub fn step(&mut self) {
        let Self { lanes, images, gathered, scratch, chain } = self;
        let proposal = chain.propose(*lanes);
        let (x, gather) = (proposal.parameters(), Gather { signal: gathered, correct: false });
        match OBJECTIVE.evaluate_within(*lanes, proposal.bound(), x, images, scratch, gather).expect(FIT) {
            Some(score) => proposal.decide_with(score.loss, gathered),
            None => proposal.reject(),
        };
    }
}

fn loss<L: Lanes>(lanes: L, images: &Images, x: &[f32], signal: &mut [f32], scratch: &mut [f32]) -> f32 {
    OBJECTIVE.evaluate(lanes, x, images, scratch, Gather { signal, correct: false }).expect(FIT).loss
}

/// Runs the chain: so many moves on the first 200 images.
pub fn run<L: Lanes>(lanes: L, buffers: &mut Buffers, moves: u64) -> Golden {
    let mut learner = Learner::new(lanes, digits(0, SAMPLES), OPTIONS, buffers);
    for _ in 0..moves {
        learner.step();
    }
    let chain = &learner.chain;
    let (hash, counters) = (checksum(chain.parameters()), chain.counters());
    let (steps, accepted, resets) = (counters.steps, counters.accepted, counters.resets);
    Golden { hash, steps, accepted, resets, loss_bits: chain.loss().to_bits() }
}
