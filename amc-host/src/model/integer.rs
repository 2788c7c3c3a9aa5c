//! Model files of integer nets.
//!
//! `AMCINTEG`, the version as 4 bytes, in postcard what [`IntegerModel`] has, with the names of layers last, if there are some, and
//! the CRC-32 of all before it; numbers are little-endian.

use std::borrow::Cow;
use std::path::Path;

use amc_core::Activation;
use amc_engine::CRC;
use amc_engine::data::Set;
use amc_engine::description::LayerNames;
use amc_engine::integer::{self, Description, NotFinite};
use serde::{Deserialize, Serialize};

use super::{ModelError, fitting};
use crate::data::integers::Units;
use crate::data::schema::{Outputs, Scaling, Schema};
use crate::data::window::Window;
use crate::predict::Predictor;
use crate::whole_file;

/// What a file begins with.
pub(super) const MAGIC: &[u8] = b"AMCINTEG";
const VERSION: u32 = 1;

/// A trained integer net.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerModel {
    /// Its description.
    pub description: Description,
    /// What its layers are called.
    pub names: LayerNames,
    /// Its parameters, in the core's order.
    pub parameters: Vec<i8>,
    /// How numbers come to be the net's, where it was not trained on a table.
    pub units: Units,
    /// What the columns of the table it was trained on are to it, if it was one; the net takes what these scale, rounded.
    pub schema: Option<Schema>,
}

/// What a table's columns are to the net, its windows, and the scaling of inputs and outputs.
type OfTable<'m> = (Cow<'m, Schema>, Window, Cow<'m, [Scaling]>, Cow<'m, [Scaling]>);

/// What a file has.
#[derive(Serialize, Deserialize)]
struct Stored<'m> {
    description: Cow<'m, Description>,
    units: Cow<'m, Units>,
    table: Option<OfTable<'m>>,
    parameters: Cow<'m, [i8]>,
}

/// The hash of parameters: CRC-32 of their bytes.
pub fn params_hash(parameters: &[i8]) -> String {
    let bytes: Vec<_> = parameters.iter().map(|x| x.to_le_bytes()[0]).collect();
    format!("{:08x}", CRC.checksum(&bytes))
}

impl IntegerModel {
    /// Writes the model file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let table = self.schema.as_ref().map(|schema| {
            let [inputs, outputs] = [&schema.input_scaling, &schema.output_scaling].map(|of| Cow::Borrowed(&of[..]));
            (Cow::Borrowed(schema), schema.window, inputs, outputs)
        });
        let stored = Stored {
            description: Cow::Borrowed(&self.description),
            units: Cow::Borrowed(&self.units),
            table,
            parameters: Cow::Borrowed(&self.parameters),
        };
        let invalid =
            |error: postcard::Error| ModelError::Description { path: path.to_path_buf(), reason: error.to_string() };
        let mut body = postcard::to_stdvec(&stored).map_err(invalid)?;
        if !self.names.is_empty() {
            body.extend(postcard::to_stdvec(&self.names).map_err(invalid)?);
        }
        let mut bytes = [MAGIC, &VERSION.to_le_bytes(), &body].concat();
        bytes.extend(CRC.checksum(&bytes).to_le_bytes());
        whole_file::write(path, &bytes).map_err(|error| ModelError::Io(path.to_path_buf(), error))
    }

    /// Reads the bytes of a model file; `path` is what errors call it.
    ///
    /// # Errors
    /// Where it is none, of another version, damaged, or of a net that cannot be.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ModelError> {
        Self::read(bytes).map_err(|reason| ModelError::Description { path: path.to_path_buf(), reason })
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let damaged = || "the file is damaged".to_string();
        let rest = bytes.strip_prefix(MAGIC).ok_or("it is no integer net")?;
        let (version, _) = rest.split_first_chunk().ok_or_else(damaged)?;
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(format!("it is of version {version}, and this program knows {VERSION}"));
        }
        let (whole, checksum) = bytes.split_last_chunk().ok_or_else(damaged)?;
        let body = whole.get(MAGIC.len() + size_of_val(&VERSION)..).ok_or_else(damaged)?;
        if CRC.checksum(whole) != u32::from_le_bytes(*checksum) {
            return Err(damaged());
        }
        let unread = |error: postcard::Error| format!("it cannot be read: {error}");
        let (stored, names) = postcard::take_from_bytes(body).map_err(unread)?;
        let Stored { description, units, table, parameters } = stored;
        let names =
            if names.is_empty() { LayerNames::default() } else { postcard::from_bytes(names).map_err(unread)? };
        let names = fitting(names, &description.layers)?;
        let (description, parameters) = (description.into_owned(), parameters.into_owned());
        let (inputs, outputs) = {
            let objective = description.objective().map_err(|error| error.to_string())?;
            objective.net().check(&parameters).map_err(|error| error.to_string())?;
            (objective.net().shape().inputs(), objective.net().shape().outputs())
        };
        let units = units.into_owned();
        let fits = |scaled: &[Scaling], numbers: usize| scaled.is_empty() || scaled.len() == numbers;
        if !fits(&units.inputs, inputs) || !fits(&units.outputs, outputs) {
            return Err("its scales are not as many as its inputs and outputs".into());
        }
        let schema = table.map(|(schema, window, input_scaling, output_scaling)| {
            let (input_scaling, output_scaling) = (input_scaling.into_owned(), output_scaling.into_owned());
            let schema = Schema { window, input_scaling, output_scaling, ..schema.into_owned() };
            if window.rows == 0 || window.stride == 0 {
                return Err("windows of no rows, or that do not move".to_string());
            }
            schema.check(inputs, outputs).map(|()| schema)
        });
        Ok(Self { description, names, parameters, units, schema: schema.transpose()? })
    }

    /// Parameters that are as large as can be.
    pub fn saturated(&self) -> usize {
        let limit = self.description.limit.unsigned_abs();
        self.parameters.iter().filter(|parameter| parameter.unsigned_abs() == limit).count()
    }

    /// A set in the net's units, rounded.
    ///
    /// # Errors
    /// Where it is not of what the net takes.
    pub fn integers(&self, set: &Set) -> anyhow::Result<integer::Set> {
        let (wanted, given) = (self.description.inputs, set.width());
        anyhow::ensure!(wanted == given, "the net takes {wanted} inputs, but a sample has {given}");
        integer::Set::of(set, self.description.of).map_err(|error| of_column(error, self.schema.as_ref()))
    }
}

/// Why a set has no integers, with the column's name of a number of a table that is too far from the others.
pub(crate) fn of_column(error: anyhow::Error, schema: Option<&Schema>) -> anyhow::Error {
    let Some(&NotFinite { sample, feature, value }) = error.downcast_ref() else { return error };
    let Some(column) = schema.and_then(|schema| schema.column_of(feature)) else { return error };
    anyhow::anyhow!(
        "sample {sample} (from 0): {column} is {value} in the net's units: numbers that far from those that were trained on have to be left \
         out, or the column be scaled or left out (--ignore)"
    )
}

/// Of a softmax's logits, 256 for a doubling, the probabilities.
fn probabilities(logits: &[i32]) -> impl Iterator<Item = f32> {
    let largest = logits.iter().copied().max().unwrap_or(0);
    let power = move |logit: &i32| ((f64::from(*logit) - f64::from(largest)) / 256.0).exp2();
    let sum: f64 = logits.iter().map(power).sum();
    logits.iter().map(move |logit| (power(logit) / sum) as f32)
}

impl Predictor for IntegerModel {
    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    fn output(&self) -> Activation {
        self.description.output()
    }

    fn width(&self) -> usize {
        self.description.layers.last().map_or(1, amc_core::Layer::units)
    }

    fn class_names(&self) -> Option<&[String]> {
        match &self.schema.as_ref()?.outputs {
            Outputs::Classes(names) => Some(names),
            Outputs::Numbers(_) => None,
        }
    }

    fn outputs(&self, set: &Set) -> anyhow::Result<Vec<f32>> {
        let outputs = integer::outputs(&self.description, &self.parameters, &self.integers(set)?)?;
        let width = self.width().max(1);
        Ok(match self.output() {
            Activation::Softmax => outputs.chunks_exact(width).flat_map(probabilities).collect(),
            // As the loss has them.
            _ => outputs.iter().map(|y| (*y).clamp(i16::MIN.into(), i16::MAX.into()) as f32).collect(),
        })
    }

    fn output_scaling(&self) -> &[Scaling] {
        self.schema.as_ref().map_or(&self.units.outputs, |schema| &schema.output_scaling)
    }
}
