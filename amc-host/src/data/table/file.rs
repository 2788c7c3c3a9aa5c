//! The bytes of a table's file.

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

/// The two files that a path names with a comma between, unless it is that of one: `X.npy,y.npy`.
pub fn pair(path: &Path) -> Option<[PathBuf; 2]> {
    let (one, other) = path.to_str()?.split_once(".npy,")?;
    (other.ends_with(".npy") && !path.exists()).then(|| [PathBuf::from(format!("{one}.npy")), PathBuf::from(other)])
}
