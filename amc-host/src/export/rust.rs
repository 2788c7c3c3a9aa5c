//! Rust for `amc-core`.

mod frozen;

use std::fmt::Write;

use amc_core::Layer;

use super::{Frozen, Stored, lines};
use crate::data::schema::{Feature, Outputs, Scaling, Schema};
use crate::model::{Model, params_hash};

/// Rust that compiles against `amc-core`: constants `NET` and `OBJECTIVE`, and the static `PARAMETERS`, which have the
/// model's bits; of a net that was trained on a table also what scales its numbers; and the names of its classes. Where layers are `frozen`,
/// there are constants and statics of a `BODY` and a `HEAD` in place of the parameters.
pub fn rust(model: &Model, frozen: Option<Frozen>) -> anyhow::Result<String> {
    let objective = model.description.objective()?;
    let mut layers = String::new();
    for layer in &model.description.layers {
        writeln!(layers, "    {},", layer)?;
    }
    let mut text = String::new();
    writeln!(text, "// Made by `amc export --rust`. Trained in {} arithmetic.", model.arithmetic)?;
    writeln!(text, "// CRC-32 of the parameters as little-endian f32: {}.\n", params_hash(&model.parameters))?;
    if model.description.layers.iter().any(|layer| !matches!(layer, Layer::Dense(_))) {
        writeln!(text, "// It needs the feature `layers` of amc-core.\n")?;
    }
    let windows: Vec<_> =
        ["Image", "Kernel"].into_iter().filter(|name| layers.contains(&format!("{name}::"))).collect();
    let of_body: &[&str] = match frozen.map(|frozen| frozen.stored) {
        None => &[],
        Some(Stored::F32) => &["Frozen"],
        Some(Stored::F16) => &["Body", "F16", "Frozen", "Scaled"],
        Some(Stored::I8) => &["Body", "Frozen", "Scaled"],
    };
    let mut names = [&["Activation", "Layer", "Loss", "Net", "Objective"], of_body, &windows].concat();
    names.sort_unstable();
    writeln!(text, "use amc_core::{{{}}};\n", names.join(", "))?;
    writeln!(text, "/// The net.\n#[rustfmt::skip]")?;
    writeln!(text, "pub const NET: Net<'static> = Net::new({}, &[", objective.net().inputs())?;
    writeln!(text, "{layers}]);\n\n/// The net, and the loss it was trained on.")?;
    let loss = objective.loss();
    writeln!(text, "pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::{loss:?});\n")?;
    match frozen {
        Some(frozen) => text += &frozen::parts(&super::frozen::parts(model, objective.net(), frozen)?)?,
        None => {
            writeln!(text, "/// What it has learned.\n#[allow(clippy::approx_constant)]\n#[rustfmt::skip]")?;
            writeln!(text, "pub static PARAMETERS: [f32; NET.parameters()] = [")?;
            text += &array(model.parameters.iter().map(|x| number(*x)));
        }
    }
    if let Some(schema) = &model.schema {
        text += &of_a_table(schema, "the net takes (x − offset) · scale", "the number is y / scale + offset");
    } else if let Some(names) = model.class_names() {
        text += &classes(names);
    }
    Ok(text)
}

/// Values up to the end of an array.
fn array(values: impl Iterator<Item = String>) -> String {
    lines(values) + "];\n"
}

/// A text that may have lines, as one.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// What a device needs besides, to take a table's numbers and to say its classes. Numbers that are taken or given as they are have
/// names alone. It is said how a net `takes` numbers and how it `gives` them.
pub(super) fn of_a_table(schema: &Schema, takes: &str, gives: &str) -> String {
    let mut text = String::from("\n");
    let of = match schema.window.rows {
        1 => "input".to_string(),
        rows => format!("number of a row, of which the net takes {rows}, the oldest first"),
    };
    let names: Vec<_> = schema.features.iter().flat_map(Feature::meanings).collect();
    text += &scaling(&format!("each {of}"), takes, "INPUT_SCALING", &names, &schema.input_scaling);
    match &schema.outputs {
        Outputs::Classes(names) => text += &classes(names),
        Outputs::Numbers(names) => {
            text += "\n";
            text += &scaling("each output y", gives, "OUTPUT_SCALING", names, &schema.output_scaling);
        }
    }
    text
}

/// A static of the names of classes.
fn classes(names: &[String]) -> String {
    let head = "\n/// What the outputs stand for.\n#[rustfmt::skip]\n";
    let list = array(names.iter().map(|name| format!("{name:?}")));
    format!("{head}pub static CLASSES: [&str; {}] = [\n{list}", names.len())
}

/// A static of the scaling of what has these names, or the names alone where nothing is scaled.
pub(super) fn scaling(of: &str, how: &str, constant: &str, names: &[String], scalings: &[Scaling]) -> String {
    let listed = |mark: &str| names.iter().map(|name| format!("{mark} {}\n", one_line(name))).collect::<String>();
    if scalings.iter().all(|scaling| *scaling == Scaling::NONE) {
        return format!("// Not scaled is {of}, in their order:\n{}", listed("//"));
    }
    let pair = |Scaling { offset, scale }: &Scaling| format!("[{}, {}]", number(*offset), number(*scale));
    let head = format!("/// Offset and scale of {of}: {how}. In their order:\n{}#[rustfmt::skip]\n", listed("///"));
    let rows = array(scalings.iter().map(pair));
    format!("{head}pub static {constant}: [[f32; 2]; {}] = [\n{rows}", scalings.len())
}

/// The shortest decimal that is read as these bits; what has no decimal, by its bits.
fn number(x: f32) -> String {
    if x.is_finite() { format!("{x:?}") } else { format!("f32::from_bits({:#010x})", x.to_bits()) }
}
