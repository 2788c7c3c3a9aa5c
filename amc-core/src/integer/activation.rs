//! Activations of integers.

use super::tables::TANH;
use crate::activation::Activation;

/// What stands for 1.
pub(super) const ONE: i32 = 127;

/// The output of a neuron whose pre-activation is this, in units of 1/64; of a linear one, in units of 1/127.
#[inline(always)]
pub(super) fn activate(activation: Activation, v: i32) -> i8 {
    let output = match activation {
        Activation::Tanh => tanh(v),
        // (1 + tanh(z/2)) / 2
        Activation::Sigmoid => (ONE + tanh(v >> 1)) >> 1,
        Activation::Relu => v.clamp(0, ONE),
        Activation::Linear | Activation::Softmax => v.clamp(-ONE, ONE),
        Activation::Sign => {
            if v < 0 {
                -ONE
            } else {
                ONE
            }
        }
        Activation::Step => {
            if v < 0 {
                0
            } else {
                ONE
            }
        }
    };
    output as i8
}

/// By a table that is odd about −½: the sum was rounded down.
#[inline(always)]
fn tanh(v: i32) -> i32 {
    let v = v.clamp(-256, 255);
    let sign = v >> 31;
    let size = i32::from(TANH[((v ^ sign) & 255) as usize]);
    (size ^ sign) - sign
}
