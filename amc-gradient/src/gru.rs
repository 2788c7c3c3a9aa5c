//! A gated recurrent unit backward, from its last step to its first.

use amc_core::elementary::{sigmoid, tanh};
use amc_core::{Activation, Lanes, layer};

use super::dense::{Dense, slope};
use super::products::{AddProducts, Tiles};
use amc_kernels::TILE;

/// A gated recurrent unit at given parameters.
pub(super) struct Gru<'a> {
    /// W and V, `[inputs + units][3 units]`.
    pub weights: &'a [f32],
    /// b and c, `[3 units]` and `[units]`.
    pub biases: &'a [f32],
    pub layer: layer::Gru,
}

/// Working memory, for one tile.
#[derive(Default)]
pub(super) struct Room {
    /// What r, z and n have of the inputs, `[step][3 units][TILE]`, and then the errors of that.
    of_inputs: Vec<f32>,
    /// What they have of the states, and then the errors of that.
    of_states: Vec<f32>,
    /// The biases of what they have of the states, and then these biases' gradient.
    biases: Vec<f32>,
    /// The errors of a state by way of the next one.
    later: Vec<f32>,
    /// What of them passes the gates.
    through_gates: Vec<f32>,
    rows: Vec<f32>,
}

impl Gru<'_> {
    /// Adds to `gradient`, W, V and biases, what `errors` of the outputs come to; `given` are the layer's inputs and
    /// `states` all its states. Errors of the inputs go to `before`, where there is one.
    #[inline(always)]
    pub fn backward<L: Lanes>(
        &self,
        lanes: L,
        (given, states): (&[f32], &[f32]),
        errors: &[f32],
        mut before: Option<&mut [f32]>,
        room: &mut Room,
        gradient: &mut [f32],
    ) {
        let layer::Gru { inputs, units, steps, every } = self.layer;
        let (neurons, state, step) = (3 * units, units * TILE, inputs * TILE);
        let (w, v) = self.weights.split_at(inputs * neurons);
        let (b, c) = self.biases.split_at(neurons);
        let (of_w, rest) = gradient.split_at_mut(inputs * neurons);
        let (of_v, rest) = rest.split_at_mut(units * neurons);
        let (of_b, of_c) = rest.split_at_mut(neurons);
        room.of_inputs.resize(steps * 3 * state, 0.0);
        room.of_states.resize(steps * 3 * state, 0.0);
        let outputs = if every { steps * state } else { state };
        let tiles = given.chunks_exact(steps * step).zip(states.chunks_exact(steps * state));
        for (tile, ((given, states), errors)) in tiles.zip(errors.chunks_exact(outputs)).enumerate() {
            room.biases.clear();
            room.biases.resize(2 * units, 0.0);
            room.biases.extend_from_slice(c);
            let earlier = &states[..(steps - 1) * state];
            let (first, later) = room.of_states.split_at_mut(3 * state);
            for (number, bias) in first.chunks_exact_mut(TILE).zip(&room.biases) {
                number.fill(*bias);
            }
            Dense::with_biases(v, &room.biases, steps - 1).forward(lanes, earlier, later);
            let w = Dense::with_biases(w, b, steps);
            w.forward(lanes, given, &mut room.of_inputs);

            self.through_time(lanes, v, states, errors, room);
            let of_inputs = Tiles { numbers: &room.of_inputs, units: neurons };
            w.add_biases(lanes, of_inputs.numbers, of_b);
            let x = Tiles { numbers: given, units: inputs };
            lanes.outlined(AddProducts { inputs: x, errors: of_inputs, rows: &mut room.rows, gradient: of_w });
            room.biases.fill(0.0);
            w.add_biases(lanes, &room.of_states, &mut room.biases);
            of_c.iter_mut().zip(&room.biases[2 * units..]).for_each(|(sum, bias)| *sum += bias);
            // The first state came of none.
            let earlier = Tiles { numbers: earlier, units };
            let of_states = Tiles { numbers: &room.of_states[3 * state..], units: neurons };
            lanes.outlined(AddProducts { inputs: earlier, errors: of_states, rows: &mut room.rows, gradient: of_v });
            if let Some(before) = &mut before {
                w.backward(lanes, &room.of_inputs, &mut before[tile * steps * step..][..steps * step]);
            }
        }
    }

    /// From what r, z and n have of the inputs and of the states to the errors of that, by the `errors` of the outputs.
    #[inline(always)]
    fn through_time<L: Lanes>(&self, lanes: L, v: &[f32], states: &[f32], errors: &[f32], room: &mut Room) {
        let layer::Gru { units, steps, .. } = self.layer;
        let state = units * TILE;
        let unseen = steps * state - errors.len();
        let v = Dense::without_biases(v, 3 * units, 1);
        let (zero, one) = (lanes.splat(0.0), lanes.splat(1.0));
        room.later.clear();
        room.later.resize(state, 0.0);
        room.through_gates.resize(state, 0.0);
        for step in (0..steps).rev() {
            let of_inputs = &mut room.of_inputs[step * 3 * state..][..3 * state];
            let of_states = &mut room.of_states[step * 3 * state..][..3 * state];
            for unit in (0..state).step_by(TILE) {
                let [at_r, at_z, at_n] = [0, 1, 2].map(|gate| gate * state + unit);
                let sum = |at: usize| lanes.add(lanes.load(&of_inputs[at..]), lanes.load(&of_states[at..]));
                let (r, z) = (sigmoid(lanes, sum(at_r)), sigmoid(lanes, sum(at_z)));
                let of_state = lanes.load(&of_states[at_n..]);
                let n = tanh(lanes, lanes.mul_add(r, of_state, lanes.load(&of_inputs[at_n..])));
                let earlier = step.checked_sub(1).map(|earlier| lanes.load(&states[earlier * state + unit..]));
                let seen = (step * state + unit).checked_sub(unseen).map(|at| lanes.load(&errors[at..]));
                let error = lanes.add(seen.unwrap_or(zero), lanes.load(&room.later[unit..]));

                let of_n = lanes.mul(lanes.mul(error, lanes.sub(one, z)), slope(lanes, Activation::Tanh, n));
                let of_z = lanes.mul(error, lanes.sub(earlier.unwrap_or(zero), n));
                let of_z = lanes.mul(of_z, slope(lanes, Activation::Sigmoid, z));
                let of_r = lanes.mul(lanes.mul(of_n, of_state), slope(lanes, Activation::Sigmoid, r));
                for (at, of_input, of_state) in
                    [(at_r, of_r, of_r), (at_z, of_z, of_z), (at_n, of_n, lanes.mul(of_n, r))]
                {
                    lanes.store(of_input, &mut of_inputs[at..]);
                    lanes.store(of_state, &mut of_states[at..]);
                }
                lanes.store(lanes.mul(error, z), &mut room.later[unit..]);
            }
            if step > 0 {
                v.backward(lanes, of_states, &mut room.through_gates);
                for (later, through) in room.later.iter_mut().zip(&room.through_gates) {
                    *later += through;
                }
            }
        }
    }
}
