//! The net that the paper trains on MNIST, 784-16-16-10, trained in one copy of its 13,002 parameters.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use core::fmt;

use amc_core::chain::{Chain, Grid, Memory, Options};
use amc_core::trainer::{Evaluate, Progress, Serial, Trainer};
use amc_core::{
    Activation, Features, Generator, Lanes, Layer, Loss, Net, Objective, Samples, Score, Targets, gaussian,
};
use rand_core::SeedableRng;

use crate::golden::{PIXELS, checksum, stored};

/// Pixels in a row of a shown image.
const WIDE: usize = 28;
/// Pixels in a row of a stored image.
const NARROW: usize = 8;
/// A stored pixel is shown this many times wide and high.
const ZOOM: usize = 3;
/// Dark pixels around the image.
const BORDER: usize = (WIDE - NARROW * ZOOM) / 2;

/// The net.
pub const NET: Net<'static> = Net::new(
    WIDE * WIDE,
    &[Layer::dense(16, Activation::Tanh), Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)],
);
/// The net and its loss.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

/// Images that the net learns: the first so many.
const SAMPLES: usize = 640;
/// Moves that the chain makes.
const MOVES: u64 = 200;
const SEED: u64 = 1;
/// ε = 0, and a σ₀ so large that a few of the 200 moves are bad enough to be rejected early.
const OPTIONS: Options = Options::new(0.3).n_reset(20).grid(Grid::DEFAULT);

const FIT: &str = "the net, the images and the buffers fit together";

/// Stored 8 x 8 images shown as 28 x 28 ones, whose pixels are computed when they are read.
#[derive(Clone, Copy, Debug)]
pub struct Enlarged<'a> {
    stored: &'a [u8],
}

impl<'a> Enlarged<'a> {
    /// The images whose pixels are `stored`, 64 each.
    pub const fn new(stored: &'a [u8]) -> Self {
        Self { stored }
    }

    /// Pixel (x, y) of the stored images from `first` on, a lane an image.
    #[inline(always)]
    fn pixel<L: Lanes>(&self, lanes: L, first: usize, x: usize, y: usize) -> Option<L::V> {
        let (mut lane, mut dark) = ([0; 16], true);
        for (t, lane) in lane.iter_mut().enumerate().take(L::T) {
            *lane = self.stored.get((first + t) * PIXELS + y * NARROW + x).copied().unwrap_or(0);
            dark &= *lane == 0;
        }
        (!dark).then(|| lanes.load_u8(&lane))
    }
}

impl Features for Enlarged<'_> {
    fn samples(&self) -> usize {
        self.stored.len() / PIXELS
    }

    fn first(self, samples: usize) -> Self {
        let end = samples.saturating_mul(PIXELS).min(self.stored.len());
        Self { stored: self.stored.get(..end).unwrap_or_default() }
    }

    fn width(&self) -> usize {
        WIDE * WIDE
    }

    fn scale(&self) -> f32 {
        1.0 / 16.0
    }

    #[inline(always)]
    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        let images = *self;
        (0..NARROW * ZOOM).flat_map(move |row| {
            let lit = move |x| Some((x, images.pixel(lanes, first, x, row / ZOOM)?));
            let start = (BORDER + row) * WIDE + BORDER;
            let repeat = move |(x, v)| (0..ZOOM).map(move |column| (start + x * ZOOM + column, v));
            (0..NARROW).filter_map(lit).flat_map(repeat)
        })
    }
}

/// All memory of a training but the chain itself; `SCRATCH` is [`Net::scratch`] of the lanes' samples.
#[derive(Debug)]
pub struct Buffers<const SCRATCH: usize> {
    parameters: [f32; NET.parameters()],
    /// The signals of the current parameters.
    signal: [f32; NET.layers().len()],
    /// The signals of the proposed parameters.
    gathered: [f32; NET.layers().len()],
    scratch: [f32; SCRATCH],
}

impl<const SCRATCH: usize> Buffers<SCRATCH> {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            parameters: [0.0; NET.parameters()],
            signal: [0.0; NET.layers().len()],
            gathered: [0.0; NET.layers().len()],
            scratch: [0.0; SCRATCH],
        }
    }
}

impl<const SCRATCH: usize> Default for Buffers<SCRATCH> {
    fn default() -> Self {
        Self::new()
    }
}

/// What the training came to. As text it is the line that device and host have to agree on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// [`checksum`] of the last parameters.
    pub hash: u32,
    /// Moves made.
    pub steps: u64,
    /// Moves accepted.
    pub accepted: u64,
    /// Moves whose evaluation was given up.
    pub given_up: u64,
    /// The loss before.
    pub before: f32,
    /// The loss after.
    pub after: f32,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, steps, accepted, given_up, before, after } = self;
        write!(f, "hash={hash:08x} steps={steps} accepted={accepted} given_up={given_up} ")?;
        write!(f, "loss {before:.6} ({:08x}) -> {after:.6} ({:08x})", before.to_bits(), after.to_bits())
    }
}

/// Trains: 200 moves on the first 640 images.
///
/// # Panics
/// If `SCRATCH` is too small for `lanes`.
#[inline(never)]
pub fn run<L: Lanes, const SCRATCH: usize>(lanes: L, buffers: &mut Buffers<SCRATCH>) -> Outcome {
    let Buffers { parameters, signal, gathered, scratch } = buffers;
    let (pixels, labels) = stored(0, SAMPLES);
    let images = Samples { features: Enlarged::new(pixels), targets: Targets::Classes(labels) };
    OBJECTIVE.check(&images).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    gaussian::fill(lanes, &mut rng, OPTIONS.sigma, parameters);
    Grid::DEFAULT.round(parameters);

    let evaluator = Serial::<_, _, _, true>::new(|| OBJECTIVE, lanes, images, scratch);
    let mut evaluator = Counting { evaluator, given_up: 0 };
    let before = evaluator.evaluate(parameters, signal);
    let memory = Memory::in_place(parameters).signal_norm(NET, signal);
    let chain = Chain::new(memory, OPTIONS, rng, before).expect(FIT);
    let mut trainer = Trainer::of(chain, evaluator, gathered).expect(FIT);
    let Progress { counters, loss, .. } = trainer.fit(|now| now.counters.steps == MOVES);
    let (hash, given_up) = (checksum(trainer.parameters()), trainer.evaluator().given_up);
    Outcome { hash, steps: counters.steps, accepted: counters.accepted, given_up, before, after: loss }
}

/// Counts evaluations that are given up.
struct Counting<E> {
    evaluator: E,
    given_up: u64,
}

impl<E: Evaluate> Evaluate for Counting<E> {
    type Workers = E::Workers;

    fn workers(&self) -> E::Workers {
        self.evaluator.workers()
    }

    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        self.evaluator.evaluate(parameters, signal)
    }

    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        let score = self.evaluator.evaluate_within(bound, parameters, signal);
        self.given_up += u64::from(score.is_none());
        score
    }
}
