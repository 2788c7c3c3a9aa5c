//! The forward pass of a few tiles of samples, layer by layer.
//!
//! A layer runs over its inputs in panels, over its neurons in register blocks, and over the tiles innermost: a
//! panel's weights come from the nearest cache for all tiles but the first. A sample's own sum still runs over its
//! inputs in their order, so none of this changes a bit.

use crate::elementary::{exp, sigmoid, tanh};
use crate::lanes::Lanes;
#[cfg(feature = "layers")]
use crate::layers::{
    self,
    recurrent::{Recurrent, Steps},
};
use crate::net::{Activation, Layer, Net};
use crate::samples::{FeatureKernel, Features};

/// Inputs in a panel: for 4 tiles of 16 samples and a block of 16 neurons, 40 KiB of activations and weights.
pub(crate) const PANEL: usize = 128;

/// Repeats a statement for `$j` in 0 .. `$J`, written out: in a loop the sums would live in memory.
macro_rules! neurons {
    ($J:ident, |$j:ident| $do:block) => {
        neurons!($J, |$j| $do, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($J:ident, |$j:ident| $do:block, $($n:literal)*) => {$(
        if $n < $J {
            const $j: usize = $n;
            $do
        }
    )*};
}

/// The inputs of a layer, with their numbers, for each of some tiles.
pub(crate) trait Inputs<L: Lanes> {
    fn tile(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone;
}

#[cfg(feature = "layers")]
impl<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, C: Fn(usize) -> I> Inputs<L> for C {
    #[inline(always)]
    fn tile(&self, _: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        self(tile)
    }
}

// No closures, which would be of other types for every caller of a pass: a dense layer's code would be there as often.

/// Features of the samples from `first` on.
struct FeatureInputs<'a, F> {
    features: &'a F,
    first: usize,
}

impl<L: Lanes, F: Features> Inputs<L> for FeatureInputs<'_, F> {
    #[inline(always)]
    fn tile(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        self.features.tile(lanes, self.first + tile * L::T)
    }
}

/// A panel of what the layer before gave, `[tile][unit][T]`.
struct Panel<'a> {
    given: &'a [f32],
    /// Units of the layer before.
    units: usize,
    /// The panel's first unit.
    first: usize,
}

impl<L: Lanes> Inputs<L> for Panel<'_> {
    #[inline(always)]
    fn tile(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        let Self { given, units, first } = *self;
        let count = (units - first).min(PANEL) * L::T;
        let panel = given.get((tile * units + first) * L::T..).and_then(|given| given.get(..count));
        activations(lanes, panel.unwrap_or_default())
    }
}

/// A dense layer of the features from sample `first` on.
struct FirstDense<'a, 'o> {
    layer: Dense<'a>,
    first: usize,
    made: &'o mut [f32],
}

impl<L: Lanes> FeatureKernel<L> for FirstDense<'_, '_> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { layer, first, made } = self;
        layer.run::<L, _, true>(lanes, FeatureInputs { features, first }, made);
    }
}

/// A recurrent layer of the features from sample `first` on, of which each is a sequence.
#[cfg(feature = "layers")]
struct FirstRecurrent<'a, 'o, S> {
    layer: Recurrent<'a>,
    first: usize,
    tiles: usize,
    scale: f32,
    room: &'o mut [f32],
    with_signal: bool,
    seen: S,
}

#[cfg(feature = "layers")]
impl<L: Lanes, S: FnMut(usize, L::V)> FeatureKernel<L> for FirstRecurrent<'_, '_, S> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { layer, first, tiles, scale, room, with_signal, seen } = self;
        let mut steps = None;
        let inputs = |tile: usize, step| {
            let begun = if step == 0 { None } else { steps.take() };
            let sequence = || Steps::new(features.tile(lanes, first + tile * L::T), layer.inputs);
            steps.insert(begun.unwrap_or_else(sequence)).next()
        };
        layer.run::<L, _, true>(lanes, tiles, (inputs, scale), room, with_signal, seen);
    }
}

/// A copy of the features from sample `first` on, as a layer before would have given them.
#[cfg(feature = "layers")]
struct CopyInputs<'o> {
    first: usize,
    scale: f32,
    units: usize,
    to: &'o mut [f32],
}

#[cfg(feature = "layers")]
impl<L: Lanes> FeatureKernel<L> for CopyInputs<'_> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { first, scale, units, to } = self;
        layers::copy(lanes, (|tile| features.tile(lanes, first + tile * L::T), scale), units, to);
    }
}

/// One dense layer over one panel of its inputs.
#[derive(Clone, Copy)]
pub(crate) struct Dense<'a> {
    /// The panel's weights, `[input][units]`.
    pub(crate) weights: &'a [f32],
    pub(crate) biases: &'a [f32],
    /// What inputs are to be multiplied by.
    pub(crate) scale: f32,
    /// Whether this is the first panel.
    pub(crate) begins: bool,
    /// Whether this is the last panel.
    pub(crate) ends: bool,
}

impl<'a> Dense<'a> {
    /// Adds this panel to the neurons' inputs, `[tile][unit][T]`. Inputs have their numbers in the panel; if they may be
    /// `SPARSE`, those that the lanes want to skip are skipped.
    #[inline(always)]
    pub(crate) fn run<L: Lanes, I: Inputs<L>, const SPARSE: bool>(&self, lanes: L, inputs: I, outputs: &mut [f32]) {
        match L::CALLS {
            true => self.called::<L, I, SPARSE>(lanes, inputs, outputs),
            false => self.inlined::<L, I, SPARSE>(lanes, inputs, outputs),
        }
    }

    #[inline(never)]
    fn called<L: Lanes, I: Inputs<L>, const SPARSE: bool>(&self, lanes: L, inputs: I, outputs: &mut [f32]) {
        self.inlined::<L, I, SPARSE>(lanes, inputs, outputs);
    }

    #[inline(always)]
    fn inlined<L: Lanes, I: Inputs<L>, const SPARSE: bool>(&self, lanes: L, inputs: I, outputs: &mut [f32]) {
        let units = self.biases.len();
        let width = units * L::T;
        if width == 0 {
            return;
        }
        let mut unit = 0;
        macro_rules! blocks_of {
            ($($j:literal)*) => {$(
                if L::NEURONS >= $j {
                    while units - unit >= $j {
                        for (tile, outputs) in outputs.chunks_exact_mut(width).enumerate() {
                            let outputs = outputs.get_mut(unit * L::T..).unwrap_or_default();
                            self.block::<L, $j, SPARSE>(lanes, unit, inputs.tile(lanes, tile), outputs);
                        }
                        unit += $j;
                    }
                }
            )*};
        }
        blocks_of!(16 8 4 2 1);
    }

    #[inline(always)]
    fn block<L: Lanes, const J: usize, const SPARSE: bool>(
        &self,
        lanes: L,
        unit: usize,
        inputs: impl Iterator<Item = (usize, L::V)>,
        outputs: &mut [f32],
    ) {
        let units = self.biases.len();
        let weights = self.weights.get(unit..).unwrap_or_default();
        let biases = self.biases.get(unit..).and_then(|biases| biases.first_chunk::<J>());
        let (Some(biases), Some(outputs)) = (biases, outputs.get_mut(..J * L::T)) else { return };
        let mut sums = [lanes.splat(0.0); J];
        if !self.begins {
            neurons!(J, |N| { sums[N] = lanes.load(&outputs[N * L::T..]) });
        }
        for (i, input) in inputs {
            if SPARSE && lanes.skips(input) {
                continue;
            }
            let row = weights.get(i * units..).and_then(|row| row.first_chunk::<J>());
            let Some(row) = row else { break };
            neurons!(J, |N| { sums[N] = lanes.mul_add(lanes.splat(row[N]), input, sums[N]) });
        }
        if self.ends {
            let scale = lanes.splat(self.scale);
            neurons!(J, |N| { sums[N] = lanes.mul_add(sums[N], scale, lanes.splat(biases[N])) });
        }
        neurons!(J, |N| { lanes.store(sums[N], &mut outputs[N * L::T..]) });
    }
}

/// Turns neurons' inputs, of any number of tiles, into outputs; softmax is left to [`softmax`], since it needs a whole
/// layer.
#[inline(always)]
pub fn activate<L: Lanes>(lanes: L, activation: Activation, values: &mut [f32]) {
    match L::CALLS {
        true => activate_called(lanes, activation, values),
        false => activate_inlined(lanes, activation, values),
    }
}

#[inline(never)]
fn activate_called<L: Lanes>(lanes: L, activation: Activation, values: &mut [f32]) {
    activate_inlined(lanes, activation, values);
}

#[inline(always)]
fn activate_inlined<L: Lanes>(lanes: L, activation: Activation, values: &mut [f32]) {
    // A macro, because a closure would not be compiled for the lanes' instruction set.
    macro_rules! each {
        (|$v:ident| $output:expr) => {
            for value in values.chunks_exact_mut(L::T) {
                let $v = lanes.load(value);
                lanes.store($output, value);
            }
        };
    }
    let zero = lanes.splat(0.0);
    match activation {
        Activation::Linear | Activation::Softmax => {}
        Activation::Tanh => each!(|v| tanh(lanes, v)),
        Activation::Relu => each!(|v| lanes.select_le(v, zero, zero, v)),
        Activation::Sigmoid => each!(|v| sigmoid(lanes, v)),
    }
}

/// Turns a tile's logits, `[unit][T]`, into probabilities; gives (largest logit, sum of exp(logit − largest)).
#[inline(always)]
pub fn softmax<L: Lanes>(lanes: L, logits: &mut [f32]) -> (L::V, L::V) {
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
pub(crate) fn activations<L: Lanes>(lanes: L, tile: &[f32]) -> impl Iterator<Item = (usize, L::V)> + Clone {
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

/// Calls `seen(tile, its signal)` for the tiles that a layer of `units` outputs gave.
#[inline(always)]
fn signals<L: Lanes>(lanes: L, given: &[f32], units: usize, mut seen: impl FnMut(usize, L::V)) {
    for (tile, given) in given.chunks_exact((units * L::T).max(1)).enumerate() {
        seen(tile, signal(lanes, activations(lanes, given)));
    }
}

/// The memory of a pass: parts of the scratch memory, each with room for the widest layer.
pub(crate) struct Buffers<'s> {
    outputs: &'s mut [f32],
    spare: &'s mut [f32],
    /// What residual connections keep; empty in a net without them.
    #[cfg(feature = "layers")]
    kept: &'s mut [f32],
}

impl<'s> Buffers<'s> {
    /// Cuts scratch memory, without the sums in it, into equal parts.
    #[inline(always)]
    pub(crate) fn new(net: &Net<'_>, scratch: &'s mut [f32]) -> Self {
        let size = scratch.len() / net.buffers();
        let (outputs, spare) = scratch.split_at_mut(size);
        #[cfg(feature = "layers")]
        let (spare, kept) = spare.split_at_mut(size);
        Self {
            outputs,
            spare,
            #[cfg(feature = "layers")]
            kept,
        }
    }
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
    /// Passes `tiles` tiles of features, from sample `first` on, through the net and returns the outputs,
    /// `[tile][output][T]`.
    ///
    /// `buffers` have at least `widest · T · tiles` numbers each. If signals are wanted, `seen(l, tile, its inputs'
    /// signal)` is called for each layer l >= 1 that has weights, and for layer 0 where these are shared.
    #[inline(always)]
    pub(crate) fn run<'s, L: Lanes>(
        &self,
        lanes: L,
        tiles: usize,
        (features, first): (&impl Features, usize),
        buffers: Buffers<'s>,
        mut seen: impl FnMut(usize, usize, L::V),
    ) -> &'s mut [f32] {
        let Self { net, parameters, scale, last, with_signal } = *self;
        let Buffers { mut outputs, mut spare, .. } = buffers;
        #[cfg(feature = "layers")]
        let mut kept = buffers.kept;
        let (mut fan_in, mut width) = (net.inputs(), 0);
        for ((index, layer), section) in net.layers().iter().enumerate().zip(net.sections()) {
            let parameters = parameters.get(section.start..).unwrap_or_default();
            let Some((weights, rest)) = parameters.split_at_checked(section.weights) else {
                break;
            };
            let biases = rest.get(..section.biases).unwrap_or_default();
            core::mem::swap(&mut outputs, &mut spare);
            #[cfg(feature = "layers")]
            if index == 0 && layers::takes_a_copy(layer) {
                width = fan_in * L::T * tiles;
                let to = spare.get_mut(..width).unwrap_or_default();
                features.apply(lanes, CopyInputs { first, scale, units: fan_in, to });
            }
            #[cfg(feature = "layers")]
            let taken = width;
            let given = spare.get(..width).unwrap_or_default();
            width = layer.units() * L::T * tiles;
            match *layer {
                Layer::Dense { units, activation } => {
                    let activation = if index + 1 == net.layers().len() { last } else { activation };
                    let made = outputs.get_mut(..width).unwrap_or_default();
                    if index == 0 {
                        let layer = Dense { weights, biases, scale, begins: true, ends: true };
                        features.apply(lanes, FirstDense { layer, first, made: &mut *made });
                    } else {
                        if with_signal {
                            signals(lanes, given, fan_in, |tile, signal| seen(index, tile, signal));
                        }
                        for (panel, weights) in weights.chunks((PANEL * units).max(1)).enumerate() {
                            let (begins, ends) = (panel == 0, (panel + 1) * PANEL >= fan_in);
                            let inputs = Panel { given, units: fan_in, first: panel * PANEL };
                            Dense { weights, biases, scale: 1.0, begins, ends }.run::<L, _, false>(lanes, inputs, made);
                        }
                    }
                    activate(lanes, activation, made);
                }
                #[cfg(feature = "layers")]
                Layer::Recurrent { inputs: of_step, steps, activation, every, .. } if index == 0 => {
                    let layer = Recurrent { weights, biases, inputs: of_step, steps, activation, every };
                    let (room, seen) = (&mut *outputs, |tile, signal| seen(index, tile, signal));
                    features.apply(lanes, FirstRecurrent { layer, first, tiles, scale, room, with_signal, seen });
                }
                #[cfg(feature = "layers")]
                ref layer => {
                    let activation = if index + 1 == net.layers().len() { last } else { layer.activation() };
                    let mut seen = |tile, signal| seen(index, tile, signal);
                    let seen: Option<&mut dyn FnMut(usize, L::V)> = if with_signal { Some(&mut seen) } else { None };
                    let (parameters, given) = ((weights, biases), width);
                    let buffers = (&mut outputs, &mut spare, &mut kept);
                    lanes.apart(layers::Pass { layer, tiles, parameters, taken, given, buffers, seen });
                    if !layer.is_recurrent() {
                        activate(lanes, activation, outputs.get_mut(..width).unwrap_or_default());
                    }
                }
            }
            fan_in = layer.units();
        }
        outputs.get_mut(..width).unwrap_or_default()
    }
}
