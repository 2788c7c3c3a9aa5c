//! Gated recurrent units: recurrent layers that decide at each step how much of the state before to go on with.
//!
//! The sum of a gate runs over the step's inputs in their order, then takes the bias, then runs over the states in theirs.
//! So does that of a new state, but in two parts, as its gate is for the second alone: this begins with a bias of its own.

use core::convert::Infallible;
use core::fmt;

use super::sequences::{Cell, Sizes, first, given};
use crate::activation::{Activation, activate};
use crate::elementary::ln_normal;
use crate::lanes::{Lanes, Portable};
use crate::layer::kind::{CODE, Compute, Kept, Kind, LayerPass, NetInputs, SIZE, Seen, Shape};
use crate::layer::neurons::{Neurons, activations};
use crate::samples::Features;

/// A gated recurrent unit (Cho et al., arXiv:1406.1078), with the reset gate where PyTorch's `nn.GRU` has it, behind the
/// product. For t = 1 to `steps`, from h_0 = 0:
///
/// - r = sigmoid(W_r x_t + V_r h_{t−1} + b_r)
/// - z = sigmoid(W_z x_t + V_z h_{t−1} + b_z)
/// - n = tanh(W_n x_t + b_n + r · (V_n h_{t−1} + c))
/// - h_t = (1 − z) · n + z · h_{t−1}
///
/// It takes the outputs of the layer before as a sequence, `[step][inputs]`. Its weights are W, `[inputs][3 units]`, the
/// columns those of r, z and n, and behind it V, `[units][3 units]`: one section, since all 3 `units` neurons have the same
/// inputs, x_t and h_{t−1}. For biases it has b, `[3 units]`, followed by c, `[units]`. Of PyTorch's parameters, W is
/// `weight_ih_l0` transposed, V `weight_hh_l0` transposed, b `bias_ih_l0` with the first 2 `units` of `bias_hh_l0` added to its
/// own, and c the last `units` of `bias_hh_l0`.
///
/// The signal of its inputs is Σ S² over x_t and h_{t−1}, the mean over samples and steps, of all neurons the same. As states
/// depend on the parameters, it is gathered in every evaluation, of a net's first layer as well. PyTorch draws all parameters
/// to start from uniform within ±1/√units: the [initial fan-in](crate::Section::initial_fan_in) is `units`.
///
/// In memory it has, beside its states (of the last one alone, two), the 3 `units` sums of a step.
///
/// ```
/// use amc_core::{Activation, Layer, Net};
///
/// // Two layers of 32 units over 128 steps of 3 axes, and the class by the last state.
/// const NET: Net = Net::new(128 * 3, &[
///     Layer::gru_states(3, 32, 128),
///     Layer::gru(32, 32, 128),
///     Layer::dense(6, Activation::Softmax),
/// ]);
/// let (weights, biases) = ((3 + 32) * 3 * 32 + (32 + 32) * 3 * 32, 2 * 4 * 32);
/// assert_eq!(NET.parameters(), weights + biases + (32 + 1) * 6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Gru {
    /// Numbers of a step.
    pub inputs: usize,
    /// The numbers of a state.
    pub units: usize,
    /// Steps of the sequence.
    pub steps: usize,
    /// Whether it gives every state, `[step][units]`, or the last one only, `[units]`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub every: bool,
}

impl Gru {
    /// `units` units over `steps` steps of `inputs` numbers, of which the last state is given on.
    pub const fn new(inputs: usize, units: usize, steps: usize) -> Self {
        Self { inputs, units, steps, every: false }
    }

    /// The same layer, which gives every state: what another one goes on with.
    pub const fn states(inputs: usize, units: usize, steps: usize) -> Self {
        Self { inputs, units, steps, every: true }
    }

    pub(crate) const fn shape(&self, _width: usize) -> Shape {
        let Self { inputs, units, steps, every } = *self;
        let states = units.saturating_mul(steps);
        let neurons = units.saturating_mul(3);
        Shape {
            takes: inputs.saturating_mul(steps),
            fan_in: inputs.saturating_add(units),
            states: units,
            neurons,
            biases: units.saturating_mul(4),
            outputs: if every { states } else { units },
            room: if every { states } else { units.saturating_mul(2) }.saturating_add(neurons),
            uses: steps,
            shared: true,
            kept: Kept::AsBefore,
            initial_fan_in: units,
        }
    }

    /// None but those of its gates and of the new state, which are its own.
    pub(crate) const fn activation(&self) -> Activation {
        Activation::Linear
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Kind for Gru {
    type Error = Infallible;

    const BYTES: usize = 3 * SIZE + CODE;

    const FUNCTIONS: usize = 1;

    const STREAMS: bool = true;

    /// Biases of the gates z, so that states last for all times from a step to all of them: ln t, t from 1 to the steps (Tallec and
    /// Ollivier, arXiv:1804.11188).
    fn remember(&self, parameters: &mut [f32], of_inputs: f32) {
        let Self { inputs, units, steps, .. } = *self;
        let gates = 3 * units;
        let Some((of_given, behind)) = parameters.split_at_mut_checked(inputs * gates) else { return };
        of_given.iter_mut().for_each(|weight| *weight *= of_inputs);
        let of_z = behind.iter_mut().skip(units * gates + units).take(units);
        for (unit, bias) in of_z.enumerate() {
            let share = (unit as f32 + 0.5) / units as f32;
            let [ln] = ln_normal(Portable::<1>, [1.0 + share * steps.saturating_sub(1) as f32]);
            *bias = ln;
        }
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

impl Compute for Gru {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<&mut dyn Seen<L>>) {
        given(self, lanes, pass, seen);
    }
}

impl Cell for Gru {
    fn sizes(&self) -> Sizes {
        let Self { inputs, units, steps, every } = *self;
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
        room: &mut [f32],
    ) {
        let neurons = 3 * self.units;
        let Some((w, v)) = weights.split_at_checked(self.inputs * neurons) else { return };
        let Some((biases, of_states)) = biases.split_at_checked(neurons) else { return };
        let Some(sums) = room.get_mut(..neurons * L::T) else { return };
        let from_inputs = Neurons { weights: w, biases, scale, begins: true, ends: true };
        from_inputs.run::<L, _, SPARSE>(lanes, |_| inputs.clone(), sums);
        // What n has of the inputs waits where the state will be, so that the sums of all three go on at once.
        let (_, of_n) = sums.split_at_mut_checked(2 * self.units * L::T).unwrap_or_default();
        let units = of_n.chunks_exact_mut(L::T).zip(now.chunks_exact_mut(L::T));
        for ((sum, now), bias) in units.zip(of_states) {
            lanes.store(lanes.load(sum), now);
            lanes.store(lanes.splat(*bias), sum);
        }
        if !before.is_empty() {
            let from_state = Neurons { weights: v, biases, scale: 1.0, begins: false, ends: false };
            from_state.run::<L, _, false>(lanes, |_| activations(lanes, before), sums);
        }
        let (gates, of_n) = sums.split_at_mut_checked(2 * self.units * L::T).unwrap_or_default();
        activate(lanes, Activation::Sigmoid, gates);
        let (r, z) = gates.split_at_checked(self.units * L::T).unwrap_or_default();
        let units = r.chunks_exact(L::T).zip(of_n.chunks_exact(L::T));
        for ((r, of_state), now) in units.zip(now.chunks_exact_mut(L::T)) {
            lanes.store(lanes.mul_add(lanes.load(r), lanes.load(of_state), lanes.load(now)), now);
        }
        activate(lanes, Activation::Tanh, now);
        for (unit, (z, now)) in z.chunks_exact(L::T).zip(now.chunks_exact_mut(L::T)).enumerate() {
            // Lanes beyond the end are 0, as the state before the first step is.
            let before = lanes.load(before.get(unit * L::T..).unwrap_or_default());
            let n = lanes.load(now);
            lanes.store(lanes.mul_add(lanes.load(z), lanes.sub(before, n), n), now);
        }
    }
}

impl fmt::Display for Gru {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, units, steps, every } = self;
        let name = if *every { "gru_states" } else { "gru" };
        write!(f, "Layer::{name}({inputs}, {units}, {steps})")
    }
}
