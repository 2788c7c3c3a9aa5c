//! Products and sums, and copies, of numbers that are loaded together: a row of four takes 7 instructions to square, 10 to correct, 10
//! to scale, 13 to move, and 1 to copy.

use core::arch::asm;

/// Σ x² of four samples.
#[inline(always)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
pub(crate) fn squares_of_four(rows: &[[f32; 4]]) -> [f32; 4] {
    let mut sums = [0.0; 4];
    if !rows.is_empty() {
        // SAFETY: so many rows are read, and `sums` is read and written; all registers that change are named.
        unsafe {
            asm!(
                "vldmia {sums}, {{s0-s3}}",
                "2:",
                "vldmia {row}!, {{s4-s7}}",
                "vmla.f32 s0, s4, s4",
                "vmla.f32 s1, s5, s5",
                "vmla.f32 s2, s6, s6",
                "vmla.f32 s3, s7, s7",
                "subs {left}, {left}, #1",
                "bne 2b",
                "vstmia {sums}, {{s0-s3}}",
                sums = in(reg) &raw mut sums,
                row = inout(reg) rows.as_ptr() => _,
                left = inout(reg) rows.len() => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                options(nostack)
            );
        }
    }
    sums
}

/// Σ x² of one sample.
#[inline(always)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
pub(crate) fn squares_of_one(numbers: &[f32]) -> f32 {
    let (rows, rest) = numbers.as_chunks::<4>();
    let mut sum = 0.0_f32.to_bits();
    if !rows.is_empty() {
        // SAFETY: so many rows are read; all registers that change are named.
        unsafe {
            asm!(
                "vmov s0, {sum}",
                "2:",
                "vldmia {row}!, {{s4-s7}}",
                "vmla.f32 s0, s4, s4",
                "vmla.f32 s0, s5, s5",
                "vmla.f32 s0, s6, s6",
                "vmla.f32 s0, s7, s7",
                "subs {left}, {left}, #1",
                "bne 2b",
                "vmov {sum}, s0",
                sum = inout(reg) sum,
                row = inout(reg) rows.as_ptr() => _,
                left = inout(reg) rows.len() => _,
                out("s0") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                options(readonly, nostack)
            );
        }
    }
    rest.iter().fold(f32::from_bits(sum), |sum, x| sum + x * x)
}

/// Sums of four samples with a number more, times a weight for each.
#[inline(always)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
pub(crate) fn corrected(weights: &[f32], by: &[f32; 4], sums: &[[f32; 4]], to: &mut [[f32; 4]]) {
    let rows = weights.len().min(sums.len()).min(to.len());
    if rows == 0 {
        return;
    }
    // SAFETY: so many weights and rows are read and written, and `by` is read; all registers that change are named.
    unsafe {
        asm!(
            "vldmia {by}, {{s0-s3}}",
            "2:",
            "vldmia {sums}!, {{s4-s7}}",
            "vldmia {weights}!, {{s8}}",
            "vmla.f32 s4, s8, s0",
            "vmla.f32 s5, s8, s1",
            "vmla.f32 s6, s8, s2",
            "vmla.f32 s7, s8, s3",
            "vstmia {to}!, {{s4-s7}}",
            "subs {left}, {left}, #1",
            "bne 2b",
            by = in(reg) by,
            sums = inout(reg) sums.as_ptr() => _,
            weights = inout(reg) weights.as_ptr() => _,
            to = inout(reg) to.as_mut_ptr() => _,
            left = inout(reg) rows => _,
            out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
            out("s8") _,
            options(nostack)
        );
    }
}

/// Products with a scale for each of four in turn, and centres, if there are any.
#[inline(never)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
pub(crate) fn scaled(scale: &[f32; 4], numbers: &mut [f32], centres: Option<&[f32]>) {
    // −0 changes no number that it is added to.
    static NONE: [f32; 4] = [-0.0; 4];
    let (rows, rest) = numbers.as_chunks_mut::<4>();
    let (centres, others) = centres.map_or_else(Default::default, <[f32]>::as_chunks::<4>);
    let (first, step, count) = match centres {
        [] => (&NONE, 0, rows.len()),
        [first, ..] => (first, size_of::<[f32; 4]>(), rows.len().min(centres.len())),
    };
    if count > 0 {
        // SAFETY: so many rows are read and written, as many centres or the one row of them are read, and so is `scale`; all
        // registers that change are named.
        unsafe {
            asm!(
                "vldmia {scale}, {{s0-s3}}",
                "2:",
                "vldmia {row}, {{s4-s7}}",
                "vldmia {centre}, {{s8-s11}}",
                "add {centre}, {centre}, {step}",
                "vmla.f32 s8, s0, s4",
                "vmla.f32 s9, s1, s5",
                "vmla.f32 s10, s2, s6",
                "vmla.f32 s11, s3, s7",
                "vstmia {row}!, {{s8-s11}}",
                "subs {left}, {left}, #1",
                "bne 2b",
                scale = in(reg) scale,
                step = in(reg) step,
                centre = inout(reg) first => _,
                row = inout(reg) rows.as_mut_ptr() => _,
                left = inout(reg) count => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                out("s8") _, out("s9") _, out("s10") _, out("s11") _,
                options(nostack)
            );
        }
    }
    for (index, (number, scale)) in rest.iter_mut().zip(scale).enumerate() {
        *number = scale * *number + others.get(index).copied().unwrap_or(-0.0);
    }
}

/// Sums of two numbers each; 0 times each is added to `finite` in turn.
#[inline(never)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
pub(crate) fn moved(numbers: &[f32], others: &[f32], to: &mut [f32], finite: &mut [f32; 4]) {
    let ((rows, rest), (other_rows, other_rest)) = (numbers.as_chunks::<4>(), others.as_chunks::<4>());
    let (to_rows, to_rest) = to.as_chunks_mut::<4>();
    let count = rows.len().min(other_rows.len()).min(to_rows.len());
    if count > 0 {
        // SAFETY: so many rows are read and written, and so is `finite`; all registers that change are named.
        unsafe {
            asm!(
                "vldmia {finite}, {{s0-s3}}",
                "vmov s12, {zero}",
                "2:",
                "vldmia {row}!, {{s4-s7}}",
                "vldmia {other}!, {{s8-s11}}",
                "vadd.f32 s4, s4, s8",
                "vadd.f32 s5, s5, s9",
                "vadd.f32 s6, s6, s10",
                "vadd.f32 s7, s7, s11",
                "vmla.f32 s0, s4, s12",
                "vmla.f32 s1, s5, s12",
                "vmla.f32 s2, s6, s12",
                "vmla.f32 s3, s7, s12",
                "vstmia {to}!, {{s4-s7}}",
                "subs {left}, {left}, #1",
                "bne 2b",
                "vstmia {finite}, {{s0-s3}}",
                finite = in(reg) finite,
                zero = in(reg) 0,
                row = inout(reg) rows.as_ptr() => _,
                other = inout(reg) other_rows.as_ptr() => _,
                to = inout(reg) to_rows.as_mut_ptr() => _,
                left = inout(reg) count => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
                options(nostack)
            );
        }
    }
    for (((number, other), to), finite) in rest.iter().zip(other_rest).zip(to_rest).zip(finite) {
        *to = number + other;
        *finite += *to * 0.0;
    }
}

/// Copies numbers to the front of others, if there is room for all.
#[inline(never)]
#[allow(unsafe_code, reason = "memcpy copies a word by 3 instructions")]
pub(crate) fn copy(from: &[f32], to: &mut [f32]) {
    let Some(to) = to.get_mut(..from.len()) else { return };
    let ((rows, rest), (to_rows, to_rest)) = (from.as_chunks::<16>(), to.as_chunks_mut::<16>());
    if !rows.is_empty() {
        // SAFETY: so many rows are read, and as many are written, as lengths are equal; all registers that change are named.
        unsafe {
            asm!(
                "2:",
                "vldmia {from}!, {{s0-s15}}",
                "vstmia {to}!, {{s0-s15}}",
                "subs {left}, {left}, #1",
                "bne 2b",
                from = inout(reg) rows.as_ptr() => _,
                to = inout(reg) to_rows.as_mut_ptr() => _,
                left = inout(reg) rows.len() => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _, out("s14") _, out("s15") _,
                options(nostack)
            );
        }
    }
    to_rest.copy_from_slice(rest);
}
