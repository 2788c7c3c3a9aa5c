//! Layers beside dense ones, each in a file of its own: its shape, and its pass over tiles.

pub(crate) mod convolution;
pub(crate) mod images;
pub(crate) mod normalization;
mod pooling;
pub(crate) mod recurrent;
pub(crate) mod residual;

use core::mem::swap;

use crate::forward::{activate, activations};
use crate::lanes::{Apart, Lanes};
use crate::net::{Layer, Shape};
use convolution::Convolution;
use recurrent::Recurrent;

/// The shape of a layer behind one of `width` outputs.
pub(crate) const fn shape(layer: &Layer, width: usize) -> Shape {
    match *layer {
        Layer::Dense { units, .. } => Shape::dense(width, units),
        Layer::Recurrent { inputs, units, steps, every, .. } => recurrent::shape(inputs, units, steps, every),
        Layer::Normalization { units, .. } => normalization::shape(units),
        Layer::Convolution { image, filters, kernel, .. } => convolution::shape(image, filters, kernel),
        Layer::MaxPool { image, kernel } => {
            Shape::without_parameters(image.numbers(), image.through(kernel, image.channels).numbers())
        }
        Layer::GlobalAverage { image } => Shape::without_parameters(image.numbers(), image.channels),
        Layer::Keep { units } | Layer::Add { units, .. } => Shape::without_parameters(units, units),
        Layer::Swap { units } => Shape::without_parameters(width, units),
    }
}

/// A tile of what a layer of `units` outputs gave, `[tile][unit][T]`, as the next one's inputs.
#[inline(always)]
pub(crate) fn inputs<L: Lanes>(
    lanes: L,
    given: &[f32],
    units: usize,
    tile: usize,
) -> impl Iterator<Item = (usize, L::V)> + Clone {
    let length = units * L::T;
    let tile = given.get(tile * length..).and_then(|given| given.get(..length));
    activations(lanes, tile.unwrap_or_default())
}

/// Whether a layer takes the net's inputs as a [`copy`].
pub(crate) const fn takes_a_copy(layer: &Layer) -> bool {
    !matches!(layer, Layer::Dense { .. } | Layer::Recurrent { .. })
}

/// Writes the net's inputs, `units` a sample, as a layer before would have given them, `[tile][unit][T]`. `inputs` are,
/// for a tile, its numbers, where zeros may be left out, and what they are to be multiplied by.
#[inline(always)]
pub(crate) fn copy<L: Lanes, I: Iterator<Item = (usize, L::V)>>(
    lanes: L,
    (inputs, scale): (impl Fn(usize) -> I, f32),
    units: usize,
    to: &mut [f32],
) {
    to.fill(0.0);
    for (tile, to) in to.chunks_exact_mut((units * L::T).max(1)).enumerate() {
        for (unit, v) in inputs(tile) {
            if let Some(to) = to.get_mut(unit * L::T..) {
                lanes.store(lanes.mul(v, lanes.splat(scale)), to);
            }
        }
    }
}

/// Outputs, what the layer before gave, and what is kept.
type Buffers<'b, 's> = (&'b mut &'s mut [f32], &'b mut &'s mut [f32], &'b mut &'s mut [f32]);

/// The pass of tiles through a layer that is not dense, all but its activation, which only a recurrent layer applies:
/// `taken` numbers, `[tile][unit][T]`, become `given` ones.
pub(crate) struct Pass<'p, 'b, 's, L: Lanes> {
    pub(crate) layer: &'p Layer,
    pub(crate) tiles: usize,
    /// Weights and biases.
    pub(crate) parameters: (&'p [f32], &'p [f32]),
    pub(crate) taken: usize,
    pub(crate) given: usize,
    pub(crate) buffers: Buffers<'b, 's>,
    /// Called with a tile and the signal of its inputs, where signals are wanted.
    pub(crate) seen: Option<&'p mut dyn FnMut(usize, L::V)>,
}

impl<L: Lanes> Apart<L> for Pass<'_, '_, '_, L> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { layer, tiles, parameters: (weights, biases), taken, given, buffers, mut seen } = self;
        let (outputs, inputs, kept) = buffers;
        let from = inputs.get(..taken).unwrap_or_default();
        if let Layer::Recurrent { inputs: of_step, steps, activation, every, .. } = *layer {
            let layer = Recurrent { weights, biases, inputs: of_step, steps, activation, every };
            let with_signal = seen.is_some();
            let seen = |tile, signal| {
                if let Some(seen) = &mut seen {
                    seen(tile, signal);
                }
            };
            let inputs = |tile, step| self::inputs(lanes, from, of_step, tile * steps + step);
            layer.run::<L, _, false>(lanes, tiles, (inputs, 1.0), outputs, with_signal, seen);
            return;
        }
        let made = outputs.get_mut(..given).unwrap_or_default();
        match *layer {
            Layer::Dense { .. } | Layer::Recurrent { .. } => {}
            Layer::Normalization { .. } => normalization::run(lanes, from, biases, made),
            Layer::Convolution { image, kernel, .. } => {
                let layer = Convolution { weights, biases, image, kernel };
                if let Some(seen) = seen {
                    layer.signals(lanes, from, seen);
                }
                layer.run(lanes, from, made);
            }
            Layer::MaxPool { image, kernel } => pooling::largest(lanes, image, kernel, from, made),
            Layer::GlobalAverage { image } => pooling::average(lanes, image, from, made),
            Layer::Keep { .. } => {
                for (kept, from) in kept.iter_mut().zip(from) {
                    *kept = *from;
                }
                swap(outputs, inputs);
            }
            Layer::Swap { .. } => {
                swap(outputs, inputs);
                swap(outputs, kept);
            }
            Layer::Add { .. } => residual::add(lanes, from, kept, made),
        }
    }
}

impl Layer {
    /// What a layer that is recurrent, or normalises, convolves or pools, makes of `tiles` tiles, its activation included
    /// but for softmax: part of a net's pass, for callers that need the numbers between its layers, as gradients do.
    ///
    /// `given`, `[tile][input][T]`, becomes `made`, `[tile][output][T]`. Weights and biases are those of the layer's
    /// [section](crate::Section). Of other layers, or where slices are too short, `made` is left undefined.
    #[inline(always)]
    pub fn pass<'n, L: Lanes>(
        &self,
        lanes: L,
        parameters: (&[f32], &[f32]),
        tiles: usize,
        mut given: &'n mut [f32],
        mut made: &'n mut [f32],
    ) {
        let (taken, numbers, mut kept) = (given.len(), made.len(), Default::default());
        let buffers = (&mut made, &mut given, &mut kept);
        lanes.apart(Pass { layer: self, tiles, parameters, taken, given: numbers, buffers, seen: None });
        if !self.is_recurrent() {
            activate(lanes, self.activation(), made);
        }
    }
}
