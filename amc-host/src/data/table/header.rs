//! Whether a table's first line has the names of its columns.

use std::collections::VecDeque;

use csv::StringRecord;

use super::columns::is_missing;
use super::dialect::Decimal;

/// Cells of a column among which one that comes again is looked for.
const REMEMBERED: usize = 100;

/// Whether the first line has names, and why it is thought so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// It has none.
    None,
    /// It has: somebody said so.
    Told,
    /// It has a name that was known.
    Known,
    /// It has texts above numbers.
    AboveNumbers,
    /// It has 0, 1, 2, ... as pandas numbers columns.
    Numbered,
    /// In a table of texts, it has what stands nowhere below.
    Unlike,
}

/// The first row of a table, and what those below it tell of it, one after another.
#[derive(Debug)]
pub struct Heads {
    first: StringRecord,
    decimal: Decimal,
    rows: usize,
    columns: Vec<Below>,
    /// Whether a cell that is not empty stands below another one of its column that says the same, among the texts of a table
    /// without numbers.
    repeats: bool,
    has_numbers: bool,
}

/// What stands below a cell.
#[derive(Clone, Debug, Default)]
struct Below {
    numbers: usize,
    others: usize,
    /// Whether the cell is among the numbers, and among the others.
    among_numbers: bool,
    among_others: bool,
    /// The last texts, in a table that has no numbers so far.
    last: VecDeque<String>,
}

impl Heads {
    /// Of this row, in a table with such decimals.
    pub fn new(first: StringRecord, decimal: Decimal) -> Self {
        let has_numbers = first.iter().any(|cell| decimal.number(cell).is_some());
        let columns = vec![Below::default(); first.len()];
        Self { first, decimal, rows: 0, columns, repeats: false, has_numbers }
    }

    /// Looks at a row below.
    pub fn look(&mut self, row: &StringRecord) {
        self.rows += 1;
        for ((head, below), cell) in self.first.iter().zip(&mut self.columns).zip(row) {
            if cell.is_empty() {
                continue;
            }
            if self.decimal.number(cell).is_some() {
                self.has_numbers = true;
                below.numbers += 1;
                below.among_numbers |= cell == head;
            } else {
                below.others += 1;
                below.among_others |= cell == head;
            }
            if self.has_numbers || self.repeats {
                continue;
            }
            self.repeats = below.last.iter().any(|other| other == cell);
            if below.last.len() == REMEMBERED {
                below.last.pop_front();
            }
            below.last.push_back(cell.to_string());
        }
    }

    /// What the first row is.
    pub fn found(&self) -> Header {
        let Self { first, decimal, rows, columns, repeats, has_numbers } = self;
        if *rows == 0 {
            return Header::None;
        }
        let is_number = |cell: &str| decimal.number(cell).is_some();
        // A column of numbers may have a word for what is missing, and its first cell may be that.
        let is_above_numbers = |(cell, below): (&str, &Below)| {
            !is_missing(cell) && !is_number(cell) && below.numbers > below.others && !below.among_others
        };
        if first.iter().zip(columns).any(is_above_numbers) {
            return Header::AboveNumbers;
        }
        // Before them, where an index is written, nothing; behind them, names of columns that were added.
        let numbered = first.iter().skip_while(|cell| cell.is_empty()).take_while(|cell| is_number(cell));
        let (count, is_from_0) = numbered
            .enumerate()
            .fold((0, true), |(_, all), (number, cell)| (number + 1, all && cell == number.to_string()));
        if count >= 2 && is_from_0 && first.iter().filter(|cell| is_number(cell)).count() == count {
            return Header::Numbered;
        }
        let is_unlike = |(cell, below): (&str, &Below)| !cell.is_empty() && !below.among_numbers && !below.among_others;
        if !has_numbers && first.iter().zip(columns).all(is_unlike) && *repeats { Header::Unlike } else { Header::None }
    }
}

/// The first row with an empty name before its own, as it is where each row has a name in front, which the header has no name for:
/// so R writes tables.
pub fn with_the_names_of_rows(header: &StringRecord) -> StringRecord {
    let mut named = StringRecord::from_iter(std::iter::once("").chain(header));
    named.set_position(header.position().cloned());
    named
}
