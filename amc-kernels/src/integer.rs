//! Integer nets: `amc_core::integer`'s evaluation of a tile of [`TILE`] samples, compiled for each instruction set.

use amc_core::Portable;
use amc_core::integer::{
    Change, Element, Error, Evaluate, Objective, Samples, Score, Serial, SerialMemory, Targets, Tiles,
};
use pulp::{Simd, WithSimd};

use crate::isa::used;

/// Samples in a tile.
pub const TILE: usize = 64;

/// Features in tiles, `[tile][feature][TILE]`.
#[derive(Clone, Copy, Debug)]
pub enum Features<'a> {
    /// Bytes without a sign.
    U8(&'a [u8]),
    /// Bytes with one.
    I8(&'a [i8]),
}

type Of<'m, E> = Serial<'m, Portable<TILE>, E, TILE>;

/// A net, its loss, and samples: see [`Serial`], whose bits it has.
#[derive(Debug)]
pub struct Evaluator<'m>(Kind<'m>);

#[derive(Debug)]
enum Kind<'m> {
    U8(Of<'m, u8>),
    I8(Of<'m, i8>),
}

impl<'m> Evaluator<'m> {
    /// Evaluates so many samples.
    ///
    /// # Errors
    /// Where they do not fit the net, or the memory is too short.
    pub fn new(
        objective: Objective<'m>,
        (features, samples): (Features<'m>, usize),
        targets: Targets<'m>,
        memory: SerialMemory<'m>,
    ) -> Result<Self, Error> {
        let width = objective.net().shape().inputs();
        Ok(Self(match features {
            Features::U8(values) => {
                let samples = Samples { features: Tiles::new(values, samples, width), targets };
                Kind::U8(Serial::new(objective, Portable, samples, memory)?)
            }
            Features::I8(values) => {
                let samples = Samples { features: Tiles::new(values, samples, width), targets };
                Kind::I8(Serial::new(objective, Portable, samples, memory)?)
            }
        }))
    }

    /// The losses of tiles where a neuron has changed, as `next` asks for them: it is given that of the tile before, if there was one.
    pub fn propose_tiles(
        &mut self,
        parameters: &[i8],
        change: &Change,
        next: &mut dyn FnMut(Option<u64>) -> Option<usize>,
    ) {
        dispatch(&mut self.0, ProposeTiles { parameters, change, next });
    }

    /// What the net makes of the samples.
    ///
    /// # Errors
    /// None of samples that an evaluator could be made of.
    pub fn score(&mut self, parameters: &[i8]) -> Result<Score, Error> {
        dispatch(&mut self.0, ScoreAll { parameters })
    }

    /// The outputs of a tile of samples, `[output][TILE]`, from its features: of a softmax the logits.
    ///
    /// # Errors
    /// Where there are more or fewer features than the net takes, or they are of another kind.
    pub fn outputs(&mut self, parameters: &[i8], features: Features<'_>) -> Result<&[[i32; TILE]], Error> {
        match (&mut self.0, features) {
            (Kind::U8(serial), Features::U8(features)) => used().1.dispatch(Outputs { serial, parameters, features }),
            (Kind::I8(serial), Features::I8(features)) => used().1.dispatch(Outputs { serial, parameters, features }),
            _ => Err(Error::State("features of another kind than the samples'")),
        }
    }
}

impl Evaluate for Evaluator<'_> {
    fn propose(&mut self, bound: u64, parameters: &[i8], change: &Change) -> Option<u64> {
        dispatch(&mut self.0, Propose { bound, parameters, change })
    }

    fn keep(&mut self, parameters: &[i8], change: &Change) {
        dispatch(&mut self.0, Keep { parameters, change });
    }

    fn begin(&mut self, parameters: &[i8]) -> u64 {
        dispatch(&mut self.0, Begin { parameters })
    }
}

/// What is done with an evaluator. Implementations are `#[inline(always)]`, so that they are compiled for the instruction set.
trait Work {
    type Output;

    fn with<E: Element>(self, serial: &mut Of<'_, E>) -> Self::Output;
}

fn dispatch<W: Work>(kind: &mut Kind<'_>, work: W) -> W::Output {
    match kind {
        Kind::U8(serial) => used().1.dispatch(Vectorized { serial, work }),
        Kind::I8(serial) => used().1.dispatch(Vectorized { serial, work }),
    }
}

struct Vectorized<'s, 'm, E, W> {
    serial: &'s mut Of<'m, E>,
    work: W,
}

impl<E: amc_core::integer::Element, W: Work> WithSimd for Vectorized<'_, '_, E, W> {
    type Output = W::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> W::Output {
        self.work.with(self.serial)
    }
}

struct Propose<'c> {
    bound: u64,
    parameters: &'c [i8],
    change: &'c Change,
}

impl Work for Propose<'_> {
    type Output = Option<u64>;

    #[inline(always)]
    fn with<E: Element>(self, serial: &mut Of<'_, E>) -> Option<u64> {
        serial.propose(self.bound, self.parameters, self.change)
    }
}

struct ProposeTiles<'c> {
    parameters: &'c [i8],
    change: &'c Change,
    next: &'c mut dyn FnMut(Option<u64>) -> Option<usize>,
}

impl Work for ProposeTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Element>(self, serial: &mut Of<'_, E>) {
        serial.propose_tiles(self.parameters, self.change, self.next);
    }
}

struct Keep<'c> {
    parameters: &'c [i8],
    change: &'c Change,
}

impl Work for Keep<'_> {
    type Output = ();

    #[inline(always)]
    fn with<E: Element>(self, serial: &mut Of<'_, E>) {
        serial.keep(self.parameters, self.change);
    }
}

struct Begin<'c> {
    parameters: &'c [i8],
}

impl Work for Begin<'_> {
    type Output = u64;

    #[inline(always)]
    fn with<E: Element>(self, serial: &mut Of<'_, E>) -> u64 {
        serial.begin(self.parameters)
    }
}

struct ScoreAll<'c> {
    parameters: &'c [i8],
}

impl Work for ScoreAll<'_> {
    type Output = Result<Score, Error>;

    #[inline(always)]
    fn with<E: Element>(self, serial: &mut Of<'_, E>) -> Self::Output {
        let samples = serial.samples();
        serial.score(&samples, self.parameters)
    }
}

struct Outputs<'s, 'm, 'c, E> {
    serial: &'s mut Of<'m, E>,
    parameters: &'c [i8],
    features: &'c [E],
}

impl<'s, E: Element> WithSimd for Outputs<'s, '_, '_, E> {
    type Output = Result<&'s [[i32; TILE]], Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        self.serial.outputs(self.parameters, self.features)
    }
}
