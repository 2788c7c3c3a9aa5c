//! Arrays of numpy, copied out of Python's hands.

use amc_engine::memory;
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::PyResult;

use crate::errors::refused;

/// The numbers of all rows, one row after another, whatever the strides; and how many a row has.
pub fn rows(x: &PyReadonlyArray2<'_, f32>) -> PyResult<(Vec<f32>, usize)> {
    let bytes = (x.len() as u64).saturating_mul(size_of::<f32>() as u64);
    memory::check(bytes, format!("a copy of {} rows", x.shape()[0])).map_err(refused)?;
    Ok((x.as_array().iter().copied().collect(), x.shape()[1]))
}
