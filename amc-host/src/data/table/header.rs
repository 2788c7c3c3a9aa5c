//! Whether a table's first line has the names of its columns.

use csv::StringRecord;

use super::columns::is_missing;
use super::dialect::Decimal;

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

impl Header {
    /// What the first of these rows is.
    pub fn of(rows: &[StringRecord], decimal: Decimal) -> Self {
        let Some((first, rows)) = rows.split_first().filter(|(_, rows)| !rows.is_empty()) else { return Self::None };
        let is_number = |cell: &str| decimal.number(cell).is_some();
        let below = |column: usize| rows.iter().filter_map(move |row| row.get(column)).filter(|cell| !cell.is_empty());
        // A column of numbers may have a word for what is missing, and its first cell may be that.
        let is_above_numbers = |(column, cell): (usize, &str)| {
            let (numbers, others) = below(column).partition::<Vec<_>, _>(|cell| is_number(cell));
            !is_missing(cell) && !is_number(cell) && numbers.len() > others.len() && !others.contains(&cell)
        };
        if first.iter().enumerate().any(is_above_numbers) {
            return Self::AboveNumbers;
        }
        // Before them, where an index is written, nothing; behind them, names of columns that were added.
        let numbered = first.iter().skip_while(|cell| cell.is_empty()).take_while(|cell| is_number(cell));
        let (count, is_from_0) = numbered
            .enumerate()
            .fold((0, true), |(_, all), (number, cell)| (number + 1, all && cell == number.to_string()));
        if count >= 2 && is_from_0 && first.iter().filter(|cell| is_number(cell)).count() == count {
            return Self::Numbered;
        }
        let has_numbers = first.iter().any(is_number) || (0..first.len()).any(|column| below(column).any(is_number));
        let is_unlike =
            first.iter().enumerate().all(|(column, cell)| !cell.is_empty() && below(column).all(|other| other != cell));
        let repeats = (0..first.len()).any(|column| {
            below(column)
                .enumerate()
                .any(|(row, cell)| below(column).skip(row + 1).take(100).any(|other| other == cell))
        });
        if !has_numbers && is_unlike && repeats { Self::Unlike } else { Self::None }
    }
}

/// Where each row has a name in front, which the header has no name for, as R writes tables: gives it an empty one.
pub fn name_the_names_of_rows(rows: &mut [StringRecord]) {
    let Some((header, rows)) = rows.split_first_mut().filter(|(_, rows)| !rows.is_empty()) else { return };
    if rows.iter().all(|row| row.len() == header.len() + 1) {
        let mut named = StringRecord::from_iter(std::iter::once("").chain(&*header));
        named.set_position(header.position().cloned());
        *header = named;
    }
}
