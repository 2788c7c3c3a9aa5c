//! Portable or fused: what tells the bits of two trainings apart.

use core::fmt;

/// What a multiply-add rounds: two arithmetics give two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Arithmetic {
    /// Multiply, round, add, round: the bits of every machine, microcontrollers included.
    Portable,
    /// One rounding, by FMA instructions: faster; the bits of every machine that has them.
    Fused,
}

impl Arithmetic {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Portable, Self::Fused];

    /// The name that options have for it, which [`Display`](fmt::Display) shows.
    pub const fn name(self) -> &'static str {
        match self {
            Arithmetic::Portable => "portable",
            Arithmetic::Fused => "fused",
        }
    }
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
