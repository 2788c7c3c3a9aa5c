//! A binary grid for parameters and moves, on which `f32` adds and subtracts exactly.

use super::OptionsError;
use crate::lanes::{Lanes, ROUND_MAGIC};

/// The multiples of g, a power of two: parameters of up to 2²³ g in size, moves of up to 2²² g.
///
/// Every sum of a parameter and a move is then below 2²⁴ g, where each multiple of g is an `f32`: x + e and
/// (x + e) − e are exact, and a rejected move can be undone where it was made
/// ([`Memory::in_place`](super::Memory::in_place)). Moves are rounded to the grid, the nearest multiple of g, and cut
/// at ±2²² g; a move that takes a parameter beyond 2²³ g is not accepted.
///
/// # How fine
/// The grid is felt where λσ comes near g. A move of λσ = g still has 1.04 times the scale it should have, and four in
/// ten are 0; of λσ = g/2, 1.2 times and two in three; of λσ = g/10, less than one in a million is not 0. So σ₀ below
/// g is refused, and σ is never reduced below g: a chain that gets there goes on at that scale instead of accepting
/// moves that do not move. With signal norm the weights of layer l rest once σ is well below g/λ_l, while biases move
/// on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Grid {
    step: f32,
}

impl Grid {
    /// g = 2⁻²⁰, which is 9.5e-7: parameters of up to 8, moves of up to 4. Nets for the digits and for a sine end with
    /// parameters of up to 3.2 and 3.8, and with σ = 3.5e-3 and 5.3e-5.
    pub const DEFAULT: Self = Self { step: 1.0 / 1_048_576.0 };

    /// The multiples of g = 2 to the power of `exponent`, which is −100 to 100.
    pub const fn new(exponent: i8) -> Result<Self, OptionsError> {
        match exponent {
            -100..=100 => Ok(Self { step: f32::from_bits(((exponent as i32 + 127) as u32) << 23) }),
            _ => Err(OptionsError::Grid(exponent)),
        }
    }

    /// g
    pub const fn step(&self) -> f32 {
        self.step
    }

    /// 2²³ g, the largest size of a parameter.
    pub const fn limit(&self) -> f32 {
        8_388_608.0 * self.step
    }

    /// Rounds parameters to the nearest on the grid, the even multiple of two as near. NaN stays.
    ///
    /// A chain on a grid starts from such parameters only, and its first loss is theirs.
    pub fn round(&self, parameters: &mut [f32]) {
        for x in parameters {
            *x = self.nearest(*x);
        }
    }

    /// The nearest number on the grid. Adding 0 makes +0 of −0, which would not survive x + e − e.
    pub(super) fn nearest(&self, x: f32) -> f32 {
        let limit = self.limit();
        let within = match x {
            x if x > limit => limit,
            x if x < -limit => -limit,
            x => x,
        };
        libm::rintf(within / self.step) * self.step + 0.0
    }

    /// A move on the grid. One that is NaN becomes the largest: it is not accepted, but has to be undone.
    #[inline(always)]
    pub(super) fn round_move<L: Lanes>(&self, lanes: L, e: L::V) -> L::V {
        let largest = 4_194_304.0 * self.step;
        let (low, high) = (lanes.splat(-largest), lanes.splat(largest));
        let e = lanes.select_le(e, high, e, high);
        let e = lanes.select_le(low, e, e, low);
        let magic = lanes.splat(ROUND_MAGIC * self.step);
        lanes.sub(lanes.add(e, magic), magic)
    }

    /// 0 where a parameter is within the limit, NaN elsewhere.
    #[inline(always)]
    pub(super) fn spoil<L: Lanes>(&self, lanes: L, x: L::V) -> L::V {
        let (zero, spoilt) = (lanes.splat(0.0), lanes.splat(f32::NAN));
        let above = lanes.select_le(x, lanes.splat(self.limit()), zero, spoilt);
        lanes.select_le(lanes.splat(-self.limit()), x, above, spoilt)
    }
}

impl Default for Grid {
    fn default() -> Self {
        Self::DEFAULT
    }
}
