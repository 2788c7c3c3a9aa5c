//! Sums over four samples whose inputs are bytes in rows: a weight is loaded once for all four, where the compiler's code looks for
//! the ends of rows at each input. An input of four samples takes 18 instructions of one neuron and 30 of four.

use core::arch::asm;
use core::mem::offset_of;

use amc_core::lanes::Sums;

/// Samples in a tile.
const T: usize = 4;

/// Computes whole sums of tiles of four samples; says whether these are such.
#[allow(unsafe_code, reason = "the instructions are told where to read and write")]
pub(super) fn run(of: &Sums<'_>, inputs: &[u8], to: &mut [f32]) -> bool {
    let Sums { weights, biases, stride, begins, end, .. } = *of;
    let (units, Some(scale)) = (biases.len(), end) else { return false };
    let (width, tile) = (stride / T, (units * T).max(1));
    let tiles = to.len() / tile;
    let all_there = tiles.checked_mul(stride).is_some_and(|needed| needed <= inputs.len());
    if !begins || width == 0 || width.checked_mul(units) != Some(weights.len()) || !all_there {
        return false;
    }
    for (inputs, to) in inputs.chunks_exact(stride).zip(to.chunks_exact_mut(tile)) {
        let mut unit = 0;
        while unit < units {
            let neurons = [4, 2, 1].into_iter().find(|together| *together <= units - unit).unwrap_or(1);
            let (weights, biases) = (weights.as_ptr().wrapping_add(unit), biases.as_ptr().wrapping_add(unit));
            let block = Block { weights, biases, scale, to: to.as_mut_ptr().wrapping_add(unit * T) };
            // SAFETY: there are `width` rows of `units` weights and as many biases, four rows of `width` inputs, and four sums
            // of each of the `units`, of which `neurons` are left.
            unsafe { compute(neurons, &block, units, inputs.as_ptr(), width) };
            unit += neurons;
        }
    }
    true
}

/// Some neurons of a tile, as the instructions read it.
#[repr(C)]
struct Block {
    /// Those of the first input.
    weights: *const f32,
    biases: *const f32,
    scale: f32,
    to: *mut f32,
}

/// Computes 1, 2 or 4 neurons.
///
/// # Safety
/// There are four rows of `width` inputs, which is not 0; the block has as many rows of `units` weights, of which these neurons' are
/// the first, their biases, and four sums of each to be written.
#[inline(never)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
unsafe fn compute(neurons: usize, block: &Block, units: usize, inputs: *const u8, width: usize) {
    /// So many neurons: the registers of their sums and weights, what adds an input, what ends.
    macro_rules! neurons {
        ($sums:literal, $weights:literal, $add:expr, $end:expr) => {
            asm!(
                concat!("vldmia {weights}, {{", $sums, "}}"),
                "ldr {weights}, [{block}, #{at_weights}]",
                "2:",
                "ldrb {a}, [{inputs}, {last}]",
                "ldrb {b}, [{inputs}, {width}, lsl #1]",
                "vmov s22, s23, {b}, {a}",
                "ldrb {a}, [{inputs}, {width}]",
                "ldrb {b}, [{inputs}], #1",
                "vmov s20, s21, {b}, {a}",
                "vcvt.f32.u32 s20, s20",
                "vcvt.f32.u32 s21, s21",
                "vcvt.f32.u32 s22, s22",
                "vcvt.f32.u32 s23, s23",
                concat!("vldmia {weights}, {{", $weights, "}}"),
                $add,
                "add {weights}, {weights}, {row}",
                "subs {terms}, {terms}, #1",
                "bne 2b",
                "vldr s31, [{block}, #{at_scale}]",
                "ldr {a}, [{block}, #{at_biases}]",
                concat!("vldmia {a}, {{", $weights, "}}"),
                $end,
                "ldr {a}, [{block}, #{at_to}]",
                concat!("vstmia {a}, {{", $sums, "}}"),
                block = in(reg) block,
                // At first what sums begin at.
                weights = inout(reg) super::ZERO.as_ptr() => _,
                inputs = inout(reg) inputs => _,
                width = in(reg) width,
                last = in(reg) 3 * width,
                row = in(reg) units * size_of::<f32>(),
                terms = inout(reg) width => _,
                a = out(reg) _,
                b = out(reg) _,
                at_weights = const offset_of!(Block, weights),
                at_biases = const offset_of!(Block, biases),
                at_scale = const offset_of!(Block, scale),
                at_to = const offset_of!(Block, to),
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _, out("s14") _, out("s15") _,
                out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _,
                out("s23") _, out("s31") _,
                options(nostack)
            )
        };
    }
    match neurons {
        // SAFETY: what is read and written is what the caller vouches for; all registers that change are named.
        4 => unsafe {
            neurons!(
                "s0-s15",
                "s16-s19",
                add_four!(16: 0 1 2 3, 17: 4 5 6 7, 18: 8 9 10 11, 19: 12 13 14 15),
                end_four!(16: 0 1 2 3, 17: 4 5 6 7, 18: 8 9 10 11, 19: 12 13 14 15)
            );
        },
        // SAFETY: likewise.
        2 => unsafe {
            neurons!("s0-s7", "s16-s17", add_four!(16: 0 1 2 3, 17: 4 5 6 7), end_four!(16: 0 1 2 3, 17: 4 5 6 7));
        },
        // SAFETY: likewise.
        _ => unsafe { neurons!("s0-s3", "s16", add_four!(16: 0 1 2 3), end_four!(16: 0 1 2 3)) },
    }
}
