//! A trained net as source code.

use std::fmt::Write;

use amc_core::Layer;

use crate::data::schema::{Outputs, Scaling, Schema};
use crate::model::{Model, params_hash};

/// Columns that a line of numbers fills.
const WIDTH: usize = 110;

/// Rust that compiles against `amc-core`: constants `NET` and `OBJECTIVE`, and the static `PARAMETERS`, which have the
/// model's bits; of a net that was trained on a table also what scales its numbers, and its classes.
pub fn rust(model: &Model) -> anyhow::Result<String> {
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
    let windows: String = ["Image", "Kernel"]
        .into_iter()
        .filter(|name| layers.contains(&format!("{name}::")))
        .map(|name| format!("{name}, "))
        .collect();
    writeln!(text, "use amc_core::{{Activation, {windows}Layer, Loss, Net, Objective}};\n")?;
    writeln!(text, "/// The net.\n#[rustfmt::skip]")?;
    writeln!(text, "pub const NET: Net<'static> = Net::new({}, &[", objective.net().inputs())?;
    writeln!(text, "{layers}]);\n\n/// The net, and the loss it was trained on.")?;
    let loss = objective.loss();
    writeln!(text, "pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::{loss:?});\n")?;
    writeln!(text, "/// What it has learned.\n#[allow(clippy::approx_constant)]\n#[rustfmt::skip]")?;
    writeln!(text, "pub static PARAMETERS: [f32; NET.parameters()] = [")?;
    text += &lines(model.parameters.iter().map(|x| number(*x)));
    if let Some(schema) = &model.schema {
        text += &of_a_table(schema)?;
    }
    Ok(text)
}

/// Values, with commas between, up to the end of an array.
fn lines(values: impl Iterator<Item = String>) -> String {
    let (mut text, mut line) = (String::new(), String::from("   "));
    for value in values {
        if line.len() + value.len() + 2 > WIDTH {
            text += &format!("{line}\n");
            line.truncate(3);
        }
        line += &format!(" {value},");
    }
    text + &format!("{line}\n];\n")
}

/// A text that may have lines, as one.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// What a device needs besides, to take a table's numbers and to say its classes.
fn of_a_table(schema: &Schema) -> anyhow::Result<String> {
    let pair = |Scaling { offset, scale }: &Scaling| format!("[{}, {}]", number(*offset), number(*scale));
    let mut text = String::new();
    writeln!(text, "\n/// Offset and scale of each input: the net takes (x − offset) · scale. In their order:")?;
    schema.features.iter().try_for_each(|feature| writeln!(text, "/// {}", one_line(&feature.meaning())))?;
    writeln!(text, "#[rustfmt::skip]")?;
    writeln!(text, "pub static INPUT_SCALING: [[f32; 2]; {}] = [", schema.input_scaling.len())?;
    text += &lines(schema.input_scaling.iter().map(pair));
    match &schema.outputs {
        Outputs::Classes(names) => {
            writeln!(text, "\n/// What the outputs stand for.\n#[rustfmt::skip]")?;
            writeln!(text, "pub static CLASSES: [&str; {}] = [", names.len())?;
            text += &lines(names.iter().map(|name| format!("{name:?}")));
        }
        Outputs::Numbers(names) => {
            writeln!(
                text,
                "\n/// Offset and scale of each output y: the number is y / scale + offset. In their order:"
            )?;
            names.iter().try_for_each(|name| writeln!(text, "/// {}", one_line(name)))?;
            writeln!(text, "#[rustfmt::skip]")?;
            writeln!(text, "pub static OUTPUT_SCALING: [[f32; 2]; {}] = [", schema.output_scaling.len())?;
            text += &lines(schema.output_scaling.iter().map(pair));
        }
    }
    Ok(text)
}

/// The shortest decimal that is read as these bits; what has no decimal, by its bits.
fn number(x: f32) -> String {
    if x.is_finite() { format!("{x:?}") } else { format!("f32::from_bits({:#010x})", x.to_bits()) }
}
