//! The frame that all blobs have in common, as the crate's documentation describes it.

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};

use crate::FormatError;

pub(crate) const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
/// Bytes before the header.
pub(crate) const PREFIX: usize = 16;

/// What a blob is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub what: &'static str,
    pub magic: &'static str,
    pub version: u32,
}

pub(crate) const MODEL: Kind = Kind { what: "model", magic: "AMCMODEL", version: 2 };
pub(crate) const CHAIN: Kind = Kind { what: "chain", magic: "AMCCHAIN", version: 1 };

/// Something that is kept as a header and numbers.
pub(crate) trait Blob {
    const KIND: Kind;

    /// The header as it is serialised.
    fn header(&self) -> impl Serialize;

    fn numbers(&self) -> [&[f32]; 3];

    /// Whether all that it holds belongs together.
    fn check(&self) -> Result<(), FormatError>;

    /// The numbers' bytes.
    fn words(&self) -> impl Iterator<Item = [u8; 4]> + Clone {
        self.numbers().into_iter().flatten().map(|x| x.to_le_bytes())
    }

    /// The header's length, not rounded.
    fn header_length(&self) -> Result<usize, FormatError> {
        postcard::serialize_with_flavor(&self.header(), postcard::ser_flavors::Size::default()).map_err(|_| UNKNOWN)
    }

    /// Bytes up to the numbers.
    fn head_length(&self) -> Result<usize, FormatError> {
        Ok(PREFIX + self.header_length()?.next_multiple_of(4))
    }

    /// Bytes in all.
    fn length(&self) -> Result<usize, FormatError> {
        let numbers: usize = self.numbers().iter().map(|numbers| numbers.len()).sum();
        Ok(self.head_length()? + 4 * numbers + 4)
    }

    /// Writes all that comes before the numbers, and tells its length.
    fn write_head(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        self.check()?;
        let (needed, given) = (self.head_length()?, out.len());
        let length = FormatError::Length { what: "buffer", needed, given };
        let out = out.get_mut(..needed).ok_or(length)?;
        let (prefix, header) = out.split_at_mut_checked(PREFIX).ok_or(length)?;
        let header_length = (header.len() as u32).to_le_bytes();
        let version = Self::KIND.version.to_le_bytes();
        let fields = Self::KIND.magic.as_bytes().iter().chain(&version).chain(&header_length);
        for (to, from) in prefix.iter_mut().zip(fields) {
            *to = *from;
        }
        header.fill(0);
        postcard::to_slice(&self.header(), header).map_err(|_| UNKNOWN)?;
        Ok(needed)
    }

    /// Writes it whole, and tells its length.
    fn write(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let (needed, given) = (self.length()?, out.len());
        let length = FormatError::Length { what: "buffer", needed, given };
        let (body, rest) = out.split_at_mut_checked(needed - 4).ok_or(length)?;
        let crc = rest.first_chunk_mut().ok_or(length)?;
        let head = self.write_head(body)?;
        let numbers = body.get_mut(head..).unwrap_or_default();
        for (to, word) in numbers.as_chunks_mut().0.iter_mut().zip(self.words()) {
            *to = word;
        }
        *crc = CRC.checksum(body).to_le_bytes();
        Ok(needed)
    }
}

const UNKNOWN: FormatError = FormatError::Header { what: "a loss, layer or activation that the format does not know" };

/// What is left of a header: postcard values, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    /// Takes the next value off the front.
    pub fn take<T: Deserialize<'b>>(&mut self, what: &'static str) -> Result<T, FormatError> {
        let (value, rest) = postcard::take_from_bytes(self.0).map_err(|_| FormatError::Header { what })?;
        self.0 = rest;
        Ok(value)
    }

    /// Whether all bytes that are left are 0.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }

    /// Nothing but zeros to the next word may be left.
    pub fn end(&self) -> Result<(), FormatError> {
        match self.0.len() < 4 && self.is_zero() {
            true => Ok(()),
            false => Err(FormatError::Header { what: "there are bytes behind it" }),
        }
    }
}

/// The header of a blob of this kind at the front of `bytes`, and what follows it: at the beginning of the numbers.
///
/// # Errors
/// `Length` of the buffer, where the bytes end before the header does.
pub(crate) fn open(kind: Kind, bytes: &[u8]) -> Result<(Fields<'_>, &[u8]), FormatError> {
    let Kind { what, magic, version: known } = kind;
    let rest = bytes.strip_prefix(magic.as_bytes()).ok_or(FormatError::Magic { what, magic })?;
    let (version, rest) = rest.split_first_chunk().ok_or(FormatError::Checksum)?;
    let version = u32::from_le_bytes(*version);
    if version != known {
        return Err(FormatError::Version { what, version, known });
    }
    let (length, rest) = rest.split_first_chunk().ok_or(FormatError::Checksum)?;
    let length = u32::from_le_bytes(*length) as usize;
    let needed = length.saturating_add(PREFIX).checked_next_multiple_of(32).unwrap_or(usize::MAX);
    let (header, rest) =
        rest.split_at_checked(length).ok_or(FormatError::Length { what: "buffer", needed, given: bytes.len() })?;
    Ok((Fields(header), rest))
}

/// [`open`] for a whole blob, with its checksum, and the numbers that it ends with.
pub(crate) fn open_whole(kind: Kind, bytes: &[u8]) -> Result<(Fields<'_>, Numbers<'_>), FormatError> {
    // What it is, and of which version, is told even of one that is cut short.
    let opened = open(kind, bytes);
    if let Err(error @ (FormatError::Magic { .. } | FormatError::Version { .. })) = opened {
        return Err(error);
    }
    let (body, crc) = bytes.split_last_chunk().ok_or(FormatError::Checksum)?;
    if CRC.checksum(body) != u32::from_le_bytes(*crc) {
        return Err(FormatError::Checksum);
    }
    let (header, numbers) = open(kind, body).map_err(|_| FormatError::Header { what: "its length" })?;
    match numbers.as_chunks() {
        (words, []) => Ok((header, Numbers(words))),
        _ => Err(FormatError::Header { what: "the numbers' length" }),
    }
}

/// The numbers of a verified blob, where they lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Numbers<'b>(&'b [[u8; 4]]);

impl<'b> Numbers<'b> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = f32> + Clone + use<'b> {
        self.0.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// So many pairs, from number `first` on.
    pub fn pairs(&self, first: usize, count: usize) -> impl ExactSizeIterator<Item = [f32; 2]> + Clone + use<'b> {
        let (pairs, _) = self.0.get(first..).unwrap_or_default().as_chunks::<2>();
        pairs.iter().take(count).map(|pair| pair.map(f32::from_le_bytes))
    }
}

/// Whether a slice is as long as it has to be.
pub(crate) fn same_length(what: &'static str, needed: usize, given: usize) -> Result<(), FormatError> {
    if needed == given { Ok(()) } else { Err(FormatError::Length { what, needed, given }) }
}
