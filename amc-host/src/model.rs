//! Nets that own their layers, and the model files that keep them.
//!
//! A model file is: the 8 bytes `AMCMODEL`; the format's version, 1; the header's length; the header, JSON; the
//! parameters; and the CRC-32 of all that comes before. Integers are u32 and, like the parameters, little-endian.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amc_core::{Activation, Layer, Loss, Net, Objective};
use serde::{Deserialize, Serialize};

use crate::lanes::Arithmetic;

const MAGIC: &[u8; 8] = b"AMCMODEL";
const VERSION: u32 = 1;
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// An activation as options and model files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    /// Mean-squared error over samples and outputs
    Mse,
    /// Mean of −ln of the probability given to the class
    CrossEntropy,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Inputs, units of each hidden layer, outputs.
    pub sizes: Vec<usize>,
    /// Of hidden layers.
    pub activation: ActivationName,
    /// Of the last layer.
    pub output: ActivationName,
    /// The loss it was trained on.
    pub loss: LossName,
}

impl Description {
    /// The layers.
    pub fn layers(&self) -> Vec<Layer> {
        let last = self.sizes.len().saturating_sub(1);
        let activation = |layer| if layer == last { self.output } else { self.activation };
        let units = self.sizes.iter().enumerate().skip(1);
        units.map(|(layer, units)| Layer::dense(*units, activation(layer).into())).collect()
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

#[derive(Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    description: Description,
    arithmetic: Arithmetic,
    parameters: usize,
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// It does not begin like one.
    #[error("{0}: not a model file: it does not begin with AMCMODEL")]
    Magic(PathBuf),
    /// It is of a version that this program does not know.
    #[error("{path}: model file of version {version}; this program reads version {VERSION}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Its content differs from what was written.
    #[error("{0}: the model file is damaged or cut short: its checksum is wrong")]
    Checksum(PathBuf),
    /// Its header makes no sense.
    #[error("{path}: the model file's description is not valid: {reason}")]
    Header {
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
        let (description, parameters) = (self.description.clone(), self.parameters.len());
        let header = Header { description, arithmetic: self.arithmetic, parameters };
        let io = |error| ModelError::Io(path.to_path_buf(), error);
        let header = serde_json::to_vec(&header).map_err(|error| io(error.into()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        bytes.extend(self.parameters.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(CRC.checksum(&bytes).to_le_bytes());
        write_whole(path, &bytes).map_err(io)
    }

    /// Reads a model file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let at = || path.to_path_buf();
        let bytes = std::fs::read(path).map_err(|error| ModelError::Io(at(), error))?;
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| ModelError::Magic(at()))?;
        let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        let (version, rest) = rest.split_first_chunk().ok_or_else(|| ModelError::Checksum(at()))?;
        if number(version) != VERSION {
            return Err(ModelError::Version { path: at(), version: number(version) });
        }
        let (rest, checksum) = rest.split_last_chunk().ok_or_else(|| ModelError::Checksum(at()))?;
        if CRC.checksum(&bytes[..bytes.len() - 4]) != number(checksum) {
            return Err(ModelError::Checksum(at()));
        }
        let invalid = |reason: String| ModelError::Header { path: at(), reason };
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| ModelError::Checksum(at()))?;
        let (header, data) =
            rest.split_at_checked(number(length) as usize).ok_or_else(|| invalid("its length is wrong".into()))?;
        let header: Header = serde_json::from_slice(header).map_err(|error| invalid(error.to_string()))?;
        let layers = header.description.layers();
        let objective = header.description.objective(&layers).map_err(|error| invalid(error.to_string()))?;
        let parameters: Vec<f32> = data.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        if parameters.len() != objective.net().parameters() || data.len() % 4 != 0 {
            return Err(invalid(format!(
                "{} parameters for a net of {}",
                parameters.len(),
                objective.net().parameters()
            )));
        }
        Ok(Self { description: header.description, arithmetic: header.arithmetic, parameters })
    }
}
