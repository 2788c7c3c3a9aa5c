//! Rust for `amc-core`.

use std::fmt::Write;

use amc_core::Layer;
use amc_core::integer::Scale;

use crate::export::lines;
use crate::export::rust::{of_a_table, scaling};
use crate::model::integer::{IntegerModel, params_hash};

/// How a net takes numbers, and gives them.
const TAKES: &str = "the net takes (x − offset) · scale, rounded to the nearest integer and cut off at ±127";
const GIVES: &str = "the number is y / scale + offset";

/// Rust that compiles against `amc-core`: the constant `NET`, and the static `PARAMETERS`; of a net that was trained on a table also
/// what scales its numbers, and its classes.
///
/// # Errors
/// Of a model that is none.
pub fn rust(model: &IntegerModel) -> anyhow::Result<String> {
    let IntegerModel { description, parameters, units, schema, .. } = model;
    description.objective()?;
    let mut text = String::new();
    writeln!(text, "// Made by `amc export --rust`: an integer net, which takes {}.", description.of.name())?;
    writeln!(text, "// CRC-32 of the parameters as bytes: {}.\n", params_hash(parameters))?;
    if description.layers.iter().any(|layer| !matches!(layer, Layer::Dense(_))) {
        writeln!(text, "// It needs the feature `layers` of amc-core.\n")?;
    }
    let layers: String = description.layers.iter().map(|layer| format!("    {layer},\n")).collect();
    let windows = ["Image", "Kernel"].into_iter().filter(|name| layers.contains(&format!("{name}::new(")));
    let names = std::iter::once("Activation").chain(windows).chain(["Layer"]).collect::<Vec<_>>().join(", ");
    writeln!(text, "use amc_core::integer::{{Net, Scale}};\nuse amc_core::{{{names}}};\n")?;
    writeln!(text, "/// The layers.\n#[rustfmt::skip]")?;
    writeln!(text, "pub const SHAPE: amc_core::Net<'static> = amc_core::Net::new({}, &[", description.inputs)?;
    writeln!(
        text,
        "{layers}]);\n\n/// The net: its layers, what their sums are divided by, and how large inputs and weights can be."
    )?;
    writeln!(text, "#[rustfmt::skip]\npub const NET: Net<'static> = match Net::new(SHAPE, &[")?;
    for Scale { shift, bias } in &description.scales {
        writeln!(text, "    Scale::new({shift}).bias({bias}),")?;
    }
    writeln!(text, "], {}).with_limit({}) {{", description.of.most(), description.limit)?;
    writeln!(text, "    Ok(net) => net,\n    Err(_) => panic!(\"no such limit\"),\n}};\n")?;
    writeln!(text, "/// What it has learned.\n#[rustfmt::skip]\npub static PARAMETERS: [i8; NET.parameters()] = [")?;
    text += &(lines(parameters.iter().map(i8::to_string)) + "];\n");
    if let Some(schema) = schema {
        text += &of_a_table(schema, TAKES, GIVES);
    }
    let names = |what: &str, count: usize| (0..count).map(|at| format!("{what} {at}")).collect::<Vec<_>>();
    for (of, how, constant, what, scales) in [
        ("each input", TAKES, "INPUT_SCALING", "input", &units.inputs),
        ("each output y", GIVES, "OUTPUT_SCALING", "output", &units.outputs),
    ] {
        if !scales.is_empty() {
            text += &format!("\n{}", scaling(of, how, constant, &names(what, scales.len()), scales));
        }
    }
    Ok(text)
}
