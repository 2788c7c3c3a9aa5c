//! From a table to data to train on: its target, its features, its two parts, and their scale.

mod choice;
mod complete;
mod known;
pub mod rows;
mod windows;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use amc_engine::data::{Data, OwnedTargets, Set, Values};
use amc_engine::memory::MemoryError;

use self::choice::{feature_columns, groups, target_columns};
use self::complete::{complete_rows, enough};
pub use self::known::load_known;
pub(crate) use self::windows::check_memory;
use self::windows::{Order, windows};
use super::normalise::{Normalise, scaling};
use super::schema::{Feature, Kind, Outputs, Scaling, Schema, SchemaError};
use super::split::{Parts, Split, grouped, last, random};
use super::table::columns::{Cells, ColumnError};
use super::table::{Table, TableError, Written};
use super::target::{Target, TargetError, Task};
use super::window::{Window, WindowError};

/// Different texts that a column of features may have.
pub const MOST_CHOICES: usize = 64;

/// Rows that a table has at least.
pub const FEWEST_ROWS: usize = 5;

/// What becomes of missing cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// They are refused.
    #[default]
    Refuse,
    /// Numbers become the mean of their column in the training part, texts the one it has most often.
    Mean,
    /// Rows that have one are left out.
    Drop,
}

/// A column by its name, or its place from 1, or `first` or `last`.
pub type ColumnName = String;

/// What somebody says of a table; what is not said is found.
#[derive(Clone, Debug)]
pub struct Options {
    /// How it is written.
    pub written: Written,
    /// The columns of the targets.
    pub targets: Vec<ColumnName>,
    /// Columns that are not read.
    pub ignored: Vec<ColumnName>,
    /// What the target is.
    pub task: Option<Task>,
    /// What becomes of missing cells.
    pub missing: Missing,
    /// How rows are split.
    pub split: Split,
    /// The rows of a sample.
    pub window: Window,
    /// Whether rows of rare classes are trained on as often as those of the most frequent one.
    pub balance: bool,
    /// The share of the rows that test, from 0 to below 1.
    pub test_fraction: f64,
    /// A table of its own to test with: then all rows train.
    pub test: Option<PathBuf>,
    /// How numbers are scaled.
    pub normalise: Normalise,
}

impl Options {
    /// Which rows test, in a line.
    pub fn said_of_test(&self) -> String {
        match &self.test {
            Some(path) => format!("all of {}", path.display()),
            None => format!("--split {} --test-fraction {}", self.split, self.test_fraction),
        }
    }
}

/// Why a table cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column cannot be read.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// Its target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// It is not as the table that is trained on.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Its windows.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// Its samples take more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// There is no such column, or more than one.
    #[error(
        "{path}: there is {count} column called {name:?}: use first, last, a number from 1 to {width}, or one of {names}"
    )]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// How many are.
        count: &'static str,
        /// Columns.
        width: usize,
        /// Their names.
        names: String,
    },
    /// A column is named twice as a target.
    #[error("{path}: {column} is named twice as a target")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A file is named where a column was wanted.
    #[error(
        "{path}: there is no column called {name:?}: targets in a file of their own are read with --data {path},{name}"
    )]
    TargetFile {
        /// The file of the features.
        path: PathBuf,
        /// The other.
        name: String,
    },
    /// Too few rows.
    #[error("{path}: {rows} rows: at least {FEWEST_ROWS} are needed, four to train on and one to test with")]
    TooFew {
        /// The file.
        path: PathBuf,
        /// Its rows.
        rows: usize,
    },
    /// Nothing is left to tell the target from.
    #[error("{0}: there are no columns of features")]
    NoFeatures(PathBuf),
    /// A net that is gone on with reads what it is to find.
    #[error("{path}: {column} is a feature of the net that is gone on with, and no target")]
    Feature {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A net that is gone on with finds other numbers.
    #[error("{path}: the net that is gone on with finds {names}, in this order: --new-head is for other numbers")]
    OtherTarget {
        /// The file.
        path: PathBuf,
        /// The columns.
        names: String,
    },
    /// Missing cells.
    #[error("{path}: cells are missing: {columns}: fill them, or use --missing mean or --missing drop")]
    Missing {
        /// The file.
        path: PathBuf,
        /// How many, in which columns.
        columns: String,
    },
    /// It says itself which rows test.
    #[error("{path}: the file has a part to test with: leave out {option}")]
    OwnTest {
        /// The file.
        path: PathBuf,
        /// What says otherwise.
        option: &'static str,
    },
    /// Nothing is left to test with.
    #[error("{0}: all rows have missing cells")]
    NoneComplete(PathBuf),
    /// A column of texts with too many different ones.
    #[error(
        "{path}: {column} has {texts} different texts, more than the {MOST_CHOICES} that are made features: --ignore it"
    )]
    Texts {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Different ones.
        texts: usize,
    },
}

/// A table, to be trained on.
#[derive(Debug)]
pub struct Prepared {
    /// Its rows.
    pub data: Data,
    /// What its columns are.
    pub schema: Schema,
    /// What was found and guessed, a line each, and how to say otherwise.
    pub report: Vec<String>,
}

/// Reads a table, to be trained on.
pub fn load(path: &Path, options: &Options) -> Result<Prepared, PrepareError> {
    load_beside(&[], path, options)
}

/// Reads a table, to be trained on by a net whose outputs are these classes, if there are some: new ones follow them.
pub fn load_beside(classes: &[String], path: &Path, options: &Options) -> Result<Prepared, PrepareError> {
    let mut report = Vec::new();
    let table = Table::read(path, options.written, &[])?;
    if let Some(lines) = table.lines().filter(|_| table.width() < 2) {
        return Err(TableError::OneColumn { path: path.to_path_buf(), delimiter: lines.delimiter }.into());
    }
    report.push(format!("{}: {table}", path.display()));
    let target_columns = target_columns(&table, options, &mut report)?;
    let features = feature_columns(&table, &target_columns, options, &mut report)?;
    let table = enough(table, &features, &target_columns, options, &mut report)?;
    let target = match (&target_columns[..], options.task) {
        ([column], None | Some(Task::Classify)) if !classes.is_empty() => Target::beside(&table, *column, classes)?,
        (columns, task) => Target::of(&table, columns, task)?,
    };
    let (parts, samples) = parted(&table, &target, options, &mut report)?;

    let features = features.iter().map(|column| {
        let name = table.name(*column).map(String::from);
        Ok(Feature { column: *column, name, kind: kind(&table, *column, &parts.train)? })
    });
    let features = features.collect::<Result<Vec<_>, PrepareError>>()?;
    let targets = target_columns.iter().map(|column| (*column, table.name(*column).map(String::from))).collect();
    let (outputs, output_scaling) = (target.outputs(), target.scaling(&parts.train, options.normalise));
    let mut schema = Schema {
        width: table.width(),
        features,
        targets,
        outputs,
        window: options.window,
        input_scaling: Vec::new(),
        output_scaling,
    };
    let raw = schema.raw(&table)?;
    let width = schema.numbers();
    schema.input_scaling = scalings(&raw, width, &parts.train, options.normalise);
    report.extend(said_of_features(&schema, &raw, &parts.train, options.normalise));
    let all = schema.scale(raw);
    prepared(&table, (&target, &all), schema, samples, options, report)
}

/// The rows of both parts, and the samples that they make, by their last rows.
fn parted(
    table: &Table,
    target: &Target,
    options: &Options,
    report: &mut Vec<String>,
) -> Result<(Parts, Parts), PrepareError> {
    report.extend(target.report(table));
    let parts = split(table, target, options, report)?;
    let samples = windows(table, &parts, options, report)?;
    report.extend(target.counts(&samples));
    Ok((parts, samples))
}

/// The two parts of a table of which all is known: its targets, and its features as the net has them.
fn prepared(
    table: &Table,
    (target, all): (&Target, &[f32]),
    schema: Schema,
    samples: Parts,
    options: &Options,
    mut report: Vec<String>,
) -> Result<Prepared, PrepareError> {
    let set = |rows: &[usize]| set(&schema, all, target, rows);
    let test = match &options.test {
        Some(path) => Some(table_to_test(&schema, path, options, &mut report)?),
        None if samples.test.is_empty() => None,
        None => Some(set(&samples.test)?),
    };
    let train = if options.balance { target.balanced(table, &samples.train, &mut report)? } else { samples.train };
    Ok(Prepared { data: Data { train: set(&train)?, test }, schema, report })
}

fn table_to_test(
    schema: &Schema,
    path: &Path,
    options: &Options,
    report: &mut Vec<String>,
) -> Result<Set, PrepareError> {
    let mut table = Table::read(path, options.written, &schema.names())?;
    if options.missing == Missing::Drop {
        let (features, targets) = (schema.columns(&table)?, Target::columns(&table, schema)?);
        if let Some(kept) = complete_rows(&table, &features, &targets, options.missing)? {
            let left_out = table.rows() - kept.len();
            report.push(format!("{}: {left_out} rows with missing cells are left out", path.display()));
            if kept.is_empty() {
                return Err(PrepareError::NoneComplete(path.to_path_buf()));
            }
            table = table.keep(&kept);
        }
    }
    let Data { train, test } = of_table(schema, &table, &options.split)?;
    Ok(test.unwrap_or(train))
}

/// Reads a table as the one that was trained on, with its targets; of two parts, if the file has two.
pub fn load_with(schema: &Schema, path: &Path, written: Written) -> Result<Data, PrepareError> {
    let table = Table::read(path, written, &schema.names())?;
    of_table(schema, &table, &Split::Last)
}

fn of_table(schema: &Schema, table: &Table, split: &Split) -> Result<Data, PrepareError> {
    let all = schema.scaled(table)?;
    let target = Target::read(table, schema)?;
    let order = Order::new(table, split)?;
    let part = |rows: Range<usize>| set(schema, &all, &target, &order.ends(schema.window, rows.collect(), "", 1)?);
    let rows = table.rows();
    let first_to_test = table.first_to_test();
    let test = first_to_test.map(|first| part(first..rows)).transpose()?;
    Ok(Data { train: part(0..first_to_test.unwrap_or(rows))?, test })
}

fn set(schema: &Schema, all: &[f32], target: &Target, rows: &[usize]) -> Result<Set, PrepareError> {
    check_memory(schema, rows.len())?;
    let width = schema.numbers();
    let values = rows.iter().flat_map(|row| schema.window.features(all, width, *row)).copied().collect();
    let targets = match target {
        Target::Classes { of, .. } => OwnedTargets::Classes(rows.iter().map(|row| of[*row] as u8).collect()),
        Target::Numbers(columns) => {
            let scaled = |row: usize| {
                columns
                    .iter()
                    .zip(&schema.output_scaling)
                    .map(move |((_, numbers), scaling)| scaling.apply(numbers[row]))
            };
            OwnedTargets::Values(rows.iter().flat_map(|row| scaled(*row)).collect(), columns.len())
        }
    };
    let names = schema.features.iter().flat_map(|feature| {
        let place = format!("column {}", feature.column + 1);
        let title = feature.name.as_ref().map_or(place.clone(), |name| format!("{place} ({name})"));
        std::iter::repeat_n(title, feature.kind.numbers())
    });
    let classes = match &schema.outputs {
        Outputs::Classes(names) => names.len(),
        Outputs::Numbers(_) => 0,
    };
    let names: Vec<_> = std::iter::repeat_n(names, schema.window.rows).flatten().collect();
    Ok(Set::new(Values::F32(values), schema.inputs(), targets).named(names).of_classes(classes))
}

fn split(table: &Table, target: &Target, options: &Options, report: &mut Vec<String>) -> Result<Parts, PrepareError> {
    let rows = table.rows();
    if let Some(first) = table.first_to_test() {
        let path = table.path().to_path_buf();
        let told = [("--test", options.test.is_some()), ("--split", options.split != Split::Random(1))];
        if let Some((option, _)) = told.into_iter().find(|(_, is_told)| *is_told) {
            return Err(PrepareError::OwnTest { path, option });
        }
        if first == 0 || first == rows {
            return Err(PrepareError::TooFew { path, rows: first.min(rows - first) });
        }
        report.push(format!("{first} rows to train on, {} to test with, as the file has them", rows - first));
        return Ok(Parts { train: (0..first).collect(), test: (first..rows).collect() });
    }
    if options.test.is_some() {
        return Ok(Parts { train: (0..rows).collect(), test: Vec::new() });
    }
    let fraction = options.test_fraction;
    let (parts, how) = match &options.split {
        Split::Last => (last(rows, fraction), "the last rows test"),
        Split::Random(seed) => (random(*seed, &target.strata(rows), fraction), "split at random"),
        Split::Group(column) => {
            let cells = groups(table, column)?;
            let places: BTreeMap<&str, usize> = cells.iter().map(|cell| (&**cell, 0)).collect();
            let places: BTreeMap<&str, usize> =
                places.into_keys().enumerate().map(|(place, cell)| (cell, place)).collect();
            (grouped(1, &cells.iter().map(|cell| places[&**cell]).collect::<Vec<_>>(), fraction), "split by groups")
        }
    };
    let (train, test) = (parts.train.len(), parts.test.len());
    report.push(format!("{train} rows to train on, {test} to test with: {how} (--split, --test-fraction)"));
    Ok(parts)
}

/// What a column's cells are, with what stands for missing ones if there are some.
fn kind(table: &Table, column: usize, train: &[usize]) -> Result<Kind, PrepareError> {
    let cells = Cells::of(table, column)?;
    let fills = cells.missing() > 0;
    match cells {
        Cells::Numbers(cells) => {
            let (sum, count) =
                train.iter().filter_map(|row| cells[*row]).fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
            Ok(Kind::Number(fills.then_some((sum / f64::from(count.max(1))) as f32)))
        }
        Cells::Texts(_, names) if names.len() > MOST_CHOICES => Err(PrepareError::Texts {
            path: table.path().to_path_buf(),
            column: table.title(column),
            texts: names.len(),
        }),
        Cells::Texts(cells, names) => {
            let mut counts = vec![0; names.len()];
            train.iter().filter_map(|row| cells[*row]).for_each(|cell| counts[cell] += 1);
            let most = (0..names.len()).rev().max_by_key(|name| counts[*name]);
            Ok(Kind::Choice(names, most.filter(|_| fills)))
        }
    }
}

/// The scaling of each feature, by the rows that are trained on.
fn scalings(raw: &[f32], width: usize, train: &[usize], normalise: Normalise) -> Vec<Scaling> {
    let of = |feature: usize| train.iter().map(|row| f64::from(raw[row * width + feature])).collect::<Vec<_>>();
    (0..width).map(|feature| scaling(of(feature).iter().copied(), normalise)).collect()
}

/// Whether a text would be a number without its points and commas.
fn has_separators(text: &str) -> bool {
    text.contains(['.', ',']) && text.replace(['.', ','], "").parse::<f64>().is_ok_and(f64::is_finite)
}

fn said_of_features(schema: &Schema, raw: &[f32], train: &[usize], normalise: Normalise) -> Vec<String> {
    let width = schema.numbers();
    let mut said = Vec::new();
    let choices: Vec<_> = schema.features.iter().filter(|feature| matches!(feature.kind, Kind::Choice(..))).collect();
    let mut line = format!("{width} features of {} columns", schema.features.len());
    if !choices.is_empty() {
        let names: Vec<_> = choices.iter().map(|feature| feature.title()).collect();
        line += &format!("; of texts: {}", names.join(", "));
    }
    for feature in choices {
        let Kind::Choice(texts, _) = &feature.kind else { continue };
        if let Some(text) = texts.first().filter(|_| texts.iter().all(|text| has_separators(text))) {
            let title = feature.title();
            said.push(format!("{title}: {text:?} is a text: write numbers without separators of thousands"));
        }
    }
    let how = match normalise {
        Normalise::Off => "as they are",
        Normalise::Standard => "standardised by the rows to train on",
        Normalise::MinMax => "scaled to 0 to 1 by the rows to train on",
    };
    said.push(format!("{line}; {how} (--normalise)"));
    let mut first = 0;
    for feature in &schema.features {
        let numbers = first..first + feature.kind.numbers();
        first = numbers.end;
        let is_constant =
            |number: usize| train.iter().all(|row| raw[row * width + number] == raw[train[0] * width + number]);
        if numbers.clone().all(is_constant) {
            said.push(format!("{} is the same in all rows to train on: it tells nothing", feature.title()));
        }
    }
    said
}
