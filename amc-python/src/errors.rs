//! Errors as Python has them: each with its one line.

use std::io;
use std::path::Path;

use amc_engine::memory::MemoryError;
use amc_host::model::ModelError;
use pyo3::PyErr;
use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};

/// What was wrong with what was given, unless it is memory that lacks.
pub fn refused(error: impl Into<anyhow::Error>) -> PyErr {
    let error = error.into();
    let text = format!("{error:#}");
    match error.chain().any(|cause| cause.is::<MemoryError>()) {
        true => PyMemoryError::new_err(text),
        false => PyValueError::new_err(text),
    }
}

/// What was wrong with a model file.
pub fn of_model(error: ModelError) -> PyErr {
    match error {
        ModelError::Io(path, error) => of_file(&path, &error),
        error => refused(error),
    }
}

/// What was wrong with a net from another toolchain, or with its file.
pub fn of_import(error: anyhow::Error) -> PyErr {
    match error.downcast_ref::<io::Error>() {
        Some(of) => match of.raw_os_error() {
            Some(_) => of_file(Path::new(&error.to_string()), of),
            None => refused(error),
        },
        None => refused(error),
    }
}

/// `FileNotFoundError` and its like, with the name of the file.
fn of_file(path: &Path, error: &io::Error) -> PyErr {
    match error.raw_os_error() {
        // Python makes the class of the number, and adds the name.
        Some(number) => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_string();
            PyOSError::new_err((number, text, path.display().to_string()))
        }
        None => PyOSError::new_err(format!("{}: {error}", path.display())),
    }
}
