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

/// Samples of a wide tile: of a narrower one, each sample's class is looked up by itself, and not compared with every output.
const WIDE: usize = 8;

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
    L::T < WIDE
}

/// Each sample's output for its class, in whose place 0 is left; in narrow tiles.
#[inline(always)]
pub(crate) fn take_own<L: Lanes>(lanes: L, outputs: &mut [f32], classes: &[u8]) -> L::V {
    let mut own = [0.0; WIDE];
    for (lane, (class, own)) in classes.iter().zip(&mut own).enumerate().take(L::T) {
        *own = outputs.get_mut(usize::from(*class) * L::T + lane).map_or(0.0, core::mem::take);
    }
    lanes.load(&own)
}

/// Puts it back.
#[inline(always)]
pub(crate) fn put_own<L: Lanes>(lanes: L, own: L::V, outputs: &mut [f32], classes: &[u8]) {
    let mut all = [0.0; WIDE];
    lanes.store(own, &mut all);
    for (lane, (class, own)) in classes.iter().zip(all).enumerate().take(L::T) {
        if let Some(output) = outputs.get_mut(usize::from(*class) * L::T + lane) {
            *output = own;
        }
    }
}

impl TileTargets<'_> {
    /// The output, of those in `outputs`, whose target is 1; 0 where there is none.
    #[inline(always)]
    fn chosen<L: Lanes>(&self, lanes: L, outputs: &[f32]) -> L::V {
        if let (true, Self::Classes(classes)) = (looks_up::<L>(), self) {
            let mut chosen = [0.0; WIDE];
            for (lane, (chosen, class)) in chosen.iter_mut().zip(classes.iter().take(L::T)).enumerate() {
                *chosen = outputs.get(usize::from(*class) * L::T + lane).copied().unwrap_or(0.0);
            }
            return lanes.load(&chosen);
        }
        let (count, mut chosen) = (outputs.len() / L::T, lanes.splat(0.0));
        for (output, value) in outputs.chunks_exact(L::T).enumerate() {
            let target = self.lane(lanes, output, count);
            chosen = lanes.select_le(lanes.splat(1.0), target, lanes.load(value), chosen);
        }
        chosen
    }
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
    L::T >= WIDE && (loss != Loss::MeanSquaredError || activation == Activation::Softmax)
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
        prepare(lanes, loss, activation, outputs, width, targets, first);
        for (tile, outputs) in outputs.chunks_exact_mut((width * L::T).max(1)).enumerate() {
            let targets = TileTargets::new(targets, first + tile * L::T, width);
            let found = losses(lanes, loss, activation, outputs, targets);
            lanes.store(found, outputs);
        }
    }
}

/// Begins the [`losses`] of tiles: what is done of all of them at once. `outputs`, `[tile][output][T]`, holds what the last layer
/// gave: its inputs where the loss is cross-entropy or the activation softmax.
#[inline(always)]
pub(crate) fn prepare<L: Lanes>(
    lanes: L,
    loss: Loss,
    activation: Activation,
    outputs: &mut [f32],
    width: usize,
    targets: Targets<'_>,
    first: usize,
) {
    if loss != Loss::MeanSquaredError {
        return;
    }
    if activation == Activation::Softmax {
        softmax(lanes, outputs, width);
    }
    if let (true, Targets::Classes(classes)) = (looks_up::<L>(), targets) {
        class_errors(lanes, outputs, width, classes.get(first..).unwrap_or_default());
    }
}

/// Σ (output − target)² of each sample of narrow tiles, in the place of its first output.
#[inline]
fn class_errors<L: Lanes>(lanes: L, outputs: &mut [f32], width: usize, classes: &[u8]) {
    for (sample, class) in classes.iter().enumerate().take(outputs.len() / width.max(1)) {
        let (tile, lane) = (sample / L::T, sample % L::T);
        if let Some(output) = outputs.get_mut((tile * width + usize::from(*class)) * L::T + lane) {
            *output -= 1.0;
        }
    }
    for outputs in outputs.chunks_exact_mut((width * L::T).max(1)) {
        lanes.store(lanes.squares(outputs), outputs);
    }
}

/// The same of a tile of any width, whose outputs are overwritten.
#[inline(always)]
pub(crate) fn class_error<L: Lanes>(lanes: L, outputs: &mut [f32], classes: &[u8]) -> L::V {
    if looks_up::<L>() {
        class_errors(lanes, outputs, outputs.len() / L::T, classes);
        lanes.load(outputs)
    } else {
        squared_errors(lanes, outputs, TileTargets::Classes(classes))
    }
}

/// Each sample's part of the loss, summed over its outputs, `[output][T]`, which are [prepared](prepare). They are overwritten.
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
        (Loss::MeanSquaredError, _) => match targets {
            TileTargets::Classes(_) if looks_up::<L>() => lanes.load(outputs),
            _ => squared_errors(lanes, outputs, targets),
        },
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
    let target = targets.chosen(lanes, outputs);
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
fn squared_errors<L: Lanes>(lanes: L, outputs: &[f32], targets: TileTargets<'_>) -> L::V {
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
    if L::T < WIDE {
        losses(lanes, loss, activation, outputs, targets)
    } else {
        squared_errors(lanes, outputs, targets)
    }
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
