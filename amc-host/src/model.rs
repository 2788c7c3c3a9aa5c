//! Nets that own their layers, and the model files that keep them, in the format of [`amc_store::model`].

pub mod net_file;
mod nets;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use amc_core::{Activation, Layer, Loss, Net, Objective};
use amc_store::{FormatError, model};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub use self::nets::Modification;
use crate::data::schema::{Scaling, Schema};
use crate::data::window::Window;
use crate::{CRC, whole_file};
use amc_kernels::Arithmetic;

/// An activation as options and model files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationName {
    /// The input itself
    Linear,
    /// The hyperbolic tangent
    Tanh,
    /// max(0, input)
    Relu,
    /// The logistic function
    Sigmoid,
    /// Exponentials over their sum; output only
    Softmax,
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Linear => Activation::Linear,
            ActivationName::Tanh => Activation::Tanh,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Sigmoid => Activation::Sigmoid,
            ActivationName::Softmax => Activation::Softmax,
        }
    }
}

/// A loss as options and model files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    /// Mean-squared error over samples and outputs
    Mse,
    /// Mean of −ln of the probability given to the class
    CrossEntropy,
}

impl LossName {
    fn of(loss: Loss) -> Option<Self> {
        Self::value_variants().iter().copied().find(|name| Loss::from(*name) == loss)
    }
}

impl From<LossName> for Loss {
    fn from(name: LossName) -> Self {
        match name {
            LossName::Mse => Loss::MeanSquaredError,
            LossName::CrossEntropy => Loss::CrossEntropy,
        }
    }
}

/// The description of a net and its loss: what a model file carries besides parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Numbers in a sample.
    pub inputs: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    /// The loss it was trained on.
    pub loss: LossName,
}

impl Description {
    /// A net of dense layers, of these sizes: inputs, units of each hidden layer, outputs. Hidden layers are all of one
    /// `activation`, and the last layer has the one called `output`.
    pub fn new(sizes: &[usize], activation: ActivationName, output: ActivationName, loss: LossName) -> Self {
        let units = sizes.get(1..).unwrap_or_default();
        let mut layers: Vec<_> = units.iter().map(|units| Layer::dense(*units, activation.into())).collect();
        if let (Some(last), Some(units)) = (layers.last_mut(), units.last()) {
            *last = Layer::dense(*units, output.into());
        }
        Self { inputs: sizes.first().copied().unwrap_or(0), layers, loss }
    }

    /// What is stored; `None` where this program has no name for the loss.
    fn read(stored: &amc_store::Description<'_>) -> Option<Self> {
        let (inputs, layers) = (stored.inputs(), stored.layers().collect());
        Some(Self { inputs, layers, loss: LossName::of(stored.loss())? })
    }

    /// The net and its loss.
    pub fn objective(&self) -> anyhow::Result<Objective<'_>> {
        let net = Net::try_new(self.inputs, &self.layers)?;
        Ok(Objective::try_new(net, self.loss.into())?)
    }
}

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
        whole_file::write(path, &bytes).map_err(|error| ModelError::Io(path.to_path_buf(), error))
    }

    /// Reads a model file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|error| ModelError::Io(path.to_path_buf(), error))?;
        let stored =
            model::Stored::parse(&bytes).map_err(|error| ModelError::Format(path.to_path_buf(), Box::new(error)))?;
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
