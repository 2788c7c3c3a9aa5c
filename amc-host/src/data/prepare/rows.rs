//! Rows of numbers that are in memory, to be trained on as a table of them is.

use amc_engine::data::Data;
use amc_engine::memory::{self, MemoryError};

use super::PrepareError;
use super::samples::{named, targets_of};
use crate::data::normalise::{Normalise, scaling};
use crate::data::schema::{Feature, Kind, Schema};
use crate::data::target::{MOST_CLASSES, Target};
use crate::data::window::Window;

/// Rows of numbers.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The features, `[row][feature]`, all finite.
    pub features: Vec<f32>,
    /// What the features are called, if somebody said: as many names as a row has features.
    pub names: Option<Vec<String>>,
    /// What is to be found for each row.
    pub targets: RowTargets,
}

/// What is to be found for each row.
#[derive(Clone, Debug)]
pub enum RowTargets {
    /// A class.
    Classes {
        /// Each row's, by its place among the names.
        of: Vec<usize>,
        /// The names of 2 to 256 classes.
        names: Vec<String>,
    },
    /// Numbers, column by column: its name, and a finite number for each row.
    Numbers(Vec<(String, Vec<f32>)>),
}

/// Why rows cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// They are not as many as their targets, or there are none.
    #[error(
        "{features} features and {targets} targets: each target needs a row of features, and there is at least one"
    )]
    Length {
        /// Numbers in all rows.
        features: usize,
        /// Rows by the targets.
        targets: usize,
    },
    /// Not as many numbers to find as there are rows.
    #[error("{name}: {numbers} numbers for {rows} rows")]
    Uneven {
        /// What they are called.
        name: String,
        /// Numbers.
        numbers: usize,
        /// Rows.
        rows: usize,
    },
    /// Not as many names as features.
    #[error("{names} names for {width} features")]
    Names {
        /// Names.
        names: usize,
        /// Features of a row.
        width: usize,
    },
    /// Too few or too many classes.
    #[error("a net tells 2 to {MOST_CLASSES} classes apart, and there are {0}")]
    Classes(usize),
    /// A number.
    #[error("row {row}: {what} is {value}: use finite numbers")]
    NotFinite {
        /// Which row, from 0.
        row: usize,
        /// What it is of.
        what: String,
        /// What it is.
        value: f32,
    },
    /// A net that is gone on with takes windows of rows, or texts.
    #[error("the model takes texts, or several rows at once: `amc train --from` reads such tables")]
    Unlike,
    /// A feature of a net that is gone on with.
    #[error("there is no feature {0}, which the model was trained on")]
    NoFeature(String),
    /// Not as many features as a net that is gone on with takes.
    #[error("X has {width} features, and the model takes {wanted}")]
    Width {
        /// Features.
        width: usize,
        /// Those of the model.
        wanted: usize,
    },
    /// They take more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// What a table is refused for.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

/// Rows as a net has them, all to train on, standardised as those of a table; and what a model file says of them, for which the
/// targets stand behind the features.
///
/// # Errors
/// A [`RowsError`] of rows that do not go together or are not finite.
pub fn of(rows: Rows) -> Result<(Data, Schema), RowsError> {
    of_known(rows, None, &[])
}

/// The same for a net that is gone on with: as it knows rows like these, columns by their names where both have some, on its own
/// scale; and its `classes` first, those that are new behind them. With another head it finds whatever there is: then `known` gives
/// no outputs, and there are no `classes`.
///
/// # Errors
/// A [`RowsError`], of features that the net does not have, too.
pub fn of_known(rows: Rows, known: Option<&Known<'_>>, classes: &[String]) -> Result<(Data, Schema), RowsError> {
    let Rows { features, names, targets } = rows;
    let count = targets.rows();
    let width = features.len().checked_div(count).unwrap_or(0);
    if width == 0 || features.len() != width * count {
        return Err(RowsError::Length { features: features.len(), targets: count });
    }
    let (target, target_names) = target(targets.beside(classes), count)?;
    if let Some(names) = names.as_ref().map(Vec::len).filter(|names| *names != width) {
        return Err(RowsError::Names { names, width });
    }
    if let Some(place) = features.iter().position(|x| !x.is_finite()) {
        let (row, what) = (place / width, format!("feature {}", place % width));
        return Err(RowsError::NotFinite { row, what, value: features[place] });
    }
    // Rows as the net has them, and a column to find its scale.
    let needed = (features.len() as u64 * 4).saturating_add(count as u64 * 16);
    memory::check(needed, format!("{count} rows of {width} features"))?;
    let all: Vec<usize> = (0..count).collect();
    let feature = |column: usize| {
        let name = names.as_ref().map(|names| names[column].clone());
        Feature { column, name, kind: Kind::Number(None) }
    };
    let own: Vec<_> = (0..width).map(feature).collect();
    let taken = known.map_or_else(|| Ok(own.clone()), |known| known.features(&own))?;
    let features: Vec<f32> =
        features.chunks_exact(width).flat_map(|row| taken.iter().map(|feature| row[feature.column])).collect();
    let taken_width = taken.len();
    let of_feature = |feature: usize| {
        let numbers = features.iter().skip(feature).step_by(taken_width).map(|x| f64::from(*x));
        scaling(numbers, Normalise::Standard)
    };
    let schema = Schema {
        width: width + target_names.len(),
        features: taken,
        targets: (width..).zip(target_names.into_iter().map(Some)).collect(),
        outputs: target.outputs(),
        window: Window::default(),
        input_scaling: match known {
            Some(known) => known.schema.input_scaling.clone(),
            None => (0..taken_width).map(of_feature).collect(),
        },
        output_scaling: match known {
            Some(Known { schema, has_outputs: true }) if !schema.output_scaling.is_empty() => {
                schema.output_scaling.clone()
            }
            _ => target.scaling(&all, Normalise::Standard),
        },
    };
    let targets = targets_of(&schema, &target, 0..count);
    let train = named(&schema, schema.scale(features), targets);
    Ok((Data { train, test: None }, schema))
}

/// What a net knows of rows.
#[derive(Clone, Copy, Debug)]
pub struct Known<'s> {
    /// What its model says, of features that are numbers of one row.
    pub schema: &'s Schema,
    /// Whether it finds what it found.
    pub has_outputs: bool,
}

impl Known<'_> {
    /// Its features, where they are among these.
    fn features(&self, own: &[Feature]) -> Result<Vec<Feature>, RowsError> {
        let of = &self.schema.features;
        let is_of_numbers = of.iter().all(|feature| matches!(feature.kind, Kind::Number(_)));
        if self.schema.window.rows != 1 || !is_of_numbers {
            return Err(RowsError::Unlike);
        }
        let names = of.iter().map(|feature| feature.name.as_ref()).collect::<Option<Vec<_>>>();
        let column = |place: usize, feature: &Feature| match &names {
            Some(_) if own.iter().all(|own| own.name.is_some()) => {
                let found = own.iter().find(|own| own.name == feature.name).map(|own| own.column);
                found.ok_or_else(|| RowsError::NoFeature(feature.title()))
            }
            _ if own.len() == of.len() => Ok(place),
            _ => Err(RowsError::Width { width: own.len(), wanted: of.len() }),
        };
        let features = of.iter().enumerate();
        features.map(|(place, feature)| Ok(Feature { column: column(place, feature)?, ..feature.clone() })).collect()
    }
}

impl RowTargets {
    /// The same with these classes first, and then those that are new in the order of the rows.
    fn beside(self, classes: &[String]) -> Self {
        match self {
            Self::Classes { of, names } if !classes.is_empty() => {
                let (mut all, mut places) = (classes.to_vec(), vec![None; names.len()]);
                let of = of.iter().map(|class| {
                    let Some(name) = names.get(*class) else { return class.saturating_add(classes.len()) };
                    *places[*class].get_or_insert_with(|| {
                        all.iter().position(|known| known == name).unwrap_or_else(|| {
                            all.push(name.clone());
                            all.len() - 1
                        })
                    })
                });
                let of = of.collect();
                Self::Classes { of, names: all }
            }
            other => other,
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Classes { of, .. } => of.len(),
            Self::Numbers(columns) => columns.first().map_or(0, |(_, numbers)| numbers.len()),
        }
    }
}

/// The target of so many rows, and the names of its columns.
fn target(targets: RowTargets, rows: usize) -> Result<(Target, Vec<String>), RowsError> {
    match targets {
        RowTargets::Classes { of, names } => {
            let classes = of.iter().max().map_or(0, |most| most + 1).max(names.len());
            if names.len() != classes || !(2..=MOST_CLASSES).contains(&classes) {
                return Err(RowsError::Classes(classes));
            }
            Ok((Target::Classes { column: 0, names, of }, vec!["y".to_string()]))
        }
        RowTargets::Numbers(columns) => {
            for (name, numbers) in &columns {
                if numbers.len() != rows {
                    return Err(RowsError::Uneven { name: name.clone(), numbers: numbers.len(), rows });
                }
                if let Some(row) = numbers.iter().position(|y| !y.is_finite()) {
                    return Err(RowsError::NotFinite { row, what: name.clone(), value: numbers[row] });
                }
            }
            let names = columns.iter().map(|(name, _)| name.clone()).collect();
            Ok((Target::Numbers(columns), names))
        }
    }
}

#[cfg(test)]
mod tests {
    use amc_engine::data::OwnedTargets;

    use super::{RowTargets, Rows, of};
    use crate::data::schema::Outputs;

    fn rows(features: &[f32], targets: RowTargets) -> Rows {
        Rows { features: features.to_vec(), names: None, targets }
    }

    fn classes(of: &[usize]) -> RowTargets {
        RowTargets::Classes { of: of.to_vec(), names: vec!["a".into(), "b".into()] }
    }

    #[test]
    fn rows_are_standardised_and_keep_their_targets() {
        let (data, schema) = of(rows(&[1.0, 5.0, 3.0, 5.0], classes(&[1, 0]))).expect("rows");
        assert_eq!(data.train.inputs().collect::<Vec<_>>(), [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!(data.train.targets(), &OwnedTargets::Classes(vec![1, 0]));
        assert_eq!((schema.width, schema.names().len()), (3, 0));
        let numbers = RowTargets::Numbers(vec![("u".into(), vec![0.0, 4.0]), ("v".into(), vec![1.0, 1.0])]);
        let (data, schema) = of(Rows { names: Some(vec!["x".into()]), ..rows(&[1.0, 3.0], numbers) }).expect("rows");
        assert_eq!(data.train.targets(), &OwnedTargets::Values(vec![-1.0, 0.0, 1.0, 0.0], 2));
        assert_eq!(schema.outputs, Outputs::Numbers(vec!["u".into(), "v".into()]));
        assert_eq!(schema.targets[1], (2, Some("v".to_string())));
    }

    #[test]
    fn what_is_wrong_with_rows_is_said() {
        let refused = |rows: Rows| of(rows).expect_err("refused").to_string();
        assert!(refused(rows(&[1.0, 2.0, 3.0], classes(&[0, 1]))).contains("3 features and 2 targets"));
        assert!(refused(rows(&[], RowTargets::Numbers(Vec::new()))).contains("0 features and 0 targets"));
        assert!(refused(rows(&[1.0, 2.0], classes(&[0, 2]))).contains("there are 3"));
        let one = RowTargets::Classes { of: vec![0, 0], names: vec!["a".into()] };
        assert!(refused(rows(&[1.0, 2.0], one)).contains("2 to 256 classes apart, and there are 1"));
        assert!(refused(rows(&[1.0, 2.0, 3.0, f32::NAN], classes(&[0, 1]))).contains("row 1: feature 1 is NaN"));
        let uneven = RowTargets::Numbers(vec![("u".into(), vec![0.0, 1.0]), ("v".into(), vec![f32::INFINITY, 0.0])]);
        assert!(refused(rows(&[1.0, 2.0], uneven)).contains("row 0: v is inf"));
        let uneven = RowTargets::Numbers(vec![("u".into(), vec![0.0, 1.0]), ("v".into(), vec![2.0])]);
        assert!(refused(rows(&[1.0, 2.0], uneven)).contains("v: 1 numbers for 2 rows"));
        let named = Rows { names: Some(Vec::new()), ..rows(&[1.0, 2.0], classes(&[0, 1])) };
        assert!(refused(named).contains("0 names for 1 features"));
    }
}
