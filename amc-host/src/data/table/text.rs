//! A table's file as text.

use std::io::Read;
use std::path::Path;

use super::{Place, TableError};
use crate::data::gzip::Members;
use crate::memory;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const UTF_8: [u8; 3] = [0xef, 0xbb, 0xbf];
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// What a file says: unpacked where it is gzipped, without a byte order mark. It is UTF-8 without NUL bytes.
pub fn read(path: &Path) -> Result<String, TableError> {
    let io = |error| TableError::Io(path.to_path_buf(), error);
    let length = std::fs::metadata(path).map_err(io)?.len();
    memory::check(length, path.display().to_string())?;
    let bytes = std::fs::read(path).map_err(io)?;
    let bytes = if bytes.starts_with(&GZIP) { unpacked(path, &bytes)? } else { bytes };
    decode(path, bytes)
}

/// Memory is asked for as it is needed: a file may hold a thousand times its size.
fn unpacked(path: &Path, mut bytes: &[u8]) -> Result<Vec<u8>, TableError> {
    let (mut all, mut members) = (Vec::new(), Members::new(&mut bytes));
    loop {
        let wanted = (all.len() as u64).max(1 << 20);
        memory::check(wanted, format!("{}, unpacked,", path.display()))?;
        let read = members.by_ref().take(wanted).read_to_end(&mut all);
        if read.map_err(|error| TableError::Io(path.to_path_buf(), error))? == 0 {
            return Ok(all);
        }
    }
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, TableError> {
    if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(TableError::Utf16(path.to_path_buf()));
    }
    let bytes = match bytes.strip_prefix(&UTF_8) {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(TableError::Nul(place(path, &bytes[..at])));
    }
    String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        TableError::NotUtf8 { place: place(path, &bytes[..at]), byte: bytes[at] }
    })
}

/// The place of what follows these bytes: its line, and in that its byte.
fn place(path: &Path, before: &[u8]) -> Place {
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let byte = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    Place { path: path.to_path_buf(), line: line as u64 + 1, column: byte + 1 }
}
