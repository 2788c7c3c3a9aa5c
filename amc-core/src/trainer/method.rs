//! The method of a training, as a value.

use rand_core::Rng;

use super::{Buffers, MixedBuffers, MixedTrainer, Progress, Serial, Trainer, TrainerError};
use crate::chain::Options;
use crate::lanes::Lanes;
use crate::mixed::MixedOptions;
use crate::objective::Objective;
use crate::samples::{Features, Samples};

/// What makes the moves: the paper's chain as its [`Options`] say, or [mixed moves](crate::mixed) as [`MixedOptions`] do. A
/// program holds the code of the methods that it names, and of no other.
///
/// ```
/// use amc_core::chain::Options;
/// use amc_core::mixed::{Arm, MixedOptions};
/// use amc_core::trainer::{Method, Training};
/// use amc_core::{Activation, Generator, KeptLayer, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets};
/// use rand_core::SeedableRng;
///
/// type Data<'a> = Samples<'a, Rows<'a, f32>>;
///
/// const NET: Net = Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Tanh)]);
/// const XOR: Objective = Objective::new(NET, Loss::MeanSquaredError);
///
/// fn learn<'m, M>(method: M, samples: Data<'m>, memory: M::Memory) -> Result<u64, amc_core::trainer::TrainerError>
/// where
///     M: Method<'m, Portable<4>, Rows<'m, f32>, Generator>,
/// {
///     let mut training = method.train(XOR, Portable::<4>, samples, memory, Generator::seed_from_u64(1))?;
///     Ok(training.fit(|now| now.loss < 0.01).counters.steps)
/// }
///
/// let features = Rows::new(&[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, 1.0);
/// let samples = Samples { features, targets: Targets::Values(&[0.0, 1.0, 1.0, 0.0]) };
/// let mut memory = [0.0; NET.mixed_memory(4, 4).numbers()];
/// let (mut arms, mut layers) = ([Arm::NEW; NET.arms()], [KeptLayer::NEW; NET.layers().len()]);
/// let mixed = NET.mixed_memory(4, 4).cut(&mut memory, &mut arms, &mut layers)?;
/// let moves = learn(MixedOptions::new(), samples, mixed)?;
///
/// let mut memory = [0.1; NET.memory(4).numbers()];
/// let chain = NET.memory(4).cut(&mut memory)?;
/// assert!(learn(Options::new(0.1).n_reset(20), samples, chain)? > 0 && moves > 0);
/// # Ok::<(), amc_core::trainer::TrainerError>(())
/// ```
pub trait Method<'m, L: Lanes, F: Features, R>: Copy {
    /// The memory that it takes.
    type Memory;
    /// A training by it.
    type Training: Training;

    /// Begins to train `objective` on samples that are all learned from at once.
    ///
    /// # Errors
    /// Where samples, memory or options do not fit, or the loss of the first parameters is not finite.
    fn train(
        self,
        objective: Objective<'m>,
        lanes: L,
        samples: Samples<'m, F>,
        memory: Self::Memory,
        rng: R,
    ) -> Result<Self::Training, TrainerError>;
}

/// A training, by whichever method.
pub trait Training {
    /// Makes a move; says whether it was accepted.
    fn step(&mut self) -> bool;

    /// Where it stands.
    fn progress(&self) -> Progress;

    /// The current parameters.
    fn parameters(&self) -> &[f32];

    /// Writes what the net with the current parameters gives for one sample, whose features are numbers.
    ///
    /// # Errors
    /// Where lengths do not fit.
    fn predict(&mut self, features: &[f32], outputs: &mut [f32]) -> Result<(), TrainerError>;

    /// Makes moves until `stop`, which is asked before the first and after every one, says so.
    #[inline]
    fn fit(&mut self, mut stop: impl FnMut(&Progress) -> bool) -> Progress {
        loop {
            let now = self.progress();
            if stop(&now) {
                return now;
            }
            self.step();
        }
    }
}

/// The paper's chain, without signal norm, from the parameters that the buffers hold.
impl<'m, L: Lanes, F: Features + Copy, R: Rng + Clone + 'm> Method<'m, L, F, R> for Options {
    type Memory = Buffers<'m, R>;
    type Training = Trainer<'m, Serial<'m, Objective<'m>, L, Samples<'m, F>>, R>;

    #[inline]
    fn train(
        self,
        objective: Objective<'m>,
        lanes: L,
        samples: Samples<'m, F>,
        memory: Self::Memory,
        rng: R,
    ) -> Result<Self::Training, TrainerError> {
        Trainer::new(objective, lanes, samples, memory, self, rng)
    }
}

impl<'m, L: Lanes, F: Features + Copy, R: Rng + Clone + 'm> Training
    for Trainer<'m, Serial<'m, Objective<'m>, L, Samples<'m, F>>, R>
{
    fn step(&mut self) -> bool {
        self.step() == crate::chain::Decision::Accepted
    }

    fn progress(&self) -> Progress {
        self.progress()
    }

    fn parameters(&self) -> &[f32] {
        self.parameters()
    }

    fn predict(&mut self, features: &[f32], outputs: &mut [f32]) -> Result<(), TrainerError> {
        self.predict(features, outputs)
    }
}

/// Mixed moves.
impl<'m, L: Lanes, F: Features, R: Rng + Clone> Method<'m, L, F, R> for MixedOptions {
    type Memory = MixedBuffers<'m>;
    type Training = MixedTrainer<'m, L, F, R>;

    #[inline]
    fn train(
        self,
        objective: Objective<'m>,
        lanes: L,
        samples: Samples<'m, F>,
        memory: Self::Memory,
        rng: R,
    ) -> Result<Self::Training, TrainerError> {
        MixedTrainer::new(objective, lanes, samples, memory, self, rng)
    }
}

impl<L: Lanes, F: Features, R: Rng + Clone> Training for MixedTrainer<'_, L, F, R> {
    fn step(&mut self) -> bool {
        self.step()
    }

    fn progress(&self) -> Progress {
        self.progress()
    }

    fn parameters(&self) -> &[f32] {
        self.mixed().parameters()
    }

    fn predict(&mut self, features: &[f32], outputs: &mut [f32]) -> Result<(), TrainerError> {
        self.predict(features, outputs)
    }
}
