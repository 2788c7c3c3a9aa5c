//! Layers beside dense ones, in integers: each number that a layer gives is a sum, which an activation follows, as a dense one's.

#[cfg(feature = "layers")]
mod pooling;
#[cfg(feature = "layers")]
mod recurrent;
#[cfg(feature = "layers")]
mod windows;

use super::kernel::{Element, Kernel};
use super::net::Place;
use super::pass::Pass;
use super::scale::Scale;
use crate::layer::Layer;

/// The largest, in units of a weight, that the sum of a layer's neuron can be, where inputs are at most `most`; none of a kind without
/// integer pass.
pub(super) const fn largest_sum(layer: &Layer, fan_in: usize, most: u32, scale: Scale) -> Option<u64> {
    let most = most as u64;
    let of_all = match layer {
        Layer::Dense(_) => (fan_in as u64).saturating_mul(most),
        #[cfg(feature = "layers")]
        Layer::Convolution(_) | Layer::Conv1d(_) => (fan_in as u64).saturating_mul(most),
        #[cfg(feature = "layers")]
        Layer::Recurrent(layer) => {
            let of_inputs = (layer.inputs as u64).saturating_mul(most).saturating_add(1 << scale.bias);
            let of_state = (layer.units as u64).saturating_mul(super::activation::ONE as u64);
            return Some(of_inputs.saturating_mul(1 << scale.gain()).saturating_add(of_state));
        }
        #[cfg(feature = "layers")]
        Layer::MaxPool(_) => 0,
        // Of a mean the sum of what it is of, which no weight multiplies.
        #[cfg(feature = "layers")]
        Layer::GlobalAverage(layer) => {
            let positions = layer.image.numbers() / if layer.image.channels > 0 { layer.image.channels } else { 1 };
            (positions as u64).saturating_mul(most) / super::activation::ONE as u64
        }
        #[cfg(feature = "layers")]
        _ => return None,
    };
    Some(of_all.saturating_add(1 << scale.bias))
}

/// Which sums of a layer are to be made.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// All.
    Layer,
    /// Those that the parameters of a neuron have a part in, at least.
    Neuron(usize),
}

impl<K: Kernel<T>, const T: usize> Pass<'_, K, T> {
    /// Makes sums of a layer, `[output][T]`, of a layer of any kind. `room` is as long as the layer's outputs are, in activations.
    // A function of its own: wherever it were compiled into, all kinds would be.
    #[inline(never)]
    #[cfg_attr(not(feature = "layers"), expect(unused_variables, reason = "what other kinds ask for"))]
    pub fn sums<E: Element>(&self, place: &Place<'_>, of: Of, inputs: &[E], sums: &mut [i32], room: &mut [i8]) {
        let units = match of {
            Of::Layer => 0..place.units,
            Of::Neuron(unit) => unit..unit + 1,
        };
        match place.layer {
            #[cfg(feature = "layers")]
            Layer::Convolution(layer) => self.windows(layer.sliding(), place, units, inputs, sums),
            #[cfg(feature = "layers")]
            Layer::Conv1d(layer) => self.windows(layer.sliding(), place, units, inputs, sums),
            #[cfg(feature = "layers")]
            Layer::Recurrent(layer) => self.states(layer, place, inputs, sums, room),
            #[cfg(feature = "layers")]
            Layer::MaxPool(layer) => pooling::largest::<E, T>(layer, inputs, sums),
            #[cfg(feature = "layers")]
            Layer::GlobalAverage(layer) => pooling::means::<E, T>(layer, inputs, sums),
            _ => {
                for unit in units {
                    if let Some(sums) = sums.get_mut(unit * T..(unit + 1) * T) {
                        sums.copy_from_slice(&self.sum(place, unit, inputs));
                    }
                }
            }
        }
    }
}
