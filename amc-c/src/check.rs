//! What samples have to be before a net learns from them, and where they are not.

use amc_core::{Objective, ObjectiveError, Targets};

use crate::Status;
use crate::feed::Feed;

/// The index of the first number that is infinite or not a number.
#[inline(never)]
pub(crate) fn first_not_finite(numbers: &[f32]) -> Option<usize> {
    numbers.iter().position(|x| !x.is_finite())
}

/// Why samples are refused, and the index in the array at fault: of the number, of the class, or of a sample's first
/// target; 0 where there is no such place.
pub(crate) fn check(
    objective: &Objective<'_>,
    samples: &amc_core::Samples<'_, Feed<'_>>,
) -> Result<(), (Status, usize)> {
    if let Some(index) = first_not_finite(samples.features.numbers) {
        return Err((Status::Feature, index));
    }
    if let Targets::Values(values) = samples.targets
        && let Some(index) = first_not_finite(values)
    {
        return Err((Status::Target, index));
    }
    objective.check(samples).map_err(|error| {
        let index = match error {
            ObjectiveError::Class { sample, .. } => sample,
            ObjectiveError::Probabilities { sample } => sample.saturating_mul(objective.net().outputs()),
            _ => 0,
        };
        (error.into(), index)
    })
}
