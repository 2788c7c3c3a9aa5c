//! The forward pass of a few tiles of samples, layer by layer.

use core::ops::Range;

use crate::activation::{Activation, activate, softmax};
use crate::lanes::Lanes;
use crate::layer::kind::{Buffers, LayerPass, NetInputs, Seen};
use crate::net::Net;
use crate::samples::{FeatureKernel, Features};
use crate::score::{Collect, SampleValue, Sums};

/// A copy of the net's inputs, as a layer before would have given them, `[tile][unit][T]`.
pub(crate) struct Copy<'o> {
    pub(crate) first: usize,
    pub(crate) scale: f32,
    pub(crate) width: usize,
    pub(crate) to: &'o mut [f32],
}

impl<L: Lanes> FeatureKernel<L> for Copy<'_> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { first, scale, width, to } = self;
        to.fill(0.0);
        for (tile, to) in to.chunks_exact_mut((width * L::T).max(1)).enumerate() {
            for (unit, v) in features.tile(lanes, first + tile * L::T) {
                if let Some(to) = to.get_mut(unit * L::T..) {
                    lanes.store(lanes.mul(v, lanes.splat(scale)), to);
                }
            }
        }
    }
}

/// Cuts scratch memory, without the sums in it, into equal parts.
#[inline(always)]
pub(crate) fn buffers<'s>(net: &Net<'_>, scratch: &'s mut [f32]) -> Buffers<'s> {
    let size = scratch.len() / net.buffers();
    let (made, rest) = scratch.split_at_mut_checked(size).unwrap_or_default();
    let (given, kept) = rest.split_at_mut_checked(size).unwrap_or_default();
    Buffers { made, given, kept }
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
}

/// Where a pass begins.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// At the features.
    Features,
    /// Behind this layer, whose outputs are what was made.
    Outputs(usize),
    /// In this layer, whose sums, the inputs of its activation, are what was made.
    Sums(usize),
}

/// Sees what the layers of a pass make.
pub(crate) trait Tap {
    /// The inputs of a layer's activation, `[tile][unit][T]`; of one that goes on with its outputs, these.
    fn sums(&mut self, layer: usize, made: &[f32]);

    /// Its outputs; where they are a softmax, still its inputs.
    fn outputs(&mut self, layer: usize, made: &[f32]);
}

/// Sees nothing.
impl Tap for () {
    #[inline(always)]
    fn sums(&mut self, _: usize, _: &[f32]) {}

    #[inline(always)]
    fn outputs(&mut self, _: usize, _: &[f32]) {}
}

/// Where the signals of the samples' layers go.
pub(crate) struct Signals<'c, C> {
    pub(crate) collect: &'c mut C,
    /// One more than the last sample.
    pub(crate) end: usize,
}

/// Where those of one layer go.
struct LayerSignals<'c, C> {
    collect: &'c mut C,
    layer: usize,
    samples: Range<usize>,
}

impl<L: Lanes, C: Collect<L>> Seen<L> for LayerSignals<'_, C> {
    #[inline(always)]
    fn take(&mut self, lanes: L, tile: usize, signal: L::V) {
        let sample = self.samples.start + tile * L::T;
        let valid = (self.samples.end - sample).min(L::T);
        self.collect.take(lanes, SampleValue::Signal(self.layer), sample, valid, signal);
    }
}

impl Pass<'_> {
    /// Passes `tiles` tiles of features, from sample `first` on, through the net and returns the outputs,
    /// `[tile][output][T]`.
    ///
    /// `buffers` have at least `widest · T · tiles` numbers each. If `signals` are wanted, they are those of each layer
    /// l >= 1 that has weights, and of layer 0 where these are shared.
    #[inline(always)]
    pub(crate) fn run<'s, L: Lanes, C: Collect<L>>(
        &self,
        lanes: L,
        tiles: usize,
        inputs: (&impl Features, usize),
        buffers: Buffers<'s>,
        signals: Option<Signals<'_, C>>,
    ) -> &'s mut [f32] {
        self.run_from(lanes, tiles, Entry::Features, inputs, buffers, signals, &mut ())
    }

    /// [`run`](Pass::run) from a later layer on, where the numbers that it begins with are at the front of `buffers.made`.
    #[expect(clippy::too_many_arguments, reason = "what run has, where it begins, and who looks on")]
    #[inline(always)]
    pub(crate) fn run_from<'s, L: Lanes, C: Collect<L>>(
        &self,
        lanes: L,
        tiles: usize,
        entry: Entry,
        (features, first): (&impl Features, usize),
        mut buffers: Buffers<'s>,
        mut signals: Option<Signals<'_, C>>,
        tap: &mut impl Tap,
    ) -> &'s mut [f32] {
        let Self { net, parameters, scale, last } = *self;
        let units = |layer: usize| net.layers().get(layer).map_or(0, |layer| layer.units());
        let (begun, mut width) = match entry {
            Entry::Features => (0, net.inputs()),
            Entry::Outputs(layer) => (layer + 1, units(layer)),
            Entry::Sums(layer) => (layer, 0),
        };
        let mut wanted = if begun == 0 { 0 } else { width * L::T * tiles };
        for ((index, layer), section) in net.layers().iter().enumerate().zip(net.sections()) {
            // Not `skip`, which is code in a pass that skips nothing.
            if index < begun {
                continue;
            }
            if matches!(entry, Entry::Sums(layer) if layer == index) {
                wanted = layer.units() * L::T * tiles;
            } else {
                let parameters = parameters.get(section.start..).unwrap_or_default();
                let Some((weights, rest)) = parameters.split_at_checked(section.weights) else {
                    break;
                };
                let biases = rest.get(..section.biases).unwrap_or_default();
                core::mem::swap(&mut buffers.made, &mut buffers.given);
                if index == 0 && !layer.streams() {
                    wanted = width * L::T * tiles;
                    let to = buffers.given.get_mut(..wanted).unwrap_or_default();
                    features.apply(lanes, Copy { first, scale, width, to });
                }
                let taken = wanted;
                wanted = layer.units() * L::T * tiles;
                let seen = signals.as_mut().map(|Signals { collect, end }| LayerSignals {
                    collect: &mut **collect,
                    layer: index,
                    samples: first..*end,
                });
                let pass = LayerPass { tiles, weights, biases, width, taken, wanted, buffers: &mut buffers };
                if index == 0 && layer.streams() {
                    layer.first(lanes, NetInputs { features, first, scale }, pass, seen);
                } else {
                    layer.run(lanes, pass, seen);
                }
                tap.sums(index, buffers.made.get(..wanted).unwrap_or_default());
            }
            if !layer.activates() {
                let activation = if index + 1 == net.layers().len() { last } else { layer.activation() };
                activate(lanes, activation, buffers.made.get_mut(..wanted).unwrap_or_default());
            }
            tap.outputs(index, buffers.made.get(..wanted).unwrap_or_default());
            width = layer.units();
        }
        buffers.made.get_mut(..wanted).unwrap_or_default()
    }
}

/// The outputs of a tile of features, `[output][T]`, the activation of the last layer included.
#[inline(always)]
pub(crate) fn outputs<'s, L: Lanes>(
    net: Net<'_>,
    parameters: &[f32],
    lanes: L,
    inputs: (&impl Features, usize),
    scratch: &'s mut [f32],
) -> &'s [f32] {
    let pass = Pass { net, parameters, scale: inputs.0.scale(), last: net.output() };
    let outputs = pass.run(lanes, 1, inputs, buffers(&net, scratch), None::<Signals<'_, Sums<'_>>>);
    if net.output() == Activation::Softmax {
        softmax(lanes, outputs, net.outputs());
    }
    outputs
}
