//! Simple recurrent layers: dense layers of a step's inputs and the state before, one step after the other.
//!
//! A sum runs over the step's inputs in their order, then takes the bias, then runs over the states in theirs. How
//! sequences pass is the same for every kind that makes states: a [`Cell`] is one of its steps.

use core::convert::Infallible;
use core::fmt;

use crate::activation::{Activation, activate};
use crate::lanes::Lanes;
use crate::layer::kind::{Buffers, CODE, Compute, Kept, Kind, LayerPass, NetInputs, SIZE, Seen, Shape};
use crate::layer::neurons::{Neurons, activations, signal};
use crate::samples::{FeatureKernel, Features};

/// A simple recurrent layer: h_t = activation(W x_t + V h_{t−1} + b) for t = 1 to `steps`, from h_0 = 0.
///
/// It takes the outputs of the layer before as a sequence, `[step][inputs]`. Its weights are W, `[inputs][units]`,
/// and behind it V, `[units][units]`: one section, since every neuron has the same inputs, x_t and h_{t−1}.
/// PyTorch's `nn.RNN` has two biases, of which b is the sum.
///
/// The signal of its inputs is Σ S² over x_t and h_{t−1}, the mean over samples and steps. As states depend on the
/// parameters, it is gathered in every evaluation, of a net's first layer as well.
///
/// ```
/// use amc_core::{Activation, Layer, Net};
///
/// // Two layers of 64 units over a sequence of 392 steps of 4 numbers, and the class by the last state.
/// const NET: Net = Net::new(392 * 4, &[
///     Layer::recurrent_states(4, 64, 392, Activation::Tanh),
///     Layer::recurrent(64, 64, 392, Activation::Tanh),
///     Layer::dense(10, Activation::Softmax),
/// ]);
/// assert_eq!(NET.parameters(), (4 + 64 + 1) * 64 + (64 + 64 + 1) * 64 + (64 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recurrent {
    /// Numbers of a step.
    pub inputs: usize,
    /// Neurons: the numbers of a state.
    pub units: usize,
    /// Steps of the sequence.
    pub steps: usize,
    /// What each neuron makes of its input; no softmax.
    pub activation: Activation,
    /// Whether it gives every state, `[step][units]`, or the last one only, `[units]`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub every: bool,
}

impl Recurrent {
    /// `units` neurons over `steps` steps of `inputs` numbers, of which the last state is given on.
    pub const fn new(inputs: usize, units: usize, steps: usize, activation: Activation) -> Self {
        Self { inputs, units, steps, activation, every: false }
    }

    /// The same layer, which gives every state: what another one goes on with.
    pub const fn states(inputs: usize, units: usize, steps: usize, activation: Activation) -> Self {
        Self { inputs, units, steps, activation, every: true }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        let Self { inputs, units, steps, every, .. } = *self;
        let states = units.saturating_mul(steps);
        Shape {
            takes: inputs.saturating_mul(steps),
            fan_in: inputs.saturating_add(units),
            neurons: units,
            biases: units,
            outputs: if every { states } else { units },
            // Of the states that are not kept, there are the last and the one before.
            room: if every { states } else { units.saturating_mul(2) },
            uses: steps,
            shared: true,
            kept: Kept::AsBefore,
            initial_fan_in: units,
        }
    }

    pub(crate) const fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Kind for Recurrent {
    type Error = Infallible;

    const BYTES: usize = 3 * SIZE + 2 * CODE;

    const STREAMS: bool = true;

    const ACTIVATES: bool = true;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>) {
        pass.outlined(lanes, *self, seen);
    }

    #[inline(always)]
    fn first<L: Lanes, S: Seen<L>>(
        &self,
        lanes: L,
        inputs: NetInputs<'_, impl Features>,
        pass: LayerPass<'_, '_>,
        seen: Option<S>,
    ) {
        let LayerPass { tiles, weights, biases, buffers, .. } = pass;
        Sequences { cell: *self, weights, biases, tiles }.first(lanes, inputs, buffers.made, seen);
    }
}

impl Compute for Recurrent {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<&mut dyn Seen<L>>) {
        let LayerPass { tiles, weights, biases, taken, buffers, .. } = pass;
        Sequences { cell: self, weights, biases, tiles }.given(lanes, taken, buffers, seen);
    }
}

impl Cell for Recurrent {
    fn sizes(&self) -> Sizes {
        let Self { inputs, units, steps, every, .. } = *self;
        Sizes { inputs, units, steps, every }
    }

    #[inline(always)]
    fn step<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, const SPARSE: bool>(
        &self,
        lanes: L,
        (weights, biases): (&[f32], &[f32]),
        (inputs, scale): (I, f32),
        before: &[f32],
        now: &mut [f32],
        _room: &mut [f32],
    ) {
        let Some((w, v)) = weights.split_at_checked(self.inputs * biases.len()) else { return };
        let from_inputs = Neurons { weights: w, biases, scale, begins: true, ends: true };
        from_inputs.run::<L, _, SPARSE>(lanes, |_| inputs.clone(), now);
        if !before.is_empty() {
            let from_state = Neurons { weights: v, biases, scale: 1.0, begins: false, ends: false };
            from_state.run::<L, _, false>(lanes, |_| activations(lanes, before), now);
        }
        activate(lanes, self.activation, now);
    }
}

impl fmt::Display for Recurrent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, units, steps, activation, every } = self;
        let name = if *every { "recurrent_states" } else { "recurrent" };
        write!(f, "Layer::{name}({inputs}, {units}, {steps}, {activation})")
    }
}

/// The sizes of a layer of sequences.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Numbers of a step.
    pub inputs: usize,
    /// Those of a state.
    pub units: usize,
    pub steps: usize,
    /// Whether it gives every state.
    pub every: bool,
}

/// A kind of layers that makes states, one step after the other.
pub(super) trait Cell: Copy {
    fn sizes(&self) -> Sizes;

    /// One step: the state `now`, `[unit][T]`, by weights and biases, from the inputs, what they are to be multiplied by,
    /// and the state before, which is empty where there was none. `room` is what of the layer's is left for it.
    ///
    /// Inputs may be `SPARSE` as those of [`Neurons`], or have zeros left out. Implementations are `#[inline(always)]`, so that
    /// they are compiled for the lanes' instruction set.
    fn step<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, const SPARSE: bool>(
        &self,
        lanes: L,
        parameters: (&[f32], &[f32]),
        inputs: (I, f32),
        before: &[f32],
        now: &mut [f32],
        room: &mut [f32],
    );
}

/// Tiles of sequences on their way through a layer at given parameters.
#[derive(Clone, Copy)]
pub(super) struct Sequences<'a, C> {
    pub cell: C,
    pub weights: &'a [f32],
    pub biases: &'a [f32],
    pub tiles: usize,
}

impl<C: Cell> Sequences<'_, C> {
    /// Passes those that are a net's inputs.
    #[inline(always)]
    pub(super) fn first<L: Lanes, S: Seen<L>>(
        self,
        lanes: L,
        inputs: NetInputs<'_, impl Features>,
        room: &mut [f32],
        seen: Option<S>,
    ) {
        let NetInputs { features, first, scale } = inputs;
        features.apply(lanes, First { sequences: self, first, scale, room, seen });
    }

    /// Passes those that the layer before made, `taken` numbers.
    #[inline(always)]
    pub(super) fn given<L: Lanes>(
        self,
        lanes: L,
        taken: usize,
        buffers: &mut Buffers<'_>,
        seen: Option<&mut dyn Seen<L>>,
    ) {
        let Sizes { inputs, steps, .. } = self.cell.sizes();
        let given = buffers.given.get(..taken).unwrap_or_default();
        let length = inputs * L::T;
        let inputs = |tile, step| {
            let start = (tile * steps + step) * length;
            let step = given.get(start..).and_then(|given| given.get(..length));
            activations(lanes, step.unwrap_or_default())
        };
        self.run::<L, _, false>(lanes, (inputs, 1.0), buffers.made, seen);
    }

    /// Passes them through all steps. `inputs` are, for a tile and a step, the step's inputs, asked for in their order, and
    /// what they are to be multiplied by.
    ///
    /// The outputs stand at the front of `room`, `[tile][output][T]`. If signals are wanted, `seen` takes them.
    #[inline(always)]
    fn run<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, const SPARSE: bool>(
        &self,
        lanes: L,
        mut inputs: (impl FnMut(usize, usize) -> I, f32),
        room: &mut [f32],
        mut seen: Option<impl Seen<L>>,
    ) {
        let Self { cell, weights, biases, tiles } = *self;
        let Sizes { units, steps, every, .. } = cell.sizes();
        let state = units * L::T;
        let (kept, spare) = if every { (steps, 0) } else { (1, state) };
        let Some((made, room)) = room.split_at_mut_checked(state * kept * tiles) else { return };
        let Some((spare, room)) = room.split_at_mut_checked(spare) else { return };
        for (tile, made) in made.chunks_exact_mut((state * kept).max(1)).enumerate() {
            let mut sum = lanes.splat(0.0);
            // Not in a closure: it would not be compiled for the lanes' instruction set.
            for step in 0..steps {
                let (before, now) = if every {
                    let (before, now) = made.split_at_mut_checked(step * state).unwrap_or_default();
                    (before.get(before.len().saturating_sub(state)..).unwrap_or_default(), now)
                } else if (steps - step).is_multiple_of(2) {
                    // They change places at each step, so that the last state is made in the tile's own.
                    (&*made, &mut *spare)
                } else {
                    (&*spare, &mut *made)
                };
                let before = if step == 0 { &[] } else { before };
                let now = now.get_mut(..state).unwrap_or_default();
                let x = inputs.0(tile, step);
                cell.step::<L, _, SPARSE>(lanes, (weights, biases), (x.clone(), inputs.1), before, now, room);
                if seen.is_some() {
                    let squared = lanes.mul(signal(lanes, x), lanes.splat(inputs.1 * inputs.1));
                    sum = lanes.add(sum, lanes.add(squared, signal(lanes, activations(lanes, before))));
                }
            }
            if let Some(seen) = &mut seen {
                seen.take(lanes, tile, lanes.div(sum, lanes.splat(steps as f32)));
            }
        }
    }
}

/// The layer, of the features from sample `first` on, of which each sample's are a sequence.
struct First<'a, 'o, C, S> {
    sequences: Sequences<'a, C>,
    first: usize,
    scale: f32,
    room: &'o mut [f32],
    seen: Option<S>,
}

impl<L: Lanes, C: Cell, S: Seen<L>> FeatureKernel<L> for First<'_, '_, C, S> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { sequences, first, scale, room, seen } = self;
        let length = sequences.cell.sizes().inputs;
        let mut steps = None;
        let inputs = |tile: usize, step| {
            let begun = if step == 0 { None } else { steps.take() };
            let sequence = || Steps::new(features.tile(lanes, first + tile * L::T), length);
            steps.insert(begun.unwrap_or_else(sequence)).next()
        };
        sequences.run::<L, _, true>(lanes, (inputs, scale), room, seen);
    }
}

/// Cuts a sequence, of which zeros may be left out, into its steps.
struct Steps<I> {
    /// What follows the steps that were taken.
    left: I,
    /// The index of its first input.
    first: usize,
    /// Inputs of a step.
    inputs: usize,
}

impl<V, I: Iterator<Item = (usize, V)> + Clone> Steps<I> {
    /// The steps, of so many inputs each, of a sequence.
    #[inline(always)]
    fn new(sequence: I, inputs: usize) -> Self {
        Self { left: sequence, first: 0, inputs }
    }

    /// The next step's inputs, counted from 0.
    #[inline(always)]
    fn next(&mut self) -> impl Iterator<Item = (usize, V)> + Clone + use<V, I> {
        let first = self.first;
        self.first += self.inputs;
        let end = self.first;
        // Fewer than the step has, where zeros are left out.
        let count = self.left.clone().take_while(|(input, _)| *input < end).count();
        let step = self.left.clone().take(count).map(move |(input, v)| (input - first, v));
        if count > 0 {
            self.left.nth(count - 1);
        }
        step
    }
}
