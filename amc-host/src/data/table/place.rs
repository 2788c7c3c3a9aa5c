//! Where in a file something is.

use std::fmt;
use std::path::PathBuf;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Of a text.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The cell of the line, from 1; where cells are not told apart yet, the byte.
        column: usize,
    },
    /// Of an array.
    Element {
        /// The file.
        path: PathBuf,
        /// The array and its indices, from 0, as Python has them.
        element: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { path, line, column } => write!(f, "{}: line {line}, column {column}", path.display()),
            Self::Element { path, element } => write!(f, "{}: {element}", path.display()),
        }
    }
}
