//! Sums of products of bytes: `SMLAD` multiplies two pairs and adds both, where the core has it.

use amc_core::Portable;
use amc_core::integer::{Element, Four, Kernel};

use crate::CortexM;

impl<const SUMS: usize> Kernel<1> for CortexM<1, SUMS> {
    const OUTLINES: bool = true;

    #[inline(always)]
    fn dot<E: Element>(self, weights: &[i8], inputs: &[E]) -> [i32; 1] {
        match E::FOUR {
            Some(four) if cfg!(dual_multiply) => [dual(weights, inputs, four)],
            _ => Portable::<1>.dot(weights, inputs),
        }
    }
}

#[inline(never)]
fn dual<E: Element>(weights: &[i8], inputs: &[E], four: Four<E>) -> i32 {
    let ((weights, last_weights), (inputs, last_inputs)) = (weights.as_chunks(), inputs.as_chunks());
    let mut sum = 0;
    for (weights, inputs) in weights.iter().zip(inputs) {
        sum = match four {
            Four::Unsigned(bytes) => add_products::<false>(word(weights), u32::from_le_bytes(bytes(inputs)), sum),
            Four::Signed(bytes) => add_products::<true>(word(weights), word(&bytes(inputs)), sum),
        };
    }
    for (weight, input) in last_weights.iter().zip(last_inputs) {
        sum += i32::from(*weight) * input.number();
    }
    sum
}

#[inline(always)]
fn word(bytes: &[i8; 4]) -> u32 {
    u32::from_le_bytes(bytes.map(i8::cast_unsigned))
}

/// Adds the products of four signed bytes and four others, which are `SIGNED` or not.
#[cfg(dual_multiply)]
#[inline(always)]
#[allow(unsafe_code, reason = "stable Rust has no intrinsic for it")]
fn add_products<const SIGNED: bool>(weights: u32, inputs: u32, sum: i32) -> i32 {
    /// An instruction of registers alone.
    macro_rules! instruction {
        ($text:literal, $($operand:expr),+) => {{
            let made;
            // SAFETY: the build script has seen a core with these instructions. They read the registers named and write one;
            // the flag Q that SMLAD may raise nobody reads.
            unsafe {
                core::arch::asm!(
                    $text, out(reg) made, $(in(reg) $operand),+, options(pure, nomem, nostack, preserves_flags)
                );
            }
            made
        }};
    }
    let even: u32 = instruction!("sxtb16 {}, {}", weights);
    let odd: u32 = instruction!("sxtb16 {}, {}, ror #8", weights);
    let (even_inputs, odd_inputs): (u32, u32) = if SIGNED {
        (instruction!("sxtb16 {}, {}", inputs), instruction!("sxtb16 {}, {}, ror #8", inputs))
    } else {
        (instruction!("uxtb16 {}, {}", inputs), instruction!("uxtb16 {}, {}, ror #8", inputs))
    };
    let sum: i32 = instruction!("smlad {}, {}, {}, {}", even, even_inputs, sum);
    instruction!("smlad {}, {}, {}, {}", odd, odd_inputs, sum)
}

/// The same without them; nobody calls it, but it shows what they compute.
#[cfg(not(dual_multiply))]
#[inline(always)]
fn add_products<const SIGNED: bool>(weights: u32, inputs: u32, sum: i32) -> i32 {
    let inputs = inputs.to_le_bytes().map(|byte| if SIGNED { i32::from(byte as i8) } else { i32::from(byte) });
    let products = weights.to_le_bytes().into_iter().zip(inputs).map(|(weight, input)| i32::from(weight as i8) * input);
    sum + products.sum::<i32>()
}
