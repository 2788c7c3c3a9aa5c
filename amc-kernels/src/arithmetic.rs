//! Which arithmetics there are.

use amc_core::Arithmetic;

use crate::Isa;

/// Whether the instruction set that this process [uses](Isa::used) has an arithmetic.
pub fn is_available(arithmetic: Arithmetic) -> bool {
    arithmetic == Arithmetic::Portable || Isa::used() != Isa::Scalar
}
