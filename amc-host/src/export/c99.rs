//! C99 that needs no library: a net's forward pass, of functions that are written once for each kind of layers and each
//! activation, and do what the core does to one sample, operation by operation.

mod parts;
mod pass;
mod plan;

use std::fmt::Write;

use amc_core::sums::BLOCK;
use amc_core::{Activation, Layer};
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::memory;
use amc_kernels::Arithmetic;

use self::parts::parts;
use self::pass::Pass;
use super::c::table::{self, Names, of_a_table};
use super::c::{Size, finite, of_the_library, parameters_of};
use crate::data::schema::Scaling;
use crate::model::{Model, params_hash};
use crate::predict::predict;

/// A header that needs no library, C99 and C++11: macros of sizes, the parameters with the model's bits, of a net that was
/// trained on a table what scales its numbers, and the names of its classes; and functions that scale numbers and compute the net's
/// outputs, with the bits of portable arithmetic. Names begin with `prefix`, those of functions and types in small letters.
/// Where `amc.h` was included before it, it has of a dense net all that [`c`](super::c()) writes.
///
/// # Errors
/// An [`ExportError`](super::ExportError); or of a model that is none, or too large for this machine's memory.
pub fn c99(model: &Model, prefix: &str) -> anyhow::Result<String> {
    let net = model.description.objective()?.net();
    finite("parameter", &model.parameters)?;
    let mut pass = Pass::of(&net)?;
    let mut text = String::new();
    writeln!(text, "/* Made by `amc export --c99`: it needs no library. Trained in {} arithmetic.", model.arithmetic)?;
    writeln!(text, "   CRC-32 of the parameters as little-endian floats: {}.", params_hash(&model.parameters))?;
    writeln!(text, "   What it computes has the bits of portable arithmetic. */")?;
    writeln!(text, "#ifndef {prefix}_H\n#define {prefix}_H\n\n{}", include_str!("c99/float.h"))?;
    let [inputs, outputs, layers, widest, parameters] = Size::of(&net);
    let scratch = Size { what: "Numbers of memory that predict needs.", name: "SCRATCH", value: pass.scratch() };
    text += &[inputs, outputs, parameters, scratch].map(|size| size.line(prefix)).concat();
    if !model.parameters.is_empty() {
        text += &parameters_of(model, prefix);
    }
    let small = prefix.to_ascii_lowercase();
    if let Some(schema) = &model.schema {
        let [scaling, scale, unscale] = ["scaling", "scale", "unscale"].map(|name| format!("{small}_{name}"));
        let parts = [("scale", &schema.input_scaling), ("unscale", &schema.output_scaling)];
        let scaled = |(_, of): &(_, &Vec<Scaling>)| of.iter().any(|scaling| *scaling != Scaling::NONE);
        let parts: Vec<_> = parts.into_iter().filter(scaled).map(|(part, _)| part).collect();
        if !parts.is_empty() {
            text += &format!("\n#ifdef AMC_H\ntypedef amc_scaling {scaling};\n#else\n");
            text += &format!("typedef struct {{\n    float offset, scale;\n}} {scaling};\n#endif\n");
        }
        pass.parts.extend(parts);
        text += &of_a_table(schema, prefix, &Names { scaling: &scaling, scale: &scale, unscale: &unscale })?;
    }
    let ends_in_softmax = model.description.layers.last().map(Layer::activation) == Some(Activation::Softmax);
    let classes = model.class_names().is_some() || model.schema.is_none() && ends_in_softmax;
    match (&model.schema, model.class_names()) {
        (None, Some(names)) => text += &table::classes(names, prefix)?,
        (None, None) if classes => {
            text += &format!("/* Classes, an output each. */\n#define {prefix}_CLASS_COUNT {prefix}_OUTPUTS\n");
        }
        _ => (),
    }
    if classes {
        pass.parts.push("class");
    }
    text += &format!("\n/* What {small}_check compares with. */\n#define {prefix}_CHECKED {:#010x}\n", checked(model)?);
    let code = parts(&pass.parts) + &pass.function(classes) + "\n" + include_str!("c99/check.h");
    text += &code.replace("model_", &format!("{small}_")).replace("MODEL_", &format!("{prefix}_"));
    text += &format!("\n{}", include_str!("c99/end.h"));
    // Of other nets the library has none.
    if let Ok(of_the_library) = of_the_library(model, prefix) {
        text += "\n/* What the library amc-c takes, if its header was included before. */\n#ifdef AMC_H\n";
        text += &[layers, widest].map(|size| size.line(prefix)).concat();
        text += &(of_the_library + "#endif\n");
    }
    writeln!(text, "\n#endif")?;
    Ok(text)
}

/// The hash with which `c99/check.h` compares.
fn checked(model: &Model) -> anyhow::Result<u32> {
    const SAMPLES: usize = 16;
    let portable = Model { arithmetic: Arithmetic::Portable, ..model.clone() };
    let net = portable.description.objective()?.net();
    // What samples and their outputs are packed in, and what computes them; a net without weights may be of any size.
    let numbers = (net.inputs() as u64).saturating_add(net.outputs() as u64).saturating_mul(4 * BLOCK as u64);
    let numbers = numbers.saturating_add(net.scratch(BLOCK) as u64);
    memory::check(numbers.saturating_mul(size_of::<f32>() as u64), "computing what is compared with")?;
    let number = |i| (i % 61 * 37 % 61) as f32 / 30.0 - 1.0;
    let inputs = (0..SAMPLES).flat_map(|sample| (0..net.inputs()).map(move |i| number(17 * sample + i))).collect();
    let targets = OwnedTargets::Values(vec![0.0; SAMPLES * net.outputs()], net.outputs());
    let outputs = predict(&portable, &Set::new(Values::F32(inputs), net.inputs(), targets))?;
    let bits = |y: f32| if y.is_nan() { 0x7fc0_0000 } else { y.to_bits() };
    Ok(outputs.into_iter().fold(2_166_136_261, |hash, y| (hash ^ bits(y)).wrapping_mul(16_777_619)))
}
