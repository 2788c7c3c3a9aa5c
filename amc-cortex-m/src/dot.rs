//! Sums of products of bytes, by two pairs at once where the core can.

use amc_core::Portable;
use amc_core::integer::{Element, Kernel};

use crate::CortexM;
#[cfg(dual_multiply)]
use crate::dual;

impl<const SUMS: usize> Kernel<1> for CortexM<1, SUMS> {
    const OUTLINES: bool = true;

    #[inline(always)]
    fn dot<E: Element>(self, weights: &[i8], inputs: &[E]) -> [i32; 1] {
        #[cfg(dual_multiply)]
        if let Some(four) = E::FOUR {
            return [dual::dot(weights, inputs, four)];
        }
        Portable::<1>.dot(weights, inputs)
    }
}
