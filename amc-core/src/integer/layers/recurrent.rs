//! Simple recurrent layers: the sums of a step's inputs and of the state before, one step after the other.

use crate::integer::kernel::{Element, Kernel};
use crate::integer::net::Place;
use crate::integer::pass::Pass;
use crate::layer::Recurrent;

impl<K: Kernel<T>, const T: usize> Pass<'_, K, T> {
    /// The sums of the last step, `[unit][T]`, or of every step. `room` is for a state.
    #[inline]
    pub(super) fn states<E: Element>(
        &self,
        layer: &Recurrent,
        place: &Place<'_>,
        inputs: &[E],
        sums: &mut [i32],
        room: &mut [i8],
    ) {
        let size = layer.units * T;
        let Some(state) = room.get_mut(..size) else { return };
        for (step, inputs) in inputs.chunks_exact((layer.inputs * T).max(1)).take(layer.steps).enumerate() {
            let at = if layer.every { step * size } else { 0 };
            let sums = sums.get_mut(at..at + size).unwrap_or_default();
            // There is no state before the first.
            let before = if step == 0 { &[] } else { &*state };
            let gain = place.scale.gain();
            for (unit, sum) in sums.as_chunks_mut::<T>().0.iter_mut().enumerate() {
                let bias = place.bias(self.parameters, unit);
                let (of_inputs, of_state) =
                    place.row(self.parameters, unit).split_at_checked(layer.inputs).unwrap_or_default();
                let sums = self.kernel.dot(of_inputs, inputs).into_iter().zip(self.kernel.dot(of_state, before));
                for (sum, (of_inputs, of_state)) in sum.iter_mut().zip(sums) {
                    *sum = ((of_inputs + bias) << gain) + of_state;
                }
            }
            self.kernel.activate(place.activation, place.scale.shift, sums, state);
        }
    }
}
