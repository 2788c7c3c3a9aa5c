//! Moves drawn by several threads.

use amc_core::Generator;
use amc_core::chain::{MoveParts, Workers};
use amc_kernels::{Arithmetic, draw};

use super::Settings;
use crate::crew;

/// As many threads.
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
        crew::share(threads.min(parts.len()), parts, |part| draw::work(arithmetic, part));
    }
}
