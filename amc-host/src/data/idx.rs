//! IDX files, the format of MNIST and Fashion-MNIST, plain or gzipped.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Data, Set, Values, Wanted};

/// What is wrong with an IDX file.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// Neither the file nor its gzipped form is there.
    #[error("{0}: there is no such file, nor one ending in .gz")]
    Missing(PathBuf),
    /// It cannot be read or unpacked.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// It does not begin like an IDX file of unsigned bytes with so many dimensions.
    #[error("{path}: the file begins with {found:02x?}, not with {wanted:02x?} as an IDX file of bytes with {} dimensions does", wanted[3])]
    Magic {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: Vec<u8>,
        /// What they should be.
        wanted: [u8; 4],
    },
    /// Its length is not that of its header's sizes.
    #[error("{path}: the header announces {announced} bytes of data, the file holds {found}")]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes that the header's sizes come to.
        announced: u64,
        /// Bytes after the header.
        found: u64,
    },
    /// It has no images.
    #[error("{0}: the file holds no samples")]
    Empty(PathBuf),
    /// Images and labels differ in number.
    #[error("{images} holds {image_count} images, but {labels} holds {label_count} labels")]
    Mismatch {
        /// The images.
        images: PathBuf,
        /// How many.
        image_count: usize,
        /// The labels.
        labels: PathBuf,
        /// How many.
        label_count: usize,
    },
    /// A label above 9.
    #[error("{path}: label {index} is {label}, not one of 0 to 9")]
    Label {
        /// The file.
        path: PathBuf,
        /// The label's place, from 0.
        index: usize,
        /// What it is.
        label: u8,
    },
    /// Images of two sizes.
    #[error("{path}: images of {found} pixels, where the training images have {wanted}")]
    Pixels {
        /// The file.
        path: PathBuf,
        /// Its pixels.
        found: usize,
        /// Those of the training images.
        wanted: usize,
    },
}

/// The four files of MNIST or Fashion-MNIST in `dir`; pixels scaled to [0, 1].
pub fn load(dir: &Path) -> Result<Data, IdxError> {
    let train = part(dir, "train")?;
    let test = part(dir, "t10k")?;
    if train.width() != test.width() {
        let path = dir.join("t10k-images-idx3-ubyte");
        return Err(IdxError::Pixels { path, found: test.width(), wanted: train.width() });
    }
    Ok(Data { train, test: Some(test) })
}

fn part(dir: &Path, name: &str) -> Result<Set, IdxError> {
    let image_path = dir.join(format!("{name}-images-idx3-ubyte"));
    let label_path = dir.join(format!("{name}-labels-idx1-ubyte"));
    let (sizes, pixels) = read::<3>(&image_path)?;
    let (_, labels) = read::<1>(&label_path)?;
    let [image_count, rows, columns] = sizes;
    let width = rows * columns;
    if image_count == 0 || width == 0 {
        return Err(IdxError::Empty(image_path));
    }
    if image_count != labels.len() {
        let (images, labels, label_count) = (image_path, label_path, labels.len());
        return Err(IdxError::Mismatch { images, image_count, labels, label_count });
    }
    if let Some(index) = labels.iter().position(|label| *label > 9) {
        return Err(IdxError::Label { path: label_path, index, label: labels[index] });
    }
    Ok(Set::new(Values::U8(pixels, 1.0 / 255.0), width, Wanted::Classes(labels)))
}

/// The sizes and bytes of an IDX file of `D` dimensions, at `path` or `path`.gz.
fn read<const D: usize>(path: &Path) -> Result<([usize; D], Vec<u8>), IdxError> {
    let gzipped = PathBuf::from(format!("{}.gz", path.display()));
    let (path, is_gzipped) = match (path.exists(), gzipped.exists()) {
        (true, _) => (path.to_path_buf(), false),
        (false, true) => (gzipped, true),
        (false, false) => return Err(IdxError::Missing(path.to_path_buf())),
    };
    let io = |error| IdxError::Io(path.clone(), error);
    let file = File::open(&path).map_err(io)?;
    let mut reader: Box<dyn Read> =
        if is_gzipped { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut header = Vec::new();
    (&mut reader).take(4 + 4 * D as u64).read_to_end(&mut header).map_err(io)?;
    let wanted = [0, 0, 8, D as u8];
    if !header.starts_with(&wanted) {
        header.truncate(4);
        return Err(IdxError::Magic { path, found: header, wanted });
    }
    let sizes: Vec<usize> =
        header[4..].as_chunks::<4>().0.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let Ok(sizes) = <[usize; D]>::try_from(sizes) else {
        return Err(IdxError::Length { path, announced: 4 + 4 * D as u64, found: header.len() as u64 });
    };
    let announced = sizes.iter().fold(1_u64, |product, size| product.saturating_mul(*size as u64));
    let mut data = Vec::new();
    // One byte more than announced tells an oversized file, without reading all of it.
    reader.take(announced.saturating_add(1)).read_to_end(&mut data).map_err(io)?;
    if data.len() as u64 != announced {
        return Err(IdxError::Length { path, announced, found: data.len() as u64 });
    }
    Ok((sizes, data))
}
