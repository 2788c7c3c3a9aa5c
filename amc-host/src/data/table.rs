//! Tables: text files with a row a line, as spreadsheets and sensor logs write them, and arrays, as numpy does.
//!
//! [`Table::read`] finds out how it is written; [`columns`] what is in its columns. [`Pieces`] are for who holds some rows of it only.

pub mod arrays;
mod cell;
pub mod columns;
pub mod dialect;
mod file;
mod header;
mod lines;
mod pieces;
mod place;
mod text;
mod texts;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use amc_engine::memory::MemoryError;

use self::arrays::{Arrays, ArraysError};
pub use self::cell::Cell;
use self::dialect::Delimiter;
pub(crate) use self::file::pair;
pub use self::lines::Lines;
pub use self::pieces::Pieces;
pub use self::place::Place;

/// Why a file is no table that can be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read, or unpacked.
    #[error("{0}")]
    Io(PathBuf, #[source] std::io::Error),
    /// It takes more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// It has arrays, which are no table.
    #[error(transparent)]
    Arrays(#[from] ArraysError),
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
    /// A cell that begins with a quote goes on to the end of the file.
    #[error("{0}: a quote is opened and never closed: close it, or write it twice within quotes")]
    OpenQuote(Place),
    /// It is another file than it was.
    #[error("{0}: the file has changed while it was read")]
    Changed(PathBuf),
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

/// Where cells are.
#[derive(Clone, Debug)]
enum Source {
    Lines(Lines),
    Arrays(Arrays),
}

/// Where a column's cells are.
#[derive(Clone)]
enum Column<'t> {
    Lines(&'t Lines, usize),
    Arrays(arrays::Column<'t>),
}

impl<'t> Column<'t> {
    fn cell(&self, row: usize) -> Cell<'t> {
        match self {
            Self::Lines(lines, column) => lines.cell(row, *column),
            Self::Arrays(column) => column.cell(row),
        }
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    path: PathBuf,
    source: Source,
}

impl Table {
    /// Reads a file, which may be gzipped, or two with arrays. A first line with one of the `known` names has names.
    pub fn read(path: &Path, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let arrays = |arrays| Self { path: path.to_path_buf(), source: Source::Arrays(arrays) };
        if let Some([features, targets]) = &pair(path) {
            let files = [(&**features, file::read(features)?), (targets, file::read(targets)?)];
            return Ok(arrays(Arrays::of_two(path, files)?));
        }
        let bytes = file::read(path)?;
        if arrays::are_in(path, &bytes) {
            return Ok(arrays(Arrays::of_file(path, bytes)?));
        }
        Self::parse(path, &text::decode(path, bytes, 0)?, written, known)
    }

    /// The table that a text is; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let lines = Lines::parse(path, text, written, known)?;
        Ok(Self { path: path.to_path_buf(), source: Source::Lines(lines) })
    }

    /// A row of a stream as a table by itself, perhaps with the names of its columns, each with the number of its line; `path`
    /// is what errors call the stream.
    pub fn row(
        path: &Path,
        names: Option<(u64, &str)>,
        row: (u64, &str),
        delimiter: Delimiter,
    ) -> Result<Self, TableError> {
        let lines = Lines::row(path, names, row, delimiter)?;
        Ok(Self { path: path.to_path_buf(), source: Source::Lines(lines) })
    }

    /// How it is written, if it is a text.
    pub fn lines(&self) -> Option<&Lines> {
        match &self.source {
            Source::Lines(lines) => Some(lines),
            Source::Arrays(_) => None,
        }
    }

    /// These rows of it.
    #[must_use]
    pub fn keep(self, rows: &[usize]) -> Self {
        let source = match self.source {
            Source::Lines(lines) => Source::Lines(lines.keep(rows)),
            Source::Arrays(arrays) => Source::Arrays(arrays.keep(rows)),
        };
        Self { source, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows, without names.
    pub fn rows(&self) -> usize {
        match &self.source {
            Source::Lines(lines) => lines.rows(),
            Source::Arrays(arrays) => arrays.rows(),
        }
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        match &self.source {
            Source::Lines(lines) => lines.width(),
            Source::Arrays(arrays) => arrays.width(),
        }
    }

    /// The cells of a column; those that the row lacks are empty.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Cell<'_>> + Clone {
        let column = match &self.source {
            Source::Lines(lines) => Column::Lines(lines, column),
            Source::Arrays(arrays) => Column::Arrays(arrays.column(column)),
        };
        (0..self.rows()).map(move |row| column.cell(row))
    }

    /// The name of a column, if it has one.
    pub fn name(&self, column: usize) -> Option<&str> {
        let name = match &self.source {
            Source::Lines(lines) => lines.name(column),
            Source::Arrays(arrays) => arrays.name(column),
        };
        name.filter(|name| !name.is_empty())
    }

    /// Whether features are known by the names of their columns.
    pub fn has_names(&self) -> bool {
        match &self.source {
            Source::Lines(_) => (0..self.width()).any(|column| self.name(column).is_some()),
            Source::Arrays(arrays) => arrays.has_names(),
        }
    }

    /// What a column is called: its name, or its place.
    pub fn title(&self, column: usize) -> String {
        self.name(column).map_or_else(|| format!("column {}", column + 1), |name| format!("{name:?}"))
    }

    /// The place of a cell.
    pub fn place(&self, row: usize, column: usize) -> Place {
        match &self.source {
            Source::Lines(lines) => lines.place(&self.path, row, column),
            Source::Arrays(arrays) => arrays.place(&self.path, row, column),
        }
    }

    /// The columns that are targets by where they stand, as arrays of their own are.
    pub fn targets(&self) -> Result<Option<Range<usize>>, TableError> {
        match &self.source {
            Source::Lines(_) => Ok(None),
            Source::Arrays(arrays) => Ok(arrays.targets(&self.path)?),
        }
    }

    /// The first row to test with, where it says so itself: up to the last one.
    pub fn first_to_test(&self) -> Option<usize> {
        match &self.source {
            Source::Lines(_) => None,
            Source::Arrays(arrays) => arrays.first_to_test(),
        }
    }
}

impl Table {
    /// Says how it is written, and that it is of so many rows.
    fn say(&self, rows: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{rows} rows, {} columns", self.width())?;
        match &self.source {
            Source::Lines(lines) => write!(f, ", {lines}"),
            Source::Arrays(arrays) => write!(f, ": {arrays}"),
        }
    }
}
