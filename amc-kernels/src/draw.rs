//! Gaussian numbers: initial parameters, and the moves of chains.

use amc_core::chain::MovePart;
use amc_core::{Generator, Lanes, gaussian};

use crate::Arithmetic;
use crate::lanes::{OnLanes, dispatch};

/// Computes one part of a move: draws it, keeps it or takes it back, as the chain asks.
pub fn work(arithmetic: Arithmetic, part: MovePart<'_, Generator>) {
    dispatch(arithmetic, Work(part));
}

/// Fills `parameters` with numbers N(0, `sigma`²).
pub fn fill(arithmetic: Arithmetic, rng: &mut Generator, sigma: f32, parameters: &mut [f32]) {
    dispatch(arithmetic, Fill { rng, sigma, parameters });
}

struct Work<'p>(MovePart<'p, Generator>);

impl OnLanes for Work<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        self.0.work(lanes);
    }
}

struct Fill<'a> {
    rng: &'a mut Generator,
    sigma: f32,
    parameters: &'a mut [f32],
}

impl OnLanes for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        gaussian::fill(lanes, self.rng, self.sigma, self.parameters);
    }
}
