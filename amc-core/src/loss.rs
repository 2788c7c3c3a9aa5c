//! Losses of one tile: what a sample adds to the loss, and whether its class is found.

use crate::activation::{Activation, exponentials, softmax};
use crate::elementary::{exp, ln_normal};
use crate::lanes::{Lanes, Outlined};
use crate::samples::Targets;

/// What is to become small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Loss {
    /// (output − target)², the mean over samples and outputs.
    MeanSquaredError,
    /// −ln of the probability given to the target, the mean over samples: of the class for a softmax output; for
    /// sigmoid outputs each is a probability of its own, and their terms are added.
    CrossEntropy,
}

/// The targets of one tile.
#[derive(Clone, Copy)]
pub(crate) enum TileTargets<'a> {
    Classes(&'a [u8]),
    Values(&'a [f32]),
}

impl<'a> TileTargets<'a> {
    /// The targets of the samples from `first` on.
    #[inline]
    pub(crate) fn new(targets: Targets<'a>, first: usize, outputs: usize) -> Self {
        match targets {
            Targets::Classes(classes) => Self::Classes(classes.get(first..).unwrap_or_default()),
            Targets::Values(values) => Self::Values(values.get(first * outputs..).unwrap_or_default()),
        }
    }

    /// The target of `output` in every lane.
    #[inline(always)]
    fn lane<L: Lanes>(&self, lanes: L, output: usize, outputs: usize) -> L::V {
        match self {
            Self::Classes(classes) => {
                let (class, this) = (lanes.load_u8(classes), lanes.splat(output as f32));
                equal(lanes, class, this, lanes.splat(1.0), lanes.splat(0.0))
            }
            Self::Values(values) if outputs == 1 => lanes.load(values),
            Self::Values(values) => {
                let mut lane = [0.0; 16];
                for (t, lane) in lane.iter_mut().enumerate().take(L::T) {
                    *lane = values.get(t * outputs + output).copied().unwrap_or(0.0);
                }
                lanes.load(&lane)
            }
        }
    }
}

/// `yes` where a = b, else `no`.
#[inline(always)]
pub(crate) fn equal<L: Lanes>(lanes: L, a: L::V, b: L::V, yes: L::V, no: L::V) -> L::V {
    lanes.select_le(a, b, lanes.select_le(b, a, yes, no), no)
}

/// Whether outputs for classes are looked up, sample by sample: in narrow tiles it costs less than to compare the number of each
/// output with the classes.
#[inline(always)]
pub(crate) const fn looks_up<L: Lanes>() -> bool {
    L::T < 8
}

/// Each sample's output for its class, in whose place 0 is left.
#[inline(always)]
pub(crate) fn take_own<L: Lanes>(lanes: L, outputs: &mut [f32], classes: &[u8]) -> L::V {
    let mut own = [0.0; 16];
    for (lane, (class, own)) in classes.iter().zip(&mut own).enumerate().take(L::T) {
        *own = outputs.get_mut(usize::from(*class) * L::T + lane).map_or(0.0, core::mem::take);
    }
    lanes.load(&own)
}

impl Loss {
    /// What the last layer applies before [`losses`]: cross-entropy wants the inputs of the last activation.
    #[inline]
    pub(crate) const fn last_activation(self, output: Activation) -> Activation {
        match self {
            Loss::MeanSquaredError => output,
            Loss::CrossEntropy => Activation::Linear,
        }
    }
}

/// Whether [`losses`] of wide tiles are a function of their own, those of all tiles at once: they take exponentials. Firmware,
/// whose tiles are narrow, knows its loss when it is compiled, and has no code for others.
#[inline(always)]
pub(crate) fn are_outlined<L: Lanes>(loss: Loss, activation: Activation) -> bool {
    L::T >= 8 && (loss != Loss::MeanSquaredError || activation == Activation::Softmax)
}

/// The [`losses`] of tiles, each in the place of its first output.
pub(crate) struct TilesLosses<'t> {
    pub(crate) loss: Loss,
    pub(crate) activation: Activation,
    /// `[tile][output][T]`
    pub(crate) outputs: &'t mut [f32],
    /// Outputs of a sample.
    pub(crate) width: usize,
    /// Of all samples, and which is the first of these.
    pub(crate) targets: (Targets<'t>, usize),
}

impl<L: Lanes> Outlined<L> for TilesLosses<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { loss, activation, outputs, width, targets: (targets, first) } = self;
        for (tile, outputs) in outputs.chunks_exact_mut((width * L::T).max(1)).enumerate() {
            let targets = TileTargets::new(targets, first + tile * L::T, width);
            let found = losses(lanes, loss, activation, outputs, targets);
            lanes.store(found, outputs);
        }
    }
}

/// Each sample's part of the loss, summed over its outputs.
///
/// `outputs`, `[output][T]`, holds what the last layer gave: its inputs where the loss is cross-entropy or the
/// activation softmax. It is overwritten.
#[inline(always)]
fn losses<L: Lanes>(
    lanes: L,
    loss: Loss,
    activation: Activation,
    outputs: &mut [f32],
    targets: TileTargets<'_>,
) -> L::V {
    let count = outputs.len() / L::T;
    match (loss, activation) {
        (Loss::CrossEntropy, Activation::Softmax) => cross_entropy(lanes, outputs, targets).loss,
        (Loss::CrossEntropy, _) => {
            // With z the neuron's input, −ln of the probability of target y is max(z, 0) − y z + ln(1 + e^−|z|).
            let zero = lanes.splat(0.0);
            let mut total = zero;
            for (output, z) in outputs.chunks_exact(L::T).enumerate() {
                let z = lanes.load(z);
                let y = targets.lane(lanes, output, count);
                let negative = lanes.sub(zero, z);
                let size = lanes.select_le(z, zero, negative, z);
                let e = exp(lanes, lanes.sub(zero, size));
                let tail = ln_normal(lanes, lanes.add(lanes.splat(1.0), e));
                let positive = lanes.select_le(z, zero, zero, z);
                let linear = lanes.sub(positive, lanes.mul(y, z));
                total = lanes.add(total, lanes.add(linear, tail));
            }
            total
        }
        (Loss::MeanSquaredError, activation) => {
            if activation == Activation::Softmax {
                softmax(lanes, outputs);
            }
            squared_errors(lanes, outputs, targets)
        }
    }
}

/// What [`cross_entropy`] finds of a tile.
pub(crate) struct CrossEntropy<V> {
    pub(crate) loss: V,
    /// z_max
    pub(crate) largest: V,
    /// z_target
    pub(crate) target: V,
}

/// Cross-entropy of a softmax, of its inputs z, which become exp(z − z_max).
#[inline(always)]
pub(crate) fn cross_entropy<L: Lanes>(lanes: L, outputs: &mut [f32], targets: TileTargets<'_>) -> CrossEntropy<L::V> {
    // −ln p = ln Σ exp(z − z_max) + z_max − z_target, finite even where p underflows.
    let (count, mut target) = (outputs.len() / L::T, lanes.splat(0.0));
    for (output, logit) in outputs.chunks_exact(L::T).enumerate() {
        let chosen = targets.lane(lanes, output, count);
        target = lanes.select_le(lanes.splat(1.0), chosen, lanes.load(logit), target);
    }
    let (largest, sum) = exponentials(lanes, outputs);
    let loss = lanes.add(ln_sum(lanes, sum), lanes.sub(largest, target));
    CrossEntropy { loss, largest, target }
}

/// The logarithm of a sum of exponentials, which is normal; a sum that is NaN stays so.
#[inline(always)]
pub(crate) fn ln_sum<L: Lanes>(lanes: L, sum: L::V) -> L::V {
    lanes.select_le(sum, sum, ln_normal(lanes, sum), sum)
}

/// Σ (output − target)² of each sample.
#[inline(always)]
pub(crate) fn squared_errors<L: Lanes>(lanes: L, outputs: &[f32], targets: TileTargets<'_>) -> L::V {
    let (count, mut total) = (outputs.len() / L::T, lanes.splat(0.0));
    for (output, value) in outputs.chunks_exact(L::T).enumerate() {
        let error = lanes.sub(lanes.load(value), targets.lane(lanes, output, count));
        total = lanes.mul_add(error, error, total);
    }
    total
}

/// [`losses`] that are [not outlined](are_outlined): wide tiles have no code for others.
#[inline(always)]
pub(crate) fn losses_inlined<L: Lanes>(
    lanes: L,
    loss: Loss,
    activation: Activation,
    outputs: &mut [f32],
    targets: TileTargets<'_>,
) -> L::V {
    if L::T < 8 { losses(lanes, loss, activation, outputs, targets) } else { squared_errors(lanes, outputs, targets) }
}

/// Samples among the first `valid` whose largest output, the first of equals, is that of their class.
#[inline(always)]
pub(crate) fn correct<L: Lanes>(outputs: &[f32], targets: TileTargets<'_>, valid: usize) -> u32 {
    let TileTargets::Classes(classes) = targets else {
        return 0;
    };
    let is_best = |lane: usize, class: usize| {
        let value = |output: usize| outputs.get(output * L::T + lane).copied();
        let best = value(class)?;
        let others = (0..outputs.len() / L::T).filter(|other| *other != class);
        let mut others = others.filter_map(|other| Some((other, value(other)?)));
        Some(others.all(|(other, v)| if other < class { v < best } else { v <= best }))
    };
    let lanes = classes.iter().take(valid).enumerate();
    lanes.filter(|(lane, class)| is_best(*lane, usize::from(**class)) == Some(true)).count() as u32
}
