//! The native half of the Python package `amc`: training, models and chains of amc over numpy's arrays.
//!
//! What users see, and what is checked of their arguments, is in `python/amc`; types are in `python/amc/_native.pyi`. Errors
//! become `ValueError`, or `OSError` and `MemoryError` where they are these.

mod arrays;
mod errors;
mod fit;
mod minimize;
mod net;
mod settings;
mod watched;

/// `amc._native`.
#[pyo3::pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use super::fit::{Fitted, fit};
    #[pymodule_export]
    use super::minimize::minimize;
    #[pymodule_export]
    use super::net::Net;
    #[pymodule_export]
    use super::settings::most_threads;
}
