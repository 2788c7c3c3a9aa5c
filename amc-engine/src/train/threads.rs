//! Moves drawn by several threads.

use amc_core::Generator;
use amc_core::chain::{MoveParts, Workers};
use amc_kernels::{Arithmetic, draw};
use rayon::prelude::*;

use super::Settings;

/// As many threads of the current rayon pool.
#[derive(Clone, Copy)]
pub(super) struct Threads {
    pub arithmetic: Arithmetic,
    pub threads: usize,
}

impl Threads {
    /// Those of a run.
    pub fn of(settings: &Settings) -> Self {
        Self { arithmetic: settings.arithmetic, threads: settings.threads }
    }
}

impl Workers<Generator> for Threads {
    fn share(&mut self, parts: MoveParts<'_, Generator>) {
        let Self { arithmetic, threads } = *self;
        if threads == 1 || parts.len() == 1 {
            parts.for_each(|part| draw::work(arithmetic, part));
            return;
        }
        let at_once = parts.len().div_ceil(threads);
        let parts = parts.collect::<Vec<_>>().into_par_iter().with_min_len(at_once);
        parts.for_each(|part| draw::work(arithmetic, part));
    }
}
