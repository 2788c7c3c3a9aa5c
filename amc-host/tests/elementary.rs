//! The elementary functions in SIMD lanes and fused arithmetic, against `f64`.

use amc_core::Lanes;
use amc_host::lanes::{Arithmetic, OnLanes, TILE, dispatch};
use ulp::Function;

#[path = "../../amc-core/tests/ulp/mod.rs"]
mod ulp;

struct Tile(Function, [f32; TILE]);

impl OnLanes for Tile {
    type Output = [f32; TILE];

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> [f32; TILE] {
        let mut out = [0.0; TILE];
        lanes.store(self.0.of(lanes, lanes.load(&self.1)), &mut out);
        out
    }
}

/// The bounds are the numbers in the table of `amc_core::elementary`.
#[test]
fn fused_arithmetic_is_exact_to_its_bounds() {
    if !Arithmetic::Fused.is_available() {
        println!("skipped: this machine has no fused arithmetic");
        return;
    }
    for (function, bound) in [
        (Function::Exp, 1.0),
        (Function::Ln, 1.0),
        (Function::Tanh, 2.8),
        (Function::Sigmoid, 2.5),
        (Function::Sin, 1.7),
        (Function::Cos, 1.7),
        (Function::Sqrt, 0.5),
    ] {
        function.hold(bound, |x| dispatch(Arithmetic::Fused, Tile(function, x)));
    }
}
