//! The newest samples, in memory of the caller's.

use amc_core::trainer::{Batches, IntoObjective};
use amc_core::{ObjectiveError, Rows, Samples, Targets};

/// Why a sample was left out.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SampleError {
    /// It has not as many features as the net has inputs, or targets as it has outputs.
    #[error("{what}: {needed} numbers are needed, but there are {given}")]
    Length {
        /// `features` or `targets`.
        what: &'static str,
        /// Numbers needed.
        needed: usize,
        /// Numbers given.
        given: usize,
    },
    /// A number is infinite, not a number, or beyond the [limit](crate::Rules::limit).
    #[error("number {index} of the sample is {value}: it has to be from {} to {limit}", -limit)]
    Range {
        /// Its place, features first, then targets.
        index: usize,
        /// What it is.
        value: f32,
        /// The limit.
        limit: f32,
    },
    /// The loss cannot take its targets.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
}

/// The newest samples of a stream, a batch to learn from.
#[derive(Debug)]
pub struct Window<'m> {
    /// `[place][feature]`
    features: &'m mut [f32],
    /// `[place][target]`
    targets: &'m mut [f32],
    inputs: usize,
    outputs: usize,
    len: usize,
    /// The place of the next sample: where there is no free one it is the oldest one's.
    next: usize,
    /// The loss of new samples over that of the old ones from which σ starts anew.
    surprise: f32,
}

impl<'m> Window<'m> {
    /// An empty one, of samples of `inputs` features and `outputs` targets, in memory for as many as there are to be.
    pub fn new(features: &'m mut [f32], targets: &'m mut [f32], inputs: usize, outputs: usize) -> Self {
        Self { features, targets, inputs, outputs, len: 0, next: 0, surprise: f32::INFINITY }
    }

    /// With a share of the old loss from which a new one is a surprise.
    pub(crate) fn surprise(self, surprise: f32) -> Self {
        Self { surprise, ..self }
    }

    /// Samples that fit.
    pub fn capacity(&self) -> usize {
        self.features.len().checked_div(self.inputs).unwrap_or(0)
    }

    /// Samples held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Features and targets of a sample.
    pub(crate) fn widths(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    /// Whether a sample can be learned from.
    pub(crate) fn check<'a>(
        &self,
        objective: impl IntoObjective<'a>,
        limit: f32,
        features: &[f32],
        targets: &[f32],
    ) -> Result<(), SampleError> {
        for (what, needed, given) in
            [("features", self.inputs, features.len()), ("targets", self.outputs, targets.len())]
        {
            if needed != given {
                return Err(SampleError::Length { what, needed, given });
            }
        }
        let within = |value: f32| value.is_finite() && value.abs() <= limit;
        let bad = features.iter().chain(targets).copied().enumerate().find(|(_, value)| !within(*value));
        if let Some((index, value)) = bad {
            return Err(SampleError::Range { index, value, limit });
        }
        let sample = Samples { features: Rows::new(features, self.inputs, 1.0), targets: Targets::Values(targets) };
        Ok(objective.objective().check(&sample)?)
    }

    /// Takes a sample in, in place of the oldest where there is no room.
    pub(crate) fn push(&mut self, features: &[f32], targets: &[f32]) {
        let rows = [(&mut *self.features, features, self.inputs), (&mut *self.targets, targets, self.outputs)];
        for (rows, sample, width) in rows {
            let row = rows.get_mut(self.next.saturating_mul(width)..).unwrap_or_default();
            for (to, from) in row.iter_mut().zip(sample) {
                *to = *from;
            }
        }
        let capacity = self.capacity();
        self.next = if self.next + 1 < capacity { self.next + 1 } else { 0 };
        self.len = (self.len + 1).min(capacity);
    }
}

impl Batches for Window<'_> {
    type Features<'b>
        = Rows<'b, f32>
    where
        Self: 'b;

    /// The samples, in the order of their places, which is not that of their age.
    #[inline]
    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        let held = self.features.get(..self.len * self.inputs).unwrap_or_default();
        Samples { features: Rows::new(held, self.inputs, 1.0), targets: Targets::Values(self.targets) }
    }

    fn scored(&mut self, before: f32, now: f32) -> bool {
        now > self.surprise * before
    }
}
