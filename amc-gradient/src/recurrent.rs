//! A recurrent layer backward, from its last step to its first.

use amc_core::{Lanes, layer};

use super::dense::{Dense, slope};
use super::products::{AddProducts, Tiles};
use amc_kernels::TILE;

/// A recurrent layer at given parameters.
pub(super) struct Recurrent<'a> {
    /// W and V, `[inputs + units][units]`.
    pub weights: &'a [f32],
    pub layer: layer::Recurrent,
}

/// Working memory.
#[derive(Default)]
pub(super) struct Room {
    /// Errors of the neurons of one tile, `[step][unit][TILE]`.
    errors: Vec<f32>,
    /// What a state's errors are by way of the next state.
    later: Vec<f32>,
    rows: Vec<f32>,
}

impl Recurrent<'_> {
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
        let weights = self.weights;
        let layer::Recurrent { inputs, units, steps, every, .. } = self.layer;
        let (state, step) = (units * TILE, inputs * TILE);
        let (w, v) = weights.split_at(inputs * units);
        let w = Dense::without_biases(w, units, steps);
        let (of_w, rest) = gradient.split_at_mut(inputs * units);
        let (of_v, of_biases) = rest.split_at_mut(units * units);
        room.errors.resize(steps * state, 0.0);
        room.later.resize(state, 0.0);
        let outputs = if every { steps * state } else { state };
        let tiles = given.chunks_exact(steps * step).zip(states.chunks_exact(steps * state));
        for (tile, ((given, states), errors)) in tiles.zip(errors.chunks_exact(outputs)).enumerate() {
            let (unseen, seen) = room.errors.split_at_mut(steps * state - outputs);
            unseen.fill(0.0);
            seen.copy_from_slice(errors);
            self.through_time(lanes, v, states, room);
            w.add_biases(lanes, &room.errors, of_biases);
            let errors = Tiles { numbers: &room.errors, units };
            let x = Tiles { numbers: given, units: inputs };
            lanes.outlined(AddProducts { inputs: x, errors, rows: &mut room.rows, gradient: of_w });
            // The first state came of none.
            let earlier = Tiles { numbers: &states[..(steps - 1) * state], units };
            let errors = Tiles { numbers: &room.errors[state..], units };
            lanes.outlined(AddProducts { inputs: earlier, errors, rows: &mut room.rows, gradient: of_v });
            if let Some(before) = &mut before {
                w.backward(lanes, &room.errors, &mut before[tile * steps * step..][..steps * step]);
            }
        }
    }

    /// From what the errors of each state are by way of the outputs to those of its neurons' inputs.
    #[inline(always)]
    fn through_time<L: Lanes>(&self, lanes: L, v: &[f32], states: &[f32], room: &mut Room) {
        let layer::Recurrent { units, steps, activation, .. } = self.layer;
        let state = units * TILE;
        let v = Dense::without_biases(v, units, 1);
        room.later.fill(0.0);
        for step in (0..steps).rev() {
            let (errors, later) = room.errors.split_at_mut((step + 1) * state);
            if step + 1 < steps {
                v.backward(lanes, &later[..state], &mut room.later);
            }
            let values = states[step * state..][..state].chunks_exact(TILE).zip(room.later.chunks_exact(TILE));
            for (error, (value, later)) in errors[step * state..].chunks_exact_mut(TILE).zip(values) {
                let sum = lanes.add(lanes.load(error), lanes.load(later));
                let slope = slope(lanes, activation, lanes.load(value));
                lanes.store(lanes.mul(sum, slope), error);
            }
        }
    }
}
