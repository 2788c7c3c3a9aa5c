//! Why arrays are no table.

use std::path::PathBuf;

use amc_engine::memory::MemoryError;
use amc_exchange::npy::ArrayError;
use amc_exchange::npz::ArchiveError;

/// Why arrays are no table.
#[derive(Debug, thiserror::Error)]
pub enum ArraysError {
    /// One of them cannot be read.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// Their archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// They take more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Which are the features cannot be told.
    #[error(
        "{path}: which array has the features? One called X, data, features or images was wanted, or X_train and X_test; \
         it has {arrays}"
    )]
    NoFeatures {
        /// The file.
        path: PathBuf,
        /// What there is.
        arrays: String,
    },
    /// Several arrays may be the same.
    #[error("{path}: {names} may each be the {what}: save it with one of them")]
    Several {
        /// The file.
        path: PathBuf,
        /// They.
        names: String,
        /// What they may be.
        what: &'static str,
    },
    /// Features and targets are not in the same parts.
    #[error("{path}: features are in {features}, targets in {targets}: to each of X_train and X_test one was wanted")]
    Parts {
        /// The file.
        path: PathBuf,
        /// Arrays of features.
        features: String,
        /// Arrays of targets.
        targets: String,
    },
    /// Which are the targets cannot be told.
    #[error(
        "{path}: which array has the targets? One called y, target or labels was wanted, beside the features there are \
         {arrays}; --target names a column of the features"
    )]
    NoTargets {
        /// The file.
        path: PathBuf,
        /// What there is of as many rows.
        arrays: String,
    },
    /// Features and targets of different numbers of rows.
    #[error("{path}: {targets} has {rows} rows, where {features} has {wanted}")]
    Rows {
        /// The file.
        path: PathBuf,
        /// The features.
        features: String,
        /// Their rows.
        wanted: usize,
        /// The targets.
        targets: String,
        /// Their rows.
        rows: usize,
    },
    /// Two parts of different widths.
    #[error("{path}: {other} has {width} numbers a row, where {one} has {wanted}")]
    Width {
        /// The file.
        path: PathBuf,
        /// One.
        one: String,
        /// Its numbers a row.
        wanted: usize,
        /// The other.
        other: String,
        /// Its numbers a row.
        width: usize,
    },
}
