//! An integer net exported as source code: what is checked in is compiled here and is what is exported, and its outputs are those
//! of a host; and so are those of a program in C, whichever compiler made it.

#[path = "exported/integer.rs"]
mod exported;

use std::fs;
use std::path::Path;
use std::process::Command;

use amc_core::integer::{Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles};
use amc_core::{Activation, Image, Kernel, Layer, Portable};
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::description::LayerNames;
use amc_engine::integer::{Description, Inputs, outputs};
use amc_host::data::integers::Units;
use amc_host::data::schema::{Feature, Kind, Outputs, Scaling, Schema};
use amc_host::export::integer::{c99, rust};
use amc_host::model::integer::IntegerModel;

/// A net with any weights.
fn model(inputs: usize, of: Inputs, layers: &[Layer], limit: i8) -> IntegerModel {
    let layers = layers.to_vec();
    let description = Description::fit(inputs, (of, 60), layers, limit);
    let count = description.objective().expect("a net").net().parameters();
    let most = i32::from(limit);
    let parameters = (0..count as i32).map(|i| ((i * 37 + i * i * 11) % (2 * most + 1) - most) as i8).collect();
    let names = LayerNames::default();
    IntegerModel { description, names, parameters, units: Units::default(), schema: None }
}

/// The same, trained on a table.
fn of_a_table(outputs: Outputs, layers: &[Layer]) -> IntegerModel {
    let feature = |column, name: &str| Feature { column, name: Some(name.into()), kind: Kind::Number(None) };
    let scale = |offset, scale| Scaling { offset, scale };
    let schema = Schema {
        width: 4,
        features: vec![feature(0, "a"), feature(1, "b"), feature(2, "c")],
        targets: vec![(3, None)],
        output_scaling: match &outputs {
            Outputs::Numbers(names) => vec![scale(20.0, 300.0); names.len()],
            Outputs::Classes(_) => Vec::new(),
        },
        outputs,
        window: Default::default(),
        input_scaling: vec![scale(0.5, 20.0), scale(-3.0, 0.25), scale(0.0, 32.0)],
    };
    IntegerModel { schema: Some(schema), ..model(3, Inputs::I8, layers, 127) }
}

fn of_rust() -> IntegerModel {
    let layers = [Layer::dense(4, Activation::Tanh), Layer::dense(2, Activation::Softmax)];
    of_a_table(Outputs::Classes(vec!["no".into(), "yes".into()]), &layers)
}

#[test]
fn the_rust_file_is_what_is_exported_and_makes_what_the_net_does() {
    let (model, place) = (of_rust(), "exported/integer.rs");
    let source = rust(&model).expect("exported");
    if std::env::var_os("AMC_WRITE_EXAMPLE").is_some() {
        return fs::write(format!("tests/host/{place}"), &source).expect("written");
    }
    assert!(source == include_str!("exported/integer.rs"), "tests/host/{place} is not this:\n{source}");
    assert_eq!(exported::NET, model.description.objective().expect("a net").net());
    // As a firmware asks a net, one sample after another.
    let features: Vec<i8> = (0..30).map(|i| (i * 29 % 255 - 127) as i8).collect();
    let (mut sums, mut made) = ([0; exported::NET.scratch(1)], [0; exported::NET.scratch_outputs(1)]);
    let memory = SerialMemory { sums: &mut sums, outputs: &mut made, kept_sums: &mut [], kept_outputs: &mut [] };
    let samples = Samples { features: Tiles::<_, 1>::new(&features, 10, 3), targets: Targets::Classes(&[0; 10]) };
    let objective = Objective::new(exported::NET).expect("a loss");
    let mut serial = Serial::new(objective, Portable, samples, memory).expect("an evaluator");
    let mut found = Vec::new();
    for row in features.chunks(3) {
        found.extend_from_slice(serial.outputs(&exported::PARAMETERS, row).expect("outputs").as_flattened());
    }
    let rows = features.iter().map(|x| f32::from(*x)).collect();
    let set = Set::new(Values::F32(rows), 3, OwnedTargets::Classes(vec![0; 10]));
    let set = model.integers(&set).expect("integers");
    assert_eq!(found, outputs(&model.description, &model.parameters, &set).expect("outputs"));
    assert_eq!(exported::CLASSES, ["no", "yes"]);
    assert_eq!(exported::INPUT_SCALING, [[0.5, 20.0], [-3.0, 0.25], [0.0, 32.0]]);
}

/// Every activation, every kind of layers, inputs of both kinds, and shifts from 0 on.
fn nets() -> Vec<(&'static str, IntegerModel)> {
    use Activation::{Linear, Relu, Sigmoid, Sign, Softmax, Step, Tanh};
    let dense = |of: &[(usize, Activation)]| of.iter().map(|(units, of)| Layer::dense(*units, *of)).collect::<Vec<_>>();
    let scaled = |mut model: IntegerModel, scales: &[Scale]| {
        model.description.scales = scales.to_vec();
        model
    };
    let numbers = || Outputs::Numbers(vec!["y".into(), "z".into()]);
    vec![
        ("softmax", model(30, Inputs::U8, &dense(&[(9, Tanh), (7, Sigmoid), (4, Softmax)]), 127)),
        ("linear", model(12, Inputs::I8, &dense(&[(9, Relu), (8, Linear), (3, Linear)]), 127)),
        ("steps", model(12, Inputs::U8, &dense(&[(9, Sign), (8, Step), (1, Linear)]), 1)),
        ("one", model(5, Inputs::I8, &dense(&[(3, Softmax)]), 7)),
        (
            "shifts",
            scaled(
                model(6, Inputs::I8, &dense(&[(5, Tanh), (3, Linear)]), 127),
                &[Scale::new(0).bias(10), Scale::new(24).bias(24)],
            ),
        ),
        (
            "filters",
            model(
                36,
                Inputs::U8,
                &[
                    Layer::convolution(Image::new(6, 6, 1), 3, Kernel::new(3, 1, 1), Tanh),
                    Layer::max_pool(Image::new(6, 6, 3), Kernel::new(3, 2, 1)),
                    Layer::dense(4, Softmax),
                ],
                127,
            ),
        ),
        (
            "mean",
            model(
                24,
                Inputs::I8,
                &[
                    Layer::conv1d(8, 3, 4, Kernel::new(3, 1, 1), Relu),
                    Layer::convolution(Image::new(4, 2, 4), 5, Kernel::new(2, 1, 1), Linear),
                    Layer::global_average(Image::new(5, 3, 5)),
                    Layer::dense(2, Linear),
                ],
                127,
            ),
        ),
        (
            "pools",
            model(
                32,
                Inputs::U8,
                &[
                    Layer::max_pool(Image::new(4, 4, 2), Kernel::new(2, 1, 0)),
                    Layer::convolution(Image::new(3, 3, 2), 3, Kernel::new(3, 1, 0), Softmax),
                ],
                127,
            ),
        ),
        (
            "states",
            model(
                12,
                Inputs::I8,
                &[Layer::recurrent_states(2, 5, 6, Tanh), Layer::recurrent(5, 4, 6, Sigmoid), Layer::dense(3, Softmax)],
                127,
            ),
        ),
        ("every", model(12, Inputs::U8, &[Layer::recurrent_states(3, 2, 4, Linear)], 127)),
        (
            "last",
            model(6, Inputs::I8, &[Layer::global_average(Image::new(2, 1, 3)), Layer::recurrent(1, 2, 3, Linear)], 127),
        ),
        ("classes", of_rust()),
        ("numbers", of_a_table(numbers(), &dense(&[(6, Tanh), (2, Linear)]))),
    ]
}

/// Numbers of a row of a table, of which some are beyond all that is kept of them, and some half-way between two integers.
fn measured(row: usize) -> [f32; 3] {
    let number = |i: usize| (i * 7919 % 2003) as f32 / 8.0 - 125.0;
    [number(row), number(row + 1) * 10.0, [0.5, -0.5, 1.5, 2.5, -1e30, 0.49999997][row % 6] / 32.0]
}

const ROWS: usize = 300;

fn program(nets: &[(&str, IntegerModel)]) -> String {
    let mut text = "#include <stdio.h>\n".to_string();
    nets.iter().for_each(|(name, _)| text += &format!("#include \"{name}.h\"\n"));
    text += "int main(void)\n{\n    static const float thirds[6] = {0.5f, -0.5f, 1.5f, 2.5f, -1e30f, 0.49999997f};\n    \
        int row, i;\n    (void)thirds;\n";
    for (name, model) in nets {
        let large = name.to_ascii_uppercase();
        let of = if model.description.of == Inputs::U8 { "uint8_t" } else { "int8_t" };
        text += &format!(
            "    {{\n        {of} inputs[{large}_INPUTS];\n        int32_t outputs[{large}_OUTPUTS];\n        \
             int8_t scratch[{large}_SCRATCH];\n        printf(\"{name} %d\\n\", {name}_check(inputs, outputs, scratch));\n        \
             for (row = 0; row < {ROWS}; row++) {{\n"
        );
        text += &match &model.schema {
            None => format!(
                "            for (i = 0; i < {large}_INPUTS; i++)\n                \
                 inputs[i] = ({of})((row * 31 + i * 17) % 251{});\n",
                if of == "int8_t" { " - 125" } else { "" }
            ),
            Some(_) => format!(
                "            float numbers[3];\n            numbers[0] = (float)(row * 7919L % 2003) / 8.0f - 125.0f;\n            \
                 numbers[1] = ((float)((row + 1) * 7919L % 2003) / 8.0f - 125.0f) * 10.0f;\n            \
                 numbers[2] = thirds[row % 6] / 32.0f;\n            {name}_scale(numbers, inputs);\n"
            ),
        };
        let call = format!("{name}_predict(inputs, outputs, scratch)");
        text += &match has_classes(model) {
            true => format!("            printf(\"%d\", {call});\n"),
            false => format!("            {call};\n"),
        };
        text += &format!(
            "            for (i = 0; i < {large}_OUTPUTS; i++)\n                printf(\" %ld\", (long)outputs[i]);\n"
        );
        if let Some(Schema { outputs: Outputs::Numbers(_), .. }) = &model.schema {
            text += &format!(
                "            {name}_unscale(outputs, numbers);\n            printf(\" %.9g\", (double)numbers[0]);\n"
            );
        }
        text += "            printf(\"\\n\");\n        }\n    }\n";
    }
    text + "    return 0;\n}\n"
}

fn has_classes(model: &IntegerModel) -> bool {
    model.description.output() == Activation::Softmax
}

/// What it should print.
fn printed(nets: &[(&str, IntegerModel)]) -> String {
    let mut text = String::new();
    for (name, model) in nets {
        text += &format!("{name} 1\n");
        let width = model.description.inputs;
        let byte = |row: usize, i: usize| ((row * 31 + i * 17) % 251) as u8;
        let all = || (0..ROWS).flat_map(|row| (0..width).map(move |i| byte(row, i)));
        let values = match (&model.schema, model.description.of) {
            (Some(schema), _) => Values::F32(schema.scale((0..ROWS).flat_map(measured).collect())),
            (None, Inputs::U8) => Values::U8(all().collect(), 1.0),
            (None, Inputs::I8) => Values::F32(all().map(|x| f32::from(x) - 125.0).collect()),
        };
        let targets = match has_classes(model) {
            true => OwnedTargets::Classes(vec![0; ROWS]),
            false => OwnedTargets::Values(vec![0.0; ROWS], 1),
        };
        let units = model.description.layers.last().expect("a layer").units();
        let targets = match targets {
            OwnedTargets::Values(..) => OwnedTargets::Values(vec![0.0; ROWS * units], units),
            classes => classes,
        };
        let set = model.integers(&Set::new(values, width, targets)).expect("integers");
        for outputs in outputs(&model.description, &model.parameters, &set).expect("outputs").chunks(units) {
            if has_classes(model) {
                let class = (0..units).rev().max_by_key(|class| outputs[*class]).expect("a class");
                text += &class.to_string();
            }
            outputs.iter().for_each(|y| text += &format!(" {y}"));
            if let Some(Schema { outputs: Outputs::Numbers(_), output_scaling, .. }) = &model.schema {
                let y = outputs[0].clamp(i16::MIN.into(), i16::MAX.into()) as f32;
                text += &format!(" {}", output_scaling[0].undo(y));
            }
            text += "\n";
        }
    }
    text
}

fn installed(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn run(way: &[&str], dir: &Path) -> String {
    let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wconversion", "-Wshadow", "-Werror"];
    let made = Command::new(way[0]).current_dir(dir).args(strict).args(&way[1..]).args(["-o", "program"]).output();
    let made = made.expect("a C compiler");
    assert!(made.status.success(), "{way:?}: {}", String::from_utf8_lossy(&made.stderr));
    let told = Command::new(dir.join("program")).output().expect("it runs");
    String::from_utf8(told.stdout).expect("UTF-8")
}

/// Floats are printed in other ways.
fn same(told: &str, wanted: &str) -> bool {
    told == wanted
        || matches!((told.parse::<f32>(), wanted.parse::<f32>()), (Ok(a), Ok(b)) if a.to_bits() == b.to_bits())
}

#[test]
fn every_activation_computes_in_c_what_the_core_does() {
    let (dir, nets) = (tempfile::tempdir().expect("a folder"), nets());
    let dir = dir.path();
    for (name, model) in &nets {
        let header = c99(model, &name.to_ascii_uppercase()).expect("exported");
        fs::write(dir.join(format!("{name}.h")), header).expect("written");
    }
    for file in ["program.c", "program.cpp"] {
        fs::write(dir.join(file), program(&nets)).expect("written");
    }
    let wanted = printed(&nets);
    let mut ways = vec![vec!["c++", "-std=c++11", "-O2", "program.cpp"]];
    for compiler in ["cc", "clang"].into_iter().filter(|name| installed(name)) {
        ways.push(vec![compiler, "-std=c99", "-O0", "program.c"]);
        ways.push(vec![compiler, "-std=c99", "-O3", "-march=native", "program.c"]);
    }
    for way in ways {
        let told = run(&way, dir);
        for (told, wanted) in told.lines().zip(wanted.lines()) {
            let pairs = told.split(' ').zip(wanted.split(' '));
            assert!(pairs.clone().all(|(told, wanted)| same(told, wanted)), "{way:?}: {told}, not {wanted}");
        }
        assert_eq!(told.lines().count(), wanted.lines().count(), "{way:?}");
    }
    // One weight that is another is told.
    let header = fs::read_to_string(dir.join("one.h")).expect("a header");
    let (head, rest) = header.split_once("_WEIGHTS[ONE_PARAMETERS] = {\n    ").expect("weights");
    let (_, rest) = rest.split_once(',').expect("a weight");
    fs::write(dir.join("one.h"), format!("{head}_WEIGHTS[ONE_PARAMETERS] = {{\n    6,{rest}")).expect("written");
    assert!(run(&["cc", "-std=c99", "program.c"], dir).contains("one 0\n"));
}
