//! `SMLAD`, which multiplies two pairs of 16 bits and adds both products.

use amc_core::integer::{Element, Four};

/// The sum of weights times inputs.
#[inline(never)]
pub(crate) fn dot<E: Element>(weights: &[i8], inputs: &[E], four: Four<E>) -> i32 {
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
#[inline(always)]
#[allow(unsafe_code, reason = "stable Rust has no intrinsic for it")]
fn add_products<const SIGNED: bool>(weights: u32, inputs: u32, sum: i32) -> i32 {
    /// An instruction of registers alone.
    macro_rules! instruction {
        ($text:literal, $($operand:expr),+) => {{
            let made;
            // SAFETY: the build script has seen a core with these instructions. They read the registers named and write one.
            // SMLAD raises the flag Q where a sum overflows, which those of an integer net cannot.
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
