//! A running chain: all that it needs to go on, bit for bit.
//!
//! The [frame](crate#format) is of kind `AMCCHAIN` and version 1. Its header, in postcard's terms:
//!
//! | type | what |
//! | --- | --- |
//! | enum | the arithmetic: 0 portable, 1 fused |
//! | option | the loss, inputs and layers, as in a [model](crate::model), if they were told |
//! | usize | N, the number of parameters |
//! | f32, f32, u32, f32 | the options: σ₀, ε, n_s, T |
//! | option of i8 | the power of two that is the grid's step |
//! | usize, usize | centres (N or 0), and signals |
//! | f32, f32, u32 | the state: σ, the loss, n_cr |
//! | u64, u64, u64 | moves made, accepted, and ended in a reset |
//! | bytes | the generator's state: the seed that makes it |
//! | seq of bytes | the same of each stream |
//!
//! The numbers are the parameters, the centres, and the signals.

use amc_core::chain::{Chain, ChainError, Counters, Grid, Options, State, Stream, streams};
use amc_core::{Generator, Net, Objective};
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize, Serializer};

use crate::blob::{Blob, CHAIN, Fields, Kind, Numbers, PREFIX, open_whole, same_length};
use crate::description::{self, Described};
use crate::{Arithmetic, Description, FormatError};

/// A generator that can be kept: its state is the seed of another that goes on with the same numbers.
///
/// Implement it for the generator of your own that a chain draws from.
pub trait KeptGenerator: SeedableRng + Rng + Clone {
    /// The seed from which [`from_seed`](SeedableRng::from_seed) makes this generator as it is now.
    fn state(&self) -> Self::Seed;
}

impl KeptGenerator for Generator {
    fn state(&self) -> Self::Seed {
        Generator::state(self)
    }
}

/// A running chain, to be kept.
#[derive(Debug)]
pub struct Snapshot<'a, R> {
    pub(crate) arithmetic: Arithmetic,
    objective: Option<Objective<'a>>,
    options: Options,
    pub(crate) state: State<R>,
    pub(crate) parameters: &'a [f32],
    centres: &'a [f32],
    signal: &'a [f32],
    streams: &'a [Stream<R>],
}

/// Bytes that are enough for a chain that trains this net, with centres and signal norm, and with generators of the
/// default type.
pub const fn length_limit(net: &Net<'_>) -> usize {
    head_limit(net) + 4 * (2 * net.parameters() + net.layers().len()) + 4
}

/// Bytes that are enough for what comes before such a chain's numbers: part of the buffer that
/// [`flash`](crate::flash::buffer_limit) needs.
pub const fn head_limit(net: &Net<'_>) -> usize {
    // Numbers of 64 bits take up to ten bytes, of 32 up to five; generators 16, and their length.
    let (options, state, generators) = (3 * 4 + 5 + 2, 2 * 4 + 5 + 3 * 10, 17 * (1 + streams(net.parameters())));
    let counts = 4 * 10;
    (PREFIX + 2 + description::length_limit(net) + options + counts + state + generators).next_multiple_of(32)
}

impl<'a, R: Rng + Clone> Snapshot<'a, R> {
    /// Of a chain whose moves are drawn, and losses computed, in `arithmetic`.
    ///
    /// # Errors
    /// Those of [`Chain::state`].
    pub fn of(chain: &'a Chain<'_, R>, arithmetic: Arithmetic) -> Result<Self, ChainError> {
        Ok(Self {
            arithmetic,
            objective: None,
            options: *chain.options(),
            state: chain.state()?,
            parameters: chain.parameters(),
            centres: chain.centres(),
            signal: chain.signal(),
            streams: chain.streams(),
        })
    }

    /// With the net and loss that it trains: a chain of another is then refused when it is loaded, and the parameters
    /// can be made a model file from what was stored alone.
    #[must_use]
    pub fn objective(self, objective: Objective<'a>) -> Self {
        Self { objective: Some(objective), ..self }
    }
}

impl<R: KeptGenerator> Snapshot<'_, R> {
    /// Bytes that it takes. They change by a few while the chain runs.
    pub fn length(&self) -> Result<usize, FormatError> {
        Blob::length(self)
    }

    /// Writes it to the front of `out`, and tells its length.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        Blob::write(self, out)
    }
}

#[derive(Serialize, Deserialize)]
struct OptionsCode {
    sigma: f32,
    epsilon: f32,
    n_reset: u32,
    temperature: f32,
    /// The power of two that is the grid's step.
    grid: Option<i8>,
}

impl From<Options> for OptionsCode {
    fn from(options: Options) -> Self {
        let Options { sigma, epsilon, n_reset, temperature, grid } = options;
        let exponent = |grid: Grid| (grid.step().to_bits() >> 23) as i16 - 127;
        Self { sigma, epsilon, n_reset, temperature, grid: grid.map(|grid| exponent(grid) as i8) }
    }
}

impl OptionsCode {
    fn options(self) -> Result<Options, FormatError> {
        let Self { sigma, epsilon, n_reset, temperature, grid } = self;
        let grid = grid.map(Grid::new).transpose().map_err(|_| FormatError::Header { what: "the grid" })?;
        Ok(Options { sigma, epsilon, n_reset, temperature, grid })
    }
}

#[derive(Serialize, Deserialize)]
struct StateCode {
    sigma: f32,
    loss: f32,
    rejected_in_a_row: u32,
    steps: u64,
    accepted: u64,
    resets: u64,
}

/// A generator, as its bytes.
struct Seed<'a, R>(&'a R);

impl<R: KeptGenerator> Serialize for Seed<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.state().as_ref())
    }
}

fn take_generator<R: KeptGenerator>(fields: &mut Fields<'_>) -> Result<R, FormatError> {
    let bytes: &[u8] = fields.take("a generator")?;
    let mut seed = R::Seed::default();
    same_length("bytes of a generator", bytes.len(), seed.as_ref().len())?;
    for (to, from) in seed.as_mut().iter_mut().zip(bytes) {
        *to = *from;
    }
    let generator = R::from_seed(seed);
    match generator.state().as_ref() == bytes {
        true => Ok(generator),
        false => Err(FormatError::Header { what: "a generator's state" }),
    }
}

struct Generators<'a, R>(&'a [Stream<R>]);

impl<R: KeptGenerator> Serialize for Generators<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|stream| Seed(stream.generator())))
    }
}

impl<R: KeptGenerator> Blob for Snapshot<'_, R> {
    const KIND: Kind = CHAIN;

    fn header(&self) -> impl Serialize {
        let State { sigma, loss, rejected_in_a_row, counters, generator } = &self.state;
        let (sigma, loss, rejected_in_a_row) = (*sigma, *loss, *rejected_in_a_row);
        let Counters { steps, accepted, resets } = *counters;
        (
            (
                self.arithmetic,
                self.objective.map(Described::new),
                self.parameters.len(),
                OptionsCode::from(self.options),
            ),
            (self.centres.len(), self.signal.len()),
            StateCode { sigma, loss, rejected_in_a_row, steps, accepted, resets },
            Seed(generator),
            Generators(self.streams),
        )
    }

    fn numbers(&self) -> [&[f32]; 3] {
        [self.parameters, self.centres, self.signal]
    }

    fn check(&self) -> Result<(), FormatError> {
        self.objective.map_or(Ok(()), |of| same_length("parameters", of.net().parameters(), self.parameters.len()))
    }
}

/// What a chain has to be to go on as another did.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Expected<'a> {
    /// The arithmetic it is to go on in.
    pub arithmetic: Arithmetic,
    /// Its net and loss; `None` takes any of the right N.
    pub objective: Option<Objective<'a>>,
    /// The options it is to go on with; `None` allows for others than it had.
    pub options: Option<Options>,
}

/// Where a stored chain is put: what [`Memory`](amc_core::chain::Memory) then borrows.
#[derive(Debug)]
pub struct Slices<'a, R> {
    /// N parameters.
    pub parameters: &'a mut [f32],
    /// N centres; none where ε = 0.
    pub centres: &'a mut [f32],
    /// The signals of the signal norm, or none.
    pub signal: &'a mut [f32],
    /// As many streams as [`streams`] tells.
    pub streams: &'a mut [Stream<R>],
}

/// What the header of a chain says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head<'b> {
    pub arithmetic: Arithmetic,
    pub description: Option<Description<'b>>,
    pub parameters: usize,
    options: Options,
    centres: usize,
    signals: usize,
    /// The state, and the streams' generators: of a type that only the caller knows.
    generators: Fields<'b>,
}

impl<'b> Head<'b> {
    pub fn read(mut fields: Fields<'b>) -> Result<Self, FormatError> {
        let arithmetic = fields.take("the arithmetic")?;
        // As an Option is written.
        let description = match fields.take::<u8>("whether a net follows")? {
            0 => None,
            1 => Some(Description::take(&mut fields)?),
            _ => return Err(FormatError::Header { what: "whether a net follows" }),
        };
        let parameters = fields.take("the number of parameters")?;
        let options = fields.take::<OptionsCode>("the options")?.options()?;
        let (centres, signals) = fields.take("the numbers of centres and signals")?;
        Ok(Self { arithmetic, description, parameters, options, centres, signals, generators: fields })
    }

    fn numbers(&self) -> Option<usize> {
        self.parameters.checked_add(self.centres)?.checked_add(self.signals)
    }

    fn check(&self, expected: &Expected<'_>) -> Result<(), FormatError> {
        let (stored, given) = (self.arithmetic, expected.arithmetic);
        if stored != given {
            return Err(FormatError::Arithmetic { stored, given });
        }
        if let Some(objective) = &expected.objective {
            self.description.ok_or(FormatError::NoNet)?.check(objective)?;
        }
        expected.options.map_or(Ok(()), |options| same_options(&self.options, &options))
    }

    /// The state, and where the numbers are to be put: all lengths are right.
    pub fn place<'a, R: KeptGenerator>(
        &self,
        expected: &Expected<'_>,
        slices: Slices<'a, R>,
    ) -> Result<(State<R>, impl Iterator<Item = &'a mut f32> + use<'a, R>), FormatError> {
        self.check(expected)?;
        let Slices { parameters, centres, signal, streams } = slices;
        same_length("parameters", self.parameters, parameters.len())?;
        same_length("centres", self.centres, centres.len())?;
        same_length("signal", self.signals, signal.len())?;
        let mut fields = self.generators;
        let StateCode { sigma, loss, rejected_in_a_row, steps, accepted, resets } = fields.take("the state")?;
        let generator = take_generator(&mut fields)?;
        same_length("streams", fields.take("the number of streams")?, streams.len())?;
        for stream in streams {
            *stream = Stream::new(take_generator(&mut fields)?);
        }
        fields.end()?;
        let counters = Counters { steps, accepted, resets };
        let state = State { sigma, loss, rejected_in_a_row, counters, generator };
        Ok((state, parameters.iter_mut().chain(centres).chain(signal)))
    }
}

fn same_options(stored: &Options, given: &Options) -> Result<(), FormatError> {
    let step = |options: &Options| options.grid.map_or(0.0, |grid| grid.step());
    for (name, stored, given) in [
        ("sigma", stored.sigma, given.sigma),
        ("epsilon", stored.epsilon, given.epsilon),
        ("temperature", stored.temperature, given.temperature),
        ("grid", step(stored), step(given)),
    ] {
        if stored.to_bits() != given.to_bits() {
            return Err(FormatError::Option { name, stored, given });
        }
    }
    let (stored, given) = (stored.n_reset, given.n_reset);
    if stored == given { Ok(()) } else { Err(FormatError::NReset { stored, given }) }
}

/// A verified chain, read where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored<'b> {
    head: Head<'b>,
    numbers: Numbers<'b>,
}

impl<'b> Stored<'b> {
    /// Verifies a stored chain: `bytes` is all of it and nothing else.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, FormatError> {
        let (fields, numbers) = open_whole(CHAIN, bytes)?;
        let head = Head::read(fields)?;
        if head.numbers() != Some(numbers.len()) {
            return Err(FormatError::Header { what: "the number of numbers" });
        }
        Ok(Self { head, numbers })
    }

    /// The arithmetic it was trained in.
    pub fn arithmetic(&self) -> Arithmetic {
        self.head.arithmetic
    }

    /// The net and loss, where they were stored.
    pub fn description(&self) -> Option<Description<'b>> {
        self.head.description
    }

    /// The options it was trained with.
    pub fn options(&self) -> Options {
        self.head.options
    }

    /// The current parameters.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = f32> + Clone + use<'b> {
        self.numbers.iter().take(self.head.parameters)
    }

    /// Copies it to `slices`, and gives the state with which [`Chain::resume`] goes on.
    pub fn load<R: KeptGenerator>(
        &self,
        expected: &Expected<'_>,
        slices: Slices<'_, R>,
    ) -> Result<State<R>, FormatError> {
        let (state, places) = self.head.place(expected, slices)?;
        for (to, from) in places.zip(self.numbers.iter()) {
            *to = from;
        }
        Ok(state)
    }
}
