//! Errors of the elementary functions against `f64`, in ULP: what the tests of both arithmetics share.

use amc_core::{Lanes, elementary};

/// Every 997th of all bit patterns: a prime, so that no low bits are left out.
const SPARSE: usize = 997;

pub fn all() -> impl Iterator<Item = f32> {
    (0..=u32::MAX).step_by(SPARSE).map(f32::from_bits)
}

/// Every `step`th number from `low` to `high`, of both signs.
pub fn dense(low: f32, high: f32, step: usize) -> impl Iterator<Item = f32> {
    (low.to_bits()..=high.to_bits()).step_by(step).map(f32::from_bits).flat_map(|x| [x, -x])
}

/// The distance of `f32` numbers around `exact`.
fn ulp(exact: f64) -> f64 {
    let exponent = (exact.abs().to_bits() >> 52) as i32 - 1023;
    f64::from(exponent.clamp(-126, 127) - 23).exp2()
}

/// The error of `got` in ULP; an infinite result counts as 2^128, which is what it stands for.
pub fn error(got: f32, exact: f64) -> f64 {
    let beyond = 128_f64.exp2();
    if got.is_nan() || exact.is_nan() {
        return if got.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    let (got, exact) = (f64::from(got).clamp(-beyond, beyond), exact.clamp(-beyond, beyond));
    (got - exact).abs() / ulp(exact)
}

/// The largest error over `inputs`, and where.
fn worst(
    f: impl Fn([f32; 16]) -> [f32; 16],
    exact: impl Fn(f64) -> f64,
    inputs: impl Iterator<Item = f32>,
) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    let mut look = |x: [f32; 16], count: usize| {
        for (x, got) in x.into_iter().zip(f(x)).take(count) {
            let error = error(got, exact(f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
    };
    let (mut tile, mut filled) = ([0.0; 16], 0);
    for x in inputs {
        tile[filled] = x;
        filled += 1;
        if filled == 16 {
            look(tile, filled);
            filled = 0;
        }
    }
    look(tile, filled);
    worst
}

/// A function with a bound in the table of `elementary`.
#[derive(Clone, Copy, Debug)]
pub enum Function {
    Exp,
    Ln,
    Tanh,
    Sigmoid,
    Sin,
    Cos,
    Sqrt,
}

impl Function {
    /// The function in lanes.
    #[inline(always)]
    pub fn of<L: Lanes>(self, lanes: L, x: L::V) -> L::V {
        match self {
            Function::Exp => elementary::exp(lanes, x),
            Function::Ln => elementary::ln(lanes, x),
            Function::Tanh => elementary::tanh(lanes, x),
            Function::Sigmoid => elementary::sigmoid(lanes, x),
            Function::Sin => elementary::sin_cos_turns(lanes, x).0,
            Function::Cos => elementary::sin_cos_turns(lanes, x).1,
            Function::Sqrt => elementary::sqrt(lanes, x),
        }
    }

    fn exact(self, x: f64) -> f64 {
        let turn = std::f64::consts::TAU;
        let rest = x - x.round();
        match self {
            Function::Exp => x.exp(),
            Function::Ln => x.ln(),
            Function::Tanh => x.tanh(),
            Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            // An exact reduction first, to a quarter of a turn: f64's own π is not exact beside the zeros.
            Function::Sin if rest.abs() <= 0.25 => (turn * rest).sin(),
            Function::Sin => (turn * (0.5 - rest.abs())).sin().copysign(rest),
            Function::Cos => (turn * (0.25 - rest.abs())).sin(),
            Function::Sqrt => x.sqrt(),
        }
    }

    /// Everywhere, and densely where the error is largest or the result small.
    fn inputs(self) -> Box<dyn Iterator<Item = f32>> {
        match self {
            Function::Exp => Box::new(all().chain(dense(1e-3, 104.5, 37))),
            // Around 1 the result passes through 0, where a relative error is hardest to keep.
            Function::Ln => Box::new(all().chain(dense(0.5, 2.0, 5)).chain(dense(f32::from_bits(1), 2e-38, 97))),
            // At 0.1733 the reduction steps to n = 1, and the numerator is small.
            Function::Tanh => Box::new(all().chain(dense(1e-4, 10.2, 37)).chain(dense(0.173, 0.18, 1))),
            // Below −87 lies the end of the normal numbers.
            Function::Sigmoid => Box::new(all().chain(dense(1e-4, 90.0, 37)).filter(|x| x.is_nan() || *x >= -87.0)),
            // The reduction steps at an eighth of a turn.
            Function::Sin | Function::Cos => {
                let eighths = dense(0.124, 0.126, 1).chain(dense(0.374, 0.376, 1));
                Box::new(all().chain(dense(1e-3, 1.0, 37)).chain(dense(1.0, 3.0, 97)).chain(eighths))
            }
            Function::Sqrt => Box::new(all().chain(dense(1.0, 4.0, 7))),
        }
    }

    /// Fails unless `f`, which computes this function, is exact to `bound` ULP.
    #[track_caller]
    pub fn hold(self, bound: f64, f: impl Fn([f32; 16]) -> [f32; 16]) {
        let (error, x) = worst(f, |x| self.exact(x), self.inputs());
        println!("{self:?}: {error:.4} ULP at {x:e}");
        assert!(error <= bound, "{self:?}({x:e}) is {error} ULP off, more than {bound}");
    }
}
