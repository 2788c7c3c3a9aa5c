//! How sequences pass through layers that make states, one step after the other: a [`Cell`] is one step.

use crate::lanes::Lanes;
use crate::layer::kind::{LayerPass, NetInputs, Seen};
use crate::layer::neurons::{activations, signal};
use crate::samples::{FeatureKernel, Features};

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
    /// Inputs may be `SPARSE` as those of [`Neurons`](crate::layer::neurons::Neurons), or have zeros left out. Implementations are `#[inline(always)]`, so that
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

/// Passes a net's inputs.
#[inline(always)]
pub(super) fn first<C: Cell, L: Lanes, S: Seen<L>>(
    cell: C,
    lanes: L,
    inputs: NetInputs<'_, impl Features>,
    pass: LayerPass<'_, '_>,
    seen: Option<S>,
) {
    let LayerPass { tiles, weights, biases, buffers, .. } = pass;
    let NetInputs { features, first, scale } = inputs;
    let sequences = Sequences { cell, weights, biases, tiles };
    features.apply(lanes, First { sequences, first, scale, room: buffers.made, seen });
}

/// Passes what the layer before made.
#[inline(always)]
pub(super) fn given<C: Cell, L: Lanes>(cell: C, lanes: L, pass: LayerPass<'_, '_>, seen: Option<&mut dyn Seen<L>>) {
    let LayerPass { tiles, weights, biases, taken, buffers, .. } = pass;
    let Sizes { inputs, steps, .. } = cell.sizes();
    let given = buffers.given.get(..taken).unwrap_or_default();
    let length = inputs * L::T;
    let inputs = |tile, step| {
        let start = (tile * steps + step) * length;
        let step = given.get(start..).and_then(|given| given.get(..length));
        activations(lanes, step.unwrap_or_default())
    };
    let sequences = Sequences { cell, weights, biases, tiles };
    sequences.run::<L, _, false>(lanes, (inputs, 1.0), buffers.made, seen);
}

/// Tiles of sequences on their way through a layer at given parameters.
#[derive(Clone, Copy)]
struct Sequences<'a, C> {
    cell: C,
    weights: &'a [f32],
    biases: &'a [f32],
    tiles: usize,
}

impl<C: Cell> Sequences<'_, C> {
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
