//! Arrays as numpy saves them: a header, which is a Python literal, and the bytes of the elements.
//!
//! The format is [NEP 1](https://numpy.org/neps/nep-0001-npy-format.html), of versions 1 to 3.

pub mod element;
mod layout;
mod literal;
mod stored;

use std::io::{self, Read};

use amc_engine::memory::{self, MemoryError};

use self::element::{Element, Value};
pub use self::layout::Layout;
pub use self::stored::Stored;

/// What a file with an array begins with.
pub const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// Rows that are brought into columns at once: what they hold stays in a cache.
const TILE: usize = 64;

/// Why an array cannot be read; `of` is the file, and in an archive the array's name.
#[derive(Debug, thiserror::Error)]
pub enum ArrayError {
    /// It cannot be read, or unpacked.
    #[error("{0}")]
    Io(String, #[source] io::Error),
    /// It takes more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// It does not begin as an array does.
    #[error("{of}: it begins with {found:02x?}, not with {MAGIC:02x?} as arrays do that numpy saves")]
    Magic {
        /// The array.
        of: String,
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// Its header is not one of numpy's.
    #[error("{of}: the header cannot be read: {why}")]
    Header {
        /// The array.
        of: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Elements of another type.
    #[error("{of}: {found}: arrays of floats, ints, bools or texts are read")]
    Elements {
        /// The array.
        of: String,
        /// What they are.
        found: String,
    },
    /// A shape that has no rows.
    #[error("{of}: its shape is {shape}: {wanted}")]
    Shape {
        /// The array.
        of: String,
        /// Its shape.
        shape: String,
        /// What would be read.
        wanted: &'static str,
    },
    /// Its length is not that of its shape.
    #[error("{of}: the header announces {announced} bytes, of shape {shape}, but {found} are there")]
    Length {
        /// The array.
        of: String,
        /// Bytes that the shape comes to.
        announced: u64,
        /// The shape.
        shape: String,
        /// How many there are.
        found: String,
    },
}

/// An array.
#[derive(Clone, Debug)]
pub struct Array {
    /// What it is.
    pub layout: Layout,
    /// Its elements' bytes, from `first`: those of a column follow each other, since columns are what is read.
    bytes: Vec<u8>,
    first: usize,
}

impl Array {
    /// The array of a file, whose bytes are these.
    pub fn of_file(bytes: Vec<u8>, of: &str) -> Result<Self, ArrayError> {
        let mut rest = &bytes[..];
        let layout = Layout::read(&mut rest, of)?;
        let found = rest.len() as u64;
        check_length(&layout, of, found, found.to_string())?;
        Self { first: bytes.len() - rest.len(), layout, bytes }.by_columns(of)
    }

    /// The array that is to be read here, up to the end.
    pub fn read(mut from: impl Read, of: &str) -> Result<Self, ArrayError> {
        let layout = Layout::read(&mut from, of)?;
        // One byte more tells that there is too much, without reading all of it.
        let most = layout.bytes().unwrap_or(0).saturating_add(1);
        let bytes = memory::read_to_end(from.take(most), of)?.map_err(|error| ArrayError::Io(of.to_string(), error))?;
        let found = bytes.len() as u64;
        check_length(&layout, of, found, if found == most { "more".to_string() } else { found.to_string() })?;
        Self { layout, bytes, first: 0 }.by_columns(of)
    }

    /// One of which no elements are here.
    pub fn without_elements(layout: Layout) -> Self {
        Self { layout, bytes: Vec::new(), first: 0 }
    }

    /// Brings together the elements of each column where those of a row are.
    fn by_columns(self, of: &str) -> Result<Self, ArrayError> {
        let Self { layout, bytes, first } = self;
        let (rows, width, size) = (layout.rows(), layout.width() / layout.fields.len(), layout.size);
        if layout.is_fortran || width == 1 {
            return Ok(Self { layout, bytes, first });
        }
        memory::check(bytes.len() as u64, of)?;
        let (elements, mut columns) = (&bytes[first..], vec![0; rows * width * size]);
        for tile in (0..rows).step_by(TILE) {
            for column in 0..width {
                for row in tile..rows.min(tile + TILE) {
                    let from = &elements[(row * width + column) * size..][..size];
                    columns[(column * rows + row) * size..][..size].copy_from_slice(from);
                }
            }
        }
        Ok(Self { layout, bytes: columns, first: 0 })
    }

    /// A value of each row.
    pub fn column(&self, column: usize) -> Column<'_> {
        let Layout { fields, size, shape, is_fortran } = &self.layout;
        let field = &fields[column % fields.len()];
        let place = if *is_fortran {
            let strides = shape.iter().scan(1, |stride, length| {
                let this = *stride;
                *stride *= length;
                Some(this)
            });
            self.layout.indices(column).iter().zip(strides.skip(1)).map(|(index, stride)| index * stride).sum()
        } else {
            column / fields.len() * self.layout.rows()
        };
        let bytes = self.bytes.get(self.first + place * size + field.offset..).unwrap_or_default();
        Column { element: field.element, bytes, stride: *size }
    }

    /// How Python calls a value: its indices, or its row and its field.
    pub fn index(&self, row: usize, column: usize) -> String {
        match self.layout.name(column) {
            Some(name) => format!("[{row}][{name:?}]"),
            None => {
                let indices = self.layout.indices(column).into_iter();
                format!(
                    "[{}]",
                    std::iter::once(row).chain(indices).map(|i| i.to_string()).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }
}

fn check_length(layout: &Layout, of: &str, length: u64, found: String) -> Result<(), ArrayError> {
    let announced = layout.bytes().unwrap_or(u64::MAX);
    if length == announced {
        return Ok(());
    }
    Err(ArrayError::Length { of: of.to_string(), announced, shape: layout.shape_text(), found })
}

/// A value of each row.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    element: Element,
    bytes: &'a [u8],
    /// Bytes from one row to the next.
    stride: usize,
}

impl<'a> Column<'a> {
    /// That of a row; none, where there is no such row.
    pub fn value(&self, row: usize) -> Option<Value<'a>> {
        let bytes: &'a [u8] = self.bytes.get(row.checked_mul(self.stride)?..)?.get(..self.element.size())?;
        Some(self.element.read(bytes))
    }
}
