//! A table's file as text.

use std::path::Path;

use super::{Place, TableError};

const UTF_8: [u8; 3] = [0xef, 0xbb, 0xbf];
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// What bytes say, without a byte order mark. They are UTF-8 without NUL bytes.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, TableError> {
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
    Place::Line { path: path.to_path_buf(), line: line as u64 + 1, column: byte + 1 }
}
