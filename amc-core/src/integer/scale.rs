//! What sums are divided by.

use crate::activation::Activation;

/// The largest weight to begin with.
pub(super) const INITIAL: i8 = 16;

/// The power of 2 that states of a recurrent layer have: they are activations.
const STATE: u8 = 7;

/// What the sums of a layer are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scale {
    /// The power of 2 by which a sum is divided, rounded down.
    pub shift: u8,
    /// The power of 2 by which a bias is multiplied in it.
    pub bias: u8,
}

impl Scale {
    /// The largest power of 2 that divides sums, or multiplies a bias.
    pub const MOST: u8 = 24;

    /// Of a layer that pools, whose numbers stay as large as those that it is given.
    pub const NONE: Self = Self { shift: 0, bias: 0 };

    /// Divides by 2^`shift`; a bias weighs as much as a weight of the largest activation.
    pub const fn new(shift: u8) -> Self {
        Self { shift, bias: 7 }
    }

    /// The power of 2 by which a recurrent layer multiplies what its inputs and its bias come to: where biases are multiplied by less
    /// than 2⁷, as inputs are small, so much that they weigh as much as states.
    pub const fn gain(self) -> u8 {
        STATE.saturating_sub(self.bias)
    }

    /// With biases multiplied by 2^`bias`.
    #[must_use]
    pub const fn bias(self, bias: u8) -> Self {
        Self { bias, ..self }
    }

    /// For a layer of `inputs` inputs whose root mean square is `rms`, and [initial](super::Net::draw) weights within `limit`: its
    /// pre-activations begin at about ½ (a softmax's at about 1 doubling), where activations are far from their ends.
    pub const fn fit(inputs: usize, rms: u32, limit: i8, activation: Activation) -> Self {
        let weight = if limit < 1 {
            1
        } else if limit < INITIAL {
            limit
        } else {
            INITIAL
        };
        let target = match activation {
            Activation::Softmax => 256,
            _ => 32,
        };
        // The root mean square of integers within ±w is √(w(w + 1)/3).
        let weight = weight as u64;
        let square = (inputs as u64).saturating_mul(weight * (weight + 1)).saturating_mul(rms as u64 * rms as u64) / 3;
        let ratio = square.isqrt() / target;
        let shift = if ratio > 0 { ratio.ilog2() as u8 } else { 0 };
        let bias = if rms > 0 { rms.ilog2() as u8 + 1 } else { 0 };
        Self { shift: Self::at_most(shift), bias: Self::at_most(bias) }
    }

    const fn at_most(shift: u8) -> u8 {
        if shift < Self::MOST { shift } else { Self::MOST }
    }
}
