//! Integer nets: `amc_core::integer`'s evaluation of tiles of [`TILE`] samples, on the instruction set that the process
//! [uses](crate::Isa::used).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod fours;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod prefetch;
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "other machines have the core's own text alone"))]
mod registers;
#[cfg(target_arch = "x86_64")]
mod tables;
#[cfg(target_arch = "x86_64")]
mod vnni;

use amc_core::integer::{Change, Error, Evaluate, Objective, Samples, Score, Serial, SerialMemory, Targets, Tiles};

pub use self::fours::{Four, Fours, FoursOf, FoursOfTile};
pub use self::kernel::Host;

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

/// Samples in tiles.
#[derive(Clone, Copy, Debug)]
pub struct Tiled<'a> {
    /// Their features; the last tile is filled up with any numbers.
    pub features: Features<'a>,
    /// The same features, if they are kept so, too: then a whole evaluation reads these.
    pub fours: Option<FoursOf<'a>>,
    /// How many they are.
    pub samples: usize,
}

type Of<'m, E> = Serial<'m, Host<'m>, E, TILE>;

/// A net, its loss, and samples: see [`Serial`], whose bits it has.
#[derive(Debug)]
pub struct Evaluator<'m>(Kind<'m>);

#[derive(Debug)]
enum Kind<'m> {
    U8(Of<'m, u8>),
    I8(Of<'m, i8>),
}

/// `$call`, with the evaluation of either kind of features as `$serial`.
macro_rules! either {
    ($evaluator:expr, |$serial:ident| $call:expr) => {
        match &mut $evaluator.0 {
            Kind::U8($serial) => $call,
            Kind::I8($serial) => $call,
        }
    };
}

impl<'m> Evaluator<'m> {
    /// Evaluates so many samples.
    ///
    /// # Errors
    /// Where they do not fit the net, or the memory is too short.
    pub fn new(
        objective: Objective<'m>,
        Tiled { features, fours, samples }: Tiled<'m>,
        targets: Targets<'m>,
        memory: SerialMemory<'m>,
    ) -> Result<Self, Error> {
        let width = objective.net().shape().inputs();
        if let Some(fours) = fours {
            for (what, needed, given) in [
                ("features in fours", width, fours.width()),
                ("tiles of fours", samples.div_ceil(TILE), fours.tiles().min(samples.div_ceil(TILE))),
            ] {
                if given != needed {
                    return Err(Error::Length { what, needed, given });
                }
            }
        }
        let host = Host::used().with(fours);
        Ok(Self(match features {
            Features::U8(values) => {
                let samples = Samples { features: Tiles::new(values, samples, width), targets };
                Kind::U8(Serial::new(objective, host, samples, memory)?)
            }
            Features::I8(values) => {
                let samples = Samples { features: Tiles::new(values, samples, width), targets };
                Kind::I8(Serial::new(objective, host, samples, memory)?)
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
        either!(self, |serial| serial.propose_tiles(parameters, change, next));
    }

    /// What the net makes of the samples.
    ///
    /// # Errors
    /// None of samples that an evaluator could be made of.
    pub fn score(&mut self, parameters: &[i8]) -> Result<Score, Error> {
        either!(self, |serial| {
            let samples = serial.samples();
            serial.score(&samples, parameters)
        })
    }

    /// The outputs of a tile of samples, `[output][TILE]`, from its features: of a softmax the logits.
    ///
    /// # Errors
    /// Where there are more or fewer features than the net takes, or they are of another kind.
    pub fn outputs(&mut self, parameters: &[i8], features: Features<'_>) -> Result<&[[i32; TILE]], Error> {
        match (&mut self.0, features) {
            (Kind::U8(serial), Features::U8(features)) => serial.outputs(parameters, features),
            (Kind::I8(serial), Features::I8(features)) => serial.outputs(parameters, features),
            _ => Err(Error::State("features of another kind than the samples'")),
        }
    }
}

impl Evaluate for Evaluator<'_> {
    fn propose(&mut self, bound: u64, parameters: &[i8], change: &Change) -> Option<u64> {
        either!(self, |serial| serial.propose(bound, parameters, change))
    }

    fn keep(&mut self, parameters: &[i8], change: &Change) {
        either!(self, |serial| serial.keep(parameters, change));
    }

    fn begin(&mut self, parameters: &[i8]) -> u64 {
        either!(self, |serial| serial.begin(parameters))
    }
}
