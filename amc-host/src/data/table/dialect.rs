//! How a table is written: what stands between cells, what decimals begin with.

use std::borrow::Cow;
use std::fmt;

use csv::{ReaderBuilder, StringRecord, Trim};

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// One such character.
    Character(char),
    /// Any number of spaces and tabs.
    Spaces,
}

/// Those looked for, in this order: commas stand in numbers as well, and spaces in texts.
const DELIMITERS: [Delimiter; 4] =
    [Delimiter::Character('\t'), Delimiter::Character(';'), Delimiter::Character(','), Delimiter::Spaces];

/// Records that tell which it is.
const LOOKED_AT: usize = 200;

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character('\t') => f.write_str("tab"),
            Self::Character(',') => f.write_str("comma"),
            Self::Character(';') => f.write_str("semicolon"),
            Self::Character(other) => write!(f, "{other:?}"),
            Self::Spaces => f.write_str("space"),
        }
    }
}

/// By name, or the character itself.
impl std::str::FromStr for Delimiter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut characters = text.chars();
        match (text, characters.next(), characters.next()) {
            ("comma", ..) => Ok(Self::Character(',')),
            ("semicolon", ..) => Ok(Self::Character(';')),
            ("tab" | "\\t", ..) => Ok(Self::Character('\t')),
            ("space" | " ", ..) => Ok(Self::Spaces),
            (_, Some(only), None)
                if only.is_ascii() && !only.is_ascii_alphanumeric() && !"\"\r\n.+-".contains(only) =>
            {
                Ok(Self::Character(only))
            }
            _ => Err("use comma, semicolon, tab, space, or one character"),
        }
    }
}

impl Delimiter {
    /// The one by which all records have as many cells, two or more; or else most of them.
    pub fn of(text: &str) -> Self {
        let share = |delimiter: &Self| {
            let lengths: Vec<_> = delimiter.records(text, LOOKED_AT).iter().flatten().map(StringRecord::len).collect();
            let most =
                lengths.iter().copied().filter(|length| *length > 1).max_by_key(|length| count(&lengths, *length));
            most.map_or(0, |most| 1000 * count(&lengths, most) / lengths.len())
        };
        // Of equals the first.
        let shares = DELIMITERS.map(|delimiter| share(&delimiter));
        let best = shares.iter().max().copied().unwrap_or(0);
        let found = DELIMITERS.into_iter().zip(shares).find(|(_, share)| *share == best && best > 0);
        found.map_or(Self::Character(','), |(delimiter, _)| delimiter)
    }

    /// Whether a text is long enough to tell which it is, if more follows it.
    pub fn can_be_told(text: &str) -> bool {
        let is_long = |delimiter: Self| delimiter.records(text, LOOKED_AT + 1).is_ok_and(|rows| rows.len() > LOOKED_AT);
        DELIMITERS.into_iter().all(is_long)
    }

    /// The first `limit` records that are not blank, each with its line.
    pub fn records(self, text: &str, limit: usize) -> csv::Result<Vec<StringRecord>> {
        let (text, delimiter) = match self {
            Self::Character(delimiter) => (Cow::Borrowed(text), delimiter),
            Self::Spaces => (Cow::Owned(single_spaces(text)), ' '),
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(u8::try_from(delimiter).unwrap_or(b','))
            .from_reader(text.as_bytes());
        let is_blank =
            |record: &csv::Result<StringRecord>| record.as_ref().is_ok_and(|record| record.iter().all(str::is_empty));
        let records = reader.into_records().filter(|record| !is_blank(record)).take(limit);
        records.map(|record| record.map(|record| with_its_line(record, &text))).collect()
    }
}

/// A record's place as it is read is that of the blank lines before it.
fn with_its_line(mut record: StringRecord, text: &str) -> StringRecord {
    if let Some(mut position) = record.position().cloned() {
        let from =
            usize::try_from(position.byte()).ok().and_then(|byte| text.as_bytes().get(byte..)).unwrap_or_default();
        let blank = from.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
        position.set_line(position.line() + blank as u64);
        record.set_position(Some(position));
    }
    record
}

fn count(lengths: &[usize], length: usize) -> usize {
    lengths.iter().filter(|other| **other == length).count()
}

/// The same lines, with single spaces for all those between cells, and none at their ends; quoted ones stay.
fn single_spaces(text: &str) -> String {
    let (mut made, mut quoted) = (String::with_capacity(text.len()), false);
    for character in text.chars() {
        quoted ^= character == '"';
        let is_space = !quoted && matches!(character, ' ' | '\t' | '\r');
        if character == '\n' && !quoted && made.ends_with(' ') {
            made.pop();
        }
        if !is_space {
            made.push(character);
        } else if !made.is_empty() && !made.ends_with([' ', '\n']) {
            made.push(' ');
        }
    }
    made.truncate(made.trim_end_matches(' ').len());
    made
}

/// What decimals begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// 0.5
    Point,
    /// 0,5
    Comma,
}

/// What rows tell of decimals, one after another.
#[derive(Debug, Default)]
pub struct Decimals {
    has_comma: bool,
    has_point: bool,
}

impl Decimals {
    /// Looks at a row.
    pub fn look(&mut self, row: &StringRecord) {
        for cell in row {
            let is_with = |mark: char, other: char| {
                cell.contains(mark) && !cell.contains(other) && Decimal::Comma.number(&cell.replace('.', ",")).is_some()
            };
            self.has_comma = self.has_comma || is_with(',', '.');
            self.has_point = self.has_point || is_with('.', ',');
        }
    }

    /// Commas, if a cell is a number with one and no cell is a number with a point.
    pub fn found(&self) -> Decimal {
        if self.has_comma && !self.has_point { Decimal::Comma } else { Decimal::Point }
    }
}

impl Decimal {
    /// The number that a cell is; it may be infinite.
    pub fn number(self, cell: &str) -> Option<f64> {
        // What Rust reads besides: inf, infinity and NaN.
        let is_word = cell.trim_start_matches(['+', '-']).starts_with(|first: char| first.is_ascii_alphabetic());
        match self {
            _ if is_word => None,
            Self::Point => cell.parse().ok(),
            Self::Comma if cell.contains('.') => None,
            Self::Comma => cell.replace(',', ".").parse().ok(),
        }
    }
}
