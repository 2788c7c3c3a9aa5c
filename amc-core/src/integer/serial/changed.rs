//! What the change of a neuron makes of a tile, from what is kept of it.

use super::{Kept, Serial, SerialMemory};
use crate::integer::chain::{Change, Changes};
use crate::integer::kernel::{Element, Kernel};
use crate::integer::net::{Net, Place};
use crate::integer::pass::{KeptTile, Pass, Scratch};

/// A change, and where in what is kept of a tile the layers around it are.
pub(super) struct Plan<'c> {
    pub change: &'c Change,
    /// The changed neuron's layer.
    pub place: Place<'c>,
    /// Where its outputs begin, and those of the layer before.
    pub own: usize,
    pub before_at: usize,
    pub before: Option<Place<'c>>,
    /// The layer behind, none of the last one.
    pub next: Option<Place<'c>>,
    pub next_at: usize,
}

impl<'c> Plan<'c> {
    #[inline(always)]
    pub fn new(net: Net<'c>, change: &'c Change, tile: usize) -> Option<Self> {
        let (layer, place) = (change.layer, net.places().nth(change.layer)?);
        let at = |layer| net.units(layer) * tile;
        let before = layer.checked_sub(1);
        Some(Self {
            change,
            place,
            own: at(layer),
            before_at: before.map_or(0, at),
            before: before.and_then(|layer| net.places().nth(layer)),
            next: net.places().nth(layer + 1),
            next_at: at(layer) + place.outputs * tile,
        })
    }

    /// Whether the neuron has one output, and each neuron of the layer behind takes it.
    #[inline(always)]
    fn is_dense(&self) -> bool {
        self.place.is_dense() && self.next.is_none_or(|next| next.is_dense())
    }
}

impl<K: Kernel<T>, E: Element, const T: usize> Serial<'_, K, E, T> {
    /// The sum of a tile's losses where a neuron has changed, from kept activations.
    #[inline(always)]
    fn by_outputs(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, at: usize, keeps: bool) -> u64 {
        let Plan { change, place, own, before_at, next_at, .. } = *plan;
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let features = self.samples.features.tile(tile);
        let SerialMemory { sums, outputs: scratch, kept_outputs, .. } = &mut self.memory;
        let (made, given) = scratch.split_at_mut(scratch.len() / 2);
        let kept = kept_outputs.get_mut(at..at + self.outputs.1).unwrap_or_default();
        // What the layer takes: kept of the layer before, which a first one has not.
        let before = kept.get(before_at..own).unwrap_or_default();
        let mut begun = change.layer;
        if plan.next.is_none() {
            given.iter_mut().zip(before).for_each(|(given, before)| *given = *before);
        } else {
            let sum = match change.layer {
                0 => pass.sum(&place, change.unit, features),
                _ => pass.sum(&place, change.unit, before),
            };
            let changed = change.unit * T..(change.unit + 1) * T;
            let layer = kept.get_mut(own..next_at).unwrap_or_default();
            given.iter_mut().zip(&*layer).for_each(|(given, kept)| *given = *kept);
            let output = given.get_mut(changed.clone()).unwrap_or_default();
            self.kernel.activate(place.activation, place.scale.shift, &sum, output);
            if keeps && let Some(kept) = layer.get_mut(changed) {
                kept.copy_from_slice(output);
            }
            begun += 1;
        }
        let kept = KeptTile { outputs: if keeps { kept } else { &mut [] }, ..KeptTile::default() };
        pass.run(begun, (features, Some(tile)), Scratch { sums, made, given }, kept);
        self.loss(tile)
    }

    /// The same from kept sums, and activations if they are kept, too.
    #[inline(always)]
    fn by_sums(
        &mut self,
        parameters: &[i8],
        plan: &Plan<'_>,
        tile: usize,
        (at, of_outputs): (usize, Option<usize>),
        keeps: bool,
    ) -> u64 {
        let Plan { change, place: layer, own, next_at, .. } = *plan;
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let features = self.samples.features.tile(tile);
        let SerialMemory { sums, outputs: scratch, kept_sums, kept_outputs } = &mut self.memory;
        let (made, given) = scratch.split_at_mut(scratch.len() / 2);
        let kept = KeptTile {
            sums: kept_sums.get_mut(at..at + self.sums.1).unwrap_or_default(),
            outputs: of_outputs.and_then(|at| kept_outputs.get_mut(at..at + self.outputs.1)).unwrap_or_default(),
        };
        let changed = own + change.unit * T..own + (change.unit + 1) * T;
        let old = kept.sums.get(changed.clone()).and_then(|kept| kept.first_chunk()).unwrap_or(&[0; T]);
        let mut new = *old;
        changed_sum(&pass, plan, features, &kept, &mut new, given);
        let Some(next) = plan.next else { return self.by_output(plan, tile, at, &new, keeps) };
        let (mut by, mut was, mut is) = ([0_i16; T], [0_i8; T], [0_i8; T]);
        let output = kept.outputs.get_mut(changed.clone()).filter(|_| T > 1);
        match &output {
            Some(kept) => was.copy_from_slice(kept),
            None => self.kernel.activate(layer.activation, layer.scale.shift, old, &mut was),
        }
        self.kernel.activate(layer.activation, layer.scale.shift, &new, &mut is);
        if keeps && let Some(kept) = kept.sums.get_mut(changed) {
            kept.copy_from_slice(&new);
        }
        if keeps && let Some(kept) = output {
            kept.copy_from_slice(&is);
        }
        for ((by, was), is) in by.iter_mut().zip(was).zip(is) {
            *by = i16::from(is) - i16::from(was);
        }
        if by == [0; T] {
            return self.kept_loss(at);
        }
        let behind = next_at..next_at + next.units * T;
        let weights = parameters.get(next.start + change.unit..).unwrap_or_default();
        let before = kept.sums.get(behind.clone()).unwrap_or_default();
        self.kernel.pass_on(&by, (weights, next.inputs), before, sums);
        let made_sums = sums.get(..behind.len()).unwrap_or_default();
        if keeps && let Some(kept) = kept.sums.get_mut(behind.clone()) {
            kept.copy_from_slice(made_sums);
        }
        if change.layer + 2 < self.objective.net().scales().len() {
            self.kernel.activate(next.activation, next.scale.shift, made_sums, given);
            if keeps
                && T > 1
                && let (Some(kept), Some(given)) = (kept.outputs.get_mut(behind.clone()), given.get(..behind.len()))
            {
                kept.copy_from_slice(given);
            }
            let kept = if keeps { kept } else { KeptTile::default() };
            pass.run(change.layer + 2, (features, Some(tile)), Scratch { sums, made, given }, kept);
        }
        // What is at the front of the scratch sums in the end are those of the last layer.
        match keeps {
            true => self.kept_anew(tile, at),
            false => self.loss(tile),
        }
    }

    #[inline(always)]
    pub(super) fn tile(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, keeps: bool) -> u64 {
        match K::OUTLINES {
            true => self.tile_called(parameters, plan, tile, keeps),
            false => self.tile_inlined(parameters, plan, tile, keeps),
        }
    }

    #[inline(never)]
    fn tile_called(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, keeps: bool) -> u64 {
        self.tile_inlined(parameters, plan, tile, keeps)
    }

    #[inline(always)]
    fn tile_inlined(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, keeps: bool) -> u64 {
        match self.kept(tile) {
            Kept::Nothing if keeps => 0,
            Kept::Nothing => self.whole(parameters, tile, false),
            kept if !plan.is_dense() => self.by_layer(parameters, plan, tile, kept, keeps),
            kept @ (Kept::Sums(at) | Kept::Both(at, _)) => {
                let of_outputs = if T > 1 { kept.outputs() } else { None };
                self.by_sums(parameters, plan, tile, (at, of_outputs), keeps)
            }
            Kept::Outputs(at) => self.by_outputs(parameters, plan, tile, at, keeps),
        }
    }
}

/// Makes the sum of a changed neuron of the one before the change.
#[inline(always)]
fn changed_sum<K: Kernel<T>, E: Element, const T: usize>(
    pass: &Pass<'_, K, T>,
    plan: &Plan<'_>,
    features: &[E],
    kept: &KeptTile<'_>,
    sum: &mut [i32; T],
    given: &mut [i8],
) {
    let Plan { change, place, own, before_at, before, .. } = plan;
    let outputs = kept.outputs.get(*before_at..*own).filter(|_| T > 1);
    match (&change.inputs, before, outputs) {
        (Changes::Some(changes), None, _) => {
            pass.kernel.change(changes, place.scale.bias, features, sum);
        }
        (Changes::Some(changes), Some(_), Some(outputs)) => {
            pass.kernel.change(changes, place.scale.bias, outputs, sum);
        }
        (Changes::Some(changes), Some(before), None) => {
            let kept = kept.sums.get(*before_at..*own).unwrap_or_default();
            for (input, by) in changes {
                let mut column = [0_i8; T];
                // Of the bias there is none.
                let sums = kept.get(usize::from(*input) * T..).and_then(|kept| kept.first_chunk::<T>());
                let column = match sums {
                    Some(sums) => {
                        pass.kernel.activate(before.activation, before.scale.shift, sums, &mut column);
                        &column[..]
                    }
                    None => &[],
                };
                pass.kernel.change(&[(0, *by)], place.scale.bias, column, sum);
            }
        }
        (Changes::Many, None, _) => *sum = pass.sum(place, change.unit, features),
        (Changes::Many, Some(_), Some(outputs)) => *sum = pass.sum(place, change.unit, outputs),
        (Changes::Many, Some(before), None) => {
            let kept = kept.sums.get(*before_at..*own).unwrap_or_default();
            pass.kernel.activate(before.activation, before.scale.shift, kept, given);
            *sum = pass.sum(place, change.unit, given.get(..place.inputs * T).unwrap_or_default());
        }
    }
}

#[inline(always)]
pub(super) fn copy(from: Option<&[i32]>, to: &mut [i32]) {
    for (to, from) in to.iter_mut().zip(from.unwrap_or_default()) {
        *to = *from;
    }
}
