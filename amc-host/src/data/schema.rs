//! What the columns of a table are to a net: kept in its model file, so that what it was trained on can be read again.

use std::fmt;

use amc_store::model::{scaled, unscaled};
use serde::{Deserialize, Serialize};

use super::table::columns::{Cells, ColumnError};
use super::table::{Place, Table};
use super::window::Window;

/// A number as a net has it: (x − offset) · scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// What is taken away.
    pub offset: f32,
    /// What the rest is multiplied by; not 0.
    pub scale: f32,
}

impl From<[f32; 2]> for Scaling {
    fn from([offset, scale]: [f32; 2]) -> Self {
        Self { offset, scale }
    }
}

impl From<Scaling> for [f32; 2] {
    fn from(Scaling { offset, scale }: Scaling) -> Self {
        [offset, scale]
    }
}

impl Scaling {
    /// The number itself.
    pub const NONE: Self = Self { offset: 0.0, scale: 1.0 };

    /// The net's number.
    pub fn apply(self, x: f32) -> f32 {
        scaled(x, self.into())
    }

    /// The number that is the net's.
    pub fn undo(self, y: f32) -> f32 {
        unscaled(y, self.into())
    }
}

/// A column that features are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its place in the table that was trained on, from 0.
    pub column: usize,
    /// Its name, if it had one.
    pub name: Option<String>,
    /// What its cells are.
    pub kind: Kind,
}

/// What cells are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// Numbers, and the one for a missing cell if these are allowed.
    Number(Option<f32>),
    /// One of these texts, and the one for a missing cell if these are allowed. Two are a feature, 0 or 1; more are a feature
    /// each, which is 1 where it is this text.
    Choice(Vec<String>, Option<usize>),
}

/// What a net's outputs are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outputs {
    /// A class each, by their names.
    Classes(Vec<String>),
    /// Numbers, by the names of their columns.
    Numbers(Vec<String>),
}

/// What a table is to a net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// Cells of a row in the table that was trained on.
    pub width: usize,
    /// The columns that are read.
    pub features: Vec<Feature>,
    /// The columns of the targets, their places from 0 and their names.
    pub targets: Vec<(usize, Option<String>)>,
    /// What comes out.
    pub outputs: Outputs,
    /// The rows of a sample; a model file says so if they are several.
    #[serde(skip)]
    pub window: Window,
    /// The scaling of each number of a row; a model file has it for itself, where a device reads it.
    #[serde(skip)]
    pub input_scaling: Vec<Scaling>,
    /// The scaling of each output that is a number; a model file has it for itself.
    #[serde(skip)]
    pub output_scaling: Vec<Scaling>,
}

/// Why a table is not one that a net can read.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// More than one column has a name that is looked for.
    #[error("{path}: more than one column is called {name:?}: rename the other")]
    Twice {
        /// The file.
        path: String,
        /// The name.
        name: String,
    },
    /// A column without which there are no features.
    #[error("{path}: there is no column {name:?}, which the net was trained on")]
    NoColumn {
        /// The file.
        path: String,
        /// The column.
        name: String,
    },
    /// Columns without names, of which there are too few or too many.
    #[error("{place}: {width} columns without names, where {wanted} were wanted, or {features} without a target")]
    Width {
        /// The first row.
        place: Place,
        /// Its columns.
        width: usize,
        /// Those of the table trained on.
        wanted: usize,
        /// Those without its targets.
        features: usize,
    },
    /// A cell.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A cell that is missing, where none was in training.
    #[error("{place}: a cell of {column} is missing: fill it, or train with --missing mean")]
    Missing {
        /// Where.
        place: Place,
        /// What the column is called.
        column: String,
    },
    /// A text that was not there in training.
    #[error("{place}: {cell:?} is none of what {column} had in training: {known}")]
    Unknown {
        /// Where.
        place: Place,
        /// The cell.
        cell: String,
        /// What the column is called.
        column: String,
        /// What it had.
        known: String,
    },
}

impl Kind {
    /// Features that it becomes.
    pub fn numbers(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Choice(of, _) => {
                if of.len() > 2 {
                    of.len()
                } else {
                    1
                }
            }
        }
    }
}

impl Schema {
    /// That of a net that says nothing but its classes: a row is its inputs, as they are.
    pub fn of_classes(inputs: usize, classes: &[String]) -> Self {
        let feature = |column| Feature { column, name: None, kind: Kind::Number(None) };
        Self {
            width: inputs,
            features: (0..inputs).map(feature).collect(),
            targets: Vec::new(),
            outputs: Outputs::Classes(classes.to_vec()),
            window: Window::default(),
            input_scaling: vec![Scaling::NONE; inputs],
            output_scaling: Vec::new(),
        }
    }

    /// Whether it is one of so many inputs and outputs, whose parts fit together.
    pub(crate) fn check(&self, inputs: usize, outputs: usize) -> Result<(), String> {
        let (numbers, scaled) = (self.inputs(), self.input_scaling.len().saturating_mul(self.window.rows));
        let scaled_outputs = self.output_scaling.len();
        // A net may have more outputs than there are classes.
        let (names, fit, wanted) = match &self.outputs {
            Outputs::Classes(names) => (names.len(), names.len() <= outputs, 0),
            Outputs::Numbers(names) => (names.len(), names.len() == outputs, outputs),
        };
        let places =
            self.features.iter().map(|feature| feature.column).chain(self.targets.iter().map(|target| target.0));
        if numbers != inputs || scaled != inputs {
            return Err(format!("{numbers} features and {scaled} scaled inputs for a net of {inputs}"));
        }
        if !fit || scaled_outputs != wanted || names == 0 {
            return Err(format!("{names} names and {scaled_outputs} scales of outputs for a net of {outputs}"));
        }
        if places.max().is_some_and(|place| place >= self.width) || self.targets.len() > self.width {
            return Err("its columns are beyond its table".to_string());
        }
        Ok(())
    }

    /// The names of the columns that are read.
    pub fn names(&self) -> Vec<&str> {
        self.features.iter().filter_map(|feature| feature.name.as_deref()).collect()
    }

    /// The column that a net's input is made of, by its name, or else by its place in the table, from 1.
    pub fn column_of(&self, input: usize) -> Option<String> {
        let features = self.features.iter().flat_map(|feature| std::iter::repeat_n(feature, feature.kind.numbers()));
        let feature = features.clone().nth(input % features.count().max(1))?;
        Some(
            feature
                .name
                .as_ref()
                .map_or_else(|| format!("column {}", feature.column + 1), |name| format!("column {name:?}")),
        )
    }

    /// Features of a row.
    pub fn numbers(&self) -> usize {
        self.features.iter().map(|feature| feature.kind.numbers()).sum()
    }

    /// Inputs of a net: the features of all rows of a sample.
    pub fn inputs(&self) -> usize {
        self.numbers().saturating_mul(self.window.rows)
    }

    /// The features of all rows, `[row][feature]`, before they are scaled.
    pub fn raw(&self, table: &Table) -> Result<Vec<f32>, SchemaError> {
        let (width, rows) = (self.numbers(), table.rows());
        let (mut all, mut first) = (vec![0.0; width * rows], 0);
        for (index, feature) in self.features.iter().enumerate() {
            let column = self.place(table, index)?;
            let numbers = feature.kind.numbers();
            let mut put = |row: usize, number: usize, x: f32| all[row * width + first + number] = x;
            feature.read(table, column, &mut put)?;
            first += numbers;
        }
        Ok(all)
    }

    /// The features of all rows as the net has them.
    pub fn scaled(&self, table: &Table) -> Result<Vec<f32>, SchemaError> {
        Ok(self.scale(self.raw(table)?))
    }

    /// Features as the net has them.
    pub fn scale(&self, mut raw: Vec<f32>) -> Vec<f32> {
        self.scale_rows(&mut raw);
        raw
    }

    /// Makes of features of whole rows what the net has.
    pub fn scale_rows(&self, raw: &mut [f32]) {
        for row in raw.chunks_exact_mut(self.input_scaling.len().max(1)) {
            row.iter_mut().zip(&self.input_scaling).for_each(|(x, scaling)| *x = scaling.apply(*x));
        }
    }

    /// Where the features' columns are in a table.
    pub fn columns(&self, table: &Table) -> Result<Vec<usize>, SchemaError> {
        (0..self.features.len()).map(|index| self.place(table, index)).collect()
    }

    /// Where a feature's column is in a table: by its name, if the table has names, else by its place.
    fn place(&self, table: &Table, index: usize) -> Result<usize, SchemaError> {
        let path = || table.path().display().to_string();
        let feature = &self.features[index];
        if let Some(name) = feature.name.as_deref().filter(|_| table.has_names()) {
            let mut found = (0..table.width()).filter(|column| table.name(*column) == Some(name));
            return match (found.next(), found.next()) {
                (Some(column), None) => Ok(column),
                (None, _) => Err(SchemaError::NoColumn { path: path(), name: name.to_string() }),
                (Some(_), Some(_)) => Err(SchemaError::Twice { path: path(), name: name.to_string() }),
            };
        }
        let without_targets = self.width.saturating_sub(self.targets.len());
        let targets_before = self.targets.iter().filter(|(target, _)| *target < feature.column).count();
        match table.width() {
            width if width == self.width => Ok(feature.column),
            width if width == without_targets => Ok(feature.column.saturating_sub(targets_before)),
            width => {
                let place = table.place(0, 0);
                Err(SchemaError::Width { place, width, wanted: self.width, features: without_targets })
            }
        }
    }
}

/// Features and outputs by name, a line each.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let features: Vec<_> = self.features.iter().collect();
        let (what, outputs) = match &self.outputs {
            Outputs::Classes(names) => ("classes", names),
            Outputs::Numbers(names) => ("numbers", names),
        };
        write!(f, "features: {}\n{what}: {}", meant(&features), listed(outputs))
    }
}

/// Names in a line, with commas between; one that could be taken for several is quoted.
pub fn listed(names: &[String]) -> String {
    let name = |name: &String| match name.contains([',', '"', '\n', '\r']) || name.trim() != name || name.is_empty() {
        true => format!("{name:?}"),
        false => name.clone(),
    };
    names.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Features in a line, with commas between; columns of numbers without names that follow each other are one of its parts.
pub fn meant(features: &[&Feature]) -> String {
    let is_bare = |feature: &Feature| feature.name.is_none() && matches!(feature.kind, Kind::Number(_));
    let follows = |one: &&Feature, next: &&Feature| is_bare(one) && is_bare(next) && next.column == one.column + 1;
    let part = |features: &[&Feature]| match features {
        [first, .., last] => format!("columns {} to {}", first.column + 1, last.column + 1),
        _ => features.iter().map(|feature| feature.meaning()).collect(),
    };
    features.chunk_by(follows).map(part).collect::<Vec<_>>().join(", ")
}

impl Feature {
    /// Its name, or its place from 1.
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("column {}", self.column + 1))
    }

    /// What it is called, and its texts if it has some.
    pub fn meaning(&self) -> String {
        match &self.kind {
            Kind::Number(_) => self.title(),
            Kind::Choice(of, _) => format!("{} ({})", self.title(), listed(of)),
        }
    }

    /// What each of its numbers is.
    pub fn meanings(&self) -> Vec<String> {
        match &self.kind {
            Kind::Choice(of, _) if of.len() > 2 => {
                of.iter().map(|text| format!("1 if {} is {text}", self.title())).collect()
            }
            Kind::Choice(of, _) => {
                let numbered = of.iter().enumerate().map(|(number, text)| format!("{number} if it is {text}"));
                vec![format!("{}: {}", self.title(), numbered.collect::<Vec<_>>().join(", "))]
            }
            Kind::Number(_) => vec![self.title()],
        }
    }

    fn read(&self, table: &Table, column: usize, put: &mut impl FnMut(usize, usize, f32)) -> Result<(), SchemaError> {
        let missing = |row| SchemaError::Missing { place: table.place(row, column), column: table.title(column) };
        match &self.kind {
            Kind::Number(fill) => {
                for (row, cell) in Cells::numbers(table, column)?.into_iter().enumerate() {
                    put(row, 0, cell.map(|x| x as f32).or(*fill).ok_or_else(|| missing(row))?);
                }
            }
            Kind::Choice(of, fill) => {
                for (row, cell) in table.column(column).enumerate() {
                    let found = of.iter().position(|name| *name == cell.text());
                    let known =
                        found.or(if cell.is_missing() { Some(fill.ok_or_else(|| missing(row))?) } else { None });
                    let known = known.ok_or_else(|| SchemaError::Unknown {
                        place: table.place(row, column),
                        cell: cell.text().into_owned(),
                        column: table.title(column),
                        known: listed(of),
                    })?;
                    match of.len() {
                        ..=2 => put(row, 0, known as f32),
                        _ => put(row, known, 1.0),
                    }
                }
            }
        }
        Ok(())
    }
}
