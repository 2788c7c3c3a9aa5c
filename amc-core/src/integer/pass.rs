//! The pass of a tile of samples through an integer net.

use super::kernel::{Element, Kernel, Neurons};
use super::layers::Of;
use super::net::{Net, Place};

/// A pass at given parameters.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a, K, const T: usize> {
    pub net: Net<'a>,
    pub kernel: K,
    pub parameters: &'a [i8],
}

/// The memory of a tile.
pub(super) struct Scratch<'s> {
    /// Sums of a layer, `[output][T]`.
    pub sums: &'s mut [i32],
    /// What a layer makes, `[output][T]`.
    pub made: &'s mut [i8],
    /// What the layer before made.
    pub given: &'s mut [i8],
}

/// Where what a pass makes is kept: each of a tile's sums, or of its activations, or nothing.
#[derive(Default)]
pub(super) struct KeptTile<'k> {
    pub sums: &'k mut [i32],
    pub outputs: &'k mut [i8],
}

impl<K: Kernel<T>, const T: usize> Pass<'_, K, T> {
    /// The sum of a neuron.
    #[inline(always)]
    pub fn sum<E: Element>(&self, place: &Place<'_>, unit: usize, inputs: &[E]) -> [i32; T] {
        let mut sums = self.kernel.dot(place.row(self.parameters, unit), inputs);
        let bias = place.bias(self.parameters, unit);
        for sum in &mut sums {
            *sum += bias;
        }
        sums
    }

    /// The sums of a layer, `[output][T]`; of the first one, if it is computed of one of the samples' tiles, with which that is.
    #[inline(always)]
    fn layer<E: Element>(
        &self,
        place: &Place<'_>,
        (inputs, tile): (&[E], Option<usize>),
        sums: &mut [i32],
        room: &mut [i8],
    ) {
        if !place.is_dense() {
            return self.sums(place, Of::Layer, inputs, sums.get_mut(..place.outputs * T).unwrap_or_default(), room);
        }
        let section = self.parameters.get(place.start..).unwrap_or_default();
        let (weights, biases) = section.split_at_checked(place.units * place.inputs).unwrap_or_default();
        let neurons = Neurons { weights, biases, bias: place.scale.bias };
        match tile {
            Some(tile) => self.kernel.first_layer(tile, neurons, inputs, sums),
            None => self.kernel.layer(neurons, inputs, sums),
        }
    }

    /// Passes a tile through the layers from `begun` on. What these take is `features` for the first layer, with the tile's number if
    /// it is one of the samples', else at the front of `scratch.given`. The sums of the last layer are left at the front of `scratch.sums`.
    #[inline(always)]
    pub fn run<E: Element>(
        &self,
        begun: usize,
        features: (&[E], Option<usize>),
        scratch: Scratch<'_>,
        kept: KeptTile<'_>,
    ) {
        let Scratch { sums, mut made, mut given } = scratch;
        let layers = self.net.scales().len();
        for (index, place) in self.net.places().enumerate().skip(begun) {
            let numbers = place.outputs * T;
            match index {
                0 => self.layer(&place, features, sums, made),
                _ => self.layer(&place, (given.get(..place.takes * T).unwrap_or_default(), None), sums, made),
            }
            let sums = sums.get(..numbers).unwrap_or_default();
            let first = self.net.units(index) * T;
            if let Some(kept) = kept.sums.get_mut(first..).and_then(|kept| kept.get_mut(..numbers)) {
                kept.copy_from_slice(sums);
            }
            if index + 1 < layers {
                self.kernel.activate(place.activation, place.scale.shift, sums, made);
                let made_here = made.get(..numbers).unwrap_or_default();
                if let Some(kept) = kept.outputs.get_mut(first..).and_then(|kept| kept.get_mut(..numbers)) {
                    kept.copy_from_slice(made_here);
                }
                core::mem::swap(&mut made, &mut given);
            }
        }
    }
}
