//! Tensors as files of other toolchains have them: a name, a shape, and numbers, which are brought to single precision.

use crate::npy::element::half;

/// Why the numbers of a tensor cannot be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TensorError {
    /// Elements that are no floats.
    #[error("{name}: its elements are {found}: float16, bfloat16, float32 and float64 are read")]
    Elements {
        /// The tensor.
        name: String,
        /// What they are.
        found: String,
    },
    /// Its elements are not in the file.
    #[error("{0}: its elements are in another file: write them into this one, with external_data=False in PyTorch")]
    Elsewhere(String),
    /// A number that single precision does not hold.
    #[error("{name}: element {index} is {value}, where a finite number in single precision was wanted")]
    NotFinite {
        /// The tensor.
        name: String,
        /// Its place in the file's order, from 0.
        index: usize,
        /// What it is.
        value: f64,
    },
    /// Its numbers are not those of its shape.
    #[error("{name}: its shape is {}, but it has {found}", shape_text(shape))]
    Length {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What is there.
        found: String,
    },
}

/// What the elements of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Float {
    /// IEEE's of 16 bits.
    Half,
    /// The upper half of single precision.
    Brain,
    /// IEEE's of 32 bits.
    Single,
    /// IEEE's of 64 bits.
    Double,
}

/// A tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its sizes; the last one is that of numbers which follow each other.
    pub shape: Vec<usize>,
    /// Its numbers, all finite.
    pub values: Vec<f32>,
    /// Whether a number of the file was rounded.
    pub is_rounded: bool,
}

impl Float {
    fn size(self) -> usize {
        match self {
            Self::Half | Self::Brain => 2,
            Self::Single => 4,
            Self::Double => 8,
        }
    }
}

impl Tensor {
    /// One of these numbers.
    ///
    /// # Errors
    /// `Length` of others than its shape has, `NotFinite`.
    pub fn new(name: &str, shape: &[usize], numbers: impl ExactSizeIterator<Item = f64>) -> Result<Self, TensorError> {
        if product(shape) != Some(numbers.len()) {
            let found = format!("{} numbers", numbers.len());
            return Err(TensorError::Length { name: name.into(), shape: shape.into(), found });
        }
        let mut is_rounded = false;
        let values = numbers.enumerate().map(|(index, value)| {
            let single = value as f32;
            is_rounded |= f64::from(single) != value;
            let finite = single.is_finite().then_some(single);
            finite.ok_or_else(|| TensorError::NotFinite { name: name.into(), index, value })
        });
        let values = values.collect::<Result<_, _>>()?;
        Ok(Self { name: name.into(), shape: shape.into(), values, is_rounded })
    }

    /// One of little-endian bytes.
    ///
    /// # Errors
    /// Those of [`new`](Tensor::new).
    pub fn of_bytes(name: &str, shape: &[usize], float: Float, bytes: &[u8]) -> Result<Self, TensorError> {
        if product(shape).and_then(|numbers| numbers.checked_mul(float.size())) != Some(bytes.len()) {
            let found = format!("{} bytes", bytes.len());
            return Err(TensorError::Length { name: name.into(), shape: shape.into(), found });
        }
        match float {
            Float::Half => Self::new(name, shape, numbers(bytes, |of| half(u16::from_le_bytes(of)))),
            Float::Brain => Self::new(name, shape, numbers(bytes, |of| brain(u16::from_le_bytes(of)))),
            Float::Single => Self::new(name, shape, numbers(bytes, |of| f64::from(f32::from_le_bytes(of)))),
            Float::Double => Self::new(name, shape, numbers(bytes, f64::from_le_bytes)),
        }
    }

    /// One of numbers that are finite and as many as its shape has.
    pub(crate) fn of(name: String, shape: &[usize], values: Vec<f32>) -> Self {
        Self { name, shape: shape.into(), values, is_rounded: false }
    }
}

fn numbers<const N: usize>(bytes: &[u8], read: fn([u8; N]) -> f64) -> impl ExactSizeIterator<Item = f64> {
    bytes.as_chunks().0.iter().map(move |bytes| read(*bytes))
}

/// The number whose upper half these bits are.
pub(crate) fn brain(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

/// Numbers of a shape; none where they overflow.
pub(crate) fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length))
}

/// A shape as numpy writes it.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [only] => format!("({only},)"),
        shape => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}
