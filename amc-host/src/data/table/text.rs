//! A table's file as text.

use std::path::Path;

use super::{Place, TableError};

const UTF_8: [u8; 3] = [0xef, 0xbb, 0xbf];
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// What bytes say that follow so many lines of a file, without the byte order mark at its beginning. They are UTF-8 without NUL bytes.
pub fn decode(path: &Path, bytes: Vec<u8>, lines: u64) -> Result<String, TableError> {
    let is_first = lines == 0;
    if is_first && UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(TableError::Utf16(path.to_path_buf()));
    }
    let bytes = match bytes.strip_prefix(&UTF_8) {
        Some(rest) if is_first => rest.to_vec(),
        _ => bytes,
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(TableError::Nul(place(path, &bytes[..at], lines)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        TableError::NotUtf8 { place: place(path, &bytes[..at], lines), byte: bytes[at] }
    })
}

/// The place of what follows so many lines and these bytes: its line, and in that its byte.
fn place(path: &Path, before: &[u8], lines: u64) -> Place {
    let line = lines + before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let byte = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    Place::Line { path: path.to_path_buf(), line, column: byte + 1 }
}
