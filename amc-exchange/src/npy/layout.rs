//! What the header of an array says.

use std::fmt;
use std::io::Read;

use super::element::Element;
use super::literal::Literal;
use super::{ArrayError, MAGIC};
use crate::tensor::shape_text;

/// Bytes of the longest header that is read: numpy itself writes a few hundred, and more for each named field, and reads up to 10,000
/// unless it is told otherwise.
const LONGEST_HEADER: usize = 1 << 16;

/// Dimensions that an array of numpy may have.
const DIMENSIONS: usize = 64;

/// A named part of each element, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    name: Option<String>,
    pub element: Element,
    /// Bytes before it.
    pub offset: usize,
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) fields: Vec<Field>,
    /// Bytes of an element with all its fields.
    pub(super) size: usize,
    /// The array's numbers of elements in each dimension.
    pub shape: Vec<usize>,
    /// Whether the first dimension is the one in which elements follow each other.
    pub(super) is_fortran: bool,
}

impl Layout {
    /// Reads a header.
    pub fn read(from: &mut impl Read, of: &str) -> Result<Self, ArrayError> {
        let io = |error| ArrayError::Io(of.to_string(), error);
        let header = |why| ArrayError::Header { of: of.to_string(), why };
        let mut take = |bytes: usize| {
            let mut taken = Vec::new();
            from.by_ref().take(bytes as u64).read_to_end(&mut taken).map_err(io)?;
            Ok::<_, ArrayError>(taken)
        };
        let magic = take(MAGIC.len())?;
        if magic != MAGIC {
            return Err(ArrayError::Magic { of: of.to_string(), found: magic });
        }
        let cut = || header("the file ends within it");
        let [version, _] = take(2)?[..] else { return Err(cut()) };
        let length = match version {
            1 => take(2)?.try_into().map(|bytes| u32::from(u16::from_le_bytes(bytes))).map_err(|_| cut())?,
            2 | 3 => take(4)?.try_into().map(u32::from_le_bytes).map_err(|_| cut())?,
            _ => return Err(header("its version is none of 1 to 3")),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > LONGEST_HEADER {
            return Err(header("it is longer than 64 KiB"));
        }
        let bytes = take(length)?;
        if bytes.len() < length {
            return Err(cut());
        }
        let text = match version {
            3 => String::from_utf8(bytes).map_err(|_| header("it is not UTF-8"))?,
            _ => bytes.into_iter().map(char::from).collect(),
        };
        Self::parse(&text, of)
    }

    fn parse(text: &str, of: &str) -> Result<Self, ArrayError> {
        let wanted = || ArrayError::Header {
            of: of.to_string(),
            why: "it is no Python dictionary with descr, fortran_order and shape",
        };
        let literal = Literal::parse(text).ok_or_else(wanted)?;
        let (Some(described), Some(Literal::Truth(is_fortran)), Some(Literal::List(shape))) =
            (literal.get("descr"), literal.get("fortran_order"), literal.get("shape"))
        else {
            return Err(wanted());
        };
        let length = |length: &Literal| match length {
            // More than can be counted is refused as such.
            Literal::Whole(length) => Some(usize::try_from(*length).unwrap_or(usize::MAX)),
            _ => None,
        };
        let shape = shape.iter().map(length).collect::<Option<Vec<_>>>().ok_or_else(wanted)?;
        let (fields, size) = fields(described).map_err(|found| ArrayError::Elements { of: of.to_string(), found })?;
        let layout = Self { fields, size, shape, is_fortran: *is_fortran };
        layout.checked(of)
    }

    /// Refuses shapes whose elements cannot be counted, and those without rows.
    fn checked(self, of: &str) -> Result<Self, ArrayError> {
        let refuse = |wanted| ArrayError::Shape { of: of.to_string(), shape: self.shape_text(), wanted };
        if self.shape.len() > DIMENSIONS {
            return Err(ArrayError::Header { of: of.to_string(), why: "it has more than 64 dimensions" });
        }
        if self.shape.is_empty() {
            return Err(refuse("a single value, where an array was wanted"));
        }
        if self.fields.iter().any(|field| field.name.is_some()) && self.shape.len() > 1 {
            return Err(refuse("arrays with named fields are read if they have one dimension"));
        }
        if self.bytes().is_none() {
            return Err(refuse("more than a machine can count"));
        }
        if self.rows() == 0 || self.width() == 0 || self.size == 0 {
            return Err(refuse("it is empty"));
        }
        Ok(self)
    }

    /// Bytes of all elements; none, if there are too many to count.
    pub fn bytes(&self) -> Option<u64> {
        let bytes = self.shape.iter().try_fold(self.size, |product, length| product.checked_mul(*length))?;
        // What a machine can hold in one piece.
        isize::try_from(bytes).ok().map(|_| bytes as u64)
    }

    /// Whether its elements are floats.
    pub fn is_of_floats(&self) -> bool {
        matches!(&self.fields[..], [Field { name: None, element, .. }] if element.is_float())
    }

    /// Rows: the first dimension.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Values of a row: all further dimensions, and all fields.
    pub fn width(&self) -> usize {
        self.shape.iter().skip(1).product::<usize>() * self.fields.len()
    }

    /// The name of a value of a row, if it is a named field.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.fields.get(column).and_then(|field| field.name.as_deref())
    }

    /// The shape as numpy writes it.
    pub(super) fn shape_text(&self) -> String {
        shape_text(&self.shape)
    }

    /// The indices of a value of a row in the further dimensions, the last one changing first.
    pub(super) fn indices(&self, column: usize) -> Vec<usize> {
        let mut rest = column / self.fields.len();
        let mut indices: Vec<_> = self
            .shape
            .iter()
            .skip(1)
            .rev()
            .map(|length| {
                let index = rest % length;
                rest /= length;
                index
            })
            .collect();
        indices.reverse();
        indices
    }
}

/// The fields of an element, and its bytes; or what it is, if it is not read.
fn fields(described: &Literal) -> Result<(Vec<Field>, usize), String> {
    let fields = match described {
        Literal::Text(described) => {
            let element = Element::parse(described)?;
            return Ok((vec![Field { name: None, element, offset: 0 }], element.size()));
        }
        Literal::List(fields) => fields,
        _ => return Err("elements of an unknown type".to_string()),
    };
    let (mut read, mut size) = (Vec::new(), 0_usize);
    for field in fields {
        let (name, described) = match field {
            Literal::List(of) => match &of[..] {
                [Literal::Text(name), Literal::Text(described)] => (name, described),
                // With a title.
                [Literal::List(names), Literal::Text(described)] => match names.last() {
                    Some(Literal::Text(name)) => (name, described),
                    _ => return Err("fields without names".to_string()),
                },
                [Literal::Text(name), ..] => return Err(format!("field {name:?} has elements of its own")),
                _ => return Err("fields without names".to_string()),
            },
            _ => return Err("fields without names".to_string()),
        };
        let padding = described.strip_prefix("|V").filter(|_| name.is_empty()).and_then(|bytes| bytes.parse().ok());
        let bytes = match padding {
            Some(bytes) => bytes,
            None => {
                let element = Element::parse(described).map_err(|found| format!("field {name:?} has {found}"))?;
                read.push(Field { name: Some(name.clone()), element, offset: size });
                element.size()
            }
        };
        size = size.checked_add(bytes).ok_or("fields of too many bytes")?;
    }
    Ok((read, size))
}

/// As `(150, 4) float64`.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fields[..] {
            [Field { name: None, element, .. }] => write!(f, "{} {element}", self.shape_text()),
            fields => write!(f, "{} of {} fields", self.shape_text(), fields.len()),
        }
    }
}
