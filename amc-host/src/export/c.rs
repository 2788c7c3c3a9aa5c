//! C for the library `amc-c`.

mod frozen;
pub(super) mod table;

use std::fmt::Write;
use std::path::Path;

use amc_core::{Activation, Layer, Net};
use amc_engine::description::LossName;

use self::table::{Names, classes, of_a_table};
use super::{Frozen, lines};
use crate::model::net_file::said;
use crate::model::{Model, params_hash};

/// Characters of a string that every compiler takes (C99, 5.2.4.1).
const LONGEST: usize = 4095;

/// Why a net cannot be exported as C.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A layer, counted from 0, is of a kind that the library does not have.
    #[error(
        "layer {layer} is {kind}: the library for C has dense layers alone; --c99 needs none, and has all kinds, as has --rust --frozen"
    )]
    Layer {
        /// Which one.
        layer: usize,
        /// What it is.
        kind: String,
    },
    /// A layer, counted from 0, is of a kind or an activation that is not written in C99.
    #[error("layer {layer} is {kind}, which is not written in C99")]
    Unwritten {
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
/// of a net that was trained on a table what scales its numbers, and the names of its classes. All names begin with `prefix`.
/// Where layers are `frozen`, there are constants of a `BODY` and a `HEAD` in place of the net and its parameters.
///
/// # Errors
/// An [`ExportError`]; or of a model that is none, or that cannot be split so.
pub fn c(model: &Model, prefix: &str, frozen: Option<Frozen>) -> anyhow::Result<String> {
    let net = model.description.objective()?.net();
    let mut text = String::new();
    writeln!(text, "/* Made by `amc export --c`, for the library amc-c. Trained in {} arithmetic.", model.arithmetic)?;
    writeln!(text, "   CRC-32 of the parameters as little-endian floats: {}. */", params_hash(&model.parameters))?;
    writeln!(text, "#ifndef {prefix}_H\n#define {prefix}_H\n\n#include \"amc.h\"\n")?;
    let [inputs, outputs, layers, widest, parameters] = Size::of(&net);
    match frozen {
        None => {
            text += &[inputs, outputs, layers, widest, parameters].map(|size| size.line(prefix)).concat();
            text += &of_the_library(model, prefix)?;
            text += &parameters_of(model, prefix);
        }
        Some(frozen) => {
            text += &[inputs, outputs, layers].map(|size| size.line(prefix)).concat();
            text += &layers_of(model, prefix)?;
            text += &frozen::parts(&super::frozen::parts(model, net, frozen)?, loss(model), prefix);
        }
    }
    finite("parameter", &model.parameters)?;
    if let Some(schema) = &model.schema {
        let names = Names { scaling: "amc_scaling", scale: "amc_scale", unscale: "amc_unscale" };
        text += &of_a_table(schema, prefix, &names)?;
    } else if let Some(names) = model.class_names() {
        text += &classes(names, prefix)?;
    }
    writeln!(text, "\n#endif")?;
    Ok(text)
}

/// A size that a macro tells.
#[derive(Clone, Copy)]
pub(in crate::export) struct Size {
    pub what: &'static str,
    pub name: &'static str,
    pub value: usize,
}

impl Size {
    /// Those of a net: inputs, outputs, layers, units of the widest, parameters.
    pub(super) fn of(net: &Net<'_>) -> [Self; 5] {
        let of = |what, name, value| Self { what, name, value };
        [
            of("Numbers of a sample.", "INPUTS", net.inputs()),
            of("Numbers that the net gives.", "OUTPUTS", net.outputs()),
            of("Layers.", "LAYER_COUNT", net.layers().len()),
            of("Units of the widest layer.", "WIDEST", net.layers().iter().map(Layer::units).max().unwrap_or(0)),
            of("Parameters.", "PARAMETER_COUNT", net.parameters()),
        ]
    }

    pub(in crate::export) fn line(self, prefix: &str) -> String {
        let Self { what, name, value } = self;
        format!("/* {what} */\n#define {prefix}_{name} {value}\n")
    }
}

/// What a net takes to be one of the library's, whose layers are counted.
pub(super) fn of_the_library(model: &Model, prefix: &str) -> Result<String, ExportError> {
    let bytes = format!("AMC_PREDICT_BYTES({prefix}_LAYER_COUNT, {prefix}_WIDEST)");
    let mut text = format!("/* Bytes of memory for amc_net_predict. */\n#define {prefix}_PREDICT_BYTES {bytes}\n");
    text += &layers_of(model, prefix)?;
    let fields = format!("{prefix}_INPUTS, {prefix}_LAYERS, {prefix}_LAYER_COUNT, {}", loss(model));
    text += "\n/* The net, and the loss it was trained on. */\n";
    Ok(text + &format!("static const amc_net {prefix}_NET = {{{fields}}};\n"))
}

/// The layers as an array.
fn layers_of(model: &Model, prefix: &str) -> Result<String, ExportError> {
    let layers = layers(&model.description.layers)?;
    let head = "\n/* Units and activation of each layer. */\n";
    Ok(format!("{head}static const amc_layer {prefix}_LAYERS[{prefix}_LAYER_COUNT] = {{\n{layers}}};\n"))
}

fn loss(model: &Model) -> &'static str {
    match model.description.loss {
        LossName::Mse => "AMC_LOSS_KIND_MEAN_SQUARED_ERROR",
        LossName::CrossEntropy => "AMC_LOSS_KIND_CROSS_ENTROPY",
    }
}

/// The parameters as an array.
pub(super) fn parameters_of(model: &Model, prefix: &str) -> String {
    let head = format!("static const float {prefix}_PARAMETERS[{prefix}_PARAMETER_COUNT] = {{\n");
    format!("\n/* What it has learned. */\n{head}{}}};\n", lines(model.parameters.iter().map(|x| number(*x))))
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
            (Layer::Dense(_), Activation::Sign) => "SIGN",
            (Layer::Dense(_), Activation::Step) => "STEP",
            _ => return Err(ExportError::Layer { layer: index, kind: said(layer) }),
        };
        text += &format!("    {{{}, AMC_ACTIVATION_{activation}}},\n", layer.units());
    }
    Ok(text)
}

pub(super) fn finite(what: &'static str, numbers: &[f32]) -> Result<(), ExportError> {
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(ExportError::NotFinite { what, index, value: numbers[index].to_string() }),
        None => Ok(()),
    }
}

/// The shortest decimal that is read as these bits.
pub(in crate::export) fn number(x: f32) -> String {
    format!("{x:?}f")
}
