//! A net's description as a TOML file: the number of inputs, the loss, and a table for each layer.
//!
//! ```toml
//! inputs = 60             # may be left out: those of the data
//! loss = "cross-entropy"  # may be left out
//!
//! [[layers]]
//! kind = "gru"
//! inputs = 3
//! units = 8
//! steps = 20
//!
//! [[layers]]
//! kind = "dense"
//! units = 5
//! activation = "softmax"
//! ```
//!
//! A kind's fields are those of its type in `amc_core`; `name = "..."` is what a layer is called, and `trainable = false` freezes
//! one of a net that is gone on with.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amc_core::{Layer, Net, NetError};
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use amc_engine::description::{Description, LayerName, LayerNames, LossName, NameError};

/// What a file says of a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetFile {
    /// Numbers in a sample.
    pub inputs: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    /// What they are called.
    pub names: LayerNames,
    /// The loss, if the file says it.
    pub loss: Option<LossName>,
    /// Which layers are frozen.
    pub frozen: Vec<bool>,
}

impl NetFile {
    /// Of a net that is trained whole, and whose layers have no names.
    pub fn new(inputs: usize, layers: Vec<Layer>, loss: Option<LossName>) -> Self {
        let frozen = vec![false; layers.len()];
        Self { inputs, layers, names: LayerNames::default(), loss, frozen }
    }
}

/// Why a file describes no net.
#[derive(Debug, thiserror::Error)]
pub enum NetFileError {
    /// It cannot be read.
    #[error("{0}")]
    Io(PathBuf, #[source] std::io::Error),
    /// It is not TOML, or has other keys.
    #[error("{path}: line {line}: {reason}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A layer cannot be read.
    #[error("{path}: line {line}: layer {layer} (from 0): {reason}")]
    Layer {
        /// The file.
        path: PathBuf,
        /// That of the field that is wrong, or the first of the layer's, from 1.
        line: usize,
        /// The layer.
        layer: usize,
        /// What is wrong.
        reason: String,
    },
    /// The layers do not make a net.
    #[error("{path}: line {line}: {error} (layers are counted from 0)")]
    Net {
        /// The file.
        path: PathBuf,
        /// The first of the layer that it is about, from 1.
        line: usize,
        /// What is wrong.
        error: NetError,
    },
    /// The layers have no weights, as pooling has none.
    #[error(
        "{path}: line {line}: the layers, of which the first is {first}, have no parameters: there is nothing to train"
    )]
    NoParameters {
        /// The file.
        path: PathBuf,
        /// The first of the first layer's, from 1.
        line: usize,
        /// The first layer's kind.
        first: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inputs: Option<usize>,
    loss: Option<LossName>,
    #[serde(default)]
    layers: Vec<Spanned<Fields>>,
}

/// A layer's table: what stands where.
type Fields = BTreeMap<String, Spanned<Value>>;

/// Reads a file; the net takes `inputs` numbers if it does not say how many.
pub fn read(path: &Path, inputs: usize) -> Result<NetFile, NetFileError> {
    let text = std::fs::read_to_string(path).map_err(|error| NetFileError::Io(path.to_path_buf(), error))?;
    parse(path, &text, inputs)
}

/// Reads the text of a file; the net takes `inputs` numbers if it does not say how many.
pub fn parse(path: &Path, text: &str, inputs: usize) -> Result<NetFile, NetFileError> {
    let line_of = |place: usize| 1 + text.bytes().take(place).filter(|byte| *byte == b'\n').count();
    let File { inputs: said, loss, layers: tables } = toml::from_str(text).map_err(|error| {
        let line = line_of(error.span().map_or(0, |span| span.start));
        NetFileError::Toml { path: path.to_path_buf(), line, reason: one_line(error.message()) }
    })?;
    let lines: Vec<_> = tables.iter().map(|table| line_of(table.span().start)).collect();
    let tables: Vec<_> = tables.iter().map(Spanned::as_ref).collect();
    let wrong = |layer: usize, Wrong { field, reason }: Wrong| {
        let field = field.and_then(|field| tables[layer].get(&field));
        let line = field.map_or(lines[layer], |value| line_of(value.span().start));
        NetFileError::Layer { path: path.to_path_buf(), line, layer, reason }
    };
    let (mut layers, mut names, mut frozen) = (Vec::new(), Vec::new(), Vec::new());
    for (layer, table) in tables.iter().enumerate() {
        let read = layer_of(table).map_err(|error| wrong(layer, error))?;
        layers.push(read.layer);
        names.push(read.name);
        frozen.push(read.is_frozen);
    }
    let names = LayerNames::try_from(names).map_err(|error| {
        let layer = if let NameError::Twice { layers: [_, layer], .. } = error { layer } else { 0 };
        wrong(layer, Wrong::new(Some("name"), error.to_string()))
    })?;
    let inputs = said.unwrap_or(inputs);
    let line_of_layer = |layer: Option<usize>| layer.and_then(|layer| lines.get(layer)).copied().unwrap_or(1);
    match Net::try_new(inputs, &layers) {
        Err(error) => Err(NetFileError::Net { path: path.to_path_buf(), line: line_of_layer(about(error)), error }),
        Ok(net) if net.parameters() == 0 => {
            let first = layers.first().and_then(named).map(|(kind, _)| kind).unwrap_or_default();
            Err(NetFileError::NoParameters { path: path.to_path_buf(), line: line_of_layer(Some(0)), first })
        }
        Ok(_) => Ok(NetFile { inputs, layers, names, loss, frozen }),
    }
}

/// What is wrong with a layer, and in which of its fields, if it is in one.
struct Wrong {
    field: Option<String>,
    reason: String,
}

impl Wrong {
    fn new(field: Option<&str>, reason: String) -> Self {
        Self { field: field.map(String::from), reason }
    }
}

/// What a table says of a layer.
struct Read {
    layer: Layer,
    name: Option<LayerName>,
    is_frozen: bool,
}

/// The layer of a table that names its kind.
fn layer_of(fields_of: &Fields) -> Result<Read, Wrong> {
    let mut table: Table = fields_of.iter().map(|(name, value)| (name.clone(), value.as_ref().clone())).collect();
    let Some(Value::String(kind)) = table.remove("kind") else {
        return Err(Wrong::new(Some("kind"), "kind = \"...\" is missing".to_string()));
    };
    let is_frozen = match table.remove("trainable") {
        None | Some(Value::Boolean(true)) => false,
        Some(Value::Boolean(false)) => true,
        Some(other) => {
            return Err(Wrong::new(Some("trainable"), format!("{kind}: trainable is {other}: use true or false")));
        }
    };
    let wrong_name = |reason: String| Wrong::new(Some("name"), format!("{kind}: {reason}"));
    let name = match table.remove("name") {
        None => None,
        Some(Value::String(name)) => Some(name.parse().map_err(|error: NameError| wrong_name(error.to_string()))?),
        Some(other) => return Err(wrong_name(format!("name is {other}: use a text"))),
    };
    let layer = typed(&kind, table.clone()).map_err(|error| {
        // What is right lacks nothing but the other fields.
        let is_wrong = |fields| typed(&kind, fields).is_err_and(|error| !error.message().starts_with("missing field"));
        let alone =
            |(name, value): &(&String, &Value)| is_wrong(Table::from_iter([((*name).clone(), (*value).clone())]));
        let field = match is_wrong(Table::new()) {
            true => Some("kind"),
            false => table.iter().find(alone).map(|(name, _)| name.as_str()),
        };
        Wrong::new(field, format!("{kind}: {}", one_line(error.message())))
    })?;
    // What is read leaves out keys that it does not know.
    let known = fields(&layer);
    match table.keys().find(|key| !known.contains_key(*key)) {
        Some(key) => {
            let known: Vec<_> = known.keys().map(String::as_str).collect();
            let reason = format!("{kind}: there is no {key}: its fields are {}, name, trainable", known.join(", "));
            Err(Wrong::new(Some(key), reason))
        }
        None => Ok(Read { layer, name, is_frozen }),
    }
}

/// A layer of this kind with these fields.
fn typed(kind: &str, fields: Table) -> Result<Layer, toml::de::Error> {
    Value::Table(Table::from_iter([(kind.to_string(), Value::Table(fields))])).try_into()
}

/// A layer's fields, without its kind.
fn fields(layer: &Layer) -> Table {
    named(layer).map(|(_, fields)| fields).unwrap_or_default()
}

fn named(layer: &Layer) -> Option<(String, Table)> {
    let Ok(Value::Table(table)) = Value::try_from(layer) else { return None };
    match table.into_iter().next()? {
        (kind, Value::Table(fields)) => Some((kind, fields)),
        _ => None,
    }
}

/// A layer as a sentence has it, in the words of a file: its kind, and its fields.
pub fn said(layer: &Layer) -> String {
    let (kind, fields) = named(layer).unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("{kind} ({})", one_line(&fields.join(", ")))
}

/// The layer that an error is about.
fn about(error: NetError) -> Option<usize> {
    match error {
        NetError::NoUnits { layer }
        | NetError::Softmax { layer }
        | NetError::Inputs { layer, .. }
        | NetError::Layer { layer, .. }
        | NetError::TooLarge { layer } => Some(layer),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // What is read calls numbers as Rust does.
    ["usize", "u32"]
        .iter()
        .fold(text, |text, of| text.replace(&format!("expected {of}"), "expected a whole number from 0"))
}

/// The file that describes a net.
pub fn write(net: &Description) -> anyhow::Result<String> {
    let layer = |(index, layer): (usize, &Layer)| {
        let (kind, fields) = named(layer)?;
        let name = net.names.of(index).map(|name| ("name", name.to_string()));
        let texts = [Some(("kind", kind)), name].into_iter().flatten();
        let texts = texts.map(|(field, text)| (field.to_string(), Value::String(text)));
        Some(Value::Table(texts.chain(fields).collect()))
    };
    let layers = net.layers.iter().enumerate().filter_map(layer).collect();
    let all = Table::from_iter([
        ("inputs".to_string(), Value::try_from(net.inputs)?),
        ("loss".to_string(), Value::try_from(net.loss)?),
        ("layers".to_string(), Value::Array(layers)),
    ]);
    Ok(toml::to_string(&all)?)
}
