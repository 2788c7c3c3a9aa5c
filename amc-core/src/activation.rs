//! Activations: what a neuron makes of its input. All there is to one is in this file; what it is called in a file, its
//! place in [`Activation`], stays: a new one goes to the end.

use core::fmt;

use crate::elementary::{exp, sigmoid, tanh};
use crate::lanes::{Lanes, Outlined};

/// The function that makes a neuron's output from its input (its pre-activation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Activation {
    /// The input itself.
    Linear,
    /// The hyperbolic tangent.
    Tanh,
    /// max(0, input)
    Relu,
    /// 1 / (1 + e^−input)
    Sigmoid,
    /// e^input over the sum of that of all the layer's neurons; on the last layer only.
    Softmax,
    /// −1 below 0, else 1; NaN stays what it is.
    Sign,
    /// 0 below 0, else 1; NaN stays what it is.
    Step,
}

/// As Rust writes it.
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Activation::{self:?}")
    }
}

/// Turns neurons' inputs, of any number of tiles, into outputs; softmax is left to [`Lanes::softmax`], since it needs a whole
/// layer.
#[inline(always)]
pub fn activate<L: Lanes>(lanes: L, activation: Activation, values: &mut [f32]) {
    match L::OUTLINES {
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
        Activation::Sign => each!(|v| step(lanes, v, -1.0)),
        Activation::Step => each!(|v| step(lanes, v, 0.0)),
    }
}

/// 1 from 0 on, and `below` it something else.
#[inline(always)]
fn step<L: Lanes>(lanes: L, v: L::V, below: f32) -> L::V {
    let zero = lanes.splat(0.0);
    lanes.select_le(zero, v, lanes.splat(1.0), lanes.select_le(v, zero, lanes.splat(below), v))
}

/// An activation as a function of its own.
pub(crate) struct Activate<'v> {
    pub(crate) activation: Activation,
    /// Of any number of tiles.
    pub(crate) values: &'v mut [f32],
}

impl<L: Lanes> Outlined<L> for Activate<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        activate(lanes, self.activation, self.values);
    }
}

/// Turns logits of tiles, `[tile][unit][T]` of so many units, into probabilities: [`exponentials`] over their sum.
#[inline(always)]
pub fn softmax<L: Lanes>(lanes: L, logits: &mut [f32], units: usize) {
    if lanes.softmax(logits, units) {
        return;
    }
    for tile in logits.chunks_exact_mut((units * L::T).max(1)) {
        let (_, sum) = exponentials(lanes, tile);
        for e in tile.chunks_exact_mut(L::T) {
            lanes.store(lanes.div(lanes.load(e), sum), e);
        }
    }
}

/// Turns a tile's logits, `[unit][T]`, into exp(logit − largest). Gives the largest, of which a 0 may have either sign, and the
/// sum in the units' order.
#[inline(always)]
pub fn exponentials<L: Lanes>(lanes: L, logits: &mut [f32]) -> (L::V, L::V) {
    if let Some(made) = lanes.exponentials(logits) {
        return made;
    }
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
    (largest, sum)
}
