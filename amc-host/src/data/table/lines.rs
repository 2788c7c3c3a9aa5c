//! A table as text: a row a line.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use csv::StringRecord;

use super::dialect::{Decimal, Delimiter};
use super::header::{Header, name_the_names_of_rows};
use super::{Cell, Place, TableError, Written};

/// Rows as they are written.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What stands between cells.
    pub delimiter: Delimiter,
    /// What decimals begin with.
    pub decimal: Decimal,
    /// Why the first line is taken for names, or not.
    pub header: Header,
    names: Vec<String>,
    rows: Vec<StringRecord>,
}

impl Lines {
    /// Those of a text; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let delimiter = written.delimiter.unwrap_or_else(|| Delimiter::of(text));
        let rows = delimiter.records(text, usize::MAX);
        let rows = rows.map_err(|error| TableError::Csv(path.to_path_buf(), error))?;
        check_quotes(path, text, &rows)?;
        Self::of(path, rows, delimiter, written.header, known)
    }

    /// A row by itself, perhaps with the names of its columns, each with the number of its line.
    pub fn row(
        path: &Path,
        names: Option<(u64, &str)>,
        row: (u64, &str),
        delimiter: Delimiter,
    ) -> Result<Self, TableError> {
        let mut rows = Vec::new();
        for (line, text) in names.into_iter().chain([row]) {
            let records = delimiter.records(text, 1).map_err(|error| TableError::Csv(path.to_path_buf(), error))?;
            rows.extend(records.into_iter().map(|mut record| {
                record.set_position(Some(csv::Position::new().set_line(line).clone()));
                record
            }));
        }
        Self::of(path, rows, delimiter, Some(names.is_some()), &[])
    }

    fn of(
        path: &Path,
        mut rows: Vec<StringRecord>,
        delimiter: Delimiter,
        has_names: Option<bool>,
        known: &[&str],
    ) -> Result<Self, TableError> {
        if rows.is_empty() {
            return Err(TableError::Empty(path.to_path_buf()));
        }
        name_the_names_of_rows(&mut rows);
        check_lengths(path, &rows)?;
        let decimal = Decimal::of(&rows);
        let header = match has_names {
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
        Ok(Self { delimiter, decimal, header, names, rows })
    }

    /// These rows of them.
    pub fn keep(self, rows: &[usize]) -> Self {
        let rows = rows.iter().filter_map(|row| self.rows.get(*row).cloned()).collect();
        Self { rows, ..self }
    }

    /// How many there are, without names.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.rows.first().map_or(0, StringRecord::len)
    }

    /// A cell; one that is not there is empty.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let text = self.rows.get(row).and_then(|row| row.get(column)).unwrap_or_default();
        Cell::Text(Cow::Borrowed(text), self.decimal)
    }

    /// What the first line calls a column.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.names.get(column).map(String::as_str)
    }

    /// The place of a cell.
    pub fn place(&self, path: &Path, row: usize, column: usize) -> Place {
        let path = path.to_path_buf();
        Place::Line { path, line: self.rows.get(row).map_or(0, line), column: column + 1 }
    }
}

/// How they are written.
impl fmt::Display for Lines {
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
        write!(f, "{} between cells (--delimiter){decimal}, {names}", self.delimiter)
    }
}

fn line(row: &StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A quote that is not closed makes one cell of all lines that follow.
fn check_quotes(path: &Path, text: &str, rows: &[StringRecord]) -> Result<(), TableError> {
    let is_odd = || !text.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2);
    match rows.last() {
        Some(row) if row.iter().next_back().is_some_and(|cell| cell.contains('\n')) && is_odd() => {
            Err(TableError::OpenQuote(Place::Line { path: path.to_path_buf(), line: line(row), column: row.len() }))
        }
        _ => Ok(()),
    }
}

fn check_lengths(path: &Path, rows: &[StringRecord]) -> Result<(), TableError> {
    let (wanted, first) = rows.first().map_or((0, 0), |row| (row.len(), line(row)));
    let Some(row) = rows.iter().find(|row| row.len() != wanted) else { return Ok(()) };
    let cells = row.len();
    let place = Place::Line { path: path.to_path_buf(), line: line(row), column: cells.min(wanted) + 1 };
    Err(if cells < wanted {
        TableError::Short { place, cells, first, wanted }
    } else {
        TableError::Long { place, cells, first, wanted }
    })
}
