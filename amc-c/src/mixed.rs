//! Mixed moves, for programs that name `amc_mixed`.
#![allow(unsafe_code, reason = "a static has C's name")]

use core::mem::MaybeUninit;

use amc_core::mixed::{Arm, MixedError, MixedMemory, MixedOptions, SerialMemory, whitening};
use amc_core::trainer::{MixedBuffers, MixedTrainer, Progress, TrainerError};
use amc_core::{Generator, KeptLayer, Objective, ObjectiveError};
use rand_core::SeedableRng;

use crate::block::Block;
use crate::create::{LAYER_NUMBERS, Plan, TRAINER_WORDS, describe, scratch};
use crate::evaluator::Batch;
use crate::feed::Feed;
use crate::lanes::{LANES, Lanes};
use crate::method::{Method, Moves};
use crate::setup::{Activation, Layer, Setup};
use crate::trainer::{Decision, Of, Trainer};
use crate::{ALIGNMENT, Status};

/// What mixed moves have beside the trainer, in words of the size of a pointer.
pub const MIXED_WORDS: usize = 68;

/// Words for each layer: its description, what is known of what is kept of it, and its two arms.
pub const MIXED_LAYER_WORDS: usize = 14;

/// Words and numbers of an arm.
const ARM: (usize, usize) = (2, 4);

/// Numbers for each layer: partial sums, and what its two arms know.
pub const MIXED_LAYER_NUMBERS: usize = 24;

type Mixing = MixedTrainer<'static, Lanes, Feed<'static>, Generator>;

const _: () = {
    // AMC_WHITENING
    assert!(whitening(1) == 0 && whitening(2) == 3 && whitening(32) == 528 && whitening(33) == 0);
    let word = size_of::<usize>();
    assert!(size_of::<Mixing>() <= MIXED_WORDS * word && align_of::<Mixing>() <= ALIGNMENT);
    assert!((MIXED_WORDS * word).is_multiple_of(ALIGNMENT));
    assert!(MIXED_LAYER_NUMBERS == LAYER_NUMBERS - 2 + 2 * ARM.1);
    assert!(size_of::<Arm>() == ARM.0 * word + ARM.1 * size_of::<f32>());
    assert!(size_of::<amc_core::Layer>() + size_of::<KeptLayer>() + 2 * ARM.0 * word == MIXED_LAYER_WORDS * word);
};

/// For `amc_setup.method`: moves of the whole net, of a neuron and of some of its weights, chosen by what they gain for what
/// they cost. It needs a net, has no settings but `temperature`, `start`, `kept` and `seed` (what else the setup has is 0), and
/// makes a move by `amc_step` alone: it is neither proposed by `amc_propose` nor saved by `amc_save`. Who goes on after a reset
/// keeps the parameters, and gives them as `start`.
// In lower case, as C's names are.
#[allow(non_upper_case_globals, reason = "C's name")]
#[unsafe(no_mangle)]
pub static amc_mixed: Method = Method { bytes, create };

/// How many numbers a net of these layers takes.
struct Needs {
    /// Inputs of all layers together.
    fan_ins: usize,
    /// Numbers that whiten moves.
    whitening: usize,
    /// Numbers that are kept of a sample.
    kept: usize,
}

impl Needs {
    fn of(inputs: usize, layers: &[Layer]) -> Result<Self, Status> {
        let sum = |layers: &[Layer]| layers.iter().try_fold(0_usize, |sum, layer| sum.checked_add(layer.units));
        let found = || {
            let (_, before) = layers.split_last()?;
            let (_, behind) = layers.split_first()?;
            let hidden = sum(before)?;
            // The outputs that the next layer takes, and the sums that a change is added to.
            let sums = sum(if behind.is_empty() { layers } else { behind })?;
            // What a softmax of enough outputs comes to.
            let is_softmax = |last: &&Layer| last.activation == Activation::Softmax as u32;
            let is_kept = |last: &&Layer| is_softmax(last) && last.units >= KeptLayer::SOFTMAX_FROM;
            let softmax = layers.last().filter(is_kept).map_or(0, |_| KeptLayer::SOFTMAX);
            let kept = hidden.checked_add(sums)?.checked_add(softmax)?;
            let given = core::iter::once(inputs).chain(before.iter().map(|layer| layer.units));
            let whitening = given.map(whitening).try_fold(0_usize, usize::checked_add)?;
            Some(Self { fan_ins: inputs.checked_add(hidden)?, whitening, kept })
        };
        if layers.is_empty() { Err(Status::NoLayers) } else { found().ok_or(Status::TooLarge) }
    }
}

/// Bytes of the whole: what the header's macro tells as well.
fn bytes(plan: &Plan<'_>) -> Result<usize, Status> {
    let (net, layers) = plan.net.ok_or(Status::NoNet)?;
    let (setup, needs) = (plan.setup, Needs::of(net.inputs, layers)?);
    let found = || {
        let kept = needs.kept.checked_add(1)?.checked_mul(setup.kept)?;
        let of_inputs = needs.fan_ins.checked_mul(3)?.checked_add(needs.whitening)?;
        let numbers = setup.parameters.checked_mul(3)?.checked_add(of_inputs)?.checked_add(kept)?;
        let arms = layers.len().checked_mul(2 * ARM.1)?.checked_add(ARM.1 + 1)?;
        let numbers = numbers.checked_add(arms)?.checked_add(scratch(layers).ok()?)?;
        let words = layers.len().checked_mul(MIXED_LAYER_WORDS)?.checked_add(TRAINER_WORDS + MIXED_WORDS + ARM.0)?;
        words.checked_mul(size_of::<usize>())?.checked_add(numbers.checked_mul(size_of::<f32>())?)
    };
    found().ok_or(Status::TooLarge)
}

fn options(setup: &Setup) -> Result<MixedOptions, Status> {
    let Setup { start_sigma, sigma, epsilon, n_reset, grid, flags, kept, temperature, .. } = *setup;
    let is_set = [start_sigma, sigma, epsilon].iter().any(|of_the_chain| *of_the_chain != 0.0);
    if is_set || n_reset != 0 || grid != 0 || flags != 0 || kept == 0 {
        return Err(Status::Method);
    }
    let options = MixedOptions::new().temperature(temperature);
    options.check().map_err(|_| Status::Temperature)?;
    Ok(if setup.start.is_null() { options } else { options.given() })
}

fn create(plan: &Plan<'_>, mut block: Block) -> Result<&'static mut Trainer, Status> {
    let setup = plan.setup;
    let (net, layers) = plan.net.ok_or(Status::NoNet)?;
    let (n, options) = (setup.parameters, options(setup)?);
    for layer in layers {
        layer.description()?;
    }
    if block.bytes() < bytes(plan)? {
        return Err(Status::Memory);
    }
    // The largest alignment first, so that there are no gaps.
    let place = block.place::<Trainer>(TRAINER_WORDS)?;
    let mixing = block.place::<Mixing>(MIXED_WORDS)?;
    let objective = net.objective(describe(layers, &mut block)?)?;
    if objective.net().parameters() != n {
        return Err(Status::Parameters);
    }
    let kept_layers = block.take(layers.len(), || KeptLayer::NEW)?;
    let arms = block.take(objective.net().arms(), || Arm::NEW)?;
    let needs = Needs::of(net.inputs, layers)?;
    let mut numbers = |count| block.take(count, || 0.0);
    let parameters = numbers(n)?;
    for (to, from) in parameters.iter_mut().zip(plan.start.unwrap_or_default()) {
        *to = *from;
    }
    let (undo, base, statistics) = (numbers(n)?, numbers(n)?, numbers(2 * needs.fan_ins + needs.whitening)?);
    let moves = MixedMemory { parameters, undo, base, arms, statistics };
    let evaluations = SerialMemory {
        layers: kept_layers,
        kept: numbers(needs.kept * setup.kept)?,
        fresh: numbers(setup.kept)?,
        column: numbers(needs.fan_ins + 1)?,
        scratch: numbers(scratch(layers)?)?,
    };
    let generator = Generator::seed_from_u64(setup.seed);
    let made = MixedTrainer::waiting(objective, LANES, MixedBuffers { moves, evaluations }, options, generator)
        .map_err(Status::of_mixed)?;
    Ok(place.write(Trainer::new(Of::Moves(mixing.write(made)))))
}

impl Moves for Mixing {
    fn objective(&self) -> Objective<'static> {
        self.evaluator().objective()
    }

    fn set_samples(&mut self, samples: Batch) -> Result<(), Status> {
        self.set_samples(samples).map_err(Status::of_mixed)
    }

    fn step(&mut self) -> Result<Decision, Status> {
        if self.evaluator().samples().is_none() {
            return Err(Status::NoSamples);
        }
        Ok(if self.step() { Decision::Accepted } else { Decision::Rejected })
    }

    fn predict(&mut self, features: &Feed<'_>, outputs: &mut [MaybeUninit<f32>]) -> Result<(), Status> {
        let (mixed, parts) = self.parts();
        let objective = parts.objective();
        if outputs.len() != objective.net().outputs() {
            return Err(Status::Length);
        }
        let given = objective.predict(LANES, mixed.parameters(), features, 0, parts.scratch())?;
        for (to, from) in outputs.iter_mut().zip(given) {
            to.write(*from);
        }
        Ok(())
    }

    fn parameters(&self) -> *const f32 {
        self.mixed().parameters().as_ptr()
    }

    fn progress(&self) -> Progress {
        self.progress()
    }
}

impl Status {
    /// Why a trainer by mixed moves does not begin, or not take samples that were checked.
    fn of_mixed(error: TrainerError) -> Self {
        match error {
            // Of what is lent, all but what is kept of samples is made to fit.
            TrainerError::Objective(ObjectiveError::Length { .. }) => Self::Memory,
            TrainerError::Objective(error) => error.into(),
            TrainerError::Mixed(MixedError::Loss { .. }) => Self::Loss,
            TrainerError::Mixed(MixedError::NotFinite { .. }) => Self::Start,
            _ => Self::Fault,
        }
    }
}
