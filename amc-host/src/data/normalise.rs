//! How numbers are brought to about the same scale.

use super::schema::Scaling;

/// How numbers are brought to about the same scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalise {
    /// They are as they are.
    Off,
    /// Mean 0 and standard deviation 1 in the training part.
    #[default]
    Standard,
    /// 0 to 1 in the training part.
    MinMax,
}

/// The scaling of these numbers; those that are all the same become 0.
pub(super) fn scaling(numbers: impl Iterator<Item = f64> + Clone, normalise: Normalise) -> Scaling {
    let count = numbers.clone().count().max(1) as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let (least, most) = numbers.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let (offset, spread) = match normalise {
        Normalise::Off => return Scaling::NONE,
        Normalise::Standard => (mean, (numbers.map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt()),
        Normalise::MinMax => (least, most - least),
    };
    let scale = if least < most { (1.0 / spread) as f32 } else { 1.0 };
    Scaling { offset: offset as f32, scale: if scale.is_normal() { scale } else { 1.0 } }
}
