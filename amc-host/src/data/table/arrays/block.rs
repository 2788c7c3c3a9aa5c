//! Columns that stand in an array, or in two of which one tests.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use amc_exchange::npy::element::Value;
use amc_exchange::npy::{Array, Column};

use super::ArraysError;
use crate::data::table::Cell;
use crate::data::table::dialect::Decimal;

/// Columns that stand in arrays.
#[derive(Clone, Debug)]
pub struct Block {
    /// The arrays, whose rows follow each other, and what they are called.
    pub parts: Vec<(String, Array)>,
    /// What the columns are called, if somebody said.
    names: Vec<String>,
    /// What the numbers 0, 1, 2, ... in them stand for, if somebody said.
    classes: Vec<String>,
}

impl Block {
    /// Of these arrays; their columns are numbered and called by the title, unless it is empty.
    pub fn new(parts: Vec<(String, Array)>, title: &str) -> Self {
        let mut block = Self { parts, names: Vec::new(), classes: Vec::new() };
        block.names = match block.width() {
            _ if title.is_empty() || block.name(0).is_some() => Vec::new(),
            1 => vec![title.to_string()],
            width => (1..=width).map(|number| format!("{title}_{number}")).collect(),
        };
        block
    }

    pub fn rows(&self) -> usize {
        self.parts.iter().map(|(_, array)| array.layout.rows()).sum()
    }

    pub fn width(&self) -> usize {
        self.parts.first().map_or(0, |(_, array)| array.layout.width())
    }

    /// Refuses parts of different widths.
    pub fn check(&self, path: &Path) -> Result<(), ArraysError> {
        let Some(((one, first), others)) = self.parts.split_first() else { return Ok(()) };
        let wanted = first.layout.width();
        match others.iter().find(|(_, array)| array.layout.width() != wanted) {
            None => Ok(()),
            Some((other, found)) => {
                let (path, [one, other], width) =
                    (path.to_path_buf(), [one, other].map(|name| name.to_string()), found.layout.width());
                Err(ArraysError::Width { path, one, wanted, other, width })
            }
        }
    }

    /// Takes these for names of the columns, or else of what its numbers stand for; or neither, if they are not as many.
    pub fn take_names(&mut self, names: Vec<String>) -> bool {
        if names.len() == self.width() {
            self.names = names;
            return true;
        }
        let columns = self.columns(0);
        let is_one = |row| match self.cell(&columns, row) {
            Cell::Number(number) => number.fract() == 0.0 && (0.0..names.len() as f64).contains(&number),
            Cell::Text(..) => false,
        };
        let are_classes = self.width() == 1 && (0..self.rows()).all(is_one);
        if are_classes {
            self.classes = names;
        }
        are_classes
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> Option<&str> {
        let of_field = || self.parts.first().and_then(|(_, array)| array.layout.name(column));
        self.names.get(column).map(String::as_str).or_else(of_field)
    }

    /// A column in each of the arrays.
    pub fn columns(&self, column: usize) -> Vec<Column<'_>> {
        self.parts.iter().map(|(_, array)| array.column(column)).collect()
    }

    /// What stands in a row of a column; one that is not there is empty.
    pub fn cell<'a>(&'a self, columns: &[Column<'a>], row: usize) -> Cell<'a> {
        let (part, row) = self.part(row);
        match columns.get(part).and_then(|column| column.value(row)) {
            Some(Value::Number(number)) => match self.classes.get(number as usize) {
                Some(class) => Cell::Text(Cow::Borrowed(class), Decimal::Point),
                None => Cell::Number(number),
            },
            Some(Value::Text(text)) => Cell::Text(text, Decimal::Point),
            None => Cell::Text(Cow::Borrowed(""), Decimal::Point),
        }
    }

    /// What Python calls a value, where so many rows come before these.
    pub fn element(&self, row: usize, column: usize, before: usize) -> String {
        let (part, row) = self.part(row);
        match self.parts.get(part) {
            Some((name, array)) if name.is_empty() => format!("element {}", array.index(before + row, column)),
            Some((name, array)) => name.clone() + &array.index(before + row, column),
            None => String::new(),
        }
    }

    /// The array that a row is in, and its place there.
    fn part(&self, row: usize) -> (usize, usize) {
        let first = self.parts.first().map_or(0, |(_, array)| array.layout.rows());
        if row < first { (0, row) } else { (1, row - first) }
    }
}

/// The arrays, and that those of more than two dimensions are flat.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let array = |(name, array): &(String, Array)| format!("{name} {}", array.layout).trim_start().to_string();
        f.write_str(&self.parts.iter().map(array).collect::<Vec<_>>().join(" and "))?;
        match self.parts.first() {
            Some((_, array)) if array.layout.shape.len() > 2 => write!(f, ", {} numbers a row", self.width()),
            _ => Ok(()),
        }
    }
}
