//! What training comes to where its moves end.

use std::time::Duration;

use amc_core::chain::Counters;

use super::batches::Batches;
use super::durations::Durations;
use super::{Trained, measure};
use crate::data::pack::PackedSet;
use crate::evaluate::{EarlyRejection, Evaluator};

/// Where the moves end.
pub(super) struct End<'m, 'a> {
    pub parameters: Vec<f32>,
    pub counters: Counters,
    pub sigma: f32,
    pub early_rejection: EarlyRejection,
    pub evaluator: Evaluator<'a>,
    pub batches: Batches<'m>,
}

impl End<'_, '_> {
    /// Measures what it came to.
    pub fn measure(self, test: Option<&PackedSet<'_>>, time: Duration, steps: &Durations) -> Trained {
        let Self { parameters, counters, sigma, early_rejection, mut evaluator, batches } = self;
        let whole;
        let train = match batches.drawn_from() {
            None => batches.pack(),
            Some((set, threads)) => {
                whole = PackedSet::all(set, threads);
                &whole
            }
        };
        let (train_loss, train_accuracy) = measure(&mut evaluator, &parameters, train);
        let test = test.map(|test| measure(&mut evaluator, &parameters, test));
        Trained {
            parameters,
            counters,
            sigma,
            train_accuracy,
            test_accuracy: test.and_then(|test| test.1),
            train_loss,
            test_loss: test.map(|test| test.0),
            early_rejection,
            time,
            least_step: steps.least(),
            median_step: steps.median(),
        }
    }
}
