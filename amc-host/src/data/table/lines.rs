//! A table as text: a row a line.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use csv::StringRecord;

use super::dialect::{Decimal, Decimals, Delimiter};
use super::header::{Header, Heads, with_the_names_of_rows};
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

/// Gives all rows of a text one after another, as often as it is called, with the first one that may have names.
pub type EachRow<'r> = dyn Fn(&mut dyn FnMut(&StringRecord)) -> Result<(), TableError> + 'r;

impl Lines {
    /// Those of a text; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let delimiter = written.delimiter.unwrap_or_else(|| Delimiter::of(text));
        let rows = records(path, delimiter, text, 0)?;
        let is_odd = !text.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2);
        check_quotes(path, is_odd, rows.last())?;
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
        let each = |look: &mut dyn FnMut(&StringRecord)| {
            rows.iter().for_each(look);
            Ok(())
        };
        let (head, _) = Self::head(path, &each, delimiter, has_names, known)?;
        head.take_first(&mut rows);
        Ok(Self { rows, ..head })
    }

    /// What they are like, with the first of them alone, and how many they are.
    pub fn head(
        path: &Path,
        each: &EachRow<'_>,
        delimiter: Delimiter,
        has_names: Option<bool>,
        known: &[&str],
    ) -> Result<(Self, usize), TableError> {
        let (mut lengths, mut decimals) = (Lengths::default(), Decimals::default());
        each(&mut |row| {
            lengths.look(row);
            decimals.look(row);
        })?;
        let Lengths { second, count, .. } = lengths.clone();
        let (first, decimal) = (lengths.checked(path)?, decimals.found());
        let header = match has_names {
            Some(true) => Header::Told,
            Some(false) => Header::None,
            None if first.iter().any(|cell| known.contains(&cell)) => Header::Known,
            None => {
                let (mut heads, mut rows) = (Heads::new(first.clone(), decimal), 0);
                each(&mut |row| {
                    if rows > 0 {
                        heads.look(row);
                    }
                    rows += 1;
                })?;
                heads.found()
            }
        };
        let (names, row, count) = match header {
            Header::None => (Vec::new(), Some(first), count),
            _ => (first.iter().map(String::from).collect(), second, count - 1),
        };
        let rows = vec![row.ok_or_else(|| TableError::Empty(path.to_path_buf()))?];
        Ok((Self { delimiter, decimal, header, names, rows }, count))
    }

    /// Of all rows, of which the first ones are these, leaves those that are no names, as long as all are.
    pub fn take_first(&self, rows: &mut Vec<StringRecord>) {
        match (self.header, &self.rows[..], rows.first_mut()) {
            (Header::None, [head, ..], Some(first)) => first.clone_from(head),
            (Header::None, ..) | (_, _, None) => (),
            _ => {
                rows.remove(0);
            }
        }
    }

    /// Other rows that are like these.
    pub fn like(&self, rows: Vec<StringRecord>) -> Self {
        let Self { delimiter, decimal, header, .. } = *self;
        Self { delimiter, decimal, header, names: self.names.clone(), rows }
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

/// The rows of a text that follows so many lines.
pub fn records(path: &Path, delimiter: Delimiter, text: &str, lines: u64) -> Result<Vec<StringRecord>, TableError> {
    // A mark at the beginning is taken for one of the whole text's, unless a line is before it.
    let (text, lines) = match lines.checked_sub(1) {
        Some(before) if text.starts_with('\u{feff}') => (Cow::Owned(format!("\n{text}")), before),
        _ => (Cow::Borrowed(text), lines),
    };
    let records = delimiter.records(&text, usize::MAX);
    let mut records = records.map_err(|error| TableError::Csv(path.to_path_buf(), error))?;
    for record in records.iter_mut().filter(|_| lines > 0) {
        if let Some(mut position) = record.position().cloned() {
            position.set_line(position.line() + lines);
            record.set_position(Some(position));
        }
    }
    Ok(records)
}

fn line(row: &StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A quote that is not closed makes one cell of all lines that follow: of a text with an odd number of quotes, whose last row is this.
pub fn check_quotes(path: &Path, is_odd: bool, last: Option<&StringRecord>) -> Result<(), TableError> {
    match last {
        Some(row) if is_odd && row.iter().next_back().is_some_and(|cell| cell.contains('\n')) => {
            Err(TableError::OpenQuote(Place::Line { path: path.to_path_buf(), line: line(row), column: row.len() }))
        }
        _ => Ok(()),
    }
}

/// How long rows are, one after another.
#[derive(Clone, Default)]
struct Lengths {
    first: Option<StringRecord>,
    second: Option<StringRecord>,
    count: usize,
    /// Line and length of the first row that is not as long as the first of all.
    other: Option<(u64, usize)>,
    /// Rows that are longer by one.
    longer: usize,
}

impl Lengths {
    fn look(&mut self, row: &StringRecord) {
        self.count += 1;
        let Some(first) = &self.first else {
            self.first = Some(row.clone());
            return;
        };
        self.second.get_or_insert_with(|| row.clone());
        if row.len() != first.len() {
            self.other.get_or_insert((line(row), row.len()));
        }
        self.longer += usize::from(row.len() == first.len() + 1);
    }

    /// The first row; if all others are as long.
    fn checked(self, path: &Path) -> Result<StringRecord, TableError> {
        let Some(row) = self.first else { return Err(TableError::Empty(path.to_path_buf())) };
        let Some((at, cells)) = self.other else { return Ok(row) };
        if self.longer == self.count - 1 {
            return Ok(with_the_names_of_rows(&row));
        }
        let (wanted, first) = (row.len(), line(&row));
        let place = Place::Line { path: path.to_path_buf(), line: at, column: cells.min(wanted) + 1 };
        Err(if cells < wanted {
            TableError::Short { place, cells, first, wanted }
        } else {
            TableError::Long { place, cells, first, wanted }
        })
    }
}
