//! The pass of an integer net in C99: statements, layer by layer, and the functions that layers beside dense ones call.

use std::fmt::Write;

use amc_core::integer::Scale;
use amc_core::{Activation, Image, Kernel, Layer, Section};
use amc_engine::integer::Description;

use crate::export::ExportError;

/// The activations that are computed. Those of a recurrent last layer are its states.
pub(super) fn activations(description: &Description) -> Vec<Activation> {
    let last = description.layers.len().saturating_sub(1);
    let layers = description.layers.iter().enumerate();
    let layers = layers.filter(|(index, layer)| *index < last || matches!(layer, Layer::Recurrent(_)));
    layers.map(|(_, layer)| layer.activation()).collect()
}

/// Bytes of activations that one layer has.
fn half(description: &Description) -> usize {
    let last = description.layers.len().saturating_sub(1);
    let room = |(index, layer): (usize, &Layer)| match layer {
        // The state at hand and the one before.
        Layer::Recurrent(_) => layer.room(),
        _ if index < last => layer.units(),
        _ => 0,
    };
    description.layers.iter().enumerate().map(room).max().unwrap_or(0)
}

/// Bytes that the pass needs.
pub(super) fn scratch(description: &Description) -> usize {
    (2 * half(description)).max(1)
}

/// The functions of layers beside dense ones.
pub(super) fn kinds(description: &Description) -> String {
    let has = |is: fn(&Layer) -> bool| description.layers.iter().any(is);
    let parts = [
        (has(|layer| matches!(layer, Layer::Convolution(_) | Layer::Conv1d(_))), "window", include_str!("window.h")),
        (has(|layer| matches!(layer, Layer::MaxPool(_))), "largest", include_str!("largest.h")),
        (has(|layer| matches!(layer, Layer::GlobalAverage(_))), "mean", include_str!("mean.h")),
    ];
    let of_any = parts.into_iter().filter(|(is_used, ..)| *is_used).flat_map(|(_, name, part)| {
        // The net's inputs are of another type.
        let first = part.split_once("static").map_or("", |(_, rest)| rest);
        let first = first.replace(&format!("model_{name}("), &format!("model_first_{name}("));
        [part.to_string(), format!("static{}", first.replace("const int8_t *inputs", "const INPUT_TYPE *inputs"))]
    });
    of_any.collect::<Vec<_>>().join("\n")
}

/// A layer on the way.
struct At<'d> {
    index: usize,
    layer: &'d Layer,
    scale: Scale,
    section: Section,
    /// What it is given, and before the names of functions what that is.
    given: String,
    first: &'static str,
    /// Where in the scratch it writes.
    to: usize,
    is_last: bool,
}

/// A layer after another.
pub(super) fn pass(description: &Description, classes: bool) -> anyhow::Result<String> {
    let mut text = String::from(if classes {
        "/* Computes the outputs, of classes their logits: 256 for twice the probability. Gives the class of the largest. */\n"
    } else {
        "/* Computes the outputs. */\n"
    });
    text += if classes { "static inline int" } else { "static inline void" };
    text += " model_predict(const INPUT_TYPE inputs[MODEL_INPUTS], int32_t outputs[MODEL_OUTPUTS],\n        int8_t scratch[MODEL_SCRATCH])\n{\n";
    let (half, last) = (half(description), description.layers.len().saturating_sub(1));
    let net = amc_core::Net::try_new(description.inputs, &description.layers)?;
    let mut body = String::new();
    for (index, ((layer, scale), section)) in
        description.layers.iter().zip(&description.scales).zip(net.sections()).enumerate()
    {
        let (given, first) = match index {
            0 => ("inputs".to_string(), "first_"),
            _ => (format!("scratch + {}", (index + 1) % 2 * half), ""),
        };
        let to = index % 2 * half;
        let at = At { index, layer, scale: *scale, section, given, first, to, is_last: index == last };
        body += &at.statements()?;
    }
    for name in ["step", "row", "column", "unit"] {
        if body.contains(&format!("for ({name} ")) {
            writeln!(text, "    size_t {name};")?;
        }
    }
    text += &format!("\n{body}");
    if half == 0 {
        text += "    (void)scratch;\n";
    }
    Ok(text + if classes { "    return model_class(outputs);\n}\n" } else { "}\n" })
}

/// A loop, of which the body stands in the next line.
fn over(depth: usize, name: &str, count: usize) -> String {
    format!("{}for ({name} = 0; {name} < {count}; {name}++)\n", "    ".repeat(depth))
}

impl At<'_> {
    fn statements(&self) -> Result<String, ExportError> {
        let Self { given, first, section, layer, .. } = self;
        let fan_in = section.weights.checked_div(section.neurons).unwrap_or(0);
        let weights = format!("MODEL_WEIGHTS + {} + unit * {fan_in}", section.start);
        let bias = self.scale.bias;
        let bias = format!("(int32_t)MODEL_WEIGHTS[{} + unit] * {}", section.start + section.weights, 1_u32 << bias);
        Ok(match layer {
            Layer::Dense(layer) => {
                let sum = format!("model_{first}sum({given}, {fan_in}, {weights},\n                {bias})");
                over(1, "unit", layer.units) + &self.set(2, "unit", &sum)
            }
            Layer::Convolution(layer) => {
                let made = layer.image.through(layer.kernel, layer.filters);
                self.windows(
                    layer.image,
                    [layer.kernel; 2],
                    made,
                    &format!("window(IT, {weights},\n                {bias})"),
                )
            }
            Layer::Conv1d(layer) => {
                let image = Image::new(1, layer.steps, layer.channels);
                let made = Image::new(1, image.through(layer.kernel, 1).columns, layer.filters);
                let windows = [Kernel::new(1, 1, 0), layer.kernel];
                self.windows(image, windows, made, &format!("window(IT, {weights},\n                {bias})"))
            }
            Layer::MaxPool(layer) => {
                let made = layer.image.through(layer.kernel, layer.image.channels);
                self.windows(layer.image, [layer.kernel; 2], made, "largest(IT, unit)")
            }
            Layer::GlobalAverage(layer) => {
                let Image { rows, columns, channels } = layer.image;
                let mean = format!("model_{first}mean({given} + unit, {}, {channels})", rows * columns);
                over(1, "unit", channels) + &self.set(2, "unit", &mean)
            }
            Layer::Recurrent(layer) => {
                let (inputs, units, steps, to) = (layer.inputs, layer.units, layer.steps, self.to);
                let (before, now, output) = match layer.every {
                    true => (
                        format!("(step > 0 ? step - 1 : 0) * {units}"),
                        format!("step * {units}"),
                        format!("step * {units} + unit"),
                    ),
                    // They change places, so that the last one is where the layer writes.
                    false => (
                        format!("({steps} - step) % 2 * {units}"),
                        format!("({steps} - 1 - step) % 2 * {units}"),
                        "unit".into(),
                    ),
                };
                let gain = match self.scale.gain() {
                    0 => String::new(),
                    gain => format!(" * {}", 1_u32 << gain),
                };
                let of_step = format!(
                    "model_{first}sum({given} + step * {inputs}, {inputs}, {weights},\n                    {bias}){gain}"
                );
                let sum = format!(
                    "model_sum(scratch + {to} + {before}, step > 0 ? {units} : 0, {weights} + {inputs},\n                {of_step})"
                );
                let sum = format!("model_shift({sum}, {})", self.scale.shift);
                let output =
                    if self.is_last { format!("            outputs[{output}] = sum;\n") } else { String::new() };
                over(1, "step", steps)
                    + &over(2, "unit", units)
                    + &format!("        {{\n            const int32_t sum = {sum};\n\n{output}")
                    + &format!(
                        "            scratch[{to} + {now} + unit] = {};\n        }}\n",
                        activated(layer.activation, "sum")
                    )
            }
            _ => return Err(ExportError::Unwritten { layer: self.index, kind: layer.to_string() }),
        })
    }

    /// What `function` makes at all positions of a window, `[row][column][unit]`.
    fn windows(&self, image: Image, [rows, columns]: [Kernel; 2], made: Image, function: &str) -> String {
        let Self { index, given, first, .. } = self;
        let sizes = [image.rows, image.columns, image.channels].into_iter();
        let window = |of: Kernel| [of.size, of.stride, of.padding].map(|size| size as usize);
        let sizes: Vec<_> = sizes.chain(window(rows)).chain(window(columns)).map(|size| size.to_string()).collect();
        let it = format!("{given}, sizes_{index}, row, column");
        let sum = format!("model_{first}{}", function.replace("IT", &it));
        let output = format!("(row * {} + column) * {} + unit", made.columns, made.channels);
        let loops = over(2, "row", made.rows) + &over(3, "column", made.columns) + &over(4, "unit", made.channels);
        let sizes = format!("        static const size_t sizes_{index}[9] = {{{}}};\n\n", sizes.join(", "));
        format!("    {{\n{sizes}{loops}{}    }}\n", self.set(5, &output, &sum))
    }

    /// What a sum becomes.
    fn set(&self, depth: usize, output: &str, sum: &str) -> String {
        let (indent, sum) = ("    ".repeat(depth), format!("model_shift({sum}, {})", self.scale.shift));
        match self.is_last {
            true => format!("{indent}outputs[{output}] = {sum};\n"),
            false => {
                format!("{indent}scratch[{} + {output}] = {};\n", self.to, activated(self.layer.activation(), &sum))
            }
        }
    }
}

/// An expression of type int8_t.
fn activated(activation: Activation, sum: &str) -> String {
    match activation {
        Activation::Tanh => format!("model_tanh({sum})"),
        Activation::Sigmoid => format!("model_sigmoid({sum})"),
        Activation::Relu => format!("model_clamp({sum}, 0)"),
        Activation::Sign => format!("(int8_t)({sum} < 0 ? -127 : 127)"),
        Activation::Step => format!("(int8_t)({sum} < 0 ? 0 : 127)"),
        _ => format!("model_clamp({sum}, -127)"),
    }
}
