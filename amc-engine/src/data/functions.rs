//! The paper's functions of one variable, at 1,000 evenly-spaced points of [0, 1].

use std::f64::consts::PI;

use super::{Data, OwnedTargets, Set, Values};

/// Points of every function.
pub const POINTS: usize = 1000;

/// sin 2πθ (Sec. II B).
pub fn sine() -> Data {
    sine_at(POINTS)
}

/// sin 2πθ at another number of points, two or more.
pub fn sine_at(points: usize) -> Data {
    sampled(points, |t| (2.0 * PI * t).sin())
}

/// 1/2 on 1/2 < θ < 3/4, else 0 (Sec. II E).
pub fn step() -> Data {
    sampled(POINTS, |t| if t > 0.5 && t < 0.75 { 0.5 } else { 0.0 })
}

/// ln(1 + 5θ) + sin(20πθ)/10, Eq. (7).
pub fn log_sine() -> Data {
    sampled(POINTS, |t| (5.0 * t).ln_1p() + (20.0 * PI * t).sin() / 10.0)
}

/// ln(1 + 5θ), the slow part of Eq. (7).
pub fn log() -> Data {
    sampled(POINTS, |t| (5.0 * t).ln_1p())
}

fn sampled(points: usize, f: impl Fn(f64) -> f64) -> Data {
    let thetas = || (0..points).map(|i| i as f64 / (points - 1) as f64);
    let values = Values::F32(thetas().map(|t| t as f32).collect());
    let wanted = OwnedTargets::Values(thetas().map(|t| f(t) as f32).collect(), 1);
    Data { train: Set::new(values, 1, wanted), test: None }
}
