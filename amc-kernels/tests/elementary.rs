//! The elementary functions in SIMD lanes and fused arithmetic, against `f64`.

use amc_core::{Lanes, Portable};
use amc_kernels::lanes::{OnLanes, dispatch, dispatch_on};
use amc_kernels::{Arithmetic, Isa, TILE, is_available};
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

const ALL: [Function; 7] =
    [Function::Exp, Function::Ln, Function::Tanh, Function::Sigmoid, Function::Sin, Function::Cos, Function::Sqrt];

/// No instruction of this machine treats NaN, infinities or the ends of a function otherwise than the core's own lanes.
#[test]
fn special_values_are_those_of_the_core() {
    let ends = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, -0.0];
    let more = [10.0, -10.0, 89.0, -104.0, 1e-45, -1e-45, 10.1, -10.1];
    for x in [ends, more].concat().as_chunks::<TILE>().0 {
        for (function, isa) in ALL.into_iter().flat_map(|function| Isa::available().map(move |isa| (function, isa))) {
            let core = function.of(Portable::<TILE>, *x);
            for arithmetic in Arithmetic::ALL {
                let here =
                    dispatch_on(isa, arithmetic, Tile(function, *x)).expect("an instruction set of this machine");
                for ((x, core), here) in x.iter().zip(core).zip(here) {
                    let same = match (core.is_nan(), arithmetic) {
                        (true, _) => here.is_nan(),
                        (false, Arithmetic::Portable) => here.to_bits() == core.to_bits(),
                        // Either is within 2.8 ULP of the exact number.
                        (false, Arithmetic::Fused) => here == core || (here / core - 1.0).abs() < 6.0 * f32::EPSILON,
                    };
                    assert!(same, "{function:?} of {x}, {isa}, {arithmetic}: {here} instead of {core}");
                }
            }
        }
    }
}

/// Of powers of e that are subnormal, infinite, or nearly so, the last bit is the same however 2ⁿ is multiplied by.
#[test]
fn the_ends_of_exp_are_the_same_on_every_instruction_set() {
    let ends = (-10_500..-8_500).chain(8_700..9_000).map(|hundredths| hundredths as f32 / 100.0 + 0.003);
    for x in ends.collect::<Vec<_>>().as_chunks::<TILE>().0 {
        for arithmetic in Arithmetic::ALL {
            let bits = |isa| {
                let of =
                    dispatch_on(isa, arithmetic, Tile(Function::Exp, *x)).expect("an instruction set of this machine");
                of.map(f32::to_bits)
            };
            let has = |isa: &Isa| *isa != Isa::Scalar || arithmetic == Arithmetic::Portable;
            let all: Vec<_> = Isa::available().filter(has).map(bits).collect();
            assert!(all.iter().all(|bits| *bits == all[0]), "{arithmetic} of {x:?}: {all:?}");
        }
    }
}

/// The bounds are the numbers in the table of `amc_core::elementary`.
#[test]
fn fused_arithmetic_is_exact_to_its_bounds() {
    if !is_available(Arithmetic::Fused) {
        println!("skipped: this machine has no fused arithmetic");
        return;
    }
    for (function, bound) in ALL.into_iter().zip([1.0, 1.0, 2.8, 2.5, 1.7, 1.7, 0.5]) {
        function.hold(bound, |x| dispatch(Arithmetic::Fused, Tile(function, x)));
    }
}
