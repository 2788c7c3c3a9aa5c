//! The same of a neuron that has many outputs, or is in front of a layer that is not dense: what changes is computed anew, from its
//! layer on.

use super::changed::{Plan, copy};
use super::{Kept, Serial, SerialMemory};
use crate::integer::kernel::{Element, Kernel};
use crate::integer::layers::Of;
use crate::integer::pass::{KeptTile, Pass, Scratch};

impl<K: Kernel<T>, E: Element, const T: usize> Serial<'_, K, E, T> {
    /// The sum of a tile's losses where a neuron has changed, from the sums or activations that are kept.
    #[inline(never)]
    pub(super) fn by_layer(
        &mut self,
        parameters: &[i8],
        plan: &Plan<'_>,
        tile: usize,
        place: Kept,
        keeps: bool,
    ) -> u64 {
        let Plan { change, place: layer, own, before_at, next_at, .. } = *plan;
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let features = self.samples.features.tile(tile);
        let SerialMemory { sums, outputs: scratch, kept_sums, kept_outputs } = &mut self.memory;
        let (made, given) = scratch.split_at_mut(scratch.len() / 2);
        let kept = place.tile((self.sums.1, self.outputs.1), kept_sums, kept_outputs);
        let has_sums = place.sums().is_some();

        if let Some(before) = &plan.before {
            match place.outputs() {
                None => {
                    let sums = kept.sums.get(before_at..own).unwrap_or_default();
                    self.kernel.activate(before.activation, before.scale.shift, sums, given);
                }
                Some(_) => {
                    let before = kept.outputs.get(before_at..own).unwrap_or_default();
                    given.iter_mut().zip(before).for_each(|(given, before)| *given = *before);
                }
            }
        }
        let numbers = own..next_at;
        let (of_layer, _) = sums.split_at_mut_checked(numbers.len()).unwrap_or_default();
        copy(kept.sums.get(numbers.clone()), of_layer);
        // Of a last layer only sums are ever kept.
        let of = if has_sums || plan.next.is_some() { Of::Neuron(change.unit) } else { Of::Layer };
        match change.layer {
            0 => pass.sums(&layer, of, features, of_layer, made),
            _ => pass.sums(&layer, of, given.get(..layer.takes * T).unwrap_or_default(), of_layer, made),
        }
        if keeps && let Some(kept) = kept.sums.get_mut(numbers.clone()) {
            kept.copy_from_slice(of_layer);
        }

        if plan.next.is_some() {
            if let Some(kept) = kept.outputs.get_mut(numbers) {
                made.iter_mut().zip(&*kept).for_each(|(made, kept)| *made = *kept);
                for output in layer.outputs_of(change.unit) {
                    let numbers = output * T..(output + 1) * T;
                    let sums = of_layer.get(numbers.clone()).unwrap_or_default();
                    let made = made.get_mut(numbers).unwrap_or_default();
                    self.kernel.activate(layer.activation, layer.scale.shift, sums, made);
                }
                if keeps {
                    kept.iter_mut().zip(&*made).for_each(|(kept, made)| *kept = *made);
                }
            } else {
                self.kernel.activate(layer.activation, layer.scale.shift, of_layer, made);
            }
            let kept = if keeps { kept } else { KeptTile::default() };
            pass.run(change.layer + 1, (features, Some(tile)), Scratch { sums, made: given, given: made }, kept);
        }
        match place.sums() {
            Some(at) if keeps => self.kept_anew(tile, at),
            _ => self.loss(tile),
        }
    }
}
