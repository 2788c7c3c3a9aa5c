//! What evaluations have taken.

use amc_core::Cost;
use serde::{Deserialize, Serialize};

/// What early rejection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyRejection {
    /// Blocks of samples evaluated under a bound.
    pub evaluated: u64,
    /// Blocks that there were to evaluate.
    pub offered: u64,
}

impl EarlyRejection {
    /// The share of blocks that were evaluated; none before the first.
    pub fn evaluated_share(&self) -> Option<f64> {
        (self.offered > 0).then(|| self.evaluated as f64 / self.offered as f64)
    }
}

/// What evaluations have computed for each sample, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Multiply-adds, those of zeros included.
    pub multiply_adds: f64,
    /// Elementary functions.
    pub elementary: f64,
}

impl Work {
    /// Adds an evaluation, of which only a share was made.
    pub fn add(&mut self, cost: Cost, share: f64) {
        self.multiply_adds += share * cost.multiply_adds as f64;
        self.elementary += share * cost.elementary as f64;
    }

    /// Both, in multiply-adds as [`Cost::total`] has them.
    pub fn total(&self) -> f64 {
        self.multiply_adds + Cost::ELEMENTARY as f64 * self.elementary
    }
}
