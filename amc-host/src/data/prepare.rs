//! From a table to data to train on: its target, its features, its two parts, and their scale.

mod choice;
mod complete;
mod features;
mod known;
mod options;
pub mod rows;
mod samples;
#[cfg(test)]
mod tests;
mod windows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amc_engine::data::{Data, Set};
use amc_engine::memory::MemoryError;
use amc_engine::ranks::Team;

use self::choice::{feature_columns, groups, target_columns};
use self::complete::{complete_rows, enough};
use self::features::{Raw, flags, kinds, said, scalings};
pub use self::known::load_known;
pub use self::options::{ColumnName, Missing, Options, TEST_FRACTION};
use self::samples::sets;
pub(crate) use self::windows::check_memory;
use self::windows::{Order, windows};
use super::schema::{Feature, Schema, SchemaError};
use super::split::{Parts, Split, grouped, last, random};
use super::table::columns::{ColumnError, Content};
use super::table::{Pieces, Table, TableError, Written};
use super::target::{Target, TargetError, Task};
use super::window::WindowError;

/// Different texts that a column of features may have.
pub const MOST_CHOICES: usize = 64;

/// Rows that a table has at least.
pub const FEWEST_ROWS: usize = 5;

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
    load_beside(&[], path, options, None)
}

/// The rows of a file: of a process by itself in memory, of a rank of a team piece by piece.
fn open(path: &Path, written: Written, known: &[&str], team: Option<&Arc<Team>>) -> Result<Pieces, TableError> {
    match team {
        Some(_) => Pieces::open(path, written, known),
        None => Ok(Pieces::whole(Table::read(path, written, known)?)),
    }
}

/// Reads a table, to be trained on by a net whose outputs are these classes, if there are some: new ones follow them. A rank of a
/// team keeps the samples that are its own.
pub fn load_beside(
    classes: &[String],
    path: &Path,
    options: &Options,
    team: Option<&Arc<Team>>,
) -> Result<Prepared, PrepareError> {
    let mut report = Vec::new();
    let table = open(path, options.written, &[], team)?;
    let head = table.head();
    if let Some(lines) = head.lines().filter(|_| head.width() < 2) {
        return Err(TableError::OneColumn { path: path.to_path_buf(), delimiter: lines.delimiter }.into());
    }
    report.push(format!("{}: {table}", path.display()));
    let contents = contents(&table)?;
    let targets = target_columns(head, options, &mut report)?;
    let features = feature_columns((head, &contents), &targets, options, &mut report)?;
    let of = |columns: &[usize]| columns.iter().map(|column| contents[*column].clone()).collect::<Vec<_>>();
    let (of_features, of_targets) = (of(&features), of(&targets));
    let (table, are_left_out) =
        enough(table, (&features, &of_features), (&targets, &of_targets), options, &mut report)?;
    let of_features = if are_left_out { Content::of(&table, &features)? } else { of_features };
    let target = match (&targets[..], options.task) {
        ([column], None | Some(Task::Classify)) if !classes.is_empty() => Target::beside(&table, *column, classes)?,
        (columns, task) => Target::of(&table, columns, task)?,
    };
    let (parts, samples) = parted(&table, &target, options, &mut report)?;

    let (head, trains) = (table.head(), flags(table.rows(), &parts.train));
    let kinds = kinds(&table, (&features, &of_features), &trains)?;
    let name = |column: &usize| head.name(*column).map(String::from);
    let feature = |(column, kind): (&usize, _)| Feature { column: *column, name: name(column), kind };
    let mut schema = Schema {
        width: head.width(),
        features: features.iter().zip(kinds).map(feature).collect(),
        targets: targets.iter().map(|column| (*column, name(column))).collect(),
        outputs: target.outputs(),
        window: options.window,
        input_scaling: Vec::new(),
        output_scaling: target.scaling(&parts.train, options.normalise),
    };
    let raw = Raw::new(&table, &schema)?;
    let (scalings, is_constant): (Vec<_>, Vec<_>) =
        scalings(&raw, &schema, &trains, options.normalise)?.into_iter().unzip();
    schema.input_scaling = scalings;
    report.extend(said(&schema, &is_constant, options.normalise));
    prepared(&raw, (&table, &target), schema, samples, (options, team), report)
}

/// What all columns hold.
fn contents(table: &Pieces) -> Result<Vec<Content>, TableError> {
    Content::of(table, &(0..table.head().width()).collect::<Vec<_>>())
}

/// The rows of both parts, and the samples that they make, by their last rows.
fn parted(
    table: &Pieces,
    target: &Target,
    options: &Options,
    report: &mut Vec<String>,
) -> Result<(Parts, Parts), PrepareError> {
    report.extend(target.report(table.head()));
    let parts = split(table, target, options, report)?;
    let samples = windows(table, &parts, options, report)?;
    report.extend(target.counts(&samples));
    Ok((parts, samples))
}

/// The two parts of a table of which all is known: its targets, and its features before they are scaled.
fn prepared(
    raw: &Raw<'_>,
    (table, target): (&Pieces, &Target),
    schema: Schema,
    samples: Parts,
    (options, team): (&Options, Option<&Arc<Team>>),
    mut report: Vec<String>,
) -> Result<Prepared, PrepareError> {
    let of_another = options.test.as_ref().map(|path| table_to_test(&schema, path, (options, team), &mut report));
    let of_another = of_another.transpose()?;
    let Parts { mut train, test } = samples;
    if options.balance {
        train = target.balanced(table.head(), &train, &mut report)?;
    }
    let [train, own_test] = sets(raw, (&schema, target), [&train, &test], team)?;
    let test = of_another.or(if test.is_empty() { None } else { Some(own_test) });
    Ok(Prepared { data: Data { train, test }, schema, report })
}

fn table_to_test(
    schema: &Schema,
    path: &Path,
    (options, team): (&Options, Option<&Arc<Team>>),
    report: &mut Vec<String>,
) -> Result<Set, PrepareError> {
    let mut table = open(path, options.written, &schema.names(), team)?;
    if options.missing == Missing::Drop {
        let (features, targets) = (schema.columns(table.head())?, Target::columns(table.head(), schema)?);
        let [of_features, of_targets] = [Content::of(&table, &features)?, Content::of(&table, &targets)?];
        let kept = complete_rows(&table, (&features, &of_features), (&targets, &of_targets), options.missing)?;
        if let Some(kept) = kept {
            let left_out = table.rows() - kept.len();
            report.push(format!("{}: {left_out} rows with missing cells are left out", path.display()));
            if kept.is_empty() {
                return Err(PrepareError::NoneComplete(path.to_path_buf()));
            }
            table = table.keep(&kept);
        }
    }
    let Data { train, test } = of_table(schema, &table, &options.split, team)?;
    Ok(test.unwrap_or(train))
}

/// Reads a table as the one that was trained on, with its targets; of two parts, if the file has two.
pub fn load_with(schema: &Schema, path: &Path, written: Written) -> Result<Data, PrepareError> {
    let table = open(path, written, &schema.names(), None)?;
    of_table(schema, &table, &Split::Last, None)
}

fn of_table(schema: &Schema, table: &Pieces, split: &Split, team: Option<&Arc<Team>>) -> Result<Data, PrepareError> {
    let raw = Raw::new(table, schema)?;
    let target = Target::read(table, schema)?;
    let order = Order::new(table, split)?;
    let rows = table.rows();
    let (first_to_test, ends) = (table.first_to_test(), |rows| order.ends(schema.window, rows, "", 1));
    let train = ends((0..first_to_test.unwrap_or(rows)).collect())?;
    let Some(first) = first_to_test else {
        let [train] = sets(&raw, (schema, &target), [&train], team)?;
        return Ok(Data { train, test: None });
    };
    let test = ends((first..rows).collect())?;
    let [train, test] = sets(&raw, (schema, &target), [&train, &test], team)?;
    Ok(Data { train, test: Some(test) })
}

fn split(table: &Pieces, target: &Target, options: &Options, report: &mut Vec<String>) -> Result<Parts, PrepareError> {
    let rows = table.rows();
    if let Some(first) = table.first_to_test() {
        let path = table.head().path().to_path_buf();
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
        Split::Group(column) => (grouped(1, &groups(table, column)?, fraction), "split by groups"),
    };
    let (train, test) = (parts.train.len(), parts.test.len());
    report.push(format!("{train} rows to train on, {test} to test with: {how} (--split, --test-fraction)"));
    Ok(parts)
}
