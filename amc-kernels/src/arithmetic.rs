//! Which arithmetics this machine has.

use amc_core::{Arithmetic, Lanes};

use crate::lanes::{OnLanes, dispatch};

/// Whether this machine has the instructions for an arithmetic.
pub fn is_available(arithmetic: Arithmetic) -> bool {
    arithmetic == Arithmetic::Portable || dispatch(Arithmetic::Portable, Width) > 1
}

/// The lanes of a register, found out by [`dispatch`] itself.
struct Width;

impl OnLanes for Width {
    type Output = usize;
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) -> usize {
        // The scalar fallback keeps fewer neurons in registers than any SIMD width.
        if L::NEURONS > 2 { 2 } else { 1 }
    }
}
