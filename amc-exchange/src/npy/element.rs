//! The elements of arrays: what numpy calls their types, and what their bytes say.

use std::borrow::Cow;
use std::fmt;

/// A type of elements, and how many bytes each has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// Four bytes a character.
    Unicode,
    /// One byte a character.
    Bytes,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    kind: Kind,
    size: usize,
    is_big_endian: bool,
}

/// What an element says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number; true is 1.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
}

impl Element {
    /// The one that numpy describes so, like `<f8`; what else it is, if it is not read.
    pub fn parse(described: &str) -> Result<Self, String> {
        let refused = || format!("elements of {}", unread(described));
        let mut rest = described.chars();
        let order = rest.next().filter(|order| matches!(order, '<' | '>' | '|' | '=')).ok_or_else(refused)?;
        let (kind, number) = (rest.next(), rest.as_str().parse::<usize>().map_err(|_| refused())?);
        let (kind, size) = match (kind, number) {
            (Some('b'), 1) => (Kind::Bool, 1),
            (Some('i'), 1 | 2 | 4 | 8) => (Kind::Signed, number),
            (Some('u'), 1 | 2 | 4 | 8) => (Kind::Unsigned, number),
            (Some('f'), 2 | 4 | 8) => (Kind::Float, number),
            (Some('U'), _) => (Kind::Unicode, number.checked_mul(4).ok_or_else(refused)?),
            (Some('S'), _) => (Kind::Bytes, number),
            _ => return Err(refused()),
        };
        Ok(Self { kind, size, is_big_endian: order == '>' })
    }

    /// Bytes of one.
    pub fn size(self) -> usize {
        self.size
    }

    /// Whether it is a float.
    pub fn is_float(self) -> bool {
        self.kind == Kind::Float
    }

    /// What such bytes say: of a text the characters up to the zeros that fill it up.
    pub fn read(self, bytes: &[u8]) -> Value<'_> {
        let whole = || self.ordered(bytes);
        match self.kind {
            Kind::Bool => Value::Number(f64::from(bytes.iter().any(|byte| *byte != 0))),
            Kind::Unsigned => Value::Number(whole() as f64),
            Kind::Signed => {
                let unused = 64 - 8 * self.size as u32;
                Value::Number(((whole() << unused) as i64 >> unused) as f64)
            }
            Kind::Float => Value::Number(match self.size {
                2 => half(whole() as u16),
                4 => f64::from(f32::from_bits(whole() as u32)),
                _ => f64::from_bits(whole()),
            }),
            Kind::Bytes => {
                let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                Value::Text(String::from_utf8_lossy(&bytes[..end]))
            }
            Kind::Unicode => {
                let points = bytes.as_chunks::<4>().0.iter().map(|point| self.ordered(point) as u32);
                let text: String = points.map(|point| char::from_u32(point).unwrap_or('\u{fffd}')).collect();
                Value::Text(Cow::Owned(text.trim_end_matches('\0').to_string()))
            }
        }
    }

    /// Up to eight bytes as a number.
    fn ordered(self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.is_big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }
}

/// Half precision: a sign, five bits of exponent, ten of the fraction.
pub(crate) fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// What elements are that are not read.
fn unread(described: &str) -> String {
    let what = match described.get(1..2) {
        Some("O") => "Python objects, which are pickled",
        Some("c") => "complex numbers",
        Some("M") => "dates and times",
        Some("m") => "spans of time",
        Some("V") => "bytes without a meaning",
        Some("f") => "floats of another precision",
        _ => return format!("type {described:?}"),
    };
    format!("type {described:?}, {what}")
}

/// As numpy calls them.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = 8 * self.size;
        match self.kind {
            Kind::Bool => f.write_str("bool"),
            Kind::Signed => write!(f, "int{bits}"),
            Kind::Unsigned => write!(f, "uint{bits}"),
            Kind::Float => write!(f, "float{bits}"),
            Kind::Unicode | Kind::Bytes => f.write_str("texts"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Element, Value, half};

    fn number(described: &str, bytes: &[u8]) -> f64 {
        let element = Element::parse(described).expect("read");
        assert_eq!(element.size(), bytes.len());
        match element.read(bytes) {
            Value::Number(number) => number,
            Value::Text(text) => panic!("{text}"),
        }
    }

    #[test]
    fn numbers_have_their_signs_and_orders() {
        for (described, bytes, wanted) in [
            ("|b1", &[1][..], 1.0),
            ("|u1", &[200], 200.0),
            ("|i1", &[200], -56.0),
            ("<i2", &[1, 0xff], -255.0),
            (">i2", &[1, 0xff], 511.0),
            ("<u4", &[0, 0, 0, 0x80], 2_147_483_648.0),
            ("<i4", &[0, 0, 0, 0x80], -2_147_483_648.0),
            (">i8", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2.0),
            ("<u8", &[0, 0, 0, 0, 0, 0, 0, 0x80], 9_223_372_036_854_775_808.0),
            (">f2", &[0x3c, 0], 1.0),
            ("<f4", &[0, 0, 0xc0, 0xbf], -1.5),
            (">f8", &[0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18], std::f64::consts::PI),
        ] {
            assert_eq!(number(described, bytes), wanted, "{described}");
        }
    }

    /// From numpy: `np.uint16(bits).view(np.float16)`.
    #[test]
    fn halves_are_exact() {
        let some = [(0x0001, 5.960_464_477_539_063e-8), (0x03ff, 6.097_555_160_522_461e-5), (0x7bff, 65504.0)];
        let more = [(0x0400, 6.103_515_625e-5), (0xc248, -3.140_625), (0x7c00, f64::INFINITY), (0x0000, 0.0)];
        for (bits, wanted) in some.into_iter().chain(more) {
            assert_eq!(half(bits), wanted, "{bits:#x}");
            assert_eq!(half(bits ^ 0x8000), -wanted, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn texts_end_where_zeros_fill_them_up() {
        let read = |described: &str, bytes| match Element::parse(described).expect("read").read(bytes) {
            Value::Text(text) => text.into_owned(),
            Value::Number(number) => panic!("{number}"),
        };
        assert_eq!(read("<U2", b"a\0\0\0\xac\x20\0\0"), "a€");
        assert_eq!(read(">U2", b"\0\0\0a\0\0\0\0"), "a");
        assert_eq!(read("|S3", b"ab\0"), "ab");
        assert_eq!(read("<U0", b""), "");
    }

    #[test]
    fn what_is_not_read_is_told() {
        for (described, word) in [
            ("|O", "pickled"),
            ("<c16", "complex"),
            ("<M8[ns]", "dates"),
            ("<f16", "precision"),
            ("", "type"),
            ("é", "é"),
        ] {
            assert!(Element::parse(described).expect_err("refused").contains(word), "{described}");
        }
        assert!(Element::parse("<U18446744073709551615").is_err());
    }
}
