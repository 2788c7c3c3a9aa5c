//! Simple recurrent layers: dense layers of a step's inputs and the state before, one step after the other.
//!
//! A sum runs over the step's inputs in their order, then takes the bias, then runs over the states in theirs.

use core::convert::Infallible;
use core::fmt;

use super::sequences::{Cell, Sizes, first, given};
use crate::activation::{Activation, activate};
use crate::lanes::Lanes;
use crate::layer::kind::{CODE, Compute, Kept, Kind, LayerPass, NetInputs, SIZE, Seen, Shape};
use crate::layer::neurons::{Neurons, activations};
use crate::samples::Features;

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
            states: units,
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

    /// Each state begins as it was, V = 1 (Le, Jaitly and Hinton, arXiv:1504.00941), and all steps together move a sum as far as one
    /// step of a dense layer would.
    fn remember(&self, parameters: &mut [f32], of_inputs: f32) {
        let Self { inputs, units, steps, .. } = *self;
        let of_step = 1.0 / libm::sqrtf(steps as f32);
        let Some((of_given, behind)) = parameters.split_at_mut_checked(inputs * units) else { return };
        let Some((of_states, biases)) = behind.split_at_mut_checked(units * units) else { return };
        of_given.iter_mut().for_each(|weight| *weight *= of_inputs * of_step);
        of_states.fill(0.0);
        of_states.iter_mut().step_by(units + 1).for_each(|weight| *weight = 1.0);
        biases.iter_mut().for_each(|bias| *bias *= of_step);
    }

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
        first(*self, lanes, inputs, pass, seen);
    }
}

impl Compute for Recurrent {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<&mut dyn Seen<L>>) {
        given(self, lanes, pass, seen);
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
