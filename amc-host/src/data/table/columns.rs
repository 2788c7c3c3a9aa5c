//! What a table's columns hold.

use std::collections::BTreeMap;

use super::{Cell, Pieces, Place, Table, TableError};

/// Cells that stand for a missing one, in any case of letters: what pandas, R and spreadsheets write, and `?`.
const MISSING: [&str; 12] = ["", "?", "na", "n/a", "nan", "-nan", "null", "none", "<na>", "#n/a", "#na", "#value!"];

/// Whether a cell stands for a missing one.
pub fn is_missing(cell: &str) -> bool {
    MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word))
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

/// What all cells of a column tell of what it is.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// What the column is called.
    title: String,
    /// Cells that are missing.
    pub missing: usize,
    numbers: usize,
    others: usize,
    /// The first cell that is none of a column of numbers.
    wrong: Option<(Place, String)>,
    /// Whether that is a number, too large.
    is_beyond: bool,
    /// Whether the cells are one more from row to row, and the first of them.
    counts: bool,
    first: f64,
}

impl Content {
    /// Of some columns.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub fn of(table: &Pieces, columns: &[usize]) -> Result<Vec<Self>, TableError> {
        let new = |column: &usize| Self { title: table.head().title(*column), counts: true, ..Self::default() };
        let mut all: Vec<_> = columns.iter().map(new).collect();
        table.each_cell(columns, |row, at, cell, place| {
            all[at].look(row, cell, place);
            Ok::<_, TableError>(())
        })?;
        Ok(all)
    }

    fn look(&mut self, row: usize, cell: &Cell<'_>, place: &dyn Fn() -> Place) {
        let number = if cell.is_missing() { None } else { cell.number() };
        if row == 0 {
            self.first = number.unwrap_or(f64::NAN);
        }
        self.counts &= number == Some(self.first + row as f64);
        let is_finite = number.is_some_and(|number| (number as f32).is_finite());
        match number {
            None if cell.is_missing() => self.missing += 1,
            None => self.others += 1,
            Some(_) => self.numbers += 1,
        }
        if !is_finite && !cell.is_missing() && self.wrong.is_none() {
            (self.wrong, self.is_beyond) = (Some((place(), cell.text().into_owned())), number.is_some());
        }
    }

    /// Whether they are all missing.
    pub fn is_empty(&self) -> bool {
        self.numbers + self.others == 0
    }

    /// Whether it is a column of numbers: more of its cells than not.
    pub fn are_numbers(&self) -> bool {
        self.numbers > self.others
    }

    /// The rows numbered one after another, as an index is.
    pub fn counts_rows(&self) -> bool {
        self.counts && self.numbers > 0 && (self.first == 0.0 || self.first == 1.0)
    }

    /// Checks that all its cells are numbers or missing.
    ///
    /// # Errors
    /// A [`ColumnError`] of the first that is not.
    pub fn check_numbers(&self) -> Result<(), ColumnError> {
        let Some((place, cell)) = self.wrong.clone() else { return Ok(()) };
        Err(match self.is_beyond {
            true => ColumnError::NotFinite { place, cell },
            false => ColumnError::NotANumber { place, cell, numbers: self.numbers, column: self.title.clone() },
        })
    }

    /// The same, if it is a column of numbers.
    ///
    /// # Errors
    /// A [`ColumnError`] of the first that is not.
    pub fn check(&self) -> Result<(), ColumnError> {
        if self.are_numbers() { self.check_numbers() } else { Ok(()) }
    }
}

/// The cells of a column; `None` where one is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Numbers, all finite in single precision.
    Numbers(Vec<Option<f64>>),
    /// Texts, each by its place among the different ones, which are in the order of their letters.
    Texts(Vec<Option<usize>>, Vec<String>),
}

/// Texts that come one after another.
#[derive(Debug, Default)]
struct Coming {
    numbers: Vec<Option<f64>>,
    texts: Vec<Option<usize>>,
    /// The different ones, in the order in which they came.
    places: BTreeMap<String, usize>,
}

impl Cells {
    /// Those of some columns, of which all is known.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub fn of(table: &Pieces, columns: &[usize], contents: &[Content]) -> Result<Vec<Self>, TableError> {
        let mut coming: Vec<_> = columns.iter().map(|_| Coming::default()).collect();
        table.each_cell(columns, |_, at, cell, _| {
            let Coming { numbers, texts, places } = &mut coming[at];
            let is_missing = cell.is_missing();
            if contents[at].are_numbers() {
                numbers.push(cell.number().filter(|_| !is_missing));
            } else if is_missing {
                texts.push(None);
            } else {
                let next = places.len();
                let text = cell.text();
                let known = places.get(&*text).copied();
                texts.push(Some(known.unwrap_or_else(|| *places.entry(text.into_owned()).or_insert(next))));
            }
            Ok::<_, TableError>(())
        })?;
        let cells = |(of, content): (Coming, &Content)| match content.are_numbers() {
            true => Self::Numbers(of.numbers),
            false => of.in_order(),
        };
        Ok(coming.into_iter().zip(contents).map(cells).collect())
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
}

impl Coming {
    /// Texts by their places in the order of their letters.
    fn in_order(self) -> Cells {
        let mut order = vec![0; self.places.len()];
        self.places.values().enumerate().for_each(|(place, came)| order[*came] = place);
        let texts = self.texts.into_iter().map(|came| came.map(|came| order[came])).collect();
        Cells::Texts(texts, self.places.into_keys().collect())
    }
}
