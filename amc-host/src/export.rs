//! A trained net as source code.

use std::fmt::Write;

use amc_core::{Image, Kernel, Layer};
use anyhow::bail;

use crate::model::{Model, params_hash};

/// Columns that a line of numbers fills.
const WIDTH: usize = 110;

/// Rust that compiles against `amc-core`: constants `NET` and `OBJECTIVE`, and the static `PARAMETERS`, which have the
/// model's bits.
pub fn rust(model: &Model) -> anyhow::Result<String> {
    let objective = model.description.objective()?;
    let mut layers = String::new();
    for layer in &model.description.layers {
        writeln!(layers, "    {},", layer_source(*layer)?)?;
    }
    let mut text = String::new();
    writeln!(text, "// Made by `amc export --rust`. Trained in {} arithmetic.", model.arithmetic)?;
    writeln!(text, "// CRC-32 of the parameters as little-endian f32: {}.\n", params_hash(&model.parameters))?;
    if model.description.layers.iter().any(|layer| !matches!(layer, Layer::Dense { .. })) {
        writeln!(text, "// It needs the feature `layers` of amc-core.\n")?;
    }
    let images = if layers.contains("Kernel::") {
        "Image, Kernel, "
    } else if layers.contains("Image::") {
        "Image, "
    } else {
        ""
    };
    writeln!(text, "use amc_core::{{Activation, {images}Layer, Loss, Net, Objective}};\n")?;
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

fn layer_source(layer: Layer) -> anyhow::Result<String> {
    Ok(match layer {
        Layer::Dense { units, activation } => format!("Layer::dense({units}, Activation::{activation:?})"),
        Layer::Recurrent { inputs, units, steps, activation, every } => {
            let name = if every { "recurrent_states" } else { "recurrent" };
            format!("Layer::{name}({inputs}, {units}, {steps}, Activation::{activation:?})")
        }
        Layer::Normalization { units, activation } => {
            format!("Layer::normalization({units}, Activation::{activation:?})")
        }
        Layer::Convolution { image, filters, kernel, activation } => {
            let (image, kernel) = (image_source(image), kernel_source(kernel));
            format!("Layer::convolution({image}, {filters}, {kernel}, Activation::{activation:?})")
        }
        Layer::MaxPool { image, kernel } => {
            format!("Layer::max_pool({}, {})", image_source(image), kernel_source(kernel))
        }
        Layer::GlobalAverage { image } => format!("Layer::global_average({})", image_source(image)),
        Layer::Keep { units } => format!("Layer::keep({units})"),
        Layer::Swap { units } => format!("Layer::swap({units})"),
        Layer::Add { units, activation } => format!("Layer::add({units}, Activation::{activation:?})"),
        layer => bail!("the layer {layer:?} cannot be exported"),
    })
}

fn image_source(Image { rows, columns, channels }: Image) -> String {
    format!("Image::new({rows}, {columns}, {channels})")
}

fn kernel_source(Kernel { size, stride, padding }: Kernel) -> String {
    format!("Kernel::new({size}, {stride}, {padding})")
}

/// The shortest decimal that is read as these bits; what has no decimal, by its bits.
fn number(x: f32) -> String {
    if x.is_finite() { format!("{x:?}") } else { format!("f32::from_bits({:#010x})", x.to_bits()) }
}
