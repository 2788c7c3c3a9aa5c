//! The elementary functions against `f64`: the bounds here are the numbers in the module's table.

use crate::ulp::{Function, all, dense, error};
use amc_core::elementary::{exp, ln, sigmoid, sin_cos_turns, sqrt, tanh};
use amc_core::{Generator, Portable};
use micromath::F32Ext;
use rand_core::{Rng, SeedableRng};

// The largest errors in ULP, as the table states them for portable arithmetic.
const EXP: f64 = 1.0;
const LN: f64 = 1.0;
const TANH: f64 = 2.8;
const SIGMOID: f64 = 2.5;
const SIN: f64 = 1.7;
const COS: f64 = 1.7;
const SQRT: f64 = 0.5;

fn one(f: impl Fn([f32; 1]) -> [f32; 1], x: f32) -> f32 {
    f([x])[0]
}

fn hold(function: Function, bound: f64) {
    function.hold(bound, |x| function.of(Portable::<16>, x));
}

#[test]
fn exp_is_exact_to_its_bound() {
    hold(Function::Exp, EXP);
}

#[test]
fn ln_is_exact_to_its_bound() {
    hold(Function::Ln, LN);
}

#[test]
fn tanh_is_exact_to_its_bound() {
    hold(Function::Tanh, TANH);
}

#[test]
fn sigmoid_is_exact_to_its_bound() {
    hold(Function::Sigmoid, SIGMOID);
}

#[test]
fn sigmoid_ends_as_small_as_it_should() {
    for x in all().chain(dense(87.0, 90.0, 37)).filter(|x| *x < -87.0) {
        let y = one(|x| sigmoid(Portable::<1>, x), x);
        // Here lies the end of the normal numbers; what is left is positive and as small.
        assert!((0.0..1.7e-38).contains(&y), "sigmoid({x}) = {y}");
        assert!(x >= -88.73 || y == 0.0, "sigmoid({x}) = {y}");
    }
}

#[test]
fn sin_and_cos_are_exact_to_their_bounds() {
    hold(Function::Sin, SIN);
    hold(Function::Cos, COS);
}

#[test]
fn sqrt_is_correctly_rounded() {
    hold(Function::Sqrt, SQRT);
}

#[test]
fn special_values() {
    const INF: f32 = f32::INFINITY;
    let p = Portable::<1>;
    let same = |got: f32, wanted: f32| assert_eq!(got.to_bits(), wanted.to_bits(), "{got} is not {wanted}");
    for (x, y) in [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (f32::MAX, INF), (f32::MIN, 0.0), (1e-45, 1.0)] {
        same(one(|x| exp(p, x), x), y);
    }
    for (x, y) in [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (1e-45, -103.278_93), (f32::MAX, 88.722_84)] {
        same(one(|x| ln(p, x), x), y);
    }
    for x in [-1e-45, -1.0, f32::MIN, -INF] {
        assert!(one(|x| ln(p, x), x).is_nan() && one(|x| sqrt(p, x), x).is_nan(), "{x}");
    }
    for (x, y) in [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (f32::MAX, 1.0), (f32::MIN, -1.0)] {
        same(one(|x| tanh(p, x), x), y);
    }
    for x in dense(f32::from_bits(1), f32::MIN_POSITIVE, 9973) {
        same(one(|x| tanh(p, x), x), x);
    }
    for (x, y) in [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (f32::MAX, 1.0), (f32::MIN, 0.0), (1e-45, 0.5)] {
        same(one(|x| sigmoid(p, x), x), y);
    }
    for (x, y) in [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (f32::MAX, 1.844_674_3e19), (1e-45, 3.743_392e-23)] {
        same(one(|x| sqrt(p, x), x), y);
    }
    // Quarter turns are exact.
    for (t, sin, cos) in [(0.25, 1.0, 0.0), (-0.25, -1.0, 0.0), (0.5, 0.0, -1.0), (0.75, -1.0, 0.0), (3.0, 0.0, 1.0)] {
        let ([s], [c]) = sin_cos_turns(p, [t]);
        assert!(s == sin && c == cos, "{t} turns: {s}, {c}");
    }
    for t in [0.0, -0.0] {
        same(one(|x| sin_cos_turns(p, x).0, t), t);
    }
    for t in [8_388_608.0, 8_388_609.0, f32::MAX, f32::MIN, 1e-45] {
        let ([s], [c]) = sin_cos_turns(p, [t]);
        assert!(s.abs() < 1e-43 && c == 1.0, "{t} turns: {s}, {c}");
    }
    for t in [INF, -INF, f32::NAN] {
        let ([s], [c]) = sin_cos_turns(p, [t]);
        assert!(s.is_nan() && c.is_nan(), "{t} turns: {s}, {c}");
    }
    for f in [exp, ln, tanh, sigmoid, sqrt] {
        assert!(one(|x| f(p, x), f32::NAN).is_nan());
    }
}

/// The bits of all functions at 16 numbers, in tiles of T.
fn bits<const T: usize>(x: &[f32; 16]) -> Vec<u32> {
    let p = Portable::<T>;
    let functions = [exp, ln, tanh, sigmoid, sqrt, |p, x| sin_cos_turns(p, x).0, |p, x| sin_cos_turns(p, x).1];
    // NaN has many bit patterns, and which one comes out means nothing.
    let bits = |y: f32| if y.is_nan() { u32::MAX } else { y.to_bits() };
    let tiles = |f: fn(Portable<T>, [f32; T]) -> [f32; T]| {
        x.as_chunks::<T>().0.iter().flat_map(move |x| f(p, *x)).map(bits).collect::<Vec<_>>()
    };
    functions.into_iter().flat_map(tiles).collect()
}

#[test]
fn the_width_of_the_tile_does_not_show() {
    let mut rng = Generator::seed_from_u64(7);
    for round in 0..20_000 {
        // All bit patterns at first, then the numbers that nets meet.
        let number = |r: u32| if round % 2 == 0 { f32::from_bits(r) } else { r as i32 as f32 * 1e-8 };
        let x = std::array::from_fn(|_| number(rng.next_u32()));
        let wanted = bits::<1>(&x);
        assert_eq!(bits::<2>(&x), wanted);
        assert_eq!(bits::<4>(&x), wanted);
        assert_eq!(bits::<8>(&x), wanted);
        assert_eq!(bits::<16>(&x), wanted);
    }
}

#[test]
fn libm_agrees() {
    // Each side may be off by its bound; libm's is below 1 ULP.
    let p = Portable::<1>;
    for x in dense(1e-6, 80.0, 9973) {
        let near = |got: f32, other: f32, bound: f64| assert!(error(got, f64::from(other)) <= bound + 1.0, "{x}");
        near(one(|x| exp(p, x), x), libm::expf(x), EXP);
        near(one(|x| ln(p, x), x.abs()), libm::logf(x.abs()), LN);
        near(one(|x| tanh(p, x), x), libm::tanhf(x), TANH);
        assert_eq!(one(|x| sqrt(p, x), x.abs()), libm::sqrtf(x.abs()));
    }
}

/// Why micromath, made for the same devices, computes nothing here: its errors are those of a drawing.
#[test]
fn micromath_is_too_coarse() {
    let (mut of_exp, mut of_ln, mut of_tanh) = (0.0_f64, 0.0_f64, 0.0_f64);
    for x in dense(1e-3, 8.0, 997) {
        let exact = f64::from(x);
        of_exp = of_exp.max((f64::from(F32Ext::exp(x)) / exact.exp() - 1.0).abs());
        of_ln = of_ln.max((f64::from(F32Ext::ln(x.abs())) - exact.abs().ln()).abs());
        let e = F32Ext::exp(2.0 * x);
        of_tanh = of_tanh.max((f64::from((e - 1.0) / (e + 1.0)) - exact.tanh()).abs());
    }
    println!("micromath: exp {of_exp:.3e} relative, ln {of_ln:.3e}, tanh from exp {of_tanh:.3e}");
    assert!(of_exp > 1e-3 && of_ln > 0.1 && of_tanh > 1e-4);

    // The Gaussian made with its logarithm: E[radius²] = 2 and E[radius⁴] = 8, over u on a grid.
    let (mut second, mut fourth) = (0.0, 0.0);
    let n = 1_000_000;
    for i in 0..n {
        let u = (i as f32 + 0.5) / n as f32;
        let squared = f64::from(-2.0 * F32Ext::ln(u));
        second += squared / f64::from(n);
        fourth += squared * squared / f64::from(n);
    }
    let (variance, kurtosis) = (second / 2.0, 1.5 * fourth / (second * second));
    println!("micromath: variance {variance:.4}, kurtosis {kurtosis:.4}");
    assert!((variance - 1.0).abs() > 1e-3 || (kurtosis - 3.0).abs() > 1e-3);
}
