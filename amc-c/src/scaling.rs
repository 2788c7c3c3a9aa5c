//! How a net's numbers come from what was measured.

use amc_store::model::{scaled, unscaled};

use crate::Status;
use crate::check::first_not_finite;

/// How a number was scaled for a net to learn from it: it takes (x - offset) * scale.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Scaling {
    /// What is taken away, in the unit of what was measured.
    pub offset: f32,
    /// What the rest is multiplied by, not 0.
    pub scale: f32,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Net,
    Measured,
}

impl Scaling {
    fn is_valid(&self) -> bool {
        self.offset.is_finite() && self.scale.is_finite() && self.scale != 0.0
    }
}

/// Scales rows of numbers, each of as many as there are `scalings`; where something is refused, none of them.
pub(crate) fn scale(scalings: &[Scaling], numbers: &mut [f32], to: To) -> Result<(), Status> {
    if !numbers.len().is_multiple_of(scalings.len()) {
        return Err(Status::Length);
    }
    if !scalings.iter().all(Scaling::is_valid) {
        return Err(Status::Scale);
    }
    if first_not_finite(numbers).is_some() {
        return Err(Status::NotFinite);
    }
    for row in numbers.chunks_exact_mut(scalings.len().max(1)) {
        for (x, Scaling { offset, scale }) in row.iter_mut().zip(scalings) {
            *x = match to {
                To::Net => scaled(*x, [*offset, *scale]),
                To::Measured => unscaled(*x, [*offset, *scale]),
            };
        }
    }
    Ok(())
}
