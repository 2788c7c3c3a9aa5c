//! A trainer is made: the block is cut, the net described, and the chain begun or gone on with.

use core::mem::MaybeUninit;

use amc_core::chain::{Chain, Memory, Options, State, Stream, jump_streams, streams};
use amc_core::{Activation, Generator, Objective, gaussian};
use amc_store::Arithmetic;
use amc_store::snapshot::{Expected, Slices, Stored};
use rand_core::SeedableRng;

use crate::block::Block;
use crate::chained::Chained;
use crate::evaluator::Evaluator;
use crate::lanes::LANES;
use crate::method::Method;
use crate::setup::{IN_PLACE, Layer, Net, SIGNAL_NORM, Setup};
use crate::trainer::{Of, Trainer};
use crate::{ALIGNMENT, Status};

/// The trainer itself, in words of the size of a pointer.
pub const TRAINER_WORDS: usize = 66;

/// Parameters that are drawn from one generator.
pub const RANGE: usize = 16_384;

/// Bytes for each `AMC_RANGE` parameters beyond the first.
pub const STREAM_BYTES: usize = 40;

/// Numbers for each layer, beside its parameters: its signals, and partial sums.
pub const LAYER_NUMBERS: usize = 18;

const _: () = {
    assert!(size_of::<Trainer>() <= TRAINER_WORDS * size_of::<usize>());
    assert!(align_of::<Trainer>() <= ALIGNMENT && (TRAINER_WORDS * size_of::<usize>()).is_multiple_of(ALIGNMENT));
    assert!(RANGE == amc_core::chain::RANGE && STREAM_BYTES == size_of::<Stream<Generator>>());
    assert!(size_of::<amc_core::Layer>() == 2 * size_of::<usize>());
};

/// The caller's description, its arrays at hand.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub setup: &'a Setup,
    pub net: Option<(&'a Net, &'a [Layer])>,
    /// Parameters to start from.
    pub start: Option<&'a [f32]>,
    /// What makes the moves, where it is not the chain.
    pub method: Option<&'a Method>,
}

impl Plan<'_> {
    fn layers(&self) -> &[Layer] {
        self.net.map_or(&[], |(_, layers)| layers)
    }

    /// Bytes of a trainer.
    pub fn trainer_bytes(&self) -> Result<usize, Status> {
        match self.method {
            None => self.bytes(TRAINER_WORDS),
            Some(method) => (method.bytes)(self),
        }
    }

    /// Bytes of the whole by the chain, with an object of so many words: what the header's macros tell as well.
    pub fn bytes(&self, words: usize) -> Result<usize, Status> {
        let (setup, layers) = (self.setup, self.layers().len());
        let copies = 1 + usize::from(!setup.has(IN_PLACE)) + usize::from(setup.epsilon != 0.0);
        let sum = |terms: [usize; 3], factors: [usize; 3]| {
            terms.iter().zip(factors).try_fold(0_usize, |sum, (n, size)| sum.checked_add(n.checked_mul(size)?))
        };
        let numbers = sum([setup.parameters, layers, scratch(self.layers())?], [copies, 2, 1]);
        let words = sum([1, layers, 0], [words, 2, 0]);
        let parts = [numbers.ok_or(Status::TooLarge)?, words.ok_or(Status::TooLarge)?, streams(setup.parameters)];
        sum(parts, [size_of::<f32>(), size_of::<usize>(), STREAM_BYTES]).ok_or(Status::TooLarge)
    }
}

/// Numbers that these layers need while the net computes.
pub(crate) fn scratch(layers: &[Layer]) -> Result<usize, Status> {
    let partial = layers.len().checked_mul(LAYER_NUMBERS - 2).ok_or(Status::TooLarge)?;
    let widest = layers.iter().map(|layer| layer.units).max().unwrap_or(0);
    widest.checked_mul(2).and_then(|n| n.checked_add(partial)).ok_or(Status::TooLarge)
}

/// Layers that were checked, as the core has them, off a block.
pub(crate) fn describe(layers: &[Layer], block: &mut Block) -> Result<&'static mut [amc_core::Layer], Status> {
    let mut given = layers.iter();
    block.take(layers.len(), || {
        let known = given.next().and_then(|layer| layer.description().ok());
        known.unwrap_or(amc_core::Layer::dense(0, Activation::Linear))
    })
}

/// What a trainer consists of, before there is a chain.
pub(crate) struct Pieces<T: 'static> {
    pub place: &'static mut MaybeUninit<T>,
    pub options: Options,
    pub objective: Option<Objective<'static>>,
    pub signal_norm: bool,
    pub in_place: bool,
    pub streams: &'static mut [Stream<Generator>],
    pub parameters: &'static mut [f32],
    pub proposed: &'static mut [f32],
    pub centres: &'static mut [f32],
    pub signal: &'static mut [f32],
    pub gathered: &'static mut [f32],
    pub scratch: &'static mut [f32],
}

impl<T> Pieces<T> {
    /// Cuts off a block what an object of `words` words needs.
    pub fn cut(plan: &Plan<'_>, words: usize, block: &mut Block) -> Result<Self, Status> {
        let setup = plan.setup;
        let (n, layers, options) = (setup.parameters, plan.layers(), setup.options()?);
        if n == 0 {
            return Err(Status::Parameters);
        }
        for layer in layers {
            layer.description()?;
        }
        let bytes = plan.bytes(words)?;
        if block.bytes() < bytes {
            return Err(Status::Memory);
        }
        // The largest alignment first, so that there are no gaps.
        let place = block.place(words)?;
        let described = describe(layers, block)?;
        let objective = plan.net.map(|(net, _)| net.objective(described)).transpose()?;
        if objective.is_some_and(|objective| objective.net().parameters() != n) {
            return Err(Status::Parameters);
        }
        let generator = Generator::seed_from_u64(0);
        let streams = block.take(streams(n), || Stream::new(generator.clone()))?;
        let mut numbers = |count| block.take(count, || 0.0);
        let in_place = setup.has(IN_PLACE);
        Ok(Self {
            place,
            options,
            objective,
            signal_norm: setup.has(SIGNAL_NORM),
            in_place,
            streams,
            parameters: numbers(n)?,
            proposed: numbers(if in_place { 0 } else { n })?,
            centres: numbers(if options.epsilon == 0.0 { 0 } else { n })?,
            signal: numbers(layers.len())?,
            gathered: numbers(layers.len())?,
            scratch: numbers(scratch(layers)?)?,
        })
    }

    /// Fills the parameters as the plan says; gives the generator of the moves.
    pub fn start(&mut self, plan: &Plan<'_>) -> Result<Generator, Status> {
        let setup = plan.setup;
        if !(setup.start_sigma.is_finite() && setup.start_sigma >= 0.0) {
            return Err(Status::Start);
        }
        let mut generator = Generator::seed_from_u64(setup.seed);
        match plan.start {
            None => gaussian::fill(LANES, &mut generator, setup.start_sigma, self.parameters),
            Some(start) => {
                for (to, from) in self.parameters.iter_mut().zip(start) {
                    *to = *from;
                }
            }
        }
        if let Some(grid) = self.options.grid {
            grid.round(self.parameters);
        }
        jump_streams(&generator, self.streams);
        Ok(generator)
    }

    /// Reads what was saved; gives the state to go on from.
    pub fn load(&mut self, saved: &[u8]) -> Result<State<Generator>, Status> {
        let expected =
            Expected { arithmetic: Arithmetic::Portable, objective: self.objective, options: Some(self.options) };
        let slices = Slices {
            parameters: &mut *self.parameters,
            centres: &mut *self.centres,
            signal: if self.signal_norm { &mut *self.signal } else { &mut [] },
            streams: &mut *self.streams,
        };
        Ok(Stored::parse(saved)?.load(&expected, slices)?)
    }
}

impl Pieces<Trainer> {
    /// The trainer with the chain that `begin` makes. Whether its loss is known: `scored`.
    #[inline(always)]
    fn trainer(
        self,
        scored: bool,
        begin: impl FnOnce(Memory<'static>, Options) -> Result<Chain<'static, Generator>, Status>,
    ) -> Result<&'static mut Trainer, Status> {
        let Self { place, options, objective, streams, parameters, proposed, centres, signal, .. } = self;
        let memory = match self.in_place {
            true => Memory::in_place(parameters),
            false => Memory::new(parameters, proposed),
        };
        let memory = memory.centres(centres).streams(streams);
        let (memory, gathered) = match objective {
            Some(objective) if self.signal_norm => (memory.signal_norm(objective.net(), signal), self.gathered),
            _ => (memory, Default::default()),
        };
        let chain = begin(memory, options)?;
        let evaluator = Evaluator { objective, samples: None, scratch: self.scratch };
        let chained = Chained::new(chain, evaluator, self.in_place, scored, gathered)?;
        Ok(place.write(Trainer::new(Of::Chain(chained))))
    }
}

/// A new trainer in `block`.
pub(crate) fn create(plan: &Plan<'_>, mut block: Block) -> Result<&'static mut Trainer, Status> {
    if let Some(method) = plan.method {
        return (method.create)(plan, block);
    }
    let mut pieces = Pieces::cut(plan, TRAINER_WORDS, &mut block)?;
    let generator = pieces.start(plan)?;
    // The loss becomes known later.
    pieces.trainer(false, |memory, options| Ok(Chain::new(memory, options, generator, 0.0)?))
}

/// A trainer in `block` that goes on from what was saved.
pub(crate) fn load(plan: &Plan<'_>, saved: &[u8], mut block: Block) -> Result<&'static mut Trainer, Status> {
    if plan.method.is_some() {
        return Err(Status::Method);
    }
    let mut pieces = Pieces::cut(plan, TRAINER_WORDS, &mut block)?;
    let state = pieces.load(saved)?;
    // Under a right checksum, what no trainer has saved.
    let resumed = pieces.trainer(true, |memory, options| Ok(Chain::resume(memory, options, state)?));
    resumed.map_err(|_| Status::NotSaved)
}
