//! Tables, as spreadsheets and sensor logs write them: text files with a row a line.
//!
//! [`Table::read`] finds out how it is written; [`columns`] what is in its columns.

mod cell;
pub mod columns;
pub mod dialect;
mod file;
mod header;
mod lines;
mod place;
mod text;

use std::fmt;
use std::path::{Path, PathBuf};

pub use self::cell::Cell;
use self::dialect::Delimiter;
pub use self::lines::Lines;
pub use self::place::Place;
use crate::memory::MemoryError;

/// Why a file is no table that can be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read, or unpacked.
    #[error("{0}")]
    Io(PathBuf, #[source] std::io::Error),
    /// It takes more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// It begins with the byte order mark of UTF-16.
    #[error("{0}: this is UTF-16: save it as UTF-8")]
    Utf16(PathBuf),
    /// A NUL byte, which no text has.
    #[error("{0}: a NUL byte, where text was wanted (UTF-16? save it as UTF-8)")]
    Nul(Place),
    /// A byte that is not UTF-8.
    #[error("{place}: byte 0x{byte:02x} is not UTF-8: save the file as UTF-8")]
    NotUtf8 {
        /// Where.
        place: Place,
        /// The byte.
        byte: u8,
    },
    /// It cannot be cut into cells.
    #[error("{0}")]
    Csv(PathBuf, #[source] csv::Error),
    /// There is nothing in it.
    #[error("{0}: there are no rows")]
    Empty(PathBuf),
    /// One column holds no features beside a target.
    #[error(
        "{path}: there is one column only, with {delimiter} between cells: --delimiter says what else stands there"
    )]
    OneColumn {
        /// The file.
        path: PathBuf,
        /// What was taken for it.
        delimiter: Delimiter,
    },
    /// A row of another number of cells.
    #[error("{place}: the line ends after {cells} cells, where line {first} has {wanted}")]
    Short {
        /// Where a cell is missing.
        place: Place,
        /// Its cells.
        cells: usize,
        /// The first line.
        first: u64,
        /// Its cells.
        wanted: usize,
    },
    /// The same, where there are more.
    #[error("{place}: a cell too many: line {first} has {wanted}, this one {cells}")]
    Long {
        /// The first cell too many.
        place: Place,
        /// The line's cells.
        cells: usize,
        /// The first line.
        first: u64,
        /// Its cells.
        wanted: usize,
    },
}

/// How a table is written, as far as somebody says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What stands between cells.
    pub delimiter: Option<Delimiter>,
    /// Whether the first line has the names of the columns.
    pub header: Option<bool>,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    path: PathBuf,
    /// Its rows as they are written.
    pub lines: Lines,
}

impl Table {
    /// Reads a file, which may be gzipped. A first line with one of the `known` names has names.
    pub fn read(path: &Path, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let text = text::decode(path, file::read(path)?)?;
        Self::parse(path, &text, written, known)
    }

    /// The table that a text is; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str, written: Written, known: &[&str]) -> Result<Self, TableError> {
        Ok(Self { path: path.to_path_buf(), lines: Lines::parse(path, text, written, known)? })
    }

    /// These rows of it.
    #[must_use]
    pub fn keep(&self, rows: &[usize]) -> Self {
        Self { path: self.path.clone(), lines: self.lines.keep(rows) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows, without names.
    pub fn rows(&self) -> usize {
        self.lines.rows()
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.lines.width()
    }

    /// The cells of a column; those that the row lacks are empty.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Cell<'_>> + Clone {
        (0..self.rows()).map(move |row| self.lines.cell(row, column))
    }

    /// The name of a column, if it has one.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.lines.name(column).filter(|name| !name.is_empty())
    }

    /// Whether its columns are known by names.
    pub fn has_names(&self) -> bool {
        (0..self.width()).any(|column| self.name(column).is_some())
    }

    /// What a column is called: its name, or its place.
    pub fn title(&self, column: usize) -> String {
        self.name(column).map_or_else(|| format!("column {}", column + 1), |name| format!("{name:?}"))
    }

    /// The place of a cell.
    pub fn place(&self, row: usize, column: usize) -> Place {
        self.lines.place(&self.path, row, column)
    }
}

/// How it is written, and how large it is.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, {} columns, {}", self.rows(), self.width(), self.lines)
    }
}
