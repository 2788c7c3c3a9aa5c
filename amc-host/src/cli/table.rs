//! Options for tables: how they are written, and what their columns are.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::data::normalise::Normalise;
use crate::data::prepare::{Missing, Options, TEST_FRACTION};
use crate::data::split::Split;
use crate::data::table::Written;
use crate::data::table::dialect::Delimiter;
use crate::data::target::Task;
use crate::data::window::Window;

/// How a table is written.
#[derive(Args, Clone, Copy)]
#[command(next_help_heading = "Tables")]
pub(super) struct WrittenArgs {
    /// What stands between a table's cells: comma, semicolon, tab, space, or one character [default: found]
    #[arg(long)]
    delimiter: Option<Delimiter>,
    /// Whether a table's first line has the names of its columns [default: found]
    #[arg(long, value_enum)]
    header: Option<super::Switch>,
}

/// What a table is to a net.
#[derive(Args)]
#[command(next_help_heading = "Tables")]
pub(super) struct TableArgs {
    #[command(flatten)]
    written: WrittenArgs,
    /// Column to learn: its name, first, last, or its place from 1; numbers to find may be several, with commas
    /// [default: the array of targets; or the column called target, class or label, or else the last]
    #[arg(long, value_delimiter = ',')]
    target: Vec<String>,
    /// Columns that are not read, with commas between
    #[arg(long, value_delimiter = ',')]
    ignore: Vec<String>,
    /// Whether the target is of classes, or of numbers to find [default: classes for texts and for up to 20 whole numbers]
    #[arg(long, value_enum)]
    task: Option<TaskName>,
    /// What becomes of missing cells: mean fills them with the mean or the most frequent text of the rows to train on, drop
    /// leaves out their rows
    #[arg(long, value_enum, default_value = "refuse")]
    missing: MissingName,
    /// How rows are split into those to train on and those to test with: random or random:SEED, in which all classes have the
    /// same share; last, for rows in the order of time; group:COLUMN, where rows of the same group stay together [default: random, and
    /// last with --window]
    #[arg(long)]
    split: Option<Split>,
    /// Rows of a sample, for rows in the order of time: their features one after another, the oldest row first, and the target of
    /// the last row. No window has rows of two groups, or of both parts
    #[arg(long, value_name = "ROWS", value_parser = rows)]
    window: Option<usize>,
    /// Rows from the beginning of one window to that of the next [default: 1]
    #[arg(long, value_name = "ROWS", requires = "window", value_parser = rows)]
    stride: Option<usize>,
    /// Train on rows of rare classes several times, so that all classes are there as often as the most frequent one
    #[arg(long)]
    balance: bool,
    /// The share of the rows that is never trained on, from 0 to below 1
    #[arg(long, default_value_t = TEST_FRACTION, value_parser = fraction)]
    test_fraction: f64,
    /// A table of its own to test with: all rows of the other are trained on
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// How features, and numbers to find, are scaled: standard to mean 0 and deviation 1, minmax to 0 to 1; by the rows to train
    /// on [default: standard]
    #[arg(long, value_enum)]
    normalise: Option<NormaliseName>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TaskName {
    Classify,
    Regress,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum MissingName {
    Refuse,
    Mean,
    Drop,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum NormaliseName {
    Off,
    Standard,
    Minmax,
}

fn rows(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|rows| (1..=1_000_000).contains(rows)).ok_or("use a number from 1 to 1000000")
}

fn fraction(text: &str) -> Result<f64, &'static str> {
    match text.parse() {
        Ok(fraction) if (0.0..1.0).contains(&fraction) => Ok(fraction),
        _ => Err("use a number from 0 to below 1"),
    }
}

impl WrittenArgs {
    pub fn written(self) -> Written {
        Written { delimiter: self.delimiter, header: self.header.map(|header| header == super::Switch::On) }
    }
}

impl TableArgs {
    /// Checks that nothing is said that a model knows already.
    pub fn check_known(&self) -> anyhow::Result<()> {
        let said = [("--ignore", !self.ignore.is_empty()), ("--normalise", self.normalise.is_some())];
        match said.iter().find(|(_, is_said)| *is_said) {
            Some((option, _)) => {
                anyhow::bail!("{option}: the model of --from knows which columns it reads, and their scale")
            }
            None => Ok(()),
        }
    }

    /// The table to test with, if it is another.
    pub fn test(&self) -> Option<&Path> {
        self.test.as_deref()
    }

    /// Checks that numbers are standardised, as an integer net takes them.
    pub fn check_standard(&self) -> anyhow::Result<()> {
        match self.normalise {
            None | Some(NormaliseName::Standard) => Ok(()),
            _ => anyhow::bail!("--normalise: an integer net takes standardised numbers, 32 for a standard deviation"),
        }
    }

    /// The options; a sample has the rows that a net `knows`, unless others are asked for.
    pub fn options(&self, knows: Window) -> Options {
        let window = match self.window {
            Some(rows) => Window { rows, stride: self.stride.unwrap_or(1) },
            None => knows,
        };
        Options {
            written: self.written.written(),
            targets: self.target.clone(),
            ignored: self.ignore.clone(),
            task: self.task.map(|task| match task {
                TaskName::Classify => Task::Classify,
                TaskName::Regress => Task::Regress,
            }),
            missing: match self.missing {
                MissingName::Refuse => Missing::Refuse,
                MissingName::Mean => Missing::Mean,
                MissingName::Drop => Missing::Drop,
            },
            split: self.split.clone().unwrap_or(if window.rows > 1 { Split::Last } else { Split::Random(1) }),
            window,
            balance: self.balance,
            test_fraction: self.test_fraction,
            test: self.test.clone(),
            normalise: match self.normalise {
                Some(NormaliseName::Off) => Normalise::Off,
                Some(NormaliseName::Standard) | None => Normalise::Standard,
                Some(NormaliseName::Minmax) => Normalise::MinMax,
            },
        }
    }
}
