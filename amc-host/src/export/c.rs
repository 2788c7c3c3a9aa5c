//! C for the library `amc-c`.

use std::fmt::Write;
use std::path::Path;

use amc_core::{Activation, Layer, Net};
use amc_engine::description::LossName;

use super::lines;
use crate::data::schema::{Feature, Outputs, Scaling, Schema};
use crate::model::{Model, params_hash};

/// Characters of a string that every compiler takes (C99, 5.2.4.1).
const LONGEST: usize = 4095;

/// Why a net cannot be exported as C.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A layer, counted from 0, is of a kind that the library does not have.
    #[error("layer {layer} is {kind}: in C there are dense layers alone")]
    Layer {
        /// Which one.
        layer: usize,
        /// What it is.
        kind: String,
    },
    /// A number has no constant in C.
    #[error("{what} {index} is {value}: C has constants of finite numbers alone")]
    NotFinite {
        /// Of what.
        what: &'static str,
        /// Which one, from 0.
        index: usize,
        /// What it is.
        value: String,
    },
    /// A class has a name that no string holds.
    #[error("the name of class {class} has {bytes} bytes: in C a string has up to {LONGEST}")]
    LongName {
        /// Which one, from 0.
        class: usize,
        /// The length of its name.
        bytes: usize,
    },
    /// The header would be included in place of the library's.
    #[error("{0}: the library's header, which is included there, is called amc.h: choose another name")]
    FileName(String),
}

/// What all names in a header begin with: of the name of its file what C allows, in capitals; `MODEL` where it has none.
///
/// # Errors
/// `FileName` of one that is called as the library's header is.
pub fn prefix(file: Option<&Path>) -> Result<String, ExportError> {
    let name = file.and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    if name.eq_ignore_ascii_case("amc.h") {
        return Err(ExportError::FileName(name.into_owned()));
    }
    let stem = Path::new(name.as_ref()).file_stem().unwrap_or_default().to_string_lossy();
    let allowed = stem.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase();
    let name = allowed.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    Ok(match name {
        "" => "MODEL".to_string(),
        // The library's names begin so.
        _ if name == "AMC" || name.starts_with("AMC_") => format!("MODEL_{name}"),
        _ => name.to_string(),
    })
}

/// A header for `amc-c`, C99 and C++11: macros of sizes, `static const` layers, net and parameters with the model's bits,
/// and of a net that was trained on a table what scales its numbers, and its classes. All names begin with `prefix`.
///
/// # Errors
/// An [`ExportError`]; or of a model that is none.
pub fn c(model: &Model, prefix: &str) -> anyhow::Result<String> {
    let net = model.description.objective()?.net();
    let layers = layers(&model.description.layers)?;
    finite("parameter", &model.parameters)?;
    let mut text = String::new();
    writeln!(text, "/* Made by `amc export --c`, for the library amc-c. Trained in {} arithmetic.", model.arithmetic)?;
    writeln!(text, "   CRC-32 of the parameters as little-endian floats: {}. */", params_hash(&model.parameters))?;
    writeln!(text, "#ifndef {prefix}_H\n#define {prefix}_H\n\n#include \"amc.h\"\n")?;
    text += &sizes(&net, prefix);
    writeln!(text, "\n/* Units and activation of each layer. */")?;
    writeln!(text, "static const amc_layer {prefix}_LAYERS[{prefix}_LAYER_COUNT] = {{\n{layers}}};\n")?;
    let loss = match model.description.loss {
        LossName::Mse => "AMC_LOSS_KIND_MEAN_SQUARED_ERROR",
        LossName::CrossEntropy => "AMC_LOSS_KIND_CROSS_ENTROPY",
    };
    writeln!(text, "/* The net, and the loss it was trained on. */")?;
    let fields = format!("{prefix}_INPUTS, {prefix}_LAYERS, {prefix}_LAYER_COUNT, {loss}");
    writeln!(text, "static const amc_net {prefix}_NET = {{{fields}}};\n\n/* What it has learned. */")?;
    writeln!(text, "static const float {prefix}_PARAMETERS[{prefix}_PARAMETER_COUNT] = {{")?;
    text += &lines(model.parameters.iter().map(|x| number(*x)));
    text += "};\n";
    if let Some(schema) = &model.schema {
        text += &of_a_table(schema, prefix)?;
    }
    writeln!(text, "\n#endif")?;
    Ok(text)
}

fn sizes(net: &Net<'_>, prefix: &str) -> String {
    let macros = [
        ("Numbers of a sample.", "INPUTS", net.inputs()),
        ("Numbers that the net gives.", "OUTPUTS", net.outputs()),
        ("Layers.", "LAYER_COUNT", net.layers().len()),
        ("Units of the widest layer.", "WIDEST", net.layers().iter().map(Layer::units).max().unwrap_or(0)),
        ("Parameters.", "PARAMETER_COUNT", net.parameters()),
    ];
    let of_one = |(what, name, value)| format!("/* {what} */\n#define {prefix}_{name} {value}\n");
    let all: String = macros.into_iter().map(of_one).collect();
    let bytes = format!("AMC_PREDICT_BYTES({prefix}_LAYER_COUNT, {prefix}_WIDEST)");
    format!("{all}/* Bytes of memory for amc_net_predict. */\n#define {prefix}_PREDICT_BYTES {bytes}\n")
}

/// The layers, a line each.
fn layers(layers: &[Layer]) -> Result<String, ExportError> {
    let mut text = String::new();
    for (index, layer) in layers.iter().enumerate() {
        let activation = match (layer, layer.activation()) {
            (Layer::Dense(_), Activation::Linear) => "LINEAR",
            (Layer::Dense(_), Activation::Tanh) => "TANH",
            (Layer::Dense(_), Activation::Relu) => "RELU",
            (Layer::Dense(_), Activation::Sigmoid) => "SIGMOID",
            (Layer::Dense(_), Activation::Softmax) => "SOFTMAX",
            _ => return Err(ExportError::Layer { layer: index, kind: layer.to_string() }),
        };
        text += &format!("    {{{}, AMC_ACTIVATION_{activation}}},\n", layer.units());
    }
    Ok(text)
}

/// What a device needs besides, to take a table's numbers and to say its classes. Numbers that are taken or given as they
/// are have names alone.
fn of_a_table(schema: &Schema, prefix: &str) -> Result<String, ExportError> {
    let mut text = format!("\n/* Numbers of a row. */\n#define {prefix}_FEATURES {}\n", schema.numbers());
    text += &format!("/* Rows of a sample, the oldest first. */\n#define {prefix}_ROWS {}\n\n", schema.window.rows);
    let names: Vec<_> = schema.features.iter().flat_map(Feature::meanings).collect();
    let inputs = Pairs {
        of: "number of a row",
        how: "amc_scale makes (x - offset) * scale of x",
        offset: "the offset of input",
        scale: "the scale of input",
        name: "INPUT",
        count: "FEATURES",
    };
    text += &inputs.array(prefix, &names, &schema.input_scaling)?;
    match &schema.outputs {
        Outputs::Classes(names) => {
            text += "\n/* What the outputs stand for, in UTF-8; those beyond, if there are, for nothing. */\n";
            text += &format!("#define {prefix}_CLASS_COUNT {}\n", names.len());
            text += &format!("static const char *const {prefix}_CLASSES[{prefix}_CLASS_COUNT] = {{\n");
            for (class, name) in names.iter().enumerate() {
                if name.len() > LONGEST {
                    return Err(ExportError::LongName { class, bytes: name.len() });
                }
                text += &format!("    {},\n", literal(name));
            }
            text += "};\n";
        }
        Outputs::Numbers(names) => {
            let outputs = Pairs {
                of: "output",
                how: "amc_unscale makes y / scale + offset of y",
                offset: "the offset of output",
                scale: "the scale of output",
                name: "OUTPUT",
                count: "OUTPUTS",
            };
            text += &format!("\n{}", outputs.array(prefix, names, &schema.output_scaling)?);
        }
    }
    Ok(text)
}

/// Offsets and scales.
struct Pairs {
    of: &'static str,
    how: &'static str,
    /// What errors call them.
    offset: &'static str,
    scale: &'static str,
    name: &'static str,
    count: &'static str,
}

impl Pairs {
    /// An array of the scaling of what has these names, or the names alone where nothing is scaled.
    fn array(&self, prefix: &str, names: &[String], scalings: &[Scaling]) -> Result<String, ExportError> {
        let Self { of, how, offset, scale, name, count } = self;
        if scalings.iter().all(|scaling| *scaling == Scaling::NONE) {
            let names: String = names.iter().map(|name| format!("\n   {}", literal(name))).collect();
            return Ok(format!("/* Each {of} is as it was measured, in this order:{names} */\n"));
        }
        finite(offset, &scalings.iter().map(|of| of.offset).collect::<Vec<_>>())?;
        finite(scale, &scalings.iter().map(|of| of.scale).collect::<Vec<_>>())?;
        let head = format!("/* Offset and scale of each {of}: {how}. */\n");
        let rows: String = scalings
            .iter()
            .zip(names)
            .map(|(of, name)| format!("    {{{}, {}}}, /* {} */\n", number(of.offset), number(of.scale), literal(name)))
            .collect();
        let array = format!("{prefix}_{name}_SCALING[{prefix}_{count}]");
        Ok(format!("{head}static const amc_scaling {array} = {{\n{rows}}};\n"))
    }
}

fn finite(what: &'static str, numbers: &[f32]) -> Result<(), ExportError> {
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(ExportError::NotFinite { what, index, value: numbers[index].to_string() }),
        None => Ok(()),
    }
}

/// The shortest decimal that is read as these bits.
fn number(x: f32) -> String {
    format!("{x:?}f")
}

/// A string of C, in one line of ASCII. Without `*` and `??` it ends no comment and has no trigraph; octal numbers have
/// three digits at most, so that no digit behind one belongs to it.
fn literal(text: &str) -> String {
    let of_byte = |byte: u8| match byte {
        b'"' | b'\\' | b'?' => format!("\\{}", char::from(byte)),
        b'*' => "\\052".to_string(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("\"{}\"", text.bytes().map(of_byte).collect::<String>())
}
