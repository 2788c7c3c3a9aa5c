//! Model files, in the format of [`amc_store::model`].

pub mod carried;
pub mod net_file;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use amc_engine::CRC;
use amc_engine::description::Description;
use amc_kernels::Arithmetic;
use amc_store::{FormatError, model};
use serde::{Deserialize, Serialize};

use crate::data::schema::{Scaling, Schema};
use crate::data::window::Window;
use crate::whole_file;

/// A trained net.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its description.
    pub description: Description,
    /// The arithmetic it was trained in.
    pub arithmetic: Arithmetic,
    /// Its parameters, in the core's order.
    pub parameters: Vec<f32>,
    /// What the columns of the table it was trained on are to it, if it was one.
    pub schema: Option<Schema>,
}

/// What a model file's notes are; a new kind goes to the end.
#[derive(Serialize, Deserialize)]
enum Notes<'s> {
    /// A table's schema.
    Table(Cow<'s, Schema>),
    /// The same, of samples that are windows.
    Windows(Cow<'s, Schema>, Window),
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// Its content is not that of a model file.
    #[error("{0}")]
    Format(PathBuf, #[source] Box<FormatError>),
    /// What it describes is not a net that this program knows.
    #[error("{path}: the description is not valid: {reason}")]
    Description {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// The hash of parameters: CRC-32 (that of zlib and gzip) of their little-endian bytes.
pub fn params_hash(parameters: &[f32]) -> String {
    let mut digest = CRC.digest();
    for x in parameters {
        digest.update(&x.to_le_bytes());
    }
    format!("{:08x}", digest.finalize())
}

impl Model {
    /// Writes the model file.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let bytes = self.bytes(path)?;
        whole_file::write(path, &bytes).map_err(|error| ModelError::Io(path.to_path_buf(), error))
    }

    /// The bytes of the model file; `path` is what errors call it.
    pub fn bytes(&self, path: &Path) -> Result<Vec<u8>, ModelError> {
        let invalid = |reason: String| ModelError::Description { path: path.to_path_buf(), reason };
        let format = |error| ModelError::Format(path.to_path_buf(), Box::new(error));
        let objective = self.description.objective().map_err(|error| invalid(error.to_string()))?;
        let notes = self.schema.as_ref().map(|schema| match schema.window {
            Window { rows: 1, .. } => Notes::Table(Cow::Borrowed(schema)),
            window => Notes::Windows(Cow::Borrowed(schema), window),
        });
        let notes = notes.map_or(Ok(Vec::new()), |notes| postcard::to_stdvec(&notes));
        let notes = notes.map_err(|error| invalid(error.to_string()))?;
        let scaling = |of: fn(&Schema) -> &[Scaling]| {
            let scaling = self.schema.as_ref().map(of).unwrap_or_default();
            scaling.iter().map(|scaling| (*scaling).into()).collect::<Vec<_>>()
        };
        let (row, outputs) = (scaling(|schema| &schema.input_scaling), scaling(|schema| &schema.output_scaling));
        let inputs = row.repeat(self.schema.as_ref().map_or(1, |schema| schema.window.rows));
        let model = model::Model {
            objective,
            arithmetic: self.arithmetic,
            parameters: &self.parameters,
            scaling: model::Scaling { inputs: &inputs, outputs: &outputs },
            notes: &notes,
        };
        let mut bytes = vec![0; model.length().map_err(format)?];
        model.write(&mut bytes).map_err(format)?;
        Ok(bytes)
    }

    /// Reads a model file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|error| ModelError::Io(path.to_path_buf(), error))?;
        Self::parse(path, &bytes)
    }

    /// Reads the bytes of a model file; `path` is what errors call it.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ModelError> {
        let stored =
            model::Stored::parse(bytes).map_err(|error| ModelError::Format(path.to_path_buf(), Box::new(error)))?;
        Self::of(&stored).map_err(|reason| ModelError::Description { path: path.to_path_buf(), reason })
    }

    /// What a model file holds.
    pub fn of(stored: &model::Stored<'_>) -> Result<Self, String> {
        let model = Self::read(&stored.description(), stored.arithmetic(), stored.parameters().collect())?;
        Ok(Self { schema: schema(stored)?, ..model })
    }

    /// A model of what is stored, if that is a net of so many parameters.
    pub fn read(
        stored: &amc_store::Description<'_>,
        arithmetic: amc_store::Arithmetic,
        parameters: Vec<f32>,
    ) -> Result<Self, String> {
        let description = Description::read(stored).ok_or("the loss is unknown to this program")?;
        let objective = description.objective().map_err(|error| error.to_string())?;
        let (needed, given) = (objective.net().parameters(), parameters.len());
        if needed != given {
            return Err(format!("{given} parameters for a net of {needed}"));
        }
        Ok(Self { description, arithmetic, parameters, schema: None })
    }
}

/// The schema that a model file's notes have, with the scaling of inputs and outputs.
fn schema(stored: &model::Stored<'_>) -> Result<Option<Schema>, String> {
    if stored.notes().is_empty() {
        return Ok(None);
    }
    let read = postcard::from_bytes(stored.notes());
    let (schema, window) = match read.map_err(|error| format!("what it says of its columns cannot be read: {error}"))? {
        Notes::Table(schema) => (schema, Window::default()),
        Notes::Windows(schema, window) => (schema, window),
    };
    if window.rows == 0 || !stored.input_scaling().count().is_multiple_of(window.rows) {
        return Err(format!("windows of {} rows for a net of {} inputs", window.rows, stored.description().inputs()));
    }
    let numbers = stored.input_scaling().count() / window.rows;
    let schema = Schema {
        window,
        input_scaling: stored.input_scaling().take(numbers).map(Scaling::from).collect(),
        output_scaling: stored.output_scaling().map(Scaling::from).collect(),
        ..schema.into_owned()
    };
    schema.check(stored.description().inputs(), stored.description().outputs())?;
    Ok(Some(schema))
}
