//! A trained net as source code.

use std::fmt::Write;

use amc_core::Layer;

use crate::model::{Model, params_hash};

/// Columns that a line of numbers fills.
const WIDTH: usize = 110;

/// Rust that compiles against `amc-core`: constants `NET` and `OBJECTIVE`, and the static `PARAMETERS`, which have the
/// model's bits.
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
    let mut line = String::from("   ");
    for x in &model.parameters {
        let number = number(*x);
        if line.len() + number.len() + 2 > WIDTH {
            writeln!(text, "{line}")?;
            line.truncate(3);
        }
        write!(line, " {number},")?;
    }
    writeln!(text, "{line}\n];")?;
    Ok(text)
}

/// The shortest decimal that is read as these bits; what has no decimal, by its bits.
fn number(x: f32) -> String {
    if x.is_finite() { format!("{x:?}") } else { format!("f32::from_bits({:#010x})", x.to_bits()) }
}
