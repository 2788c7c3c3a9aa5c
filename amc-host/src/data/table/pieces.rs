//! A table whose rows come in pieces, one after another, and are read anew whenever they are wanted: so a rank that keeps a part of
//! them never holds all.

use std::fmt;
use std::path::Path;

use csv::StringRecord;

use super::arrays::StoredArrays;
use super::dialect::Delimiter;
use super::lines::{Lines, check_quotes, records};
use super::texts::{self, Texts};
use super::{Place, Source, Table, TableError, Written, arrays, file};

/// Bytes of a piece, about: in tests few, so that small tables have many.
const SIZE: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

/// Bytes by which arrays are known.
const KNOWN_BY: u64 = 8;

/// A table whose rows come in pieces.
#[derive(Debug)]
pub struct Pieces {
    head: Table,
    rows: usize,
    held: Held,
    /// The rows that are not left out, if some are.
    kept: Option<Vec<usize>>,
}

/// Where rows are.
#[derive(Debug)]
enum Held {
    Memory,
    Text,
    Arrays(Box<StoredArrays>),
}

impl Pieces {
    /// A table in memory: one piece.
    pub fn whole(table: Table) -> Self {
        Self { rows: table.rows(), head: table, held: Held::Memory, kept: None }
    }

    /// Those of a file with a text, which may be gzipped, or of one or two with an array each: one piece at a time is in memory. An
    /// archive of arrays, or an array that is gzipped, is one piece.
    ///
    /// # Errors
    /// Where the file is no table that can be read.
    pub fn open(path: &Path, written: Written, known: &[&str]) -> Result<Self, TableError> {
        let table = |source| Table { path: path.to_path_buf(), source };
        if let Some(stored) = StoredArrays::open(path)? {
            let (head, rows) = (table(Source::Arrays(stored.head(path)?)), stored.rows());
            return Ok(Self { head, rows, held: Held::Arrays(Box::new(stored)), kept: None });
        }
        if file::pair(path).is_some() || arrays::are_in(path, &file::begin(path, KNOWN_BY)?) {
            return Ok(Self::whole(Table::read(path, written, known)?));
        }
        let delimiter = match written.delimiter {
            Some(delimiter) => delimiter,
            None => texts::delimiter(path, &mut file::open(path)?, SIZE)?,
        };
        let each = |look: &mut dyn FnMut(&StringRecord)| {
            each_of_text(path, delimiter, |rows| {
                rows.iter().for_each(&mut *look);
                Ok(())
            })
        };
        let (lines, rows) = Lines::head(path, &each, delimiter, written.header, known)?;
        Ok(Self { head: table(Source::Lines(lines)), rows, held: Held::Text, kept: None })
    }

    /// Its file, its columns and their names; of its rows it has any or none.
    pub fn head(&self) -> &Table {
        &self.head
    }

    /// The table, if it is in memory.
    pub fn in_memory(&self) -> Option<&Table> {
        matches!(self.held, Held::Memory).then_some(&self.head)
    }

    /// How many rows there are, without names.
    pub fn rows(&self) -> usize {
        self.kept.as_ref().map_or(self.rows, Vec::len)
    }

    /// The first row to test with, where it says so itself: up to the last one.
    pub fn first_to_test(&self) -> Option<usize> {
        self.in_memory().and_then(Table::first_to_test)
    }

    /// These rows of it, which ascend.
    #[must_use]
    pub fn keep(self, rows: &[usize]) -> Self {
        match self.held {
            Held::Memory => Self::whole(self.head.keep(rows)),
            _ => {
                let kept = rows.iter().map(|row| self.kept.as_ref().map_or(*row, |kept| kept[*row])).collect();
                Self { kept: Some(kept), ..self }
            }
        }
    }

    /// Gives each piece that has rows, with the number of its first one.
    ///
    /// # Errors
    /// What is wrong with a piece, or where the file has changed.
    pub fn each<E: From<TableError>>(&self, take: impl FnMut(usize, &Table) -> Result<(), E>) -> Result<(), E> {
        let (path, width) = (self.head.path(), self.head.width());
        let mut giving = Giving { pieces: self, take, come: 0, given: 0 };
        match (&self.held, &self.head.source) {
            (Held::Arrays(stored), _) => {
                let of_row = stored.bytes_of_row().max(1);
                let step = (SIZE / of_row).max(1);
                for first in (0..self.rows).step_by(step) {
                    let piece = stored.piece(path, first..self.rows.min(first + step)).map_err(TableError::from)?;
                    giving.give(Source::Arrays(piece))?;
                }
                giving.end()
            }
            (Held::Text, Source::Lines(lines)) => {
                let mut is_begun = false;
                each_of_text(path, lines.delimiter, |mut rows| {
                    if !is_begun && !rows.is_empty() {
                        lines.take_first(&mut rows);
                        is_begun = true;
                    }
                    match rows.iter().all(|row| row.len() == width) {
                        true => giving.give(Source::Lines(lines.like(rows))),
                        false => Err(TableError::Changed(path.to_path_buf()).into()),
                    }
                })?;
                giving.end()
            }
            _ => (giving.take)(0, &self.head),
        }
    }

    /// The cells of some columns, row by row: the number of the row, the place of the column among these, and the cell with its own
    /// place.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn each_cell<E: From<TableError>>(
        &self,
        columns: &[usize],
        mut take: impl FnMut(usize, usize, &super::Cell<'_>, &dyn Fn() -> Place) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each(|first, piece| {
            for (at, column) in columns.iter().enumerate() {
                for (row, cell) in piece.column(*column).enumerate() {
                    take(first + row, at, &cell, &|| piece.place(row, *column))?;
                }
            }
            Ok(())
        })
    }

    /// The place of a cell.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn place(&self, row: usize, column: usize) -> Result<Place, TableError> {
        let mut place = self.head.place(row, column);
        self.each(|first, piece| {
            if (first..first + piece.rows()).contains(&row) {
                place = piece.place(row - first, column);
            }
            Ok::<_, TableError>(())
        })?;
        Ok(place)
    }
}

/// How it is written, and how large it is.
impl fmt::Display for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.say(self.rows(), f)
    }
}

/// Pieces on their way to who takes them.
struct Giving<'p, F> {
    pieces: &'p Pieces,
    take: F,
    /// Rows that have come, and those that are given.
    come: usize,
    given: usize,
}

impl<F> Giving<'_, F> {
    /// Gives what is kept of the next rows.
    fn give<E: From<TableError>>(&mut self, source: Source) -> Result<(), E>
    where
        F: FnMut(usize, &Table) -> Result<(), E>,
    {
        let path = self.pieces.head.path().to_path_buf();
        let mut piece = Table { path, source };
        let (first, rows) = (self.come, piece.rows());
        self.come += rows;
        if self.come > self.pieces.rows {
            return Err(TableError::Changed(piece.path).into());
        }
        if let Some(kept) = &self.pieces.kept {
            let kept = &kept[self.given..];
            let here = kept.partition_point(|row| *row < first + rows);
            piece = piece.keep(&kept[..here].iter().map(|row| row - first).collect::<Vec<_>>());
        }
        let (first, rows) = (self.given, piece.rows());
        self.given += rows;
        if rows == 0 { Ok(()) } else { (self.take)(first, &piece) }
    }

    fn end<E: From<TableError>>(self) -> Result<(), E> {
        let Self { pieces, come, .. } = self;
        if come == pieces.rows { Ok(()) } else { Err(TableError::Changed(pieces.head.path().to_path_buf()).into()) }
    }
}

/// Gives the rows of a text, some at a time, with the first one, which may have names.
fn each_of_text<E: From<TableError>>(
    path: &Path,
    delimiter: Delimiter,
    mut take: impl FnMut(Vec<StringRecord>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut texts, mut last) = (Texts::new(path, file::open(path)?, delimiter, SIZE), None);
    while let Some((lines, text)) = texts.next()? {
        let rows = records(path, delimiter, &text, lines)?;
        last = rows.last().cloned().or(last);
        take(rows)?;
    }
    Ok(check_quotes(path, texts.is_odd(), last.as_ref())?)
}
