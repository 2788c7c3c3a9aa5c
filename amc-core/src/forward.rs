//! The forward pass of a few tiles of samples, layer by layer.

use core::ops::Range;

use crate::activation::{Activation, activate};
use crate::lanes::Lanes;
use crate::layer::kind::{Buffers, LayerPass, NetInputs, Seen};
use crate::net::Net;
use crate::samples::{FeatureKernel, Features};
use crate::score::{Collect, SampleValue};

/// A copy of the net's inputs, as a layer before would have given them, `[tile][unit][T]`.
struct Copy<'o> {
    first: usize,
    scale: f32,
    width: usize,
    to: &'o mut [f32],
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
        (features, first): (&impl Features, usize),
        mut buffers: Buffers<'s>,
        mut signals: Option<Signals<'_, C>>,
    ) -> &'s mut [f32] {
        let Self { net, parameters, scale, last } = *self;
        let (mut width, mut wanted) = (net.inputs(), 0);
        for ((index, layer), section) in net.layers().iter().enumerate().zip(net.sections()) {
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
            if !layer.activates() {
                let activation = if index + 1 == net.layers().len() { last } else { layer.activation() };
                activate(lanes, activation, buffers.made.get_mut(..wanted).unwrap_or_default());
            }
            width = layer.units();
        }
        buffers.made.get_mut(..wanted).unwrap_or_default()
    }
}
