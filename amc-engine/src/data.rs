//! Data sets in memory, and as packed for evaluation.

pub mod functions;
pub(crate) mod order;
pub mod pack;
pub mod scale;
pub mod sequences;
mod sparse;
mod spread;
mod swaps;
mod tiles;

use amc_core::{Objective, ObjectiveError, Rows, Samples, Targets};

use crate::CRC;
use crate::ranks::{RanksError, Share};

/// Features as read, `[sample][feature]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Bytes, each to be multiplied by the scale.
    U8(Vec<u8>, f32),
    /// Numbers.
    F32(Vec<f32>),
}

/// What a net should give.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedTargets {
    /// The class of each sample.
    Classes(Vec<u8>),
    /// So many values for each sample, `[sample][output]`.
    Values(Vec<f32>, usize),
}

/// Samples, as read.
#[derive(Clone, Debug)]
pub struct Set {
    values: Values,
    targets: OwnedTargets,
    samples: usize,
    width: usize,
    /// What the features are called, if somebody said.
    columns: Vec<String>,
    /// Classes that there are, even if no sample is of one; 0 if nobody said.
    classes: usize,
    /// Which of the samples these are, if several ranks hold them.
    share: Option<Share>,
}

/// A data set: a part to train on, and perhaps one to test with.
#[derive(Clone, Debug)]
pub struct Data {
    /// Trained on.
    pub train: Set,
    /// Never trained on.
    pub test: Option<Set>,
}

impl Set {
    /// Samples of `width` features each.
    pub fn new(values: Values, width: usize, targets: OwnedTargets) -> Self {
        let numbers = match &values {
            Values::U8(rows, _) => rows.len(),
            Values::F32(rows) => rows.len(),
        };
        let samples = numbers.checked_div(width).unwrap_or(0);
        Self { values, targets, samples, width, columns: Vec::new(), classes: 0, share: None }
    }

    /// The same samples, of so many classes: a part of a set may have none of some.
    #[must_use]
    pub fn of_classes(self, classes: usize) -> Self {
        Self { classes, ..self }
    }

    /// The same samples as a rank's share: as many as [`Share::held`] says of all.
    #[must_use]
    pub fn shared(self, share: Share) -> Self {
        Self { share: Some(share), ..self }
    }

    /// Which of the samples these are, if several ranks hold them.
    pub fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }

    /// The first `samples` samples, or all there are.
    pub fn first(&self, samples: usize) -> Set {
        let share = self.share.as_ref().map(|share| share.first(samples));
        let samples = self.held(samples);
        let values = match &self.values {
            Values::U8(rows, scale) => Values::U8(rows[..samples * self.width].to_vec(), *scale),
            Values::F32(rows) => Values::F32(rows[..samples * self.width].to_vec()),
        };
        let targets = match &self.targets {
            OwnedTargets::Classes(classes) => OwnedTargets::Classes(classes[..samples].to_vec()),
            OwnedTargets::Values(values, outputs) => {
                OwnedTargets::Values(values[..samples * outputs].to_vec(), *outputs)
            }
        };
        Set { values, targets, samples, width: self.width, columns: self.columns.clone(), classes: self.classes, share }
    }

    /// The same samples, of other numbers: `input` and `output` make each of the feature or output that it is and of what it was.
    /// Bytes and classes stay.
    #[must_use]
    pub fn scaled(&self, input: impl Fn(usize, f32) -> f32, output: impl Fn(usize, f32) -> f32) -> Set {
        let mut set = self.clone();
        if let Values::F32(rows) = &mut set.values {
            for row in rows.chunks_exact_mut(self.width.max(1)) {
                row.iter_mut().enumerate().for_each(|(feature, x)| *x = input(feature, *x));
            }
        }
        if let OwnedTargets::Values(values, outputs) = &mut set.targets {
            for row in values.chunks_exact_mut((*outputs).max(1)) {
                row.iter_mut().enumerate().for_each(|(at, y)| *y = output(at, *y));
            }
        }
        set
    }

    /// The features, one sample after another, as numbers.
    pub fn inputs(&self) -> impl Iterator<Item = f32> {
        let (bytes, numbers): (&[u8], &[f32]) = match &self.values {
            Values::U8(rows, _) => (rows, &[]),
            Values::F32(rows) => (&[], rows),
        };
        let scale = if let Values::U8(_, scale) = self.values { scale } else { 1.0 };
        bytes.iter().map(move |byte| f32::from(*byte) * scale).chain(numbers.iter().copied())
    }

    /// Samples of the whole set: here, and on other ranks.
    pub fn all(&self) -> usize {
        self.share.as_ref().map_or(self.samples, Share::samples)
    }

    /// Whether all ranks that share the set are there.
    pub(crate) fn check_team(&self) -> Result<(), RanksError> {
        self.share.as_ref().map_or(Ok(()), |share| share.team().check())
    }

    /// How many of the first so many samples of the whole set are here: the first ones that are.
    pub(crate) fn held(&self, first: usize) -> usize {
        self.share.as_ref().map_or(first.min(self.samples), |share| share.held(first))
    }

    /// Samples that are here.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Features of a sample.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The features, as read.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Bytes of a feature as it is kept.
    pub(crate) fn element_size(&self) -> usize {
        match self.values {
            Values::U8(..) => size_of::<u8>(),
            Values::F32(_) => size_of::<f32>(),
        }
    }

    /// What a net should give.
    pub fn targets(&self) -> &OwnedTargets {
        &self.targets
    }

    /// Whether the targets are classes.
    pub fn has_classes(&self) -> bool {
        matches!(self.targets, OwnedTargets::Classes(_))
    }

    /// Outputs that a net needs: one for each class, or the target's values.
    pub fn outputs(&self) -> usize {
        match &self.targets {
            OwnedTargets::Classes(classes) => {
                classes.iter().max().map_or(0, |class| usize::from(*class) + 1).max(self.classes)
            }
            OwnedTargets::Values(_, outputs) => *outputs,
        }
    }

    /// (feature, target) of every sample, where there is one of each.
    pub fn points(&self) -> Vec<(f64, f64)> {
        match (&self.values, &self.targets, self.width) {
            (Values::F32(rows), OwnedTargets::Values(wanted, 1), 1) => {
                rows.iter().zip(wanted).map(|(x, y)| (f64::from(*x), f64::from(*y))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// CRC-32 of features and targets: of the whole set, if ranks share it.
    pub fn checksum(&self) -> u32 {
        if let Some(share) = &self.share {
            return share.checksum();
        }
        let mut digest = CRC.digest();
        match &self.values {
            Values::U8(rows, _) => digest.update(rows),
            Values::F32(rows) => rows.iter().for_each(|x| digest.update(&x.to_le_bytes())),
        }
        match &self.targets {
            OwnedTargets::Classes(classes) => digest.update(classes),
            OwnedTargets::Values(values, _) => values.iter().for_each(|y| digest.update(&y.to_le_bytes())),
        }
        digest.finalize()
    }

    /// Checks that the samples fit an objective.
    pub fn check(&self, objective: Objective<'_>) -> Result<(), ObjectiveError> {
        // Other ranks have some.
        if self.is_empty() && self.all() > 0 {
            return Ok(());
        }
        let targets = match &self.targets {
            OwnedTargets::Classes(classes) => Targets::Classes(classes),
            OwnedTargets::Values(values, _) => Targets::Values(values),
        };
        match &self.values {
            Values::U8(rows, scale) => {
                objective.check(&Samples { features: Rows::new(rows, self.width, *scale), targets })
            }
            Values::F32(rows) => objective.check(&Samples { features: Rows::new(rows, self.width, 1.0), targets }),
        }
    }
}

/// The digits that come with the program: 8 x 8 values 0 to 16; 1,437 to train on and the last 360 to test with.
pub fn digits() -> Data {
    const DIGITS: &[u8] = include_bytes!("../../data/digits.u8");
    const SAMPLES: usize = 1797;
    const TRAIN: usize = 1437;
    const WIDTH: usize = 64;
    let (values, labels) = DIGITS.split_at(SAMPLES * WIDTH);
    let part = |range: std::ops::Range<usize>| {
        let values = values[range.start * WIDTH..range.end * WIDTH].to_vec();
        Set::new(Values::U8(values, 1.0 / 16.0), WIDTH, OwnedTargets::Classes(labels[range].to_vec()))
    };
    Data { train: part(0..TRAIN), test: Some(part(TRAIN..SAMPLES)) }
}
