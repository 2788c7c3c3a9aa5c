//! Tables, as spreadsheets and sensor logs write them: text files with a row a line.
//!
//! [`Table::read`] finds out how it is written; [`columns`] what is in its columns.

pub mod columns;
pub mod dialect;
mod header;
mod text;

use std::fmt;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use self::dialect::{Decimal, Delimiter};
use self::header::Header;
use crate::memory::MemoryError;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// The cell of the line, from 1; where cells are not told apart yet, the byte.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}, column {}", self.path.display(), self.line, self.column)
    }
}

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

/// A table, its cells as text.
#[derive(Clone, Debug)]
pub struct Table {
    path: PathBuf,
    /// How it is written.
    pub delimiter: Delimiter,
    /// What decimals begin with.
    pub decimal: Decimal,
    /// Why the first line is taken for names, or not.
    pub header: Header,
    names: Vec<String>,
    rows: Vec<StringRecord>,
}

impl Table {
    /// Reads a file, which may be gzipped. A first line with one of the `known` names has names.
    pub fn read(path: &Path, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let text = text::read(path)?;
        Self::parse(path, &text, written, known)
    }

    /// The table that a text is; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let delimiter = written.delimiter.unwrap_or_else(|| Delimiter::of(text));
        let rows = delimiter.records(text, usize::MAX);
        let mut rows = rows.map_err(|error| TableError::Csv(path.to_path_buf(), error))?;
        if rows.is_empty() {
            return Err(TableError::Empty(path.to_path_buf()));
        }
        header::name_the_names_of_rows(&mut rows);
        check_lengths(path, &rows)?;
        let decimal = Decimal::of(&rows);
        let header = match written.header {
            Some(true) => Header::Told,
            Some(false) => Header::None,
            None if rows.first().is_some_and(|row| row.iter().any(|cell| known.contains(&cell))) => Header::Known,
            None => Header::of(&rows, decimal),
        };
        let names = match header {
            Header::None => Vec::new(),
            _ => rows.remove(0).iter().map(String::from).collect(),
        };
        if rows.is_empty() {
            return Err(TableError::Empty(path.to_path_buf()));
        }
        Ok(Self { path: path.to_path_buf(), delimiter, decimal, header, names, rows })
    }

    /// These rows of it.
    #[must_use]
    pub fn keep(&self, rows: &[usize]) -> Self {
        let rows = rows.iter().filter_map(|row| self.rows.get(*row).cloned()).collect();
        Self { path: self.path.clone(), names: self.names.clone(), rows, ..*self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows, without names.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.rows.first().map_or(0, StringRecord::len)
    }

    /// The cells of a column; those that the row lacks are empty.
    pub fn column(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().map(move |row| row.get(column).unwrap_or_default())
    }

    /// A cell; one that is not there is empty.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.rows.get(row).and_then(|row| row.get(column)).unwrap_or_default()
    }

    /// The name of a column, if it has one.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.names.get(column).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// What a column is called: its name, or its place.
    pub fn title(&self, column: usize) -> String {
        self.name(column).map_or_else(|| format!("column {}", column + 1), |name| format!("{name:?}"))
    }

    /// The place of a cell.
    pub fn place(&self, row: usize, column: usize) -> Place {
        place(&self.path, self.rows.get(row), column + 1)
    }
}

/// How it is written, and how large it is.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.header {
            Header::None => "no names of columns (--header on)",
            Header::Told => "names of columns in the first line",
            Header::AboveNumbers | Header::Unlike | Header::Known => {
                "names of columns in the first line (--header off)"
            }
            Header::Numbered => "columns numbered in the first line (--header off)",
        };
        let decimal = if self.decimal == Decimal::Comma { ", decimal comma" } else { "" };
        let (rows, width, delimiter) = (self.rows(), self.width(), self.delimiter);
        write!(f, "{rows} rows, {width} columns, {delimiter} between cells (--delimiter){decimal}, {names}")
    }
}

fn place(path: &Path, row: Option<&StringRecord>, column: usize) -> Place {
    let line = row.and_then(StringRecord::position).map_or(0, csv::Position::line);
    Place { path: path.to_path_buf(), line, column }
}

fn check_lengths(path: &Path, rows: &[StringRecord]) -> Result<(), TableError> {
    let wanted = rows.first().map_or(0, StringRecord::len);
    let first = place(path, rows.first(), 1).line;
    match rows.iter().find(|row| row.len() != wanted) {
        None => Ok(()),
        Some(row) if row.len() < wanted => {
            let cells = row.len();
            Err(TableError::Short { place: place(path, Some(row), cells + 1), cells, first, wanted })
        }
        Some(row) => {
            let cells = row.len();
            Err(TableError::Long { place: place(path, Some(row), wanted + 1), cells, first, wanted })
        }
    }
}
