//! The bytes of a table's file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use amc_engine::memory;

use super::TableError;
use crate::data::gzip::Members;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is in a file, unpacked where it is gzipped.
pub fn read(path: &Path) -> Result<Vec<u8>, TableError> {
    let io = |error| TableError::Io(path.to_path_buf(), error);
    let length = std::fs::metadata(path).map_err(io)?.len();
    memory::check(length, path.display().to_string())?;
    let bytes = std::fs::read(path).map_err(io)?;
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    memory::read_to_end(Members::new(&mut &bytes[..]), &format!("{}, unpacked,", path.display()))?.map_err(io)
}

/// A file to be read from its beginning on, unpacked where it is gzipped.
pub fn open(path: &Path) -> Result<Box<dyn Read>, TableError> {
    let io = |error| TableError::Io(path.to_path_buf(), error);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let is_packed = file.fill_buf().map_err(io)?.starts_with(&GZIP);
    Ok(if is_packed { Box::new(Members::new(file)) } else { Box::new(file) })
}

/// The first bytes of a file, up to so many, unpacked where it is gzipped.
pub fn begin(path: &Path, bytes: u64) -> Result<Vec<u8>, TableError> {
    let mut begin = Vec::new();
    let read = open(path)?.take(bytes).read_to_end(&mut begin);
    read.map_err(|error| TableError::Io(path.to_path_buf(), error)).map(|_| begin)
}

/// The two files that a path names with a comma between, unless it is that of one: `X.npy,y.npy`.
pub fn pair(path: &Path) -> Option<[PathBuf; 2]> {
    let (one, other) = path.to_str()?.split_once(".npy,")?;
    (other.ends_with(".npy") && !path.exists()).then(|| [PathBuf::from(format!("{one}.npy")), PathBuf::from(other)])
}
