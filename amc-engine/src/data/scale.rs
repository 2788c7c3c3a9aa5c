//! The scale of features: what is far from 1 does not train, and should be said.

use super::{OwnedTargets, Set, Values};

/// Features beyond this are told of. Measured on the digits, 64 columns within ±1, after 1,000 moves: one more column that
/// tells nothing and reaches 10 costs a third of the accuracy, and one that reaches 100 leaves that of chance.
///
/// Numbers to find that are as large are told of, too: of 200 points of a straight line, y = 30 x for |x| <= 1 has an R² of 0.90
/// after the 4,000 moves that a table gets, y = 100 x one of 0.37, and y = 1000 x one of 0.02.
pub const LARGE: f32 = 30.0;

/// A column of features, and its largest magnitude.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is called, or its place from 1.
    pub name: String,
    /// max |x|.
    pub largest: f32,
}

/// Features that cannot be trained on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScaleError {
    /// The signal norm needs Σ x² of all features of all samples.
    #[error("{} reaches {:e}: the sum of all squares is too large for the signal norm; {SCALE_IT}", .0.name, .0.largest)]
    Large(Column),
    /// The same, where it is 0 and the features are not.
    #[error("{} reaches only {:e}: the sum of all squares is too small for the signal norm; {SCALE_IT}", .0.name, .0.largest)]
    Small(Column),
    /// The loss or a layer's signal at the initial parameters.
    #[error(
        "the {what} is {value} at the initial parameters, and {} reaches {:e}: {SCALE_IT}, scale what is to be found, or with --method amc take a smaller --sigma",
        .column.name, .column.largest
    )]
    Start {
        /// What is not finite.
        what: String,
        /// What it is.
        value: f32,
        /// The column of largest magnitude.
        column: Column,
    },
}

/// What to do.
pub const SCALE_IT: &str = "scale each column to about ±1, for instance by its mean and standard deviation";

impl Set {
    /// The same samples, with what their features are called.
    #[must_use]
    pub fn named(self, columns: Vec<String>) -> Self {
        Self { columns, ..self }
    }

    /// The column of largest magnitude; none without features.
    pub fn largest_column(&self) -> Option<Column> {
        let (index, largest) = self.largest().into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Column { name: self.column_name(index), largest })
    }

    /// How many columns have features beyond `limit`.
    pub fn columns_beyond(&self, limit: f32) -> usize {
        self.largest().into_iter().filter(|largest| *largest > limit).count()
    }

    /// The largest magnitude of the numbers to find; none of classes.
    pub fn largest_target(&self) -> Option<f32> {
        match self.targets() {
            OwnedTargets::Values(values, _) => values.iter().map(|y| y.abs()).max_by(f32::total_cmp),
            OwnedTargets::Classes(_) => None,
        }
    }

    /// Checks that the signal norm has the signal of the inputs, Σ x² averaged over the samples, as a number.
    pub(crate) fn check_signal(&self) -> Result<(), ScaleError> {
        let Values::F32(rows) = &self.values else { return Ok(()) };
        let squares: f64 = rows.iter().map(|x| f64::from(*x).powi(2)).sum();
        match self.largest_column() {
            Some(column) if squares > f64::from(f32::MAX) => Err(ScaleError::Large(column)),
            Some(column) if column.largest > 0.0 && squares < f64::from(f32::MIN_POSITIVE) * self.samples as f64 => {
                Err(ScaleError::Small(column))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the loss and the signals that training starts from are finite.
    pub(crate) fn check_start(&self, loss: f32, signal: &[f32]) -> Result<(), ScaleError> {
        let signals = (1..).zip(signal).map(|(layer, signal)| (format!("signal of layer {layer}"), *signal));
        let mut numbers = std::iter::once(("loss".to_string(), loss)).chain(signals);
        match numbers.find(|(_, number)| !number.is_finite()).zip(self.largest_column()) {
            Some(((what, value), column)) => Err(ScaleError::Start { what, value, column }),
            None => Ok(()),
        }
    }

    fn column_name(&self, index: usize) -> String {
        self.columns.get(index).cloned().unwrap_or_else(|| format!("column {}", index + 1))
    }

    /// max |x| of each column.
    fn largest(&self) -> Vec<f32> {
        match &self.values {
            Values::U8(rows, scale) => largest(rows, self.width, |x| f32::from(x) * scale),
            Values::F32(rows) => largest(rows, self.width, f32::abs),
        }
    }
}

fn largest<E: Copy>(rows: &[E], width: usize, magnitude: impl Fn(E) -> f32) -> Vec<f32> {
    let mut largest = vec![0.0_f32; width];
    for row in rows.chunks_exact(width.max(1)) {
        largest.iter_mut().zip(row).for_each(|(largest, x)| *largest = largest.max(magnitude(*x)));
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::{Column, ScaleError};
    use crate::data::{OwnedTargets, Set, Values};

    fn set(rows: &[f32]) -> Set {
        Set::new(Values::F32(rows.to_vec()), 2, OwnedTargets::Classes(vec![0; rows.len() / 2]))
    }

    #[test]
    fn the_largest_column_is_named_by_its_place_and_name() {
        let rows = set(&[0.5, -7.0, 6.0, 2.0]);
        assert_eq!(rows.largest_column(), Some(Column { name: "column 2".into(), largest: 7.0 }));
        assert_eq!((rows.columns_beyond(5.0), rows.columns_beyond(6.0), rows.columns_beyond(7.0)), (2, 1, 0));
        let named = rows.named(vec!["a".into(), "b".into()]);
        assert_eq!(named.largest_column().expect("a column").name, "b");
        assert_eq!(named.first(1).largest_column().expect("a column").name, "b");
        let pixels = Set::new(Values::U8(vec![4, 255], 0.5), 2, OwnedTargets::Classes(vec![0]));
        assert_eq!(pixels.largest_column(), Some(Column { name: "column 2".into(), largest: 127.5 }));
    }

    #[test]
    fn squares_beyond_single_precision_are_refused() {
        assert_eq!(set(&[1e18, -1e18]).check_signal(), Ok(()));
        assert_eq!(set(&[0.0, 0.0]).check_signal(), Ok(()));
        let large = |rows: &[f32]| matches!(set(rows).check_signal(), Err(ScaleError::Large(_)));
        assert!(large(&[0.0, 2e19]) && large(&[-1e20, 0.0]) && large(&[1.5e19, 0.0, 1.5e19, 0.0]));
        assert!(matches!(set(&[0.0, 1e-25]).check_signal(), Err(ScaleError::Small(_))));
        assert_eq!(set(&[0.0, 1e-18]).check_signal(), Ok(()));
    }

    #[test]
    fn a_start_that_is_not_finite_names_what_and_the_column() {
        let rows = set(&[0.5, -7.0]);
        assert_eq!(rows.check_start(1.0, &[1.0, 0.0]), Ok(()));
        for (loss, signal, word) in
            [(f32::NAN, 1.0, "the loss is NaN"), (1.0, f32::INFINITY, "signal of layer 2 is inf")]
        {
            let error = rows.check_start(loss, &[1.0, signal]).expect_err("not finite").to_string();
            assert!(error.contains(word) && error.contains("column 2 reaches 7e0"), "{error}");
        }
    }
}
