//! The chain of an integer net: moves of a few weights of one neuron.

use rand_core::Rng;

use super::error::Error;
use super::net::Net;
use crate::chain::Counters;
use crate::mixed::below;

/// The most by which a move changes a weight.
const LARGEST: usize = 4;

/// Changes that a move lists; of one that has more, the neuron is computed anew.
const LISTED: usize = 16;

/// Rates are numbers of 16 fraction bits.
const ONE: u32 = 1 << 16;

/// Weights that a move changes to begin with.
const INITIAL_RATE: u32 = 16 * ONE;

/// How a success raises a rate, and how a failure lowers it: they balance where a move in five succeeds.
const UP: u32 = 4;
const DOWN: u32 = 6;

/// The change of a neuron that a move proposes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The neuron's layer.
    pub layer: usize,
    /// Which of the layer's neurons it is.
    pub unit: usize,
    /// The inputs whose weights are others.
    pub inputs: Changes,
}

/// Changed weights of a neuron.
#[derive(Clone, Debug)]
pub enum Changes {
    /// The input, or for the bias the number of inputs, and by how much its weight is more.
    Some(heapless::Vec<(u16, i16), LISTED>),
    /// Too many to be listed.
    Many,
}

/// Who evaluates changed neurons, and keeps what is common to all moves.
pub trait Evaluate {
    /// The loss at parameters of which only a neuron differs from those kept last, or none as soon as it is certain to exceed
    /// `bound`.
    fn propose(&mut self, bound: u64, parameters: &[i8], change: &Change) -> Option<u64>;

    /// Keeps the parameters proposed last.
    fn keep(&mut self, parameters: &[i8], change: &Change);

    /// Keeps any parameters; gives their loss.
    fn begin(&mut self, parameters: &[i8]) -> u64;
}

/// Memory of a chain, lent by the caller.
#[derive(Debug)]
pub struct ChainMemory<'m> {
    /// [`Net::parameters`] parameters, to begin with.
    pub parameters: &'m mut [i8],
    /// [`Net::widest_neuron`] numbers: what a move has changed, to be put back.
    pub undo: &'m mut [i8],
    /// A number for each layer: how many weights a move changes.
    pub rates: &'m mut [u32],
}

/// Moves of an integer net's parameters.
///
/// A move is of one neuron, each parameter of the net as likely to be among its: it changes as many of the neuron's weights, and its
/// bias, as the layer's rate says, each by 1 to 4 up or down; what would leave the limit stays. It is kept if the loss does not
/// rise. A rate grows by 1/16 where a move lowers the loss, else it falls by 1/64.
#[derive(Debug)]
pub struct Chain<'m, R> {
    net: Net<'m>,
    memory: ChainMemory<'m>,
    rng: R,
    loss: u64,
    counters: Counters,
}

/// Where a chain stands beside its parameters and rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainState<R> {
    /// The generator.
    pub rng: R,
    /// Moves made and accepted.
    pub counters: Counters,
    /// The loss of the parameters.
    pub loss: u64,
}

impl<'m, R: Rng> Chain<'m, R> {
    /// A chain that begins at `memory.parameters`, as [`Net::draw`] makes them.
    ///
    /// # Errors
    /// Where memory is too short, or a parameter beyond the limit.
    pub fn new(net: Net<'m>, memory: ChainMemory<'m>, rng: R, evaluator: &mut impl Evaluate) -> Result<Self, Error> {
        check(net, &memory)?;
        memory.rates.fill(INITIAL_RATE);
        let loss = evaluator.begin(memory.parameters);
        Ok(Self { net, memory, rng, loss, counters: Counters::default() })
    }

    /// A chain that goes on where another stood, whose rates are in `memory`.
    ///
    /// # Errors
    /// As [`new`](Chain::new), and where the parameters have another loss or the rates are out of range.
    pub fn resume(
        net: Net<'m>,
        memory: ChainMemory<'m>,
        state: ChainState<R>,
        evaluator: &mut impl Evaluate,
    ) -> Result<Self, Error> {
        check(net, &memory)?;
        let ChainState { rng, counters, loss } = state;
        let are_possible = memory
            .rates
            .iter()
            .zip(net.places())
            .all(|(rate, place)| (ONE..=most_rate(place.inputs + 1).max(INITIAL_RATE)).contains(rate));
        if !are_possible {
            return Err(Error::State("a rate is out of range"));
        }
        if counters.accepted > counters.steps {
            return Err(Error::State("more moves were accepted than made"));
        }
        if evaluator.begin(memory.parameters) != loss {
            return Err(Error::State("the loss of the parameters is another"));
        }
        Ok(Self { net, memory, rng, loss, counters })
    }

    /// The current parameters.
    pub fn parameters(&self) -> &[i8] {
        self.memory.parameters
    }

    /// How many weights a move of each layer changes, times 2¹⁶.
    pub fn rates(&self) -> &[u32] {
        self.memory.rates
    }

    /// The loss of the current parameters, summed over the samples: see [`Objective`](super::Objective).
    pub fn loss(&self) -> u64 {
        self.loss
    }

    /// Moves made and accepted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Parameters that are as large as the limit allows.
    pub fn saturated(&self) -> usize {
        let limit = self.net.limit().unsigned_abs();
        self.memory.parameters.iter().filter(|parameter| parameter.unsigned_abs() == limit).count()
    }

    /// Where it stands.
    pub fn state(&self) -> ChainState<R>
    where
        R: Clone,
    {
        ChainState { rng: self.rng.clone(), counters: self.counters, loss: self.loss }
    }

    /// Makes a move; gives whether it was accepted.
    pub fn step(&mut self, evaluator: &mut impl Evaluate) -> bool {
        let change = self.propose();
        let is_none = matches!(&change.inputs, Changes::Some(inputs) if inputs.is_empty());
        let proposed = if is_none { None } else { evaluator.propose(self.loss, self.memory.parameters, &change) };
        let proposed = proposed.filter(|loss| *loss <= self.loss);
        if let Some(rate) = self.memory.rates.get_mut(change.layer) {
            let inputs = self.net.places().nth(change.layer).map_or(0, |place| place.inputs);
            *rate = match proposed {
                Some(loss) if loss < self.loss => rate.saturating_add(*rate >> UP),
                _ => *rate - (*rate >> DOWN),
            };
            *rate = (*rate).clamp(ONE, most_rate(inputs + 1));
        }
        self.counters.steps += 1;
        match proposed {
            Some(loss) => {
                evaluator.keep(self.memory.parameters, &change);
                self.loss = loss;
                self.counters.accepted += 1;
                true
            }
            None => {
                self.put_back(&change);
                false
            }
        }
    }

    /// Changes a neuron, and says how; what it was is in `undo`.
    fn propose(&mut self) -> Change {
        let ChainMemory { parameters, undo, rates } = &mut self.memory;
        let mut at = below(&mut self.rng, self.net.parameters());
        let mut chosen = None;
        for (layer, place) in self.net.places().enumerate() {
            let section = (place.inputs + 1) * place.units;
            if at < section {
                chosen = Some((layer, at / (place.inputs + 1), place));
                break;
            }
            at -= section;
        }
        let mut inputs = heapless::Vec::new();
        let Some((layer, unit, place)) = chosen else {
            return Change { layer: 0, unit: 0, inputs: Changes::Some(inputs) };
        };
        let index = |input| place.index(unit, input);
        for (input, undo) in undo.iter_mut().enumerate().take(place.inputs + 1) {
            *undo = parameters.get(index(input)).copied().unwrap_or(0);
        }

        let rate = rates.get(layer).copied().unwrap_or(ONE);
        let one_more = self.rng.next_u32() & (ONE - 1) < rate & (ONE - 1);
        let changes = (rate >> 16) + u32::from(one_more);
        let limit = i32::from(self.net.limit());
        for _ in 0..changes {
            let input = below(&mut self.rng, place.inputs + 1);
            let drawn = below(&mut self.rng, 2 * LARGEST) as i32;
            let by = if drawn < LARGEST as i32 { drawn + 1 } else { LARGEST as i32 - 1 - drawn };
            if let Some(parameter) = parameters.get_mut(index(input)) {
                *parameter = (i32::from(*parameter) + by).clamp(-limit, limit) as i8;
            }
        }

        let is_listed = u16::try_from(place.inputs).is_ok();
        for (input, undo) in undo.iter().enumerate().take(place.inputs + 1) {
            let by = i16::from(parameters.get(index(input)).copied().unwrap_or(0)) - i16::from(*undo);
            if by != 0 && !(is_listed && inputs.push((input as u16, by)).is_ok()) {
                return Change { layer, unit, inputs: Changes::Many };
            }
        }
        Change { layer, unit, inputs: Changes::Some(inputs) }
    }

    fn put_back(&mut self, change: &Change) {
        let Some(place) = self.net.places().nth(change.layer) else { return };
        let ChainMemory { parameters, undo, .. } = &mut self.memory;
        for (input, undo) in undo.iter().enumerate().take(place.inputs + 1) {
            if let Some(parameter) = parameters.get_mut(place.index(change.unit, input)) {
                *parameter = *undo;
            }
        }
    }
}

/// The highest rate of a neuron of so many parameters: as many changes as two of each.
fn most_rate(parameters: usize) -> u32 {
    u32::try_from(2 * parameters).unwrap_or(u32::MAX).min(u32::from(u16::MAX)) << 16
}

fn check(net: Net<'_>, memory: &ChainMemory<'_>) -> Result<(), Error> {
    net.check(memory.parameters)?;
    for (what, needed, given) in
        [("undo", net.widest_neuron(), memory.undo.len()), ("rates", net.scales().len(), memory.rates.len())]
    {
        if given < needed {
            return Err(Error::Length { what, needed, given });
        }
    }
    Ok(())
}
