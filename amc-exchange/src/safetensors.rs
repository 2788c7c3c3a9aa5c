//! Files of safetensors: a header in JSON, and the bytes of the tensors.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use crate::tensor::{Float, Tensor, TensorError};

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SafetensorsError {
    /// It is no such file.
    #[error("it is no whole safetensors file: {0}")]
    File(SafeTensorError),
    /// It cannot be written.
    #[error("it cannot be written: {0}")]
    Write(SafeTensorError),
    /// A tensor of it.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// The tensors of a file, and its metadata. A file has them in no order: they are brought to that of their names, numbers in
/// these by their size.
///
/// # Errors
/// Any [`SafetensorsError`] but `Write`.
pub fn read(bytes: &[u8]) -> Result<(Vec<Tensor>, HashMap<String, String>), SafetensorsError> {
    let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(SafetensorsError::File)?;
    let data = bytes.get(size_of::<u64>() + header..).unwrap_or_default();
    let tensors = metadata.tensors();
    let mut tensors: Vec<_> = tensors.iter().map(|(name, info)| (parts(name), name, info)).collect();
    tensors.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
    let tensors = tensors.into_iter().map(|(_, name, info)| {
        let float = match info.dtype {
            Dtype::F16 => Float::Half,
            Dtype::BF16 => Float::Brain,
            Dtype::F32 => Float::Single,
            Dtype::F64 => Float::Double,
            other => return Err(TensorError::Elements { name: name.clone(), found: other.to_string() }),
        };
        let (start, end) = info.data_offsets;
        Tensor::of_bytes(name, &info.shape, float, data.get(start..end).unwrap_or_default())
    });
    Ok((tensors.collect::<Result<_, _>>()?, metadata.metadata().clone().unwrap_or_default()))
}

/// A file of these tensors, in single precision, with one text beside them: with more, their order would be another each time.
///
/// # Errors
/// `Write`.
pub fn write(tensors: &[Tensor], (key, text): (&str, String)) -> Result<Vec<u8>, SafetensorsError> {
    let views = tensors.iter().map(|tensor| {
        let bytes = tensor.values.iter().flat_map(|x| x.to_le_bytes()).collect();
        (&tensor.name, Single { shape: &tensor.shape, bytes })
    });
    let metadata = HashMap::from([(key.to_string(), text)]);
    safetensors::serialize(views, Some(metadata)).map_err(SafetensorsError::Write)
}

/// A tensor as the crate takes it.
struct Single<'t> {
    shape: &'t [usize],
    bytes: Vec<u8>,
}

impl safetensors::View for Single<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// A piece of a name: a text, or digits by their number.
type Piece<'n> = (bool, usize, &'n str);

/// The pieces of what stands between a name's points, by whose order 2 is before 10, and `fc.weight` before `fc2.weight`.
fn parts(name: &str) -> Vec<Vec<Piece<'_>>> {
    name.split('.').map(pieces).collect()
}

fn pieces(name: &str) -> Vec<Piece<'_>> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let runs = name.as_bytes().chunk_by(move |a, b| is_digit(a) == is_digit(b));
    let mut end = 0;
    let parts = runs.map(|run| {
        let part = &name[end..end + run.len()];
        end += run.len();
        let number = part.trim_start_matches('0');
        if run.first().is_some_and(is_digit) { (false, number.len(), number) } else { (true, 0, part) }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["fc2.weight", "fc.weight", "fc10.bias", "fc.bias"];
        names.sort_by(|a, b| parts(a).cmp(&parts(b)));
        assert_eq!(names, ["fc.bias", "fc.weight", "fc2.weight", "fc10.bias"]);
        let mut names = ["10.bias", "2.weight", "a", "2.bias", "02.b", "é9x", "é10"];
        names.sort_by(|a, b| parts(a).cmp(&parts(b)));
        assert_eq!(names, ["02.b", "2.bias", "2.weight", "10.bias", "a", "é9x", "é10"]);
    }
}
