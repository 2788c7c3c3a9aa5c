//! Simple recurrent layers: dense layers of a step's inputs and the state before, one step after the other.
//!
//! A sum runs over the step's inputs in their order, then takes the bias, then runs over the states in theirs.

use crate::forward::{Dense, activate, activations, signal};
use crate::lanes::Lanes;
use crate::net::{Activation, Layer, Shape};

impl Layer {
    /// A [recurrent](Layer::Recurrent) layer of `units` neurons over `steps` steps of `inputs` numbers, which gives its
    /// last state.
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
    pub const fn recurrent(inputs: usize, units: usize, steps: usize, activation: Activation) -> Self {
        Layer::Recurrent { inputs, units, steps, activation, every: false }
    }

    /// The same layer, which gives every state: what another one goes on with.
    pub const fn recurrent_states(inputs: usize, units: usize, steps: usize, activation: Activation) -> Self {
        Layer::Recurrent { inputs, units, steps, activation, every: true }
    }
}

pub(crate) const fn shape(inputs: usize, units: usize, steps: usize, every: bool) -> Shape {
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
    }
}

/// A recurrent layer at given parameters.
#[derive(Clone, Copy)]
pub(crate) struct Recurrent<'a> {
    /// W and V, `[inputs + units][units]`.
    pub(crate) weights: &'a [f32],
    pub(crate) biases: &'a [f32],
    /// Inputs of a step.
    pub(crate) inputs: usize,
    pub(crate) steps: usize,
    pub(crate) activation: Activation,
    /// Whether it gives every state.
    pub(crate) every: bool,
}

impl Recurrent<'_> {
    /// Passes `tiles` tiles through all steps. `inputs` are, for a tile and a step, the step's inputs, asked for in their
    /// order, and what they are to be multiplied by; they may be `SPARSE` as those of [`Dense`], or have zeros left out.
    ///
    /// The outputs stand at the front of `room`, `[tile][output][T]`. If signals are wanted, `seen(tile, the signal)`
    /// is called.
    #[inline(always)]
    pub(crate) fn run<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, const SPARSE: bool>(
        &self,
        lanes: L,
        tiles: usize,
        mut inputs: (impl FnMut(usize, usize) -> I, f32),
        room: &mut [f32],
        with_signal: bool,
        mut seen: impl FnMut(usize, L::V),
    ) {
        let state = self.biases.len() * L::T;
        let kept = if self.every { self.steps } else { 1 };
        let Some((made, spare)) = room.split_at_mut_checked(state * kept * tiles) else { return };
        for (tile, made) in made.chunks_exact_mut((state * kept).max(1)).enumerate() {
            let spare = spare.get_mut(..state).unwrap_or_default();
            let mut sum = lanes.splat(0.0);
            // Not in a closure: it would not be compiled for the lanes' instruction set.
            for step in 0..self.steps {
                let (before, now) = if self.every {
                    let (before, now) = made.split_at_mut_checked(step * state).unwrap_or_default();
                    (before.get(before.len().saturating_sub(state)..).unwrap_or_default(), now)
                } else if (self.steps - step).is_multiple_of(2) {
                    // They change places at each step, so that the last state is made in the tile's own.
                    (&*made, &mut *spare)
                } else {
                    (&*spare, &mut *made)
                };
                let before = if step == 0 { &[] } else { before };
                let now = now.get_mut(..state).unwrap_or_default();
                let x = inputs.0(tile, step);
                self.step::<L, _, SPARSE>(lanes, (x.clone(), inputs.1), before, now);
                if with_signal {
                    let squared = lanes.mul(signal(lanes, x), lanes.splat(inputs.1 * inputs.1));
                    sum = lanes.add(sum, lanes.add(squared, signal(lanes, activations(lanes, before))));
                }
            }
            if with_signal {
                seen(tile, lanes.div(sum, lanes.splat(self.steps as f32)));
            }
        }
    }

    /// One step: the state `now`, `[unit][T]`, from the inputs, what they are to be multiplied by, and the state
    /// before, which is empty where there was none.
    #[inline(always)]
    fn step<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, const SPARSE: bool>(
        &self,
        lanes: L,
        (inputs, scale): (I, f32),
        before: &[f32],
        now: &mut [f32],
    ) {
        let biases = self.biases;
        let Some((w, v)) = self.weights.split_at_checked(self.inputs * biases.len()) else { return };
        let from_inputs = Dense { weights: w, biases, scale, begins: true, ends: true };
        from_inputs.run::<L, _, SPARSE>(lanes, |_| inputs.clone(), now);
        if !before.is_empty() {
            let from_state = Dense { weights: v, biases, scale: 1.0, begins: false, ends: false };
            from_state.run::<L, _, false>(lanes, |_| activations(lanes, before), now);
        }
        activate(lanes, self.activation, now);
    }
}

/// Cuts a sequence, of which zeros may be left out, into its steps.
pub(crate) struct Steps<I> {
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
    pub(crate) fn new(sequence: I, inputs: usize) -> Self {
        Self { left: sequence, first: 0, inputs }
    }

    /// The next step's inputs, counted from 0.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> impl Iterator<Item = (usize, V)> + Clone + use<V, I> {
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
