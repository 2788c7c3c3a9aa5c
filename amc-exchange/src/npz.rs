//! Archives of arrays, as `numpy.savez` and `numpy.savez_compressed` write them: zip files of `.npy` files.

use std::cell::Cell;
use std::io::Read;

use flate2::bufread::DeflateDecoder;
use indexmap::IndexMap;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use crate::npy::{Array, ArrayError, Layout};

/// What zip files begin with, with and without files in them.
pub const MAGIC: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];

/// How many bytes arrays may come to for each of their file: what is learned is hardly packed to less, but zeros to a thousandth, and
/// arrays that share their bytes in the file to any part.
const MOST: u64 = 64;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no zip file.
    #[error("{0}: this is no whole zip file")]
    Zip(String, #[source] rawzip::Error),
    /// One of its arrays cannot be unpacked.
    #[error("{0}: it cannot be unpacked")]
    Entry(String, #[source] rawzip::Error),
    /// One of its arrays is packed in another way.
    #[error("{of}: it is {how}: numpy.savez and numpy.savez_compressed write what is read")]
    Packed {
        /// The array.
        of: String,
        /// How.
        how: &'static str,
    },
    /// It is unpacked to far more than it is.
    #[error(
        "{of}: the header announces {announced} bytes: arrays that come to more than {MOST} times their file and to more than {} MiB are not \
         read",
        always >> 20
    )]
    Large {
        /// The array at which it is too much.
        of: String,
        /// Its bytes.
        announced: u64,
        /// Bytes that all may have in any case.
        always: u64,
    },
    /// There is no such array.
    #[error("{0}: there is no such array")]
    None(String),
    /// Two arrays of a name.
    #[error("{of}: there are two arrays called {name}")]
    Twice {
        /// The file.
        of: String,
        /// Their name.
        name: String,
    },
    /// An array.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// Where an array is in an archive.
struct Entry {
    wayfinder: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

/// An archive.
pub struct Archive {
    /// What errors call it.
    of: String,
    zip: ZipSliceArchive<Vec<u8>>,
    /// By their names, in the archive's order.
    entries: IndexMap<String, Entry>,
    /// Bytes that arrays may have in any case, and that those may still have which are read.
    always: u64,
    left: Cell<u64>,
}

impl Archive {
    /// The archive that a file's bytes are; other files in it than arrays are not seen. What is read of it may come to so many bytes in
    /// any case, and to more where the file is not much smaller.
    pub fn new(bytes: Vec<u8>, of: &str, always: u64) -> Result<Self, ArchiveError> {
        let left = Cell::new(MOST.saturating_mul(bytes.len() as u64).max(always));
        let zip_error = |error| ArchiveError::Zip(of.to_string(), error);
        let zip = ZipArchive::from_slice(bytes).map_err(zip_error)?;
        let mut entries = IndexMap::new();
        let mut records = zip.entries();
        while let Some(record) = records.next_entry().map_err(zip_error)? {
            let path = String::from_utf8_lossy(record.file_path().as_bytes()).into_owned();
            let Some(name) = path.strip_suffix(".npy") else { continue };
            let entry = Entry {
                wayfinder: record.wayfinder(),
                method: record.compression_method(),
                is_encrypted: record.flags().is_encrypted(),
            };
            if entries.insert(name.to_string(), entry).is_some() {
                return Err(ArchiveError::Twice { of: of.to_string(), name: name.to_string() });
            }
        }
        Ok(Self { of: of.to_string(), zip, entries, always, left })
    }

    /// What its arrays are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What errors call an array of it.
    fn called(&self, name: &str) -> String {
        format!("{}: {name}", self.of)
    }

    /// What an array is, without reading its elements.
    pub fn layout(&self, name: &str) -> Result<Layout, ArchiveError> {
        Ok(Layout::read(&mut self.open(name)?, &self.called(name))?)
    }

    /// An array.
    pub fn array(&self, name: &str) -> Result<Array, ArchiveError> {
        let announced = self.layout(name)?.bytes().unwrap_or(u64::MAX);
        let large = || ArchiveError::Large { of: self.called(name), announced, always: self.always };
        self.left.set(self.left.get().checked_sub(announced).ok_or_else(large)?);
        Ok(Array::read(self.open(name)?, &self.called(name))?)
    }

    /// The bytes of an array's file; at their end their checksum is looked at.
    fn open(&self, name: &str) -> Result<Box<dyn Read + '_>, ArchiveError> {
        let of = || self.called(name);
        let entry = self.entries.get(name).ok_or_else(|| ArchiveError::None(of()))?;
        if entry.is_encrypted {
            return Err(ArchiveError::Packed { of: of(), how: "encrypted" });
        }
        let found = self.zip.get_entry(entry.wayfinder).map_err(|error| ArchiveError::Entry(of(), error))?;
        match entry.method {
            CompressionMethod::STORE => Ok(Box::new(found.verifying_reader(found.data()))),
            CompressionMethod::DEFLATE => Ok(Box::new(found.verifying_reader(DeflateDecoder::new(found.data())))),
            _ => Err(ArchiveError::Packed { of: of(), how: "packed by another method than deflate" }),
        }
    }
}
