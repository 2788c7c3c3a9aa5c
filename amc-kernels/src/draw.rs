//! Gaussian numbers: initial parameters, and the moves of chains.

mod bulk;

use std::cell::RefCell;

use amc_core::chain::MovePart;
use amc_core::{Generator, Lanes, gaussian};

pub use self::bulk::{Bulk, Words};
use crate::Arithmetic;
use crate::lanes::{OnLanes, dispatch};

thread_local! {
    static WORDS: RefCell<Words> = const { RefCell::new(Words::NEW) };
}

/// Computes one part of a move: draws it, keeps it or takes it back, as the chain asks.
pub fn work(arithmetic: Arithmetic, part: MovePart<'_, Generator>) {
    WORDS.with_borrow_mut(|words| dispatch(arithmetic, Work { part, words }));
}

/// Fills `parameters` with numbers N(0, `sigma`²).
pub fn fill(arithmetic: Arithmetic, rng: &mut Generator, sigma: f32, parameters: &mut [f32]) {
    dispatch(arithmetic, Fill { rng, sigma, parameters });
}

struct Work<'p, 'w> {
    part: MovePart<'p, Generator>,
    words: &'w mut Words,
}

impl OnLanes for Work<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        self.part.work_from(lanes, |generator, draws| Bulk::new(generator, draws, self.words));
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
