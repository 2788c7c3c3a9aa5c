//! Frozen parameters of fewer bits, and the pass of a tile through a net that has them.
//!
//! A neuron's weights are small numbers that share a scale. In a dense layer its sum is taken over the small numbers, input by
//! input, and scaled once, when the bias is added; what other kinds of layers have is made `f32` before, a layer at a time.

use super::Scratch;
use crate::activation::{Activation, activate, softmax};
use crate::forward::{Copy as CopyInputs, buffers};
use crate::lanes::Lanes;
use crate::layer::kind::LayerPass;
use crate::net::Net;
use crate::samples::Features;

/// A weight of fewer bits than an `f32`, times its neuron's scale.
pub trait Weight: Copy {
    /// The number, without the scale.
    fn number(self) -> f32;
}

impl Weight for i8 {
    #[inline(always)]
    fn number(self) -> f32 {
        self.into()
    }
}

/// The bits of a number of IEEE 754's binary16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(transparent)]
pub struct F16(pub u16);

impl Weight for F16 {
    #[inline(always)]
    fn number(self) -> f32 {
        let bits = u32::from(self.0);
        let (sign, exponent, fraction) = ((bits & 0x8000) << 16, bits >> 10 & 0x1f, bits & 0x3ff);
        let magnitude = match exponent {
            // The least exponent, of which the fraction has no 1 before its point.
            0 => (fraction as f32 * f32::from_bits((127 - 24) << 23)).to_bits(),
            0x1f => 0x7f80_0000 | fraction << 13,
            _ => (exponent + 127 - 15) << 23 | fraction << 13,
        };
        f32::from_bits(sign | magnitude)
    }
}

/// Parameters of which the weights have fewer bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled<'a, W> {
    /// The weights of all layers, in the net's order.
    pub weights: &'a [W],
    /// For each layer the scales of its neurons, if it has weights, and then what follows the weights.
    pub others: &'a [f32],
}

/// Numbers of each: weights, and others.
pub(super) const fn lengths(net: &Net<'_>) -> (usize, usize) {
    let (mut weights, mut others, mut layer, mut width) = (0, 0, 0, net.inputs());
    while layer < net.layers().len() {
        let shape = net.layers()[layer].shape(width);
        weights += shape.fan_in * shape.neurons;
        others += shape.biases + if shape.fan_in > 0 { shape.neurons } else { 0 };
        width = shape.outputs;
        layer += 1;
    }
    (weights, others)
}

/// Scratch memory for lanes of so many samples.
pub(super) const fn scratch(net: &Net<'_>, lanes: usize) -> Scratch {
    let (mut unpacked, mut layer, mut width) = (0, 0, net.inputs());
    while layer < net.layers().len() {
        let shape = net.layers()[layer].shape(width);
        let weights = shape.fan_in * shape.neurons;
        if !net.layers()[layer].has_sums() && weights > unpacked {
            unpacked = weights;
        }
        width = shape.outputs;
        layer += 1;
    }
    let widest = if net.inputs() > net.widest() { net.inputs() } else { net.widest() };
    Scratch { unpacked, activations: widest.saturating_mul(net.buffers()).saturating_mul(lanes) }
}

/// The outputs of a tile of features, `[output][T]`. Lengths are those of [`lengths`] and [`scratch`].
pub(super) fn outputs<'s, L: Lanes, W: Weight>(
    net: Net<'_>,
    stored: Scaled<'_, W>,
    lanes: L,
    (features, first): (&impl Features, usize),
    memory: &'s mut [f32],
) -> &'s [f32] {
    let Scratch { unpacked, activations } = scratch(&net, L::T);
    let (unpacked, rest) = memory.split_at_mut_checked(unpacked).unwrap_or_default();
    let mut buffers = buffers(&net, rest.get_mut(..activations).unwrap_or_default());
    let mut width = net.inputs();
    let mut wanted = width * L::T;
    let to = buffers.made.get_mut(..wanted).unwrap_or_default();
    features.apply(lanes, CopyInputs { first, scale: features.scale(), width, to });
    let Scaled { mut weights, mut others } = stored;
    for layer in net.layers() {
        let shape = layer.shape(width);
        let scales = if shape.fan_in > 0 { shape.neurons } else { 0 };
        let (Some((own, more)), Some((scales, rest))) =
            (weights.split_at_checked(shape.fan_in * shape.neurons), others.split_at_checked(scales))
        else {
            break;
        };
        let Some((biases, rest)) = rest.split_at_checked(shape.biases) else { break };
        (weights, others) = (more, rest);
        core::mem::swap(&mut buffers.made, &mut buffers.given);
        let taken = wanted;
        wanted = layer.units() * L::T;
        if layer.has_sums() {
            let given = buffers.given.get(..taken).unwrap_or_default();
            let made = buffers.made.get_mut(..wanted).unwrap_or_default();
            neurons(lanes, (own, scales, biases), given, made);
        } else {
            let scales = scales.iter().cycle();
            unpacked
                .iter_mut()
                .zip(own.iter().zip(scales))
                .for_each(|(to, (weight, scale))| *to = weight.number() * scale);
            let weights = unpacked.get(..own.len()).unwrap_or_default();
            let pass = LayerPass { tiles: 1, weights, biases, width, taken, wanted, buffers: &mut buffers };
            layer.run(lanes, pass, None::<super::Nobody>);
        }
        let made = buffers.made.get_mut(..wanted).unwrap_or_default();
        if !layer.activates() {
            activate(lanes, layer.activation(), made);
        }
        if layer.activation() == Activation::Softmax {
            softmax(lanes, made, shape.outputs);
        }
        width = shape.outputs;
    }
    buffers.made.get(..wanted).unwrap_or_default()
}

/// Dense neurons: weights `[input][unit]`.
fn neurons<L: Lanes, W: Weight>(
    lanes: L,
    (weights, scales, biases): (&[W], &[f32], &[f32]),
    given: &[f32],
    made: &mut [f32],
) {
    for (unit, ((scale, bias), to)) in scales.iter().zip(biases).zip(lanes.tiles_mut(made)).enumerate() {
        let own = weights.get(unit..).unwrap_or_default().iter().step_by(scales.len().max(1));
        let mut sum = lanes.splat(0.0);
        for (weight, input) in own.zip(lanes.tiles(given)) {
            sum = lanes.mul_add(lanes.splat(weight.number()), lanes.load(input), sum);
        }
        lanes.store(lanes.mul_add(sum, lanes.splat(*scale), lanes.splat(*bias)), to);
    }
}
