//! Numbers N(0, 1) by four pairs at once: the bits of `amc_core::gaussian`.
//!
//! As in `src/softmax.rs`, one `VLDM` loads what multiply-adds are added to. Angles are in quarter turns from the beginning, and what
//! they turn is multiplied by ±1 or 0, so that nothing rounds but what rounds there. Eight numbers take 190 instructions of random
//! bits, and some 280 in the compiler's code.

use core::arch::asm;

use amc_core::lanes::{ROUND_MAGIC, SQRT_HALF_BITS};

use crate::four::four;

/// What the instructions read, in their order: the numbers of `ln_normal` and of `sin_cos_half_turn`.
#[repr(C)]
struct Numbers {
    /// 2⁻³², 1, r₀, ln 2 in two parts, and −2.
    of_radii: [f32; 6],
    /// r₁ and r₂, for four.
    r: [[f32; 4]; 2],
    /// 2⁻³⁰, 1.5 · 2²³, s₀, c₀, 1, and 2.
    of_angles: [f32; 6],
    /// Half a turn back; s₁, s₂ and s₃; c₁, c₂ and 1.
    half: [f32; 4],
    s: [[f32; 4]; 3],
    c: [[f32; 4]; 3],
}

static NUMBERS: Numbers = Numbers {
    of_radii: [1.0 / 4_294_967_296.0, 1.0, 2.987_147_6e-1, 1.428_606_8e-6, 0.693_145_75, -2.0],
    r: [[3.997_755_3e-1; 4], [6.666_677_6e-1; 4]],
    of_angles: [1.0 / 1_073_741_824.0, ROUND_MAGIC, -4.602_317e-3, -2.041_073e-2, 1.0, 2.0],
    half: [-2.0; 4],
    s: [[7.967_914e-2; 4], [-6.459_635_5e-1; 4], [1.570_796_4; 4]],
    c: [[2.536_008_7e-1; 4], [-1.233_697_5; 4], [1.0; 4]],
};

/// Makes numbers of random bits, as numbers, of as many radii as angles.
#[inline(never)]
#[allow(unsafe_code, reason = "the compiler runs out of registers")]
pub(crate) fn make(radii: &mut [[f32; 4]], angles: &mut [[f32; 4]]) {
    let fours = radii.len().min(angles.len());
    if fours == 0 {
        return;
    }
    // SAFETY: so many fours of either are read and written, and all of `NUMBERS` is read; all registers that change are named.
    unsafe {
        asm!(
            "2:",
            // u, cut into mantissa and exponent.
            "vldmia {at}!, {{s24-s29}}",
            "vldmia {radii}, {{s0-s3}}",
            four!("vmul.f32" [0 0 24] [1 1 24] [2 2 24] [3 3 24]),
            "vmov r0, r1, s0, s1",
            "vmov r2, r3, s2, s3",
            "sub r4, r0, {half}\n asr r4, r4, #23\n sub r0, r0, r4, lsl #23",
            "sub r5, r1, {half}\n asr r5, r5, #23\n sub r1, r1, r5, lsl #23",
            "sub r8, r2, {half}\n asr r8, r8, #23\n sub r2, r2, r8, lsl #23",
            "sub r9, r3, {half}\n asr r9, r9, #23\n sub r3, r3, r9, lsl #23",
            "vmov s16, s17, r4, r5",
            "vmov s18, s19, r8, r9",
            "vmov s0, s1, r0, r1",
            "vmov s2, s3, r2, r3",
            four!("vcvt.f32.s32" [16 16] [17 17] [18 18] [19 19]),
            // ln u, and the radius.
            four!("vadd.f32" [4 0 25] [5 1 25] [6 2 25] [7 3 25]),
            four!("vsub.f32" [0 0 25] [1 1 25] [2 2 25] [3 3 25]),
            four!("vdiv.f32" [4 0 4] [5 1 5] [6 2 6] [7 3 7]),
            four!("vmul.f32" [8 4 4] [9 5 5] [10 6 6] [11 7 7]),
            "vldmia {at}!, {{s12-s15}}",
            four!("vmla.f32" [12 26 8] [13 26 9] [14 26 10] [15 26 11]),
            "vldmia {at}!, {{s20-s23}}",
            four!("vmla.f32" [20 12 8] [21 13 9] [22 14 10] [23 15 11]),
            four!("vmul.f32" [20 20 8] [21 21 9] [22 22 10] [23 23 11]),
            four!("vsub.f32" [20 0 20] [21 1 21] [22 2 22] [23 3 23]),
            four!("vmul.f32" [20 4 20] [21 5 21] [22 6 22] [23 7 23]),
            four!("vnmls.f32" [20 16 27] [21 17 27] [22 18 27] [23 19 27]),
            four!("vadd.f32" [0 0 20] [1 1 21] [2 2 22] [3 3 23]),
            four!("vmla.f32" [0 16 28] [1 17 28] [2 18 28] [3 19 28]),
            four!("vmul.f32" [0 0 29] [1 1 29] [2 2 29] [3 3 29]),
            four!("vsqrt.f32" [0 0] [1 1] [2 2] [3 3]),
            "vstmia {radii}, {{s0-s3}}",
            // The angle in quarter turns: the nearest whole number n, and the rest.
            "vldmia {at}!, {{s24-s29}}",
            "vldmia {angles}, {{s12-s15}}",
            "vldmia {at}!, {{s0-s3}}",
            four!("vmla.f32" [0 12 24] [1 13 24] [2 14 24] [3 15 24]),
            four!("vadd.f32" [4 0 25] [5 1 25] [6 2 25] [7 3 25]),
            four!("vsub.f32" [4 4 25] [5 5 25] [6 6 25] [7 7 25]),
            four!("vsub.f32" [0 0 4] [1 1 5] [2 2 6] [3 3 7]),
            four!("vmul.f32" [8 0 0] [9 1 1] [10 2 2] [11 3 3]),
            // The sine of the rest in s12 to s15, and its cosine in s16 to s19.
            "vldmia {at}!, {{s12-s15}}",
            four!("vmla.f32" [12 26 8] [13 26 9] [14 26 10] [15 26 11]),
            "vldmia {at}!, {{s16-s19}}",
            four!("vmla.f32" [16 12 8] [17 13 9] [18 14 10] [19 15 11]),
            "vldmia {at}!, {{s12-s15}}",
            four!("vmla.f32" [12 16 8] [13 17 9] [14 18 10] [15 19 11]),
            four!("vmul.f32" [12 0 12] [13 1 13] [14 2 14] [15 3 15]),
            "vldmia {at}!, {{s16-s19}}",
            four!("vmla.f32" [16 27 8] [17 27 9] [18 27 10] [19 27 11]),
            "vldmia {at}!, {{s20-s23}}",
            four!("vmla.f32" [20 16 8] [21 17 9] [22 18 10] [23 19 11]),
            "vldmia {at}!, {{s16-s19}}",
            four!("vmla.f32" [16 20 8] [17 21 9] [18 22 10] [19 23 11]),
            // Turned by n quarters: by 1 − |n| and n (2 − |n|), of which one is ±1 and the other 0.
            four!("vabs.f32" [0 4] [1 5] [2 6] [3 7]),
            four!("vsub.f32" [20 29 0] [21 29 1] [22 29 2] [23 29 3]),
            four!("vmul.f32" [4 4 20] [5 5 21] [6 6 22] [7 7 23]),
            four!("vsub.f32" [0 28 0] [1 28 1] [2 28 2] [3 28 3]),
            four!("vmul.f32" [8 16 0] [9 17 1] [10 18 2] [11 19 3]),
            four!("vmls.f32" [8 12 4] [9 13 5] [10 14 6] [11 15 7]),
            four!("vmul.f32" [20 12 0] [21 13 1] [22 14 2] [23 15 3]),
            four!("vmla.f32" [20 16 4] [21 17 5] [22 18 6] [23 19 7]),
            "vldmia {radii}, {{s24-s27}}",
            four!("vmul.f32" [8 24 8] [9 25 9] [10 26 10] [11 27 11]),
            four!("vmul.f32" [20 24 20] [21 25 21] [22 26 22] [23 27 23]),
            "vstmia {radii}!, {{s8-s11}}",
            "vstmia {angles}!, {{s20-s23}}",
            "sub {at}, {at}, #{numbers}",
            "subs {left}, {left}, #1",
            "bne 2b",
            at = inout(reg) &raw const NUMBERS => _,
            numbers = const size_of::<Numbers>(),
            half = in(reg) SQRT_HALF_BITS,
            radii = inout(reg) radii.as_mut_ptr() => _,
            angles = inout(reg) angles.as_mut_ptr() => _,
            left = inout(reg) fours => _,
            out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _,
            out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _, out("s14") _, out("s15") _,
            out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _,
            out("s24") _, out("s25") _, out("s26") _, out("s27") _, out("s28") _, out("s29") _,
            options(nostack)
        );
    }
}
