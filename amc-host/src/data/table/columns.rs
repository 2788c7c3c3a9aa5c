//! What a table's columns hold.

use std::collections::BTreeMap;

use super::{Cell, Place, Table};

/// Cells that stand for a missing one, in any case of letters: what pandas, R and spreadsheets write, and `?`.
const MISSING: [&str; 12] = ["", "?", "na", "n/a", "nan", "-nan", "null", "none", "<na>", "#n/a", "#na", "#value!"];

/// Whether a cell stands for a missing one.
pub fn is_missing(cell: &str) -> bool {
    MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// The cells of a column; `None` where one is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Numbers, all finite in single precision.
    Numbers(Vec<Option<f64>>),
    /// Texts, each by its place among the different ones, which are in the order of their letters.
    Texts(Vec<Option<usize>>, Vec<String>),
}

/// Why a column cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ColumnError {
    /// A text among numbers.
    #[error(
        "{place}: {cell:?} is not a number, as {} of {column} are: mend it, leave it empty, or --ignore the column",
        others(*.numbers)
    )]
    NotANumber {
        /// Where.
        place: Place,
        /// The cell.
        cell: String,
        /// Numbers in the column.
        numbers: usize,
        /// What the column is called.
        column: String,
    },
    /// A number beyond single precision.
    #[error("{place}: {cell:?} is not a finite number in single precision")]
    NotFinite {
        /// Where.
        place: Place,
        /// The cell.
        cell: String,
    },
}

fn others(numbers: usize) -> String {
    match numbers {
        0 => "those".into(),
        1 => "1 other cell".into(),
        _ => format!("{numbers} other cells"),
    }
}

impl Cells {
    /// Those of a column: numbers, if more of them are than are not.
    pub fn of(table: &Table, column: usize) -> Result<Self, ColumnError> {
        let (mut numbers, mut others) = (0, 0);
        for cell in table.column(column).filter(|cell| !cell.is_missing()) {
            *if cell.number().is_some() { &mut numbers } else { &mut others } += 1;
        }
        if numbers <= others {
            return Ok(Self::texts(table.column(column)));
        }
        Ok(Self::Numbers(Self::numbers(table, column)?))
    }

    /// Those of a column of numbers.
    pub fn numbers(table: &Table, column: usize) -> Result<Vec<Option<f64>>, ColumnError> {
        let number = |(row, cell): (usize, Cell<'_>)| {
            if cell.is_missing() {
                return Ok(None);
            }
            let number = cell.number().ok_or_else(|| Self::not_a_number(table, row, column))?;
            if (number as f32).is_finite() {
                Ok(Some(number))
            } else {
                Err(ColumnError::NotFinite { place: table.place(row, column), cell: cell.text().into_owned() })
            }
        };
        table.column(column).enumerate().map(number).collect()
    }

    fn not_a_number(table: &Table, row: usize, column: usize) -> ColumnError {
        let cells = || table.column(column).filter(|cell| !cell.is_missing());
        let numbers = cells().filter(|cell| cell.number().is_some()).count();
        let cell = table.column(column).nth(row).map_or_else(String::new, |cell| cell.text().into_owned());
        ColumnError::NotANumber { place: table.place(row, column), cell, numbers, column: table.title(column) }
    }

    fn texts<'t>(cells: impl Iterator<Item = Cell<'t>>) -> Self {
        let cells: Vec<_> = cells.map(|cell| Some(cell).filter(|cell| !cell.is_missing())).collect();
        let texts: Vec<_> = cells.iter().map(|cell| cell.as_ref().map(Cell::text)).collect();
        let mut places: BTreeMap<&str, usize> = texts.iter().flatten().map(|text| (&**text, 0)).collect();
        places.values_mut().enumerate().for_each(|(place, value)| *value = place);
        let names = places.keys().map(|name| name.to_string()).collect();
        Self::Texts(texts.iter().map(|text| places.get(text.as_deref()?).copied()).collect(), names)
    }

    /// Cells that are missing.
    pub fn missing(&self) -> usize {
        match self {
            Self::Numbers(cells) => cells.iter().filter(|cell| cell.is_none()).count(),
            Self::Texts(cells, _) => cells.iter().filter(|cell| cell.is_none()).count(),
        }
    }

    /// Whether they are all missing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Numbers(cells) => cells.iter().all(Option::is_none),
            Self::Texts(cells, _) => cells.iter().all(Option::is_none),
        }
    }

    /// The rows numbered one after another, as an index is.
    pub fn counts_rows(&self) -> bool {
        let Self::Numbers(cells) = self else { return false };
        let Some(Some(first)) = cells.first() else { return false };
        (*first == 0.0 || *first == 1.0)
            && cells.iter().enumerate().all(|(row, cell)| *cell == Some(first + row as f64))
    }
}
