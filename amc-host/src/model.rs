//! Nets that own their layers, and the model files that keep them, in the format of [`amc_store::model`].

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amc_core::{Activation, Layer, Loss, Net, Objective};
use amc_store::{FormatError, model};
use clap::ValueEnum;
use serde::Serialize;

use crate::CRC;
use crate::lanes::Arithmetic;

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

impl ActivationName {
    fn of(activation: Activation) -> Option<Self> {
        Self::value_variants().iter().copied().find(|name| Activation::from(*name) == activation)
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Inputs, units of each hidden layer, outputs.
    pub sizes: Vec<usize>,
    /// Of each layer: one fewer than sizes.
    pub activations: Vec<ActivationName>,
    /// The loss it was trained on.
    pub loss: LossName,
}

impl Description {
    /// A net whose hidden layers are all of one `activation`, and whose last layer has the one called `output`.
    pub fn new(sizes: Vec<usize>, activation: ActivationName, output: ActivationName, loss: LossName) -> Self {
        let mut activations = vec![activation; sizes.len().saturating_sub(1)];
        if let Some(last) = activations.last_mut() {
            *last = output;
        }
        Self { sizes, activations, loss }
    }

    /// What is stored; `None` where this program has no name for a part of it.
    fn read(stored: &amc_store::Description<'_>) -> Option<Self> {
        let sizes = std::iter::once(stored.inputs()).chain(stored.layers().map(|layer| layer.units())).collect();
        let dense = |layer: Layer| match layer {
            Layer::Dense { activation, .. } => ActivationName::of(activation),
            _ => None,
        };
        let activations = stored.layers().map(dense).collect::<Option<_>>()?;
        Some(Self { sizes, activations, loss: LossName::of(stored.loss())? })
    }

    /// The layers.
    pub fn layers(&self) -> Vec<Layer> {
        let units = self.sizes.iter().skip(1);
        units.zip(&self.activations).map(|(units, activation)| Layer::dense(*units, (*activation).into())).collect()
    }

    /// The net and its loss; `layers` are this description's [layers](Description::layers).
    pub fn objective<'a>(&self, layers: &'a [Layer]) -> anyhow::Result<Objective<'a>> {
        let net = Net::try_new(self.sizes.first().copied().unwrap_or(0), layers)?;
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
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// Its content is not that of a model file.
    #[error("{0}")]
    Format(PathBuf, #[source] FormatError),
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

/// Writes a file whole or not at all: under a temporary name beside it, then renamed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

impl Model {
    /// Writes the model file.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let invalid = |reason: String| ModelError::Description { path: path.to_path_buf(), reason };
        let format = |error| ModelError::Format(path.to_path_buf(), error);
        let layers = self.description.layers();
        let objective = self.description.objective(&layers).map_err(|error| invalid(error.to_string()))?;
        let model = model::Model { objective, arithmetic: self.arithmetic.into(), parameters: &self.parameters };
        let mut bytes = vec![0; model.length().map_err(format)?];
        model.write(&mut bytes).map_err(format)?;
        write_whole(path, &bytes).map_err(|error| ModelError::Io(path.to_path_buf(), error))
    }

    /// Reads a model file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|error| ModelError::Io(path.to_path_buf(), error))?;
        let stored = model::Stored::parse(&bytes).map_err(|error| ModelError::Format(path.to_path_buf(), error))?;
        Self::read(&stored.description(), stored.arithmetic(), stored.parameters().collect())
            .map_err(|reason| ModelError::Description { path: path.to_path_buf(), reason })
    }

    /// A model of what is stored, if that is a net of so many parameters.
    pub fn read(
        stored: &amc_store::Description<'_>,
        arithmetic: amc_store::Arithmetic,
        parameters: Vec<f32>,
    ) -> Result<Self, String> {
        let description = Description::read(stored).ok_or("a layer or loss is unknown to this program")?;
        let layers = description.layers();
        let objective = description.objective(&layers).map_err(|error| error.to_string())?;
        let (needed, given) = (objective.net().parameters(), parameters.len());
        if needed != given {
            return Err(format!("{given} parameters for a net of {needed}"));
        }
        Ok(Self { description, arithmetic: arithmetic.into(), parameters })
    }
}
