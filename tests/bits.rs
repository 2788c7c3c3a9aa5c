//! One short training, the same bits however it is computed: any tile width, any SIMD width, any optimisation.

#[path = "../amc-firmware/src/golden.rs"]
mod golden;

use amc_core::{Lanes, Portable};
use amc_host::lanes::{Arithmetic, OnLanes, dispatch};
use golden::{Buffers, Golden, run};

/// The chain's end, as this test printed it when it was written; the Cortex-M4 prints the same (firmware.rs).
const GOLDEN: &str = "hash=b22d8bf6 steps=1000 accepted=412 resets=27 loss_bits=3d103f17";

struct Chain;

impl OnLanes for Chain {
    type Output = Golden;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Golden {
        run(lanes, &mut Buffers::new())
    }
}

#[test]
fn no_tile_width_changes_a_bit() {
    let ends = [
        run(Portable::<1>, &mut Buffers::new()),
        run(Portable::<2>, &mut Buffers::new()),
        run(Portable::<4>, &mut Buffers::new()),
        run(Portable::<8>, &mut Buffers::new()),
        run(Portable::<16>, &mut Buffers::new()),
    ];
    for end in ends {
        assert_eq!(end.to_string(), GOLDEN);
    }
}

#[test]
fn simd_changes_no_bit() {
    assert_eq!(dispatch(Arithmetic::Portable, Chain).to_string(), GOLDEN);
}

#[test]
fn fused_arithmetic_is_another_chain_that_learns_too() {
    if Arithmetic::Fused.is_available() {
        let fused = dispatch(Arithmetic::Fused, Chain);
        assert_ne!(fused.to_string(), GOLDEN);
        assert!(f32::from_bits(fused.loss_bits) < 0.085, "an untrained softmax of 10 has a loss of 0.09");
    }
}

#[test]
fn the_chain_has_accepts_rejects_and_resets() {
    let end = run(Portable::<4>, &mut Buffers::new());
    assert_eq!(end.steps, 1000);
    assert!(end.accepted > 0 && end.resets > 0 && end.accepted + 5 * end.resets <= end.steps);
}
