//! The forward pass of one tile of samples, layer by layer.

use crate::elementary::{exp, sigmoid, tanh};
use crate::lanes::Lanes;
use crate::net::{Activation, Layer, Net};

/// The inputs of `J` neurons before scale and bias: a sample's sum runs over its inputs in their order.
#[inline(always)]
fn weighted_sums<L: Lanes, const J: usize>(
    lanes: L,
    weights: &[f32],
    units: usize,
    first: usize,
    inputs: impl Iterator<Item = (usize, L::V)>,
) -> [L::V; J] {
    let mut sums = [lanes.splat(0.0); J];
    for (i, input) in inputs {
        let row = weights.get(i * units + first..).and_then(|row| row.first_chunk::<J>());
        let Some(row) = row else { break };
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum = lanes.mul_add(lanes.splat(*weight), input, *sum);
        }
    }
    sums
}

/// One dense layer's weights, biases and activation, over one tile.
#[derive(Clone, Copy)]
struct Dense<'a> {
    weights: &'a [f32],
    biases: &'a [f32],
    activation: Activation,
    /// What inputs are to be multiplied by.
    scale: Option<f32>,
}

impl Dense<'_> {
    /// Writes the outputs, `[unit][T]`, in blocks of as many neurons as registers hold.
    #[inline(always)]
    fn run<L: Lanes>(&self, lanes: L, inputs: impl Iterator<Item = (usize, L::V)> + Clone, outputs: &mut [f32]) {
        let mut unit = 0;
        macro_rules! blocks_of {
            ($($j:literal)*) => {$(
                if L::NEURONS >= $j {
                    while self.biases.len() - unit >= $j {
                        self.block::<L, $j>(lanes, unit, inputs.clone(), outputs);
                        unit += $j;
                    }
                }
            )*};
        }
        blocks_of!(16 8 4 2 1);
    }

    #[inline(always)]
    fn block<L: Lanes, const J: usize>(
        &self,
        lanes: L,
        unit: usize,
        inputs: impl Iterator<Item = (usize, L::V)>,
        outputs: &mut [f32],
    ) {
        let units = self.biases.len();
        let sums = weighted_sums::<L, J>(lanes, self.weights, units, unit, inputs);
        let biases = self.biases.get(unit..).unwrap_or_default();
        let outputs = outputs.get_mut(unit * L::T..).unwrap_or_default();
        let scale = self.scale.map(|scale| lanes.splat(scale));
        for ((sum, bias), output) in sums.into_iter().zip(biases).zip(outputs.chunks_exact_mut(L::T)) {
            let bias = lanes.splat(*bias);
            let input = match scale {
                Some(scale) => lanes.mul_add(sum, scale, bias),
                None => lanes.add(sum, bias),
            };
            lanes.store(activate(lanes, self.activation, input), output);
        }
    }
}

/// The output of a neuron; softmax is left to [`softmax`], since it needs the whole layer.
#[inline(always)]
fn activate<L: Lanes>(lanes: L, activation: Activation, input: L::V) -> L::V {
    match activation {
        Activation::Linear | Activation::Softmax => input,
        Activation::Tanh => tanh(lanes, input),
        Activation::Relu => lanes.select_le(input, lanes.splat(0.0), lanes.splat(0.0), input),
        Activation::Sigmoid => sigmoid(lanes, input),
    }
}

/// Turns logits, `[unit][T]`, into probabilities; gives (largest logit, sum of exponentials).
#[inline(always)]
pub(crate) fn softmax<L: Lanes>(lanes: L, logits: &mut [f32]) -> (L::V, L::V) {
    let mut largest = lanes.splat(f32::NEG_INFINITY);
    for logit in logits.chunks_exact(L::T) {
        let logit = lanes.load(logit);
        largest = lanes.select_le(logit, largest, largest, logit);
    }
    let mut sum = lanes.splat(0.0);
    for logit in logits.chunks_exact_mut(L::T) {
        let e = exp(lanes, lanes.sub(lanes.load(logit), largest));
        sum = lanes.add(sum, e);
        lanes.store(e, logit);
    }
    for e in logits.chunks_exact_mut(L::T) {
        lanes.store(lanes.div(lanes.load(e), sum), e);
    }
    (largest, sum)
}

/// A tile of activations, `[unit][T]`, as inputs.
#[inline(always)]
fn activations<L: Lanes>(lanes: L, tile: &[f32]) -> impl Iterator<Item = (usize, L::V)> + Clone {
    tile.chunks_exact(L::T).map(move |unit| lanes.load(unit)).enumerate()
}

/// Σ S² over a tile's units, the quantity averaged in Eq. (17), for each lane.
#[inline(always)]
pub(crate) fn signal<L: Lanes>(lanes: L, inputs: impl Iterator<Item = (usize, L::V)>) -> L::V {
    let mut sum = lanes.splat(0.0);
    for (_, s) in inputs {
        sum = lanes.mul_add(s, s, sum);
    }
    sum
}

/// The forward pass of a net at given parameters.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) net: Net<'a>,
    pub(crate) parameters: &'a [f32],
    /// What the net's inputs are multiplied by.
    pub(crate) scale: f32,
    /// What the last layer applies; nothing where that is softmax.
    pub(crate) last: Activation,
    /// Whether the layers' signals are wanted.
    pub(crate) with_signal: bool,
}

impl Pass<'_> {
    /// Passes one tile through the net and returns the outputs, `[output][T]`.
    ///
    /// `buffers` are two of at least `widest · T` numbers each. Before layer l >= 1 runs, `seen(l, its inputs' signal)` is
    /// called if signals are wanted.
    #[inline(always)]
    pub(crate) fn run<'s, L: Lanes>(
        &self,
        lanes: L,
        inputs: impl Iterator<Item = (usize, L::V)> + Clone,
        buffers: (&'s mut [f32], &'s mut [f32]),
        mut seen: impl FnMut(usize, L::V),
    ) -> &'s mut [f32] {
        let Self { net, parameters, scale, last, with_signal } = *self;
        let (mut outputs, mut spare) = buffers;
        let mut width = 0;
        for ((index, layer), section) in net.layers().iter().enumerate().zip(net.sections()) {
            let Layer::Dense { units, activation } = *layer;
            let activation = if index + 1 == net.layers().len() { last } else { activation };
            let parameters = parameters.get(section.start..).unwrap_or_default();
            let Some((weights, rest)) = parameters.split_at_checked(section.weights) else {
                break;
            };
            let biases = rest.get(..section.biases).unwrap_or_default();
            let mut dense = Dense { weights, biases, activation, scale: None };
            if index == 0 {
                dense.scale = (scale != 1.0).then_some(scale);
                dense.run(lanes, inputs.clone(), outputs);
            } else {
                core::mem::swap(&mut outputs, &mut spare);
                let tile = spare.get(..width).unwrap_or_default();
                if with_signal {
                    seen(index, signal(lanes, activations(lanes, tile)));
                }
                dense.run(lanes, activations(lanes, tile), outputs);
            }
            width = units * L::T;
        }
        outputs.get_mut(..width).unwrap_or_default()
    }
}
