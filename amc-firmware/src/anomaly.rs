//! What is not normal is found without labels: a net learns to repeat normal samples, and what it repeats badly is none.
//!
//! Normal are zeros, anomalies all other digits, at half their resolution. From a stream of zeros a net with 3 units in the
//! middle learns in a reservoir; of the zeros after these the errors are kept in order, and the threshold is a quantile of
//! them. It depends on nothing but
//! [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can include this file.

use core::fmt;

use amc_core::chain::{Options, TrainingMemory};
use amc_core::trainer::{Serial, Trainer};
use amc_core::window::Reservoir;
use amc_core::{Activation, Generator, Lanes, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
use rand_core::SeedableRng;

use crate::golden::{IMAGES, PIXELS, checksum, stored};

/// Pixels of an image at half the resolution.
const SMALL: usize = PIXELS / 4;
const NET: Net<'static> =
    Net::new(SMALL, &[Layer::dense(3, Activation::Tanh), Layer::dense(SMALL, Activation::Linear)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const OPTIONS: Options = Options::new(0.02).n_reset(50);
const START: f32 = 0.1;
const SEED: u64 = 1;

/// The class that is normal.
const NORMAL: u8 = 0;
/// Normal samples that are learned from.
const LEARNED: usize = 100;
/// Of these, how many are held at a time.
const PLACES: usize = 64;
/// Moves after each.
const MOVES: u64 = 120;
/// Normal samples after these, whose errors make the threshold.
const CALIBRATED: usize = 43;
/// The share of normal samples that may be taken for anomalies.
const ALARMS: f32 = 0.1;
/// Images of the file that are neither learned from nor measured for the threshold: the last so many.
const HELD_OUT: usize = 360;

const FIT: &str = "the net, the images and the memory fit together";
/// Of tiles of up to 16 samples.
const NEEDS: TrainingMemory = NET.memory(16);

/// All memory.
#[derive(Debug)]
pub struct Memory {
    training: [f32; NEEDS.numbers()],
    reservoir: Reservoir<PLACES, SMALL, SMALL>,
}

impl Memory {
    /// All zero.
    pub const fn new() -> Self {
        Self { training: [0.0; NEEDS.numbers()], reservoir: Reservoir::new() }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// The errors of `N` normal samples that were not learned from, in order.
struct Errors<const N: usize> {
    sorted: [f32; N],
    len: usize,
}

impl<const N: usize> Errors<N> {
    fn new() -> Self {
        Self { sorted: [f32::INFINITY; N], len: 0 }
    }

    /// Puts an error in its place; none beyond the `N`-th.
    fn add(&mut self, error: f32) {
        let before = self.sorted[..self.len].partition_point(|other| *other <= error);
        if self.len < N {
            self.sorted.copy_within(before..self.len, before + 1);
            self.sorted[before] = error;
            self.len += 1;
        }
    }

    /// The least error that no more than a share of normal samples exceeds, on average: the ⌈(1 − share)(n + 1)⌉-th of n, by
    /// H. Papadopoulos, K. Proedrou, V. Vovk and A. Gammerman, *Inductive Confidence Machines for Regression*, ECML 2002.
    /// Infinite where there are too few to say.
    fn threshold(&self, share: f32) -> f32 {
        let exceeding = (share * (self.len + 1) as f32) as usize;
        let place = self.len.checked_sub(exceeding);
        place.and_then(|place| self.sorted[..self.len].get(place)).copied().unwrap_or(f32::INFINITY)
    }
}

/// What was found among the held-out images. As text it is the line that device and host have to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// [`checksum`] of the last parameters.
    pub hash: u32,
    /// The threshold.
    pub threshold_bits: u32,
    /// Normal images, and how many of them were taken for anomalies.
    pub normal: (u32, u32),
    /// Anomalies, and how many of them were found.
    pub anomalies: (u32, u32),
}

impl Found {
    /// Whether at least 90% of the anomalies were found, and at most 20% of the normal images taken for some: twice what the
    /// threshold is made for, as there are few of them.
    pub fn is_good(&self) -> bool {
        10 * self.anomalies.1 >= 9 * self.anomalies.0 && 5 * self.normal.1 <= self.normal.0
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, threshold_bits, normal, anomalies } = self;
        write!(f, "hash={hash:08x} threshold_bits={threshold_bits:08x}")?;
        write!(f, " found={} of {} false_alarms={} of {}", anomalies.1, anomalies.0, normal.1, normal.0)
    }
}

/// An image at half its resolution: the means of four pixels.
fn small(image: &[u8]) -> [f32; SMALL] {
    core::array::from_fn(|pixel| {
        let (row, column) = (pixel / 4, pixel % 4);
        let corner = 16 * row + 2 * column;
        let sum: u16 = [0, 1, 8, 9].iter().map(|place| u16::from(image[corner + place])).sum();
        f32::from(sum) / 64.0
    })
}

type Learner<'m, L> = Trainer<'m, Serial<'m, Objective<'m>, L, &'m mut Reservoir<PLACES, SMALL, SMALL>>>;

/// How badly an image is repeated: the mean squared error of its pixels.
fn error<L: Lanes>(learner: &mut Learner<'_, L>, image: &[f32; SMALL]) -> f32 {
    let sample = Samples { features: Rows::new(image, SMALL, 1.0), targets: Targets::Values(image) };
    learner.evaluate(&sample).expect(FIT).loss
}

/// Learns, calibrates, and looks at the held-out images; `watch` is told the loss after each sample that was learned from.
///
/// # Panics
/// Never: the net, the images and the memory fit together.
pub fn run<L: Lanes>(lanes: L, memory: &mut Memory, mut watch: impl FnMut(f32)) -> Found {
    let images = |first, count| {
        let (images, labels) = stored(first, count);
        images.chunks_exact(PIXELS).map(small).zip(labels)
    };
    let mut stream = images(0, IMAGES - HELD_OUT).filter(|(_, label)| **label == NORMAL).map(|(image, _)| image);
    let Memory { training, reservoir } = memory;
    *reservoir = Reservoir::new();
    let buffers = NEEDS.cut(training).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    gaussian::fill(lanes, &mut rng, START, buffers.parameters);
    // Another stream than the chain's, so that choices and moves do not change each other.
    let mut choices = rng.clone();
    choices.long_jump();
    let first = stream.next().expect(FIT);
    reservoir.push(first, first, &mut choices).expect(FIT);
    let mut learner = Trainer::new(OBJECTIVE, lanes, reservoir, buffers, OPTIONS, rng).expect(FIT);
    for (i, image) in stream.by_ref().take(LEARNED - 1).enumerate() {
        learner.fit(|now| now.counters.steps == (i as u64 + 1) * MOVES);
        watch(learner.loss());
        learner.change_batches(|reservoir| reservoir.push(image, image, &mut choices)).expect(FIT);
    }
    learner.fit(|now| now.counters.steps == LEARNED as u64 * MOVES);
    watch(learner.loss());

    let mut errors = Errors::<CALIBRATED>::new();
    for image in stream {
        errors.add(error(&mut learner, &image));
    }
    let threshold = errors.threshold(ALARMS);
    let (mut normal, mut anomalies) = ((0, 0), (0, 0));
    for (image, label) in images(IMAGES - HELD_OUT, HELD_OUT) {
        let is_alarm = error(&mut learner, &image) > threshold;
        let (all, alarms) = if *label == NORMAL { &mut normal } else { &mut anomalies };
        *all += 1;
        *alarms += u32::from(is_alarm);
    }
    Found { hash: checksum(learner.parameters()), threshold_bits: threshold.to_bits(), normal, anomalies }
}
