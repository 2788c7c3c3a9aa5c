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
//! A kind's fields are those of its type in `amc_core`; and `trainable = false` freezes a layer of a net that is gone on with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amc_core::{Layer, Net, NetError};
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use amc_engine::description::{Description, LossName};

/// What a file says of a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetFile {
    /// Numbers in a sample.
    pub inputs: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    /// The loss, if the file says it.
    pub loss: Option<LossName>,
    /// Which layers are frozen.
    pub frozen: Vec<bool>,
}

impl NetFile {
    /// Of a net that is trained whole.
    pub fn new(inputs: usize, layers: Vec<Layer>, loss: Option<LossName>) -> Self {
        let frozen = vec![false; layers.len()];
        Self { inputs, layers, loss, frozen }
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
    let layers = tables.iter().map(Spanned::as_ref).zip(&lines).enumerate().map(|(layer, (table, line))| {
        layer_of(table).map_err(|Wrong { field, reason }| {
            let field = field.and_then(|field| table.get(&field));
            let line = field.map_or(*line, |value| line_of(value.span().start));
            NetFileError::Layer { path: path.to_path_buf(), line, layer, reason }
        })
    });
    let (layers, frozen): (Vec<_>, Vec<_>) = layers.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let inputs = said.unwrap_or(inputs);
    let line_of_layer = |layer: Option<usize>| layer.and_then(|layer| lines.get(layer)).copied().unwrap_or(1);
    match Net::try_new(inputs, &layers) {
        Err(error) => Err(NetFileError::Net { path: path.to_path_buf(), line: line_of_layer(about(error)), error }),
        Ok(net) if net.parameters() == 0 => {
            let first = layers.first().and_then(named).map(|(kind, _)| kind).unwrap_or_default();
            Err(NetFileError::NoParameters { path: path.to_path_buf(), line: line_of_layer(Some(0)), first })
        }
        Ok(_) => Ok(NetFile { inputs, layers, loss, frozen }),
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

/// The layer of a table that names its kind, and whether it is frozen.
fn layer_of(fields_of: &Fields) -> Result<(Layer, bool), Wrong> {
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
            let reason = format!("{kind}: there is no {key}: its fields are {}, trainable", known.join(", "));
            Err(Wrong::new(Some(key), reason))
        }
        None => Ok((layer, is_frozen)),
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
    let layer = |layer: &Layer| {
        let (kind, fields) = named(layer)?;
        Some(Value::Table(std::iter::once(("kind".to_string(), Value::String(kind))).chain(fields).collect()))
    };
    let layers = net.layers.iter().filter_map(layer).collect();
    let all = Table::from_iter([
        ("inputs".to_string(), Value::try_from(net.inputs)?),
        ("loss".to_string(), Value::try_from(net.loss)?),
        ("layers".to_string(), Value::Array(layers)),
    ]);
    Ok(toml::to_string(&all)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use amc_core::{Activation, Image, Kernel, Layer};

    use super::{NetFile, parse, said, write};
    use amc_engine::description::{Description, LossName};

    fn read(text: &str) -> Result<NetFile, String> {
        parse(Path::new("net.toml"), text, 12).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_is_written_and_read() {
        let (tanh, kernel) = (Activation::Tanh, Kernel::new(3, 1, 1));
        let image = Image::new(4, 4, 2);
        for (inputs, layers) in [
            (
                32,
                vec![
                    Layer::convolution(image, 2, kernel, tanh),
                    Layer::max_pool(image, kernel),
                    Layer::global_average(image),
                ],
            ),
            (24, vec![Layer::conv1d(12, 2, 3, kernel, Activation::Relu), Layer::normalization(36, tanh)]),
            (24, vec![Layer::recurrent_states(2, 4, 12, tanh), Layer::recurrent(4, 3, 12, tanh)]),
            (
                6,
                vec![Layer::keep(6), Layer::dense(6, tanh), Layer::swap(6), Layer::dense(6, tanh), Layer::add(6, tanh)],
            ),
            (24, vec![Layer::gru_states(2, 4, 12), Layer::gru(4, 3, 12)]),
            (6, vec![Layer::dense(2, Activation::Softmax)]),
        ] {
            let loss = LossName::CrossEntropy;
            let text = write(&Description { inputs, layers: layers.clone(), loss }).expect("a file");
            assert_eq!(read(&text), Ok(NetFile::new(inputs, layers, Some(loss))), "{text}");
        }
    }

    #[test]
    fn what_is_left_out_is_as_given() {
        let net = read("[[layers]]\nkind = \"recurrent\"\ninputs = 3\nunits = 2\nsteps = 4\nactivation = \"tanh\"\n");
        let layers = vec![Layer::recurrent(3, 2, 4, Activation::Tanh)];
        assert_eq!(net, Ok(NetFile::new(12, layers, None)));
    }

    #[test]
    fn layers_are_frozen() {
        let dense = "[[layers]]\nkind = \"dense\"\nunits = 5\nactivation = \"tanh\"\n";
        let net = read(&format!("{dense}trainable = false\n{dense}{dense}trainable = true\n")).expect("a net");
        assert_eq!(net.frozen, [true, false, false]);
        let told = read(&format!("{dense}trainable = 0\n")).expect_err("refused");
        assert!(told.ends_with("dense: trainable is 0: use true or false"), "{told}");
    }

    #[test]
    fn layers_are_said_in_the_words_of_a_file() {
        let image = Image::new(4, 5, 2);
        for (layer, words) in [
            (Layer::dense(3, Activation::Tanh), "dense (activation = \"tanh\", units = 3)"),
            (Layer::keep(5), "keep (units = 5)"),
            (Layer::global_average(image), "global-average (image = { channels = 2, columns = 5, rows = 4 })"),
        ] {
            assert_eq!(said(&layer), words);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_layer() {
        let dense = "[[layers]]\nkind = \"dense\"\nunits = 5\nactivation = \"tanh\"\n";
        for (text, words) in [
            ("", "line 1: a net needs at least one layer"),
            ("inputs = 2\nunits = 5\n", "line 2: unknown field `units`"),
            ("inputs = \n", "line 1: "),
            ("inputs = -3\n", "line 1: invalid value: integer `-3`, expected a whole number from 0"),
            ("loss = \"mean\"\n", "line 1: unknown variant `mean`"),
            ("[[layers]]\nunits = 5\n", "line 1: layer 0 (from 0): kind = \"...\" is missing"),
            (
                &format!("{dense}\n[[layers]]\nkind = \"dens\"\n"),
                "line 7: layer 1 (from 0): dens: unknown variant `dens`",
            ),
            (
                &format!("{dense}\n[[layers]]\nkind = \"dense\"\nactivation = \"tanh\"\nunits = -2\n"),
                "line 9: layer 1 (from 0): dense: invalid value: integer `-2`, expected a whole number from 0",
            ),
            (
                "[[layers]]\nkind = \"dense\"\nactivation = \"tan\"\nunits = 2\n",
                "line 3: layer 0 (from 0): dense: unknown",
            ),
            (
                "inputs = 64\n[[layers]]\nkind = \"global-average\"\nimage = { rows = 8, columns = 8, channels = 1 }\n",
                "line 2: the layers, of which the first is global-average, have no parameters: there is nothing to train",
            ),
            (
                &format!("{dense}\n[[layers]]\nkind = \"dense\"\nunits = 2\n"),
                "line 6: layer 1 (from 0): dense: missing field `activation`",
            ),
            (
                &format!("{dense}bias = true\n"),
                "line 5: layer 0 (from 0): dense: there is no bias: its fields are activation, units, trainable",
            ),
            (
                &format!("{dense}\n[[layers]]\nkind = \"keep\"\nunits = 4\n"),
                "line 6: layer 1 takes 4 inputs, but is given 5",
            ),
            (&format!("inputs = 0\n{dense}"), "a net needs at least one input"),
        ] {
            let told = read(text).expect_err(text);
            assert!(told.starts_with("net.toml: line ") && told.contains(words) && !told.contains('\n'), "{told}");
        }
    }
}
