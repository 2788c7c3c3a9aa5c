//! C99 that needs no library: a net's forward pass in integers of up to 32 bits.

use std::fmt::Write;

use amc_core::Activation;
use amc_core::integer::TANH;
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::integer::{Inputs, outputs};
use amc_engine::memory;

use crate::data::schema::{Outputs, Scaling};
use crate::export::c::Size;
use crate::export::c::table::{Names, of_a_table};
use crate::export::integer::pass::{activations, kinds, pass, scratch};
use crate::export::lines;
use crate::model::integer::{IntegerModel, params_hash};

/// A header that needs no library, C99 and C++11: macros of sizes, the parameters, of a net that was trained on a table what scales its
/// numbers, and its classes; and functions that compute the net's outputs, with the bits of `amc_core::integer`. Names begin with
/// `prefix`, those of functions and types in small letters.
///
/// # Errors
/// An [`ExportError`](crate::export::ExportError); or of a model that is none, or too large for this machine's memory.
pub fn c99(model: &IntegerModel, prefix: &str) -> anyhow::Result<String> {
    let IntegerModel { description, parameters, units, schema, .. } = model;
    let net = description.objective()?.net();
    let small = prefix.to_ascii_lowercase();
    let mut text = String::new();
    writeln!(text, "/* Made by `amc export --c99`: an integer net, which needs no library.")?;
    writeln!(text, "   CRC-32 of the parameters as bytes: {}. */", params_hash(parameters))?;
    writeln!(text, "#ifndef {prefix}_H\n#define {prefix}_H\n\n#include <stddef.h>\n#include <stdint.h>\n")?;
    let sizes = [
        ("Numbers that the net takes.", "INPUTS", net.shape().inputs()),
        ("Numbers that the net gives.", "OUTPUTS", net.shape().outputs()),
        ("Weights and biases.", "PARAMETERS", net.parameters()),
        ("Bytes of memory that predict needs.", "SCRATCH", scratch(description)),
    ];
    text += &sizes.map(|(what, name, value)| Size { what, name, value }.line(prefix)).concat();
    text += "\n/* Of each layer the weights, [unit][input], and then the biases. */\n";
    writeln!(text, "static const int8_t {prefix}_WEIGHTS[{prefix}_PARAMETERS] = {{")?;
    text += &(lines(parameters.iter().map(i8::to_string)) + "};\n");

    let mut code = Vec::new();
    let is_scaled = |of: &[Scaling]| of.iter().any(|scaling| *scaling != Scaling::NONE);
    let (input_scaling, output_scaling) = match schema {
        Some(schema) => (&schema.input_scaling, &schema.output_scaling),
        None => (&units.inputs, &units.outputs),
    };
    let (takes, gives) = (is_scaled(input_scaling), is_scaled(output_scaling));
    let is_float = takes || gives;
    if is_float {
        let scaling = format!("{small}_scaling");
        text += &format!("\n{}\n", include_str!("../c99/float.h"));
        text += &format!("typedef struct {{\n    float offset, scale;\n}} {scaling};\n");
        let names = [format!("{small}_scale"), format!("{small}_unscale")];
        let names = Names { scaling: &scaling, scale: &names[0], unscale: &names[1] };
        match schema {
            Some(schema) => text += &of_a_table(schema, prefix, &names)?,
            None => text += &of_functions(prefix, &scaling, input_scaling, output_scaling)?,
        }
        code.extend(takes.then_some(include_str!("scale.h")));
        code.extend(gives.then_some(include_str!("unscale.h")));
    }
    let classes = match schema.as_ref().map(|schema| &schema.outputs) {
        Some(Outputs::Classes(_)) => true,
        Some(Outputs::Numbers(_)) => false,
        None => description.output() == Activation::Softmax,
    };
    if classes && schema.is_none() {
        text += &format!("\n/* Classes, an output each. */\n#define {prefix}_CLASS_COUNT {prefix}_OUTPUTS\n");
    }
    text +=
        &format!("\n/* What {small}_check compares with. */\n#define {prefix}_CHECKED {:#010x}\n\n", checked(model)?);
    code.push(include_str!("pass.h"));
    let activations = activations(description);
    let has_tanh = activations.iter().any(|of| matches!(of, Activation::Tanh | Activation::Sigmoid));
    let table = tanh_table();
    code.extend(has_tanh.then_some(&table[..]));
    code.extend(activations.contains(&Activation::Sigmoid).then_some(include_str!("sigmoid.h")));
    if activations.iter().any(|of| matches!(of, Activation::Linear | Activation::Softmax | Activation::Relu)) {
        code.push(include_str!("clamp.h"));
    }
    code.extend(classes.then_some(include_str!("class.h")));
    let kinds = kinds(description);
    code.push(&kinds);
    let pass = pass(description, classes)?;
    code.push(&pass);
    let check = include_str!("check.h").replace("LESS", if description.of == Inputs::I8 { "120" } else { "0" });
    code.push(&check);
    let code = code
        .join("\n")
        .replace("INPUT_TYPE", &format!("{}nt8_t", if description.of == Inputs::U8 { "ui" } else { "i" }));
    text += &code.replace("model_", &format!("{small}_")).replace("MODEL_", &format!("{prefix}_"));
    if is_float {
        text += &format!("\n{}", include_str!("../c99/end.h"));
    }
    writeln!(text, "\n#endif")?;
    Ok(text)
}

/// The scaling of what is no table's.
fn of_functions(prefix: &str, scaling: &str, inputs: &[Scaling], outputs: &[Scaling]) -> anyhow::Result<String> {
    let mut text = format!("\n/* Numbers of a row. */\n#define {prefix}_FEATURES {prefix}_INPUTS\n");
    for (name, count, of) in [("INPUT", "FEATURES", inputs), ("OUTPUT", "OUTPUTS", outputs)] {
        if of.is_empty() {
            continue;
        }
        writeln!(text, "static const {scaling} {prefix}_{name}_SCALING[{prefix}_{count}] = {{")?;
        for Scaling { offset, scale } in of {
            writeln!(text, "    {{{}, {}}},", crate::export::c::number(*offset), crate::export::c::number(*scale))?;
        }
        text += "};\n";
    }
    Ok(text)
}

/// tanh by the table that the core has.
fn tanh_table() -> String {
    let values = lines(TANH.iter().map(i8::to_string));
    include_str!("tanh.h").replace("    VALUES\n", &values)
}

/// The hash with which `check.h` compares.
fn checked(model: &IntegerModel) -> anyhow::Result<u32> {
    const SAMPLES: usize = 16;
    let IntegerModel { description, parameters, .. } = model;
    let net = description.objective()?.net();
    let numbers = (net.shape().inputs() as u64).saturating_add(net.shape().outputs() as u64).saturating_mul(64 * 4 * 4);
    memory::check(numbers, "computing what is compared with")?;
    let number = |i: usize| i % 61 * 37 % 61 * 4;
    let all = (0..SAMPLES).flat_map(|sample| (0..net.shape().inputs()).map(move |i| number(17 * sample + i)));
    let values = match description.of {
        Inputs::U8 => Values::U8(all.map(|x| x as u8).collect(), 1.0),
        Inputs::I8 => Values::F32(all.map(|x| x as f32 - 120.0).collect()),
    };
    let targets = match description.output() {
        Activation::Softmax => OwnedTargets::Classes(vec![0; SAMPLES]),
        _ => OwnedTargets::Values(vec![0.0; SAMPLES * net.shape().outputs()], net.shape().outputs()),
    };
    let set = model.integers(&Set::new(values, net.shape().inputs(), targets))?;
    let outputs = outputs(description, parameters, &set)?;
    Ok(outputs.into_iter().fold(2_166_136_261, |hash, y| (hash ^ y as u32).wrapping_mul(16_777_619)))
}
