//! Elementary functions in `f32`: branch-free, vectorising, the same bits on every target.
//!
//! Each is a short program over [`Lanes`] and nothing else. Errors below are the largest measured against `f64`
//! over dense grids, in units in the last place (ULP) of the result, by `tests/elementary.rs` here and, for fused
//! arithmetic, in `amc-host`.
//!
//! | function | portable | fused | special values |
//! | --- | --- | --- | --- |
//! | [`exp`] | 1.0 | 1.0 | subnormal results included; exp(−∞) = 0, exp(∞) = ∞ |
//! | [`ln`] | 1.0 | 1.0 | subnormal arguments included; ln 0 = −∞, ln ∞ = ∞, NaN below 0 |
//! | [`tanh`] | 2.8 | 2.8 | tanh(±0) = ±0, tanh(±∞) = ±1, subnormals exact |
//! | [`sigmoid`] above x = −87 | 2.5 | 2.5 | σ(−∞) = 0, σ(∞) = 1; 0 below −88.73 |
//! | [`sin_cos_turns`], sin | 1.7 | 1.7 | also beside its zeros; exact at quarter turns; NaN for ±∞ |
//! | [`sin_cos_turns`], cos | 1.7 | 1.7 | the same |
//! | [`sqrt`] | 0.5 | 0.5 | correctly rounded; sqrt(−0) = −0, NaN below 0 |
//!
//! NaN gives NaN everywhere.
//!
//! # Why not another library
//! Instructions a call, under QEMU, one sample at a time, the call itself not counted; exp and tanh on −3 to 3, ln
//! on 0 to 1, sin and cos over a turn. A Cortex-M4F has an FPU, a Cortex-M3 none. The tanh of micromath 2.1 is made
//! of its exp, and its Gaussian of its ln, sqrt, sin and cos.
//!
//! | | M4F: here | micromath | libm | M3: here | micromath | libm |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | exp | 45 | 83 | 52 | 1,481 | 1,147 | 1,254 |
//! | ln | 56 | 37 | 51 | 1,292 | 908 | 1,467 |
//! | tanh | 35 | 102 | 100 | 1,352 | 1,541 | 2,381 |
//! | sin and cos | 58 | 52 | 2,507 | 2,008 | 1,822 | 2,501 |
//! | one Gaussian number, in bulk | 74 | 57 | - | 1,663 | 1,557 | - |
//!
//! libm's `sqrtf` is correctly rounded on every target, which is exactly what is wanted, and [`Portable`] uses it; a
//! Gaussian number takes 43 instructions on the M4F as the crate `amc-cortex-m` makes it.
//! Its other functions branch on their argument, so they do not vectorise; its `sinf` and `cosf` compute in `f64`.
//! They serve the tests as a second opinion.
//!
//! micromath is too coarse for exp (2.4e-3 of the result), ln (0.12) and the Gaussians made of that ln (variance
//! 1.08, kurtosis 2.79 instead of 1 and 3). Its tanh, off by 1.1e-3, does train: XOR by a 2-3-1 net gets from each
//! of the seeds 1 to 5 to a loss of 0.001, in 612 to 1,064 moves (612 to 1,117 with the tanh here). But a move takes
//! more instructions with it, 60,800 instead of 57,500 without an FPU and 5,600 instead of 4,600 with one. So there
//! is no option for it: where the result would do, it saves nothing.
//!
//! [`Portable`]: crate::Portable

use crate::lanes::{Lanes, ROUND_MAGIC};

/// c\[0\] xⁿ⁻¹ + … + c\[n−1\]
#[inline(always)]
fn horner<L: Lanes, const N: usize>(lanes: L, x: L::V, c: [f32; N]) -> L::V {
    let mut c = c.into_iter();
    let mut sum = lanes.splat(c.next().unwrap_or_default());
    for c in c {
        sum = lanes.mul_add(sum, x, lanes.splat(c));
    }
    sum
}

/// eˣ
#[inline(always)]
pub fn exp<L: Lanes>(lanes: L, x: L::V) -> L::V {
    // ln 2 in two parts; the first has 15 bits, so that n · LN2_HIGH is exact.
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    // (eʳ − 1 − r) / r² on |r| <= ln 2 / 2, minimax to 3e-9.
    const P: [f32; 5] = [1.381_464_8e-3, 8.368_703e-3, 4.166_838_6e-2, 1.666_652_1e-1, 4.999_999_3e-1];

    // Beyond these ends the result is 0 or infinite.
    let x = lanes.limit(x, -104.0, 89.0);
    let magic = lanes.splat(ROUND_MAGIC);
    let n = lanes.sub(lanes.mul_add(x, lanes.splat(core::f32::consts::LOG2_E), magic), magic);
    let r = lanes.mul_add(n, lanes.splat(-LN2_HIGH), x);
    let r = lanes.mul_add(n, lanes.splat(-LN2_LOW), r);
    let y = lanes.mul_add(lanes.mul(r, r), horner(lanes, r, P), r);
    let y = lanes.add(y, lanes.splat(1.0));
    // n reaches from −150 to 128.
    lanes.times_exp2(y, n)
}

/// The natural logarithm of a positive normal number; other arguments give any number.
#[inline(always)]
pub(crate) fn ln_normal<L: Lanes>(lanes: L, x: L::V) -> L::V {
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    // With s = (m−1)/(m+1): (ln m − 2s) / s³ in s², minimax to 8e-10 of ln m.
    const R: [f32; 3] = [2.987_147_6e-1, 3.997_755_3e-1, 6.666_677_6e-1];

    let (m, e) = lanes.split(x);
    let f = lanes.sub(m, lanes.splat(1.0));
    let s = lanes.div(f, lanes.add(m, lanes.splat(1.0)));
    let z = lanes.mul(s, s);
    // ln m = f − s (f − z R): the large term f is exact, and the rest is small.
    let correction = lanes.mul(s, lanes.sub(f, lanes.mul(z, horner(lanes, z, R))));
    let small = lanes.sub(lanes.mul(e, lanes.splat(LN2_LOW)), correction);
    lanes.add(lanes.mul(e, lanes.splat(LN2_HIGH)), lanes.add(f, small))
}

/// The natural logarithm.
#[inline(always)]
pub fn ln<L: Lanes>(lanes: L, x: L::V) -> L::V {
    let all = |x| lanes.splat(x);
    let largest_subnormal = all(f32::from_bits(f32::MIN_POSITIVE.to_bits() - 1));
    // Subnormals are scaled up by 2²⁵, and 25 ln 2 taken off again.
    let scaled = lanes.select_le(x, largest_subnormal, lanes.mul(x, all(33_554_432.0)), x);
    let offset = lanes.select_le(x, largest_subnormal, all(-17.328_68), all(0.0));
    let y = lanes.add(ln_normal(lanes, scaled), offset);
    let y = lanes.select_le(all(f32::INFINITY), x, x, y);
    let y = lanes.select_le(x, all(0.0), all(f32::NEG_INFINITY), y);
    // x − x is 0 for a number and NaN for NaN.
    let y = lanes.select_le(all(0.0), x, y, all(f32::NAN));
    lanes.select_le(x, all(f32::INFINITY), y, all(f32::NAN))
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<L: Lanes>(lanes: L, x: L::V) -> L::V {
    // (tanh r / r − 1) / r² in r² on |r| <= ln 2 / 4, minimax to 5e-8 of tanh r.
    const P: [f32; 2] = [1.310_922_4e-1, -3.333_122_7e-1];
    // From 9.02 on tanh rounds to 1.
    const END: f32 = 10.0;

    let all = |x| lanes.splat(x);
    let x = lanes.limit(x, -END, END);
    // x = n ln 2 / 2 + r. One constant is enough: its last three bits are 0, so that n times it is exact where
    // the result still depends on it.
    let magic = all(ROUND_MAGIC);
    let n = lanes.sub(lanes.mul_add(x, all(2.0 * core::f32::consts::LOG2_E), magic), magic);
    let r = lanes.mul_add(n, all(-0.5 * core::f32::consts::LN_2), x);
    let z = lanes.mul(r, r);
    let t = lanes.mul(r, lanes.mul_add(z, horner(lanes, z, P), all(1.0)));
    // With e = 2ⁿ and t = tanh r, by the addition theorem: (t (e + 1) − (1 − e)) / (e + 1 − t (1 − e)), never beyond
    // ±1. Where n = 0 that is t; subtracting 1 − e = 0 instead of adding e − 1 keeps the sign of a zero.
    let e = lanes.exp2_integral(n);
    let (sum, difference) = (lanes.add(all(1.0), e), lanes.sub(all(1.0), e));
    let above = lanes.sub(lanes.mul(t, sum), difference);
    lanes.div(above, lanes.sub(sum, lanes.mul(t, difference)))
}

/// The logistic function 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid<L: Lanes>(lanes: L, x: L::V) -> L::V {
    let one = lanes.splat(1.0);
    let e = exp(lanes, lanes.sub(lanes.splat(0.0), x));
    lanes.div(one, lanes.add(one, e))
}

/// sin 2πt and cos 2πt for |t| <= 1/2.
#[inline(always)]
pub(crate) fn sin_cos_half_turn<L: Lanes>(lanes: L, t: L::V) -> (L::V, L::V) {
    // sin(πr/2) / r and (cos(πr/2) − 1) / r² in r² on |r| <= 1/2, minimax to 4e-9 and 4e-8, then searched for the
    // last bits that round best.
    const S: [f32; 4] = [-4.602_317e-3, 7.967_914e-2, -6.459_635_5e-1, 1.570_796_4];
    const C: [f32; 3] = [-2.041_073e-2, 2.536_008_7e-1, -1.233_697_5];

    let all = |x| lanes.splat(x);
    let magic = all(ROUND_MAGIC);
    // In quarter turns: the nearest whole number n, and the exact rest r.
    let t = lanes.mul(t, all(4.0));
    let n = lanes.sub(lanes.add(t, magic), magic);
    let r = lanes.sub(t, n);
    let z = lanes.mul(r, r);
    // r last: the product loses nothing to underflow before it has to.
    let sin = lanes.mul(r, horner(lanes, z, S));
    let cos = lanes.mul_add(z, horner(lanes, z, C), all(1.0));
    // A rotation by n quarter turns. One of its numbers is ±1 and the other 0, so that it rounds nothing; turned
    // backwards, it also keeps the sign of sin −0.
    let back = lanes.sub(all(0.0), n);
    let size = lanes.abs(n);
    let rotation_cos = lanes.sub(all(1.0), size);
    let rotation_sin = lanes.mul(back, lanes.sub(all(2.0), size));
    (
        lanes.sub(lanes.mul(sin, rotation_cos), lanes.mul(cos, rotation_sin)),
        lanes.mul_add(cos, rotation_cos, lanes.mul(sin, rotation_sin)),
    )
}

/// (sin 2πt, cos 2πt) of an angle in turns.
#[inline(always)]
pub fn sin_cos_turns<L: Lanes>(lanes: L, t: L::V) -> (L::V, L::V) {
    // From 2²³ on every number is a whole number of turns.
    let whole = lanes.splat(8_388_608.0);
    let zero = lanes.splat(0.0);
    let negative = lanes.sub(zero, t);
    let size = lanes.select_le(zero, t, t, negative);
    let rest = lanes.sub(size, lanes.sub(lanes.add(size, whole), whole));
    // size − size keeps the NaN of an infinite angle.
    let rest = lanes.select_le(whole, size, lanes.sub(size, size), rest);
    let (sin, cos) = sin_cos_half_turn(lanes, rest);
    (lanes.select_le(zero, t, sin, lanes.sub(zero, sin)), cos)
}

/// The square root, correctly rounded.
#[inline(always)]
pub fn sqrt<L: Lanes>(lanes: L, x: L::V) -> L::V {
    lanes.sqrt(x)
}
