//! A learner from a stream of samples, in memory of the caller's.

use amc_core::Objective;
use amc_core::trainer::Buffers;
use amc_learner::{Memory, Rules, Window};

use crate::block::Block;
use crate::create::{Pieces, Plan, TRAINER_WORDS};
use crate::lanes::{LANES, Lanes};
use crate::setup::{IN_PLACE, SIGNAL_NORM, Setup};
use crate::{ALIGNMENT, Status};

/// The learner itself, in words of the size of a pointer.
pub const LEARNER_WORDS: usize = 84;

const _: () = {
    assert!(size_of::<Learner>() <= LEARNER_WORDS * size_of::<usize>() && TRAINER_WORDS <= LEARNER_WORDS);
    assert!(align_of::<Learner>() <= ALIGNMENT && (LEARNER_WORDS * size_of::<usize>()).is_multiple_of(ALIGNMENT));
};

/// What learns, and from how many samples. What is 0 has its default.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct LearnerSetup {
    /// The net and the chain: without `AMC_IN_PLACE` and `AMC_SIGNAL_NORM`, and without a method.
    pub trainer: *const Setup,
    /// Samples that are learned from: the newest so many, at least 1.
    pub window: usize,
    /// Samples with a number beyond this, in size, are left out; by default none is.
    pub limit: f32,
    /// The loss on changed samples over that before, from which sigma starts anew; by default 2.
    pub surprise: f32,
    /// The loss over that of the last save, up to which the next is due; by default 0.5.
    pub improved: f32,
}

/// A net that goes on learning from the newest samples. One context at a time may use it: it has no locks.
#[derive(Debug)]
pub struct Learner {
    pub(crate) inner: amc_learner::Learner<'static, Objective<'static>, Lanes>,
    /// Features and targets of a sample.
    pub(crate) widths: (usize, usize),
}

/// A plan, and the setup around it.
pub(crate) struct LearnerPlan<'a> {
    pub setup: &'a LearnerSetup,
    pub plan: Plan<'a>,
}

impl LearnerPlan<'_> {
    fn widths(&self) -> Result<(usize, usize), Status> {
        let (net, layers) = self.plan.net.ok_or(Status::NoNet)?;
        Ok((net.inputs, layers.last().map_or(0, |layer| layer.units)))
    }

    /// Numbers of the window.
    fn window(&self) -> Result<(usize, usize), Status> {
        let (inputs, outputs) = self.widths()?;
        let numbers = |width| self.setup.window.checked_mul(width).ok_or(Status::TooLarge);
        Ok((numbers(inputs)?, numbers(outputs)?))
    }

    /// Bytes of the whole: what the header's macro tells as well.
    pub fn bytes(&self) -> Result<usize, Status> {
        let (features, targets) = self.window()?;
        let window = features.checked_add(targets).and_then(|numbers| numbers.checked_mul(size_of::<f32>()));
        let bytes = self.plan.bytes(LEARNER_WORDS)?;
        window.and_then(|window| bytes.checked_add(window)).ok_or(Status::TooLarge)
    }

    fn rules(&self, options: amc_core::chain::Options) -> Result<Rules, Status> {
        let LearnerSetup { limit, surprise, improved, window, .. } = *self.setup;
        if window == 0 || [limit, surprise, improved].iter().any(|x| x.is_nan() || *x < 0.0) {
            return Err(Status::Window);
        }
        let or = |given: f32, default| if given == 0.0 { default } else { given };
        let rules = Rules::new(options);
        Ok(Rules {
            limit: or(limit, rules.limit),
            surprise: or(surprise, rules.surprise),
            improved: or(improved, rules.improved),
            ..rules
        })
    }

    /// A learner in `block`: a new one, or one that goes on from what was saved.
    pub fn learner(&self, mut block: Block, saved: Option<&[u8]>) -> Result<&'static mut Learner, Status> {
        if self.plan.method.is_some() {
            return Err(Status::Method);
        }
        if self.plan.setup.has(IN_PLACE) || self.plan.setup.has(SIGNAL_NORM) {
            return Err(Status::Flags);
        }
        let (widths, (features, targets)) = (self.widths()?, self.window()?);
        let rules = self.rules(self.plan.setup.options()?)?;
        if block.bytes() < self.bytes()? {
            return Err(Status::Memory);
        }
        let mut pieces = Pieces::<Learner>::cut(&self.plan, LEARNER_WORDS, &mut block)?;
        let objective = pieces.objective.ok_or(Status::NoNet)?;
        let window = Window::new(block.take(features, || 0.0)?, block.take(targets, || 0.0)?, widths.0, widths.1);
        let (generator, state) = match saved {
            None => (Some(pieces.start(&self.plan)?), None),
            Some(saved) => (None, Some(pieces.load(saved)?)),
        };
        let Pieces { place, parameters, proposed, centres, streams, scratch, .. } = pieces;
        let (signal, gathered) = Default::default();
        let training = Buffers { parameters, proposed, centres, signal, gathered, scratch, streams };
        let memory = Memory { training, window };
        let inner = match (generator, state) {
            (Some(generator), _) => amc_learner::Learner::pretrained(objective, LANES, rules, memory, generator)?,
            (_, Some(state)) => amc_learner::Learner::resume(objective, LANES, rules, memory, state)
                // Under a right checksum, what no learner has saved.
                .map_err(|_| Status::NotSaved)?,
            _ => return Err(Status::Fault),
        };
        Ok(place.write(Learner { inner, widths }))
    }
}
