//! Exponentials of logits, and softmax, by four numbers at once: the bits of `amc_core::elementary::exp`.
//!
//! One `VLDM` loads what multiply-adds are added to, for each of the four: `VMLA.F32` leaves its sum where the addend was. Powers of two
//! from 2⁻¹²⁵ to 1 are added to exponents, which is exact, as are the products with them. Others, and NaN, are left to portable
//! code. Four exponentials and their sums take 74 instructions, where the compiler's code runs out of registers and takes 156.

use core::arch::asm;

use amc_core::Portable;
use amc_core::activation;
use amc_core::elementary::exp;
use amc_core::lanes::ROUND_MAGIC;

use crate::four::four;

/// What the instructions read: the numbers of `exp`.
#[repr(C)]
struct Numbers {
    /// log₂ e, ln 2 in two parts, 1.5 · 2²³, p₀, and 1.
    single: [f32; 6],
    /// 1.5 · 2²³, p₁ and p₂, for four.
    first: [[f32; 4]; 3],
    /// p₄ and p₃.
    last: [[f32; 4]; 2],
}

static NUMBERS: Numbers = Numbers {
    single: [core::f32::consts::LOG2_E, 0.693_145_75, 1.428_606_8e-6, ROUND_MAGIC, 1.381_464_8e-3, 1.0],
    first: [[ROUND_MAGIC; 4], [8.368_703e-3; 4], [4.166_838_6e-2; 4]],
    last: [[4.999_999_3e-1; 4], [1.666_652_1e-1; 4]],
};

/// The bits of 1.5 · 2²³ − 125: of smaller sums, as of NaN with a sign, the power is not added to exponents.
const LEAST: u32 = ROUND_MAGIC.to_bits() - 125;

/// Turns a tile's logits into exponentials; gives the largest logits and the sums. `T` is 1 or 4.
#[inline(never)]
pub(crate) fn exponentials<const T: usize>(logits: &mut [f32]) -> ([f32; T], [f32; T]) {
    let mut state = State::default();
    make::<T>(logits, &mut state);
    (core::array::from_fn(|lane| state.largest[lane % 4]), core::array::from_fn(|lane| state.sums[lane % 4]))
}

/// Turns logits of tiles of so many units into probabilities. `T` is 1 or 4.
#[inline(never)]
pub(crate) fn softmax<const T: usize>(logits: &mut [f32], units: usize) {
    let mut state = State::default();
    for tile in logits.chunks_exact_mut((units * T).max(1)) {
        make::<T>(tile, &mut state);
        divide(tile, &state.sums);
    }
}

/// What there is of a tile; of one sample it is there four times.
#[derive(Default)]
#[repr(C)]
struct State {
    largest: [f32; 4],
    sums: [f32; 4],
}

/// Turns logits into exponentials.
#[inline(always)]
fn make<const T: usize>(logits: &mut [f32], state: &mut State) {
    state.sums = [0.0; 4];
    if T == 4 {
        let all = logits.as_chunks_mut().0;
        if let Some(largest) = largest_of_four(all) {
            state.largest = largest;
            return rows::<Samples>(all.as_flattened_mut(), state);
        }
    } else if let Some(largest) = largest(logits) {
        state.largest = [largest; 4];
        rows::<Outputs>(logits, state);
        state.sums = [state.sums[0]; 4];
        return;
    }
    make_portably::<T>(logits, state);
}

/// The same of logits the largest of which are not finite.
#[cold]
#[inline(never)]
fn make_portably<const T: usize>(logits: &mut [f32], state: &mut State) {
    let (largest, sums) = activation::exponentials(Portable::<T>, logits);
    let four = |of: [f32; T]| core::array::from_fn(|lane| of[lane % T]);
    *state = State { largest: four(largest), sums: four(sums) };
}

/// The bits of infinity: all that are less, without a sign, are numbers from 0 on, in the numbers' order.
const INFINITY: u32 = f32::INFINITY.to_bits();

/// The largest logit, if it is finite and no logit is a NaN without a sign, which would be the largest.
#[inline(always)]
fn largest(logits: &[f32]) -> Option<f32> {
    let largest = logits.iter().map(|x| x.to_bits().cast_signed()).max()?.cast_unsigned();
    if largest < INFINITY { Some(f32::from_bits(largest)) } else { below_zero(largest, logits.iter()) }
}

/// The same of four samples each.
#[inline(always)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
fn largest_of_four(rows: &[[f32; 4]]) -> Option<[f32; 4]> {
    if rows.is_empty() {
        return None;
    }
    let (a, b, c, d): (u32, u32, u32, u32);
    // SAFETY: there is a row; so many are read, and all registers that change are named.
    unsafe {
        asm!(
            "ldmia {row}!, {{r0-r3}}",
            "subs {left}, {left}, #1",
            "beq 3f",
            "2:",
            "ldmia {row}!, {{r4, r5, r8, r9}}",
            "cmp r4, r0\n it gt\n movgt r0, r4",
            "cmp r5, r1\n it gt\n movgt r1, r5",
            "cmp r8, r2\n it gt\n movgt r2, r8",
            "cmp r9, r3\n it gt\n movgt r3, r9",
            "subs {left}, {left}, #1",
            "bne 2b",
            "3:",
            row = inout(reg) rows.as_ptr() => _,
            left = inout(reg) rows.len() => _,
            out("r0") a, out("r1") b, out("r2") c, out("r3") d, out("r4") _, out("r5") _, out("r8") _, out("r9") _,
            options(readonly, nostack)
        );
    }
    let bits = [a, b, c, d];
    if bits.iter().all(|bits| *bits < INFINITY) {
        return Some(bits.map(f32::from_bits));
    }
    let mut largest = bits.map(f32::from_bits);
    for (lane, (largest, bits)) in largest.iter_mut().zip(bits).enumerate() {
        if bits >= INFINITY {
            *largest = below_zero(bits, rows.iter().filter_map(|row| row.get(lane)))?;
        }
    }
    Some(largest)
}

/// The largest of numbers where the largest bits have a sign, or are not those of a number.
#[cold]
#[inline(never)]
fn below_zero<'a>(bits: u32, numbers: impl Iterator<Item = &'a f32>) -> Option<f32> {
    if bits.cast_signed() >= 0 {
        return None;
    }
    let largest = f32::from_bits(numbers.map(|x| x.to_bits()).min()?);
    largest.is_finite().then_some(largest)
}

/// What four numbers are that are computed together.
#[allow(unsafe_code, reason = "it reads and writes where it is told to")]
trait Kind {
    /// Turns logits into exponentials up to four that it cannot; gives how many are left with these.
    fn make(logits: &mut [f32], state: &mut State) -> usize;

    /// Which sum has the exponential.
    fn sum(lane: usize) -> usize;
}

#[inline(always)]
fn rows<K: Kind>(mut logits: &mut [f32], state: &mut State) {
    while !logits.is_empty() {
        let left = K::make(logits, state);
        if left == 0 {
            return;
        }
        let done = logits.len().saturating_sub(left);
        let Some((row, others)) = logits.get_mut(done..).and_then(|rest| rest.split_at_mut_checked(left.min(4))) else {
            return;
        };
        make_row_portably::<K>(row, state);
        logits = others;
    }
}

/// Up to four exponentials that are as small as numbers get, or of a NaN.
#[cold]
#[inline(never)]
fn make_row_portably<K: Kind>(row: &mut [f32], state: &mut State) {
    for (lane, logit) in row.iter_mut().enumerate() {
        let [e] = exp(Portable::<1>, [*logit - state.largest[lane % 4]]);
        *logit = e;
        state.sums[K::sum(lane) % 4] += e;
    }
}

/// A kind: how four numbers, or as many as are left, come to s0 to s3, and how exponentials go from r0 to r3 to where the numbers were,
/// and to the sums in s20 to s23. The first counts down what is left, and the last ends or goes to 2.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, |$lane:ident| $sum:expr, $load:expr, $store:expr) => {
        $(#[$doc])*
        struct $name;

        impl Kind for $name {
            #[inline(never)]
            #[allow(unsafe_code, reason = "the compiler runs out of registers")]
            fn make(logits: &mut [f32], state: &mut State) -> usize {
                let mut left = logits.len();
                // SAFETY: there is a number, as `rows` sees to, and of four samples four. So many are read and written, the state
                // is, and all of `NUMBERS` is read; all registers that change are named.
                unsafe {
                    asm!(
                        "vldmia {state}, {{s16-s23}}",
                        "vldmia {first}!, {{s24-s29}}",
                        "add {last}, {first}, #48",
                        "2:",
                        $load,
                        "vldmia {first}, {{s4-s15}}",
                        // The number of powers of two in what is left of the largest, as bits and as a number.
                        four!("vsub.f32" [0 0 16] [1 1 17] [2 2 18] [3 3 19]),
                        four!("vmla.f32" [4 0 24] [5 1 24] [6 2 24] [7 3 24]),
                        "vmov r0, r1, s4, s5",
                        "vmov r2, r3, s6, s7",
                        four!("vsub.f32" [4 4 27] [5 5 27] [6 6 27] [7 7 27]),
                        "cmp r0, {least}",
                        "ittt ge",
                        "cmpge r1, {least}",
                        "cmpge r2, {least}",
                        "cmpge r3, {least}",
                        "blt 4f",
                        // The rest, and the polynomial of it.
                        four!("vmls.f32" [0 4 25] [1 5 25] [2 6 25] [3 7 25]),
                        four!("vmls.f32" [0 4 26] [1 5 26] [2 6 26] [3 7 26]),
                        four!("vmla.f32" [8 28 0] [9 28 1] [10 28 2] [11 28 3]),
                        four!("vmla.f32" [12 8 0] [13 9 1] [14 10 2] [15 11 3]),
                        "vldmia {last}, {{s4-s11}}",
                        four!("vmla.f32" [8 12 0] [9 13 1] [10 14 2] [11 15 3]),
                        four!("vmla.f32" [4 8 0] [5 9 1] [6 10 2] [7 11 3]),
                        four!("vmul.f32" [12 0 0] [13 1 1] [14 2 2] [15 3 3]),
                        four!("vmla.f32" [0 12 4] [1 13 5] [2 14 6] [3 15 7]),
                        four!("vadd.f32" [0 0 29] [1 1 29] [2 2 29] [3 3 29]),
                        "vmov r4, r5, s0, s1",
                        "add r0, r4, r0, lsl #23",
                        "add r1, r5, r1, lsl #23",
                        "vmov r4, r5, s2, s3",
                        "add r2, r4, r2, lsl #23",
                        "add r3, r5, r3, lsl #23",
                        $store,
                        "4:",
                        "add {left}, {left}, #4",
                        "3:",
                        "add {state}, {state}, #16",
                        "vstmia {state}, {{s20-s23}}",
                        state = inout(reg) core::ptr::from_mut(state) => _,
                        first = inout(reg) &raw const NUMBERS => _,
                        last = out(reg) _,
                        at = inout(reg) logits.as_mut_ptr() => _,
                        left = inout(reg) left,
                        least = in(reg) LEAST,
                        out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                        out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                        out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _,
                        out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _,
                        out("s21") _, out("s22") _, out("s23") _, out("s24") _, out("s25") _, out("s26") _, out("s27") _,
                        out("s28") _, out("s29") _,
                        options(nostack)
                    );
                }
                left
            }

            #[inline(always)]
            fn sum($lane: usize) -> usize {
                $sum
            }
        }
    };
}

kind! {
    /// An output of four samples.
    Samples, |lane| lane,
    "vldmia {at}, {{s0-s3}}\n subs {left}, {left}, #4",
    concat!(
        "stmia {at}, {{r0-r3}}\n vldmia {at}!, {{s0-s3}}\n",
        four!("vadd.f32" [20 20 0] [21 21 1] [22 22 2] [23 23 3]),
        "cmp {left}, #0\n bne 2b\n b 3f",
    )
}

kind! {
    /// Up to four outputs of a sample.
    Outputs, |_lane| 0,
    concat!(
        "subs {left}, {left}, #4\n vldr s0, [{at}]\n blo 5f\n vldmia {at}, {{s0-s3}}\n b 6f\n",
        // The largest stands for those that there are not.
        "5:\n vmov s1, s16\n vmov s2, s16\n vmov s3, s16\n",
        "cmn {left}, #3\n beq 6f\n vldr s1, [{at}, #4]\n cmn {left}, #2\n beq 6f\n vldr s2, [{at}, #8]\n 6:",
    ),
    concat!(
        "cmp {left}, #0\n blt 5f\n",
        "stmia {at}, {{r0-r3}}\n vldmia {at}!, {{s0-s3}}\n",
        four!("vadd.f32" [20 20 0] [20 20 1] [20 20 2] [20 20 3]),
        "bne 2b\n b 3f\n",
        "5:\n str r0, [{at}]\n vmov s0, r0\n vadd.f32 s20, s20, s0\n",
        "adds {left}, {left}, #3\n beq 3f\n str r1, [{at}, #4]\n vmov s1, r1\n vadd.f32 s20, s20, s1\n",
        "subs {left}, {left}, #1\n beq 3f\n str r2, [{at}, #8]\n vmov s2, r2\n vadd.f32 s20, s20, s2\n",
        "movs {left}, #0\n b 3f",
    )
}

/// Divides numbers by four in turn.
#[inline(always)]
#[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
fn divide(numbers: &mut [f32], by: &[f32; 4]) {
    let (rows, rest) = numbers.as_chunks_mut::<4>();
    if !rows.is_empty() {
        // SAFETY: so many rows are read and written, and `by` is read; all registers that change are named.
        unsafe {
            asm!(
                "vldmia {by}, {{s0-s3}}",
                "2:",
                "vldmia {row}, {{s4-s7}}",
                four!("vdiv.f32" [4 4 0] [5 5 1] [6 6 2] [7 7 3]),
                "vstmia {row}!, {{s4-s7}}",
                "subs {left}, {left}, #1",
                "bne 2b",
                by = in(reg) by.as_ptr(),
                row = inout(reg) rows.as_mut_ptr() => _,
                left = inout(reg) rows.len() => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _,
                options(nostack)
            );
        }
    }
    for (number, by) in rest.iter_mut().zip(by) {
        *number /= by;
    }
}
