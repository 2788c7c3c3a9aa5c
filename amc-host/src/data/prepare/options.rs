//! What somebody says of a table.

use std::path::PathBuf;

use crate::data::normalise::Normalise;
use crate::data::split::Split;
use crate::data::table::Written;
use crate::data::target::Task;
use crate::data::window::Window;

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

/// The share of the rows that test, where nothing is said of it.
pub const TEST_FRACTION: f64 = 0.2;

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

/// Where nothing is said.
impl Default for Options {
    fn default() -> Self {
        Self {
            written: Written::default(),
            targets: Vec::new(),
            ignored: Vec::new(),
            task: None,
            missing: Missing::default(),
            split: Split::Random(1),
            window: Window::default(),
            balance: false,
            test_fraction: TEST_FRACTION,
            test: None,
            normalise: Normalise::default(),
        }
    }
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
