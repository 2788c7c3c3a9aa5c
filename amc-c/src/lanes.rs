//! The lanes of the whole library.

use amc_cortex_m::CortexM;

/// With the bits of `Portable`. Fewer sums would save 5 kB of flash, and cost five times the instructions.
pub(crate) type Lanes = CortexM<1>;
pub(crate) const LANES: Lanes = CortexM;
