//! Archives of numpy, with an array for each tensor.

use std::io::{self, Write};

use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::npy::element::Value;
use crate::npy::{Array, MAGIC};
use crate::npz::{Archive, ArchiveError};
use crate::tensor::{Tensor, TensorError, shape_text};

/// Why an archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArraysError {
    /// The archive, or an array of it.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// What is in an array.
    #[error("{of}: {error}")]
    Tensor {
        /// The file.
        of: String,
        /// What is wrong.
        error: TensorError,
    },
    /// It cannot be written.
    #[error("it cannot be written: {0}")]
    Write(String),
}

/// Bytes that arrays may have, however few their file has: small nets may begin with zeros.
const ALWAYS: u64 = 16 << 20;

/// What the header of an array is filled up to a multiple of.
const ALIGNMENT: usize = 64;

/// The arrays of an archive that errors call `of`: those that numpy has numbered, `arr_0` and on, in the order of their
/// numbers, others in that of the file.
///
/// # Errors
/// `Archive`, `Tensor`.
pub fn read(bytes: Vec<u8>, of: &str) -> Result<Vec<Tensor>, ArraysError> {
    let archive = Archive::new(bytes, of, ALWAYS)?;
    let mut names: Vec<_> = archive.names().collect();
    let number = |name: &str| name.strip_prefix("arr_")?.parse::<u32>().ok();
    if names.iter().all(|name| number(name).is_some()) {
        names.sort_by_key(|name| number(name));
    }
    names.into_iter().map(|name| tensor(name, &archive.array(name)?, of)).collect()
}

fn tensor(name: &str, array: &Array, of: &str) -> Result<Tensor, ArraysError> {
    let layout = &array.layout;
    let refuse = |error| ArraysError::Tensor { of: of.to_string(), error };
    if !layout.is_of_floats() {
        return Err(refuse(TensorError::Elements { name: name.to_string(), found: layout.to_string() }));
    }
    let (rows, width) = (layout.rows(), layout.width());
    let numbers = (0..rows * width).map(|place| match array.column(place % width).value(place / width) {
        Some(Value::Number(number)) => number,
        _ => f64::NAN,
    });
    Tensor::new(name, &layout.shape, numbers).map_err(refuse)
}

/// An archive of these tensors, in single precision, as `numpy.savez` writes it.
///
/// # Errors
/// `Write`, of a name that no archive can have.
pub fn write(tensors: &[Tensor]) -> Result<Vec<u8>, ArraysError> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for tensor in tensors {
        let name = format!("{}.npy", tensor.name);
        let refuse = |error: &dyn std::error::Error| ArraysError::Write(format!("{name}: {error}"));
        let file = archive.new_file(name.as_str()).compression_method(CompressionMethod::STORE);
        let (mut file, config) = file.start().map_err(|error| refuse(&error))?;
        let mut writer = config.wrap(&mut file);
        array(tensor, &mut writer).map_err(|error| refuse(&error))?;
        let (_, descriptor) = writer.finish().map_err(|error| refuse(&error))?;
        file.finish(descriptor).map_err(|error| refuse(&error))?;
    }
    archive.finish().map_err(|error| ArraysError::Write(error.to_string()))
}

/// An array of version 1 of the format.
fn array(tensor: &Tensor, to: &mut impl Write) -> io::Result<()> {
    let shape = shape_text(&tensor.shape);
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // Magic, version and length are before it, and a line ends behind it.
    let before = MAGIC.len() + 4;
    let filled = (before + header.len() + 1).next_multiple_of(ALIGNMENT) - before;
    header = format!("{header:<width$}\n", width = filled - 1);
    let length = u16::try_from(filled).map_err(|_| io::Error::other("its shape is too long"))?;
    to.write_all(&MAGIC)?;
    to.write_all(&[1, 0])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(header.as_bytes())?;
    to.write_all(&tensor.values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
}
