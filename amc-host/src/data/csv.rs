//! CSV files: a sample a line, its features, and in the last column its class.

use std::path::{Path, PathBuf};

use super::{Data, OwnedTargets, Set, Values};

/// What is wrong with a CSV file. Lines and columns are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// It cannot be read as CSV.
    #[error("{0}")]
    Csv(PathBuf, #[source] csv::Error),
    /// A feature is not a finite number.
    #[error("{path}: line {line}, column {column}: {cell:?} is not a finite number")]
    Number {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The cell.
        cell: String,
    },
    /// A class is not a whole number from 0 to 255.
    #[error("{path}: line {line}, column {column}: {cell:?} is not a class, a whole number from 0 to 255")]
    Class {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The cell.
        cell: String,
    },
    /// A line with a class but no features.
    #[error("{path}: line {line}: at least one feature and a class are needed")]
    NoFeatures {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// Too few lines to train and test with.
    #[error("{0}: at least 5 samples are needed, four to train on and one to test with")]
    TooFew(PathBuf),
}

/// Reads a file without a header line; a first line of which no cell is a number is taken for
/// one, with the names of the columns. The last fifth of
/// the samples is the test set.
pub fn load(path: &Path) -> Result<Data, CsvError> {
    let error = |error| CsvError::Csv(path.to_path_buf(), error);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_path(path).map_err(error)?;
    let (mut values, mut classes, mut width, mut columns) = (Vec::new(), Vec::new(), 0, Vec::new());
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(error)?;
        let line = record.position().map_or(0, csv::Position::line);
        let is_header = index == 0 && record.iter().all(|cell| cell.parse::<f32>().is_err());
        if is_header {
            columns = record.iter().map(String::from).collect();
            continue;
        }
        width = record.len().saturating_sub(1);
        if width == 0 {
            return Err(CsvError::NoFeatures { path: path.to_path_buf(), line });
        }
        for (column, cell) in (1..).zip(record.iter()) {
            let (path, text) = (|| path.to_path_buf(), || cell.to_string());
            if column <= width {
                match cell.parse::<f32>() {
                    Ok(value) if value.is_finite() => values.push(value),
                    _ => return Err(CsvError::Number { path: path(), line, column, cell: text() }),
                }
            } else {
                match cell.parse::<u8>() {
                    Ok(class) => classes.push(class),
                    Err(_) => return Err(CsvError::Class { path: path(), line, column, cell: text() }),
                }
            }
        }
    }
    if classes.len() < 5 {
        return Err(CsvError::TooFew(path.to_path_buf()));
    }
    let train = classes.len() - classes.len() / 5;
    let test_values = values.split_off(train * width);
    let test_classes = classes.split_off(train);
    let set =
        |values, classes| Set::new(Values::F32(values), width, OwnedTargets::Classes(classes)).named(columns.clone());
    Ok(Data { train: set(values, classes), test: Some(set(test_values, test_classes)) })
}
