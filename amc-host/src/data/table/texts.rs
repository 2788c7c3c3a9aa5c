//! A text in pieces, each of which ends where a row does.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use amc_engine::memory;

use super::dialect::Delimiter;
use super::{TableError, text};

/// Where rows end, as the reader of rows has it: a quote at the beginning of a cell hides the ends of lines.
#[derive(Clone, Copy, Debug)]
struct Ends {
    delimiter: u8,
    /// Whether spaces and tabs are as one delimiter.
    is_spaced: bool,
    stands: Stands,
    /// Whether the quotes so far are an odd number.
    is_odd: bool,
}

/// Where in a cell the text stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stands {
    Before,
    Within,
    Quoted,
    /// Behind a quote in a quoted cell, which ends it or is the first of two.
    BehindQuote,
}

impl Ends {
    fn new(delimiter: Delimiter) -> Self {
        let (delimiter, is_spaced) = match delimiter {
            Delimiter::Character(delimiter) => (u8::try_from(delimiter).unwrap_or(b','), false),
            Delimiter::Spaces => (b' ', true),
        };
        Self { delimiter, is_spaced, stands: Stands::Before, is_odd: false }
    }

    /// Whether a row ends with this byte.
    fn is_after(&mut self, byte: u8) -> bool {
        self.is_odd ^= byte == b'"';
        let byte = if self.is_spaced && !self.is_odd && matches!(byte, b'\t' | b'\r') { b' ' } else { byte };
        self.stands = match (self.stands, byte) {
            (Stands::Quoted, b'"') => Stands::BehindQuote,
            (Stands::Quoted, _) | (Stands::Before | Stands::BehindQuote, b'"') => Stands::Quoted,
            (_, b'\r' | b'\n') => Stands::Before,
            (_, byte) if byte == self.delimiter => Stands::Before,
            _ => Stands::Within,
        };
        byte == b'\n' && self.stands == Stands::Before && !(self.is_spaced && self.is_odd)
    }
}

/// A text in pieces.
pub struct Texts<R> {
    path: PathBuf,
    from: R,
    ends: Ends,
    /// What is read of the pieces to come.
    read: Vec<u8>,
    /// Lines of those that came.
    lines: u64,
    size: usize,
}

impl<R: Read> Texts<R> {
    /// The text that is read here, in pieces of about so many bytes, of rows with this between their cells; `path` is what errors
    /// call it.
    pub fn new(path: &Path, from: R, delimiter: Delimiter, size: usize) -> Self {
        Self { path: path.to_path_buf(), from, ends: Ends::new(delimiter), read: Vec::new(), lines: 0, size }
    }

    /// The next piece, and the lines before it; none at the end.
    pub fn next(&mut self) -> Result<Option<(u64, String)>, TableError> {
        let end = loop {
            let begin = self.read.len();
            if self.more()? == 0 {
                break begin;
            }
            let (ends, read) = (&mut self.ends, &self.read);
            if let Some(end) = (begin..read.len()).filter(|at| ends.is_after(read[*at])).last() {
                break end + 1;
            }
        };
        if end == 0 {
            return Ok(None);
        }
        let rest = self.read.split_off(end);
        let piece = std::mem::replace(&mut self.read, rest);
        let lines = self.lines;
        self.lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(Some((lines, text::decode(&self.path, piece, lines)?)))
    }

    /// Whether the quotes of what was read are an odd number.
    pub fn is_odd(&self) -> bool {
        self.ends.is_odd
    }

    /// Reads more, and says how much that is.
    fn more(&mut self) -> Result<usize, TableError> {
        if self.read.len() >= self.size {
            memory::check(self.read.len() as u64, self.path.display().to_string())?;
        }
        let read = self.from.by_ref().take(self.size as u64).read_to_end(&mut self.read);
        read.map_err(|error| TableError::Io(self.path.clone(), error))
    }
}

/// What stands between the cells of the text that is read here, as its first rows tell.
pub fn delimiter(path: &Path, from: &mut impl Read, size: usize) -> Result<Delimiter, TableError> {
    let io = |error: io::Error| TableError::Io(path.to_path_buf(), error);
    let mut read = Vec::new();
    loop {
        let size = size.max(read.len());
        memory::check(size as u64, path.display().to_string())?;
        let is_all = from.by_ref().take(size as u64).read_to_end(&mut read).map_err(io)? == 0;
        // A character may be cut at the end, but not a line.
        let end = if is_all { Some(read.len()) } else { read.iter().rposition(|byte| *byte == b'\n') };
        let Some(end) = end else { continue };
        let text = text::decode(path, read[..end].to_vec(), 0)?;
        if is_all || Delimiter::can_be_told(&text) {
            return Ok(Delimiter::of(&text));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Texts;
    use crate::data::table::dialect::Delimiter;
    use crate::data::table::lines::records;

    #[test]
    fn pieces_have_the_rows_of_the_whole() {
        let texts = [
            "a,b\n1,2\n\n\n3,4\n",
            "\"a\nb\",\"c\"\"\n\",d\r\n5\" pipe,x,y\n\"q\"z\",\"\n\",3\n",
            " a  \"b c\nd\"\t e\n\n 1\t2  3 \r\n\"x\ty\" z\" 4\n5 6 7",
            "x;y\n1,5;\"2\n3\"\n\"\"\"\";4\n",
            "\u{feff}a,b\n\u{feff}c,d\n",
            "a,\"b\nc,d\ne,f\n",
            "\n\n  \n1,2\r3,4\r\n5,6",
        ];
        for text in texts {
            for delimiter in [',', ';', '\t'].map(Delimiter::Character).into_iter().chain([Delimiter::Spaces]) {
                let rows = |lines: u64, text: &str| {
                    let records = records(Path::new("t"), delimiter, text, lines).expect("rows");
                    let row = |record: &csv::StringRecord| {
                        let line = record.position().map_or(0, csv::Position::line);
                        (line, record.iter().map(String::from).collect::<Vec<_>>())
                    };
                    records.iter().map(row).collect::<Vec<_>>()
                };
                let whole = rows(0, text.trim_start_matches('\u{feff}'));
                for size in [1, 2, 3, 7, 1000] {
                    let mut pieces = Texts::new(Path::new("t"), text.as_bytes(), delimiter, size);
                    let mut of_pieces = Vec::new();
                    while let Some((lines, piece)) = pieces.next().expect("a text") {
                        of_pieces.extend(rows(lines, &piece));
                    }
                    assert_eq!(of_pieces, whole, "{text:?}, {delimiter}, {size}");
                    assert_eq!(pieces.is_odd(), text.matches('"').count() % 2 == 1);
                }
            }
        }
    }

    #[test]
    fn a_piece_is_not_much_longer_than_it_should_be() {
        let text = "1,\"2\n2\",3\n".repeat(100);
        let mut pieces = Texts::new(Path::new("t"), text.as_bytes(), Delimiter::Character(','), 32);
        let mut count = 0;
        while let Some((lines, piece)) = pieces.next().expect("a text") {
            assert!(piece.len() <= 48 && lines.is_multiple_of(2), "{piece:?} after {lines} lines");
            count += 1;
        }
        assert!(count > 25, "{count} pieces");
    }

    #[test]
    fn what_is_no_text_is_named_by_its_place_in_all_of_it() {
        let said = |bytes: &[u8]| {
            let mut pieces = Texts::new(Path::new("t"), bytes, Delimiter::Character(','), 4);
            loop {
                match pieces.next() {
                    Ok(Some(_)) => (),
                    Ok(None) => return "well".to_string(),
                    Err(error) => return error.to_string(),
                }
            }
        };
        assert!(said(b"1,2\n3,4\n5,\xff\n").starts_with("t: line 3, column 3: byte 0xff"));
        assert!(said(b"1,2\n3,4\n\x005\n").starts_with("t: line 3, column 1: a NUL byte"));
        assert!(said(b"\xff\xfe1\0").contains("UTF-16"));
        assert_eq!(said("1,2\né,4\n".as_bytes()), "well");
    }
}
