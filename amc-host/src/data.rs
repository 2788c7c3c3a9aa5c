//! Data sets: in memory as read, and packed into tiles for evaluation.

pub mod csv;
pub mod functions;
pub mod gather;
pub mod idx;
mod tiles;

use amc_core::{Features, Targets, Tiles};

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
pub enum Wanted {
    /// The class of each sample.
    Classes(Vec<u8>),
    /// So many values for each sample, `[sample][output]`.
    Values(Vec<f32>, usize),
}

/// Samples in tiles: what an evaluation reads.
#[derive(Clone, Debug)]
pub struct Set {
    values: Values,
    wanted: Wanted,
    samples: usize,
    width: usize,
}

/// A data set: a part to train on, and perhaps one to test with.
#[derive(Clone, Debug)]
pub struct Data {
    /// Trained on.
    pub train: Set,
    /// Never trained on.
    pub test: Option<Set>,
}

/// Packed features of either kind.
#[derive(Clone, Copy, Debug)]
pub enum Packed<'a> {
    /// Bytes.
    U8(Tiles<'a, u8>),
    /// Numbers.
    F32(Tiles<'a, f32>),
}

/// Some samples of a set.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Their features.
    pub features: Packed<'a>,
    /// Their targets.
    pub targets: Targets<'a>,
}

impl Set {
    /// Packs samples of `width` features each.
    pub fn new(values: Values, width: usize, wanted: Wanted) -> Self {
        let (values, samples) = match values {
            Values::U8(rows, scale) => (Values::U8(tiles::pack_all(&rows, width), scale), rows.len() / width.max(1)),
            Values::F32(rows) => (Values::F32(tiles::pack_all(&rows, width)), rows.len() / width.max(1)),
        };
        Self { values, wanted, samples, width }
    }

    /// Samples.
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

    /// Whether the targets are classes.
    pub fn has_classes(&self) -> bool {
        matches!(self.wanted, Wanted::Classes(_))
    }

    /// Outputs that a net needs: one for each class, or the target's values.
    pub fn outputs(&self) -> usize {
        match &self.wanted {
            Wanted::Classes(classes) => classes.iter().max().map_or(0, |class| usize::from(*class) + 1),
            Wanted::Values(_, outputs) => *outputs,
        }
    }

    /// The first `samples` samples.
    pub fn first(&self, samples: usize) -> Batch<'_> {
        let features = match &self.values {
            Values::U8(values, scale) => {
                Packed::U8(Tiles::new(values, self.samples, self.width, *scale).first(samples))
            }
            Values::F32(values) => Packed::F32(Tiles::new(values, self.samples, self.width, 1.0).first(samples)),
        };
        let targets = match &self.wanted {
            Wanted::Classes(classes) => Targets::Classes(classes),
            Wanted::Values(values, _) => Targets::Values(values),
        };
        Batch { features, targets }
    }

    /// All samples.
    pub fn all(&self) -> Batch<'_> {
        self.first(self.samples)
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
        Set::new(Values::U8(values, 1.0 / 16.0), WIDTH, Wanted::Classes(labels[range].to_vec()))
    };
    Data { train: part(0..TRAIN), test: Some(part(TRAIN..SAMPLES)) }
}
