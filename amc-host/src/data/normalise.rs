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

/// What numbers are like, one after another.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    count: usize,
    sum: f64,
    least: f64,
    most: f64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY }
    }
}

impl Spread {
    /// Looks at another number.
    pub fn look(&mut self, x: f64) {
        let Self { count, sum, least, most } = *self;
        *self = Self { count: count + 1, sum: sum + x, least: least.min(x), most: most.max(x) };
    }

    /// Whether they are all the same.
    pub fn is_none(&self) -> bool {
        self.least >= self.most
    }

    /// How far a number is from the mean, squared.
    pub fn square(&self, x: f64) -> f64 {
        (x - self.mean()).powi(2)
    }

    fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// The scaling of them, given the sum of all their squares; those that are all the same become 0.
    pub fn scaling(&self, squares: f64, normalise: Normalise) -> Scaling {
        let (offset, spread) = match normalise {
            Normalise::Off => return Scaling::NONE,
            Normalise::Standard => (self.mean(), (squares / self.count.max(1) as f64).sqrt()),
            Normalise::MinMax => (self.least, self.most - self.least),
        };
        let scale = if self.is_none() { 1.0 } else { (1.0 / spread) as f32 };
        Scaling { offset: offset as f32, scale: if scale.is_normal() { scale } else { 1.0 } }
    }
}

/// The scaling of these numbers.
pub(super) fn scaling(numbers: impl Iterator<Item = f64> + Clone, normalise: Normalise) -> Scaling {
    let mut spread = Spread::default();
    numbers.clone().for_each(|x| spread.look(x));
    let squares = numbers.map(|x| spread.square(x)).sum();
    spread.scaling(squares, normalise)
}
