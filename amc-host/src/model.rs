//! Model files, in the format of [`amc_store::model`].

pub mod carried;
pub mod integer;
pub mod net_file;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use amc_core::Layer;
use amc_engine::CRC;
use amc_engine::description::{Description, LayerNames};
use amc_kernels::Arithmetic;
use amc_store::{FormatError, model};
use serde::{Deserialize, Serialize};

use self::integer::IntegerModel;
use crate::data::schema::{Outputs, Scaling, Schema};
use crate::data::target::MOST_CLASSES;
use crate::data::window::Window;
use crate::predict::Predictor;
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
    /// The classes that its outputs are, one each, where no table says them and somebody did.
    pub classes: Vec<String>,
}

/// What a model file's notes are, one after another where there are several; a new kind goes to the end.
#[derive(Serialize, Deserialize)]
enum Notes<'s> {
    /// A table's schema.
    Table(Cow<'s, Schema>),
    /// The same, of samples that are windows.
    Windows(Cow<'s, Schema>, Window),
    /// Classes without a table.
    Classes(Cow<'s, [String]>),
    /// What the layers are called; behind the others, so that programs that do not know it read those.
    Layers(Cow<'s, LayerNames>),
}

/// What the model of a training is called.
pub const FILE_NAME: &str = "model.amc";

fn bytes_of(path: &Path) -> Result<Vec<u8>, ModelError> {
    if path.is_dir() {
        return Err(ModelError::Folder(path.to_path_buf()));
    }
    std::fs::read(path).map_err(|error| ModelError::Io(path.to_path_buf(), error))
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// It is a folder: a training leaves its model in one.
    #[error("{}: a folder: a model is a file, as {}", .0.display(), .0.join(FILE_NAME).display())]
    Folder(PathBuf),
    /// Its content is not that of a model file.
    #[error("{0}")]
    Format(PathBuf, #[source] Box<FormatError>),
    /// It is a model of another kind than this takes.
    #[error("{0}: an integer net: this takes nets of floats")]
    Integers(PathBuf),
    /// What it describes is not a net that this program knows.
    #[error("{path}: the description is not valid: {reason}")]
    Description {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// A trained net of any numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Trained {
    /// Of floats.
    Floats(Model),
    /// Of integers.
    Integers(IntegerModel),
}

impl Trained {
    /// Reads a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = bytes_of(path)?;
        match bytes.starts_with(integer::MAGIC) {
            true => IntegerModel::parse(path, &bytes).map(Self::Integers),
            false => Model::parse(path, &bytes).map(Self::Floats),
        }
    }

    /// The net, to be asked.
    pub fn predictor(&self) -> &dyn Predictor {
        match self {
            Self::Floats(model) => model,
            Self::Integers(model) => model,
        }
    }
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
        let notes = match &self.schema {
            Some(schema) if schema.window.rows == 1 => Some(Notes::Table(Cow::Borrowed(schema))),
            Some(schema) => Some(Notes::Windows(Cow::Borrowed(schema), schema.window)),
            None => (!self.classes.is_empty()).then(|| Notes::Classes(Cow::Borrowed(&self.classes))),
        };
        let names = &self.description.names;
        let names = (!names.is_empty()).then_some(Notes::Layers(Cow::Borrowed(names)));
        let notes = [notes, names].into_iter().flatten().map(|notes| postcard::to_stdvec(&notes));
        let notes = notes.collect::<Result<Vec<_>, _>>().map_err(|error| invalid(error.to_string()))?.concat();
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
        let bytes = bytes_of(path)?;
        Self::parse(path, &bytes)
    }

    /// Reads the bytes of a model file; `path` is what errors call it.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.starts_with(integer::MAGIC) {
            return Err(ModelError::Integers(path.to_path_buf()));
        }
        let stored =
            model::Stored::parse(bytes).map_err(|error| ModelError::Format(path.to_path_buf(), Box::new(error)))?;
        Self::of(&stored).map_err(|reason| ModelError::Description { path: path.to_path_buf(), reason })
    }

    /// What a model file holds.
    pub fn of(stored: &model::Stored<'_>) -> Result<Self, String> {
        let mut model = Self::read(&stored.description(), stored.arithmetic(), stored.parameters().collect())?;
        let mut rest = stored.notes();
        while !rest.is_empty() {
            let read = postcard::take_from_bytes(rest);
            let (notes, more) =
                read.map_err(|error| format!("what it says of columns and layers cannot be read: {error}"))?;
            model.take(notes, stored)?;
            rest = more;
        }
        Ok(model)
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
        Ok(Self { description, arithmetic, parameters, schema: None, classes: Vec::new() })
    }

    /// Takes what a model file's notes say; the scaling of inputs and outputs is beside them.
    fn take(&mut self, notes: Notes<'_>, stored: &model::Stored<'_>) -> Result<(), String> {
        let (inputs, outputs) = (stored.description().inputs(), stored.description().outputs());
        let (schema, window) = match notes {
            Notes::Layers(names) => {
                self.description.names = fitting(names.into_owned(), &self.description.layers)?;
                return Ok(());
            }
            _ if self.schema.is_some() || !self.classes.is_empty() => {
                return Err("it says twice what its outputs are".into());
            }
            Notes::Classes(names) => {
                check_classes(&names, outputs)?;
                self.classes = names.into_owned();
                return Ok(());
            }
            Notes::Table(schema) => (schema, Window::default()),
            Notes::Windows(schema, window) => (schema, window),
        };
        if window.rows == 0 || !stored.input_scaling().count().is_multiple_of(window.rows) {
            return Err(format!("windows of {} rows for a net of {inputs} inputs", window.rows));
        }
        let numbers = stored.input_scaling().count() / window.rows;
        let schema = Schema {
            window,
            input_scaling: stored.input_scaling().take(numbers).map(Scaling::from).collect(),
            output_scaling: stored.output_scaling().map(Scaling::from).collect(),
            ..schema.into_owned()
        };
        schema.check(inputs, outputs)?;
        self.schema = Some(schema);
        Ok(())
    }

    /// What of its parameters is no finite number, if anything is: which one, of which layer, and how many more.
    pub fn not_finite(&self) -> Option<String> {
        let index = self.parameters.iter().position(|x| !x.is_finite())?;
        let value = self.parameters[index];
        let net = self.description.objective().ok()?.net();
        let mut sections = net.sections().enumerate();
        let (layer, section) = sections.find(|(_, section)| section.range().contains(&index))?;
        let part = if index - section.start < section.weights { "weights" } else { "biases" };
        let more = self.parameters[index + 1..].iter().filter(|x| !x.is_finite()).count();
        let more = if more > 0 { format!(", and {more} more are not finite") } else { String::new() };
        Some(format!("parameter {index}, of the {part} of layer {layer} (from 0), is {value}{more}"))
    }

    /// The names of the classes that its outputs are, if they are classes with names.
    pub fn class_names(&self) -> Option<&[String]> {
        match &self.schema {
            Some(Schema { outputs: Outputs::Classes(names), .. }) => Some(names),
            Some(_) => None,
            None => Some(&self.classes[..]).filter(|names| !names.is_empty()),
        }
    }
}

/// Names of layers, if they are as many.
fn fitting(names: LayerNames, layers: &[Layer]) -> Result<LayerNames, String> {
    match names.fit(layers.len()) {
        true => Ok(names),
        false => Err(format!("names of other layers than its {}", layers.len())),
    }
}

/// Checks names of classes that are a net's outputs, one each.
pub fn check_classes(names: &[String], outputs: usize) -> Result<(), String> {
    if names.len() != outputs {
        return Err(format!("{} names of classes for a net of {outputs} outputs", names.len()));
    }
    if !(2..=MOST_CLASSES).contains(&names.len()) {
        return Err(format!("{} names: a net tells 2 to {MOST_CLASSES} classes apart", names.len()));
    }
    let twice = names.iter().enumerate().find(|(place, name)| name.is_empty() || names[..*place].contains(name));
    match twice {
        Some((place, name)) if name.is_empty() => Err(format!("class {place} (from 0) has no name")),
        Some((_, name)) => Err(format!("two classes are called {name:?}")),
        None => Ok(()),
    }
}
