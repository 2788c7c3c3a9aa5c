//! One short training, the same bits however it is computed: any tile width, any SIMD width, any optimisation.

#[path = "../amc-firmware/src/golden.rs"]
mod golden;

use amc_core::{Lanes, Portable};
use amc_kernels::lanes::{OnLanes, dispatch_on};
use amc_kernels::{Arithmetic, Isa};
use golden::{Golden, MOVES, Memory, run};

/// The chain's end, as this test printed it when it was written; the Cortex-M4 prints the same (firmware.rs).
const GOLDEN: &str = "hash=b22d8bf6 steps=1000 accepted=412 resets=27 loss_bits=3d103f17";
/// The first moves of the same chain, for what is run several times: a bit that differs stays, and unoptimised code is
/// slow.
const FEW: u64 = 100;
/// Its state after these, as this test printed it.
const GOLDEN_OF_FEW: &str = "hash=e9f41389 steps=100 accepted=27 resets=6 loss_bits=3daf56a8";

/// So many moves of the chain.
struct Chain(u64);

impl OnLanes for Chain {
    type Output = Golden;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Golden {
        run(lanes, &mut Memory::new(), self.0)
    }
}

#[test]
fn no_tile_width_changes_a_bit() {
    let ends = [
        run(Portable::<1>, &mut Memory::new(), FEW),
        run(Portable::<2>, &mut Memory::new(), FEW),
        run(Portable::<4>, &mut Memory::new(), FEW),
        run(Portable::<8>, &mut Memory::new(), FEW),
        run(Portable::<16>, &mut Memory::new(), FEW),
    ];
    for end in ends {
        assert_eq!(end.to_string(), GOLDEN_OF_FEW);
        assert!(end.accepted > 0 && end.resets > 0 && end.accepted + 5 * end.resets <= end.steps, "not every kind");
    }
}

#[test]
fn simd_changes_no_bit() {
    for isa in Isa::available() {
        let end = dispatch_on(isa, Arithmetic::Portable, Chain(MOVES)).expect("an instruction set of this machine");
        assert_eq!(end.to_string(), GOLDEN, "{isa}");
    }
}

#[test]
fn fused_arithmetic_is_another_chain_that_learns_too() {
    let isas = Isa::available().filter(|isa| *isa != Isa::Scalar);
    let ends: Vec<_> = isas.filter_map(|isa| dispatch_on(isa, Arithmetic::Fused, Chain(MOVES))).collect();
    for fused in &ends {
        assert_eq!(fused.to_string(), ends[0].to_string());
        assert_ne!(fused.to_string(), GOLDEN);
        assert!(f32::from_bits(fused.loss_bits) < 0.045, "an untrained softmax of 10 has a loss of 0.09");
    }
}
