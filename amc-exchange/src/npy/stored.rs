//! An array in a file, of which only some rows are read at a time.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::{Array, ArrayError, Layout, check_length};

/// An array in a file.
#[derive(Debug)]
pub struct Stored {
    /// What it is.
    pub layout: Layout,
    /// What errors call it.
    of: String,
    file: File,
    /// Bytes before its elements.
    first: u64,
}

impl Stored {
    /// That of a file, whose header is read and whose length is that of its shape.
    ///
    /// # Errors
    /// An [`ArrayError`].
    pub fn open(path: &Path) -> Result<Self, ArrayError> {
        let of = path.display().to_string();
        let io = |error| ArrayError::Io(of.clone(), error);
        let mut file = BufReader::new(File::open(path).map_err(io)?);
        let layout = Layout::read(&mut file, &of)?;
        let first = file.stream_position().map_err(io)?;
        let file = file.into_inner();
        let found = file.metadata().map_err(io)?.len().saturating_sub(first);
        check_length(&layout, &of, found, found.to_string())?;
        Ok(Self { layout, of, file, first })
    }

    /// Bytes of a row.
    pub fn bytes_of_row(&self) -> usize {
        self.layout.width() / self.layout.fields.len() * self.layout.size
    }

    /// These rows of it, which are some of its own.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn rows(&self, rows: Range<usize>) -> Result<Array, ArrayError> {
        let bytes = self.bytes(&rows).map_err(|error| ArrayError::Io(self.of.clone(), error))?;
        let mut layout = self.layout.clone();
        layout.shape[0] = rows.len();
        Array { layout, bytes, first: 0 }.by_columns(&self.of)
    }

    fn bytes(&self, rows: &Range<usize>) -> io::Result<Vec<u8>> {
        let Layout { fields, size, is_fortran, .. } = &self.layout;
        let elements = self.layout.width() / fields.len();
        // Of Fortran's order an element of each row after another, else all of a row.
        let (pieces, size, all) = match is_fortran {
            true => (elements, *size, self.layout.rows()),
            false => (1, *size * elements, 0),
        };
        let length = rows.len() * size;
        let mut bytes = vec![0; pieces * length];
        for (piece, bytes) in bytes.chunks_exact_mut(length.max(1)).enumerate() {
            let place = (piece * all + rows.start) * size;
            let mut file = &self.file;
            file.seek(SeekFrom::Start(self.first + place as u64))?;
            file.read_exact(bytes)?;
        }
        Ok(bytes)
    }
}
