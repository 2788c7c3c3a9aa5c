//! What stands at a row and a column.

use std::borrow::Cow;

use super::columns::is_missing;
use super::dialect::Decimal;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'t> {
    /// As it is written, with what its decimals begin with.
    Text(Cow<'t, str>, Decimal),
    /// A number of an array; NaN, where there is none.
    Number(f64),
}

impl Cell<'_> {
    /// Whether there is nothing in it.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Text(text, _) => is_missing(text),
            Self::Number(number) => number.is_nan(),
        }
    }

    /// The number that it is; it may be infinite.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text, decimal) => decimal.number(text),
            Self::Number(number) => Some(*number).filter(|number| !number.is_nan()),
        }
    }

    /// What it says.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text, _) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}
