//! A net exported as C99 computes what the core does, to the bit, whichever compiler made it, and needs no library.

mod table;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use amc_core::{Activation, Image, Kernel, Layer};
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::description::{Description, LossName};
use amc_host::export::c99;
use amc_host::model::Model;
use amc_host::predict::predict;
use amc_kernels::Arithmetic;

use crate::export_c::repository;

/// The numbers of `exported/rows.h`.
struct Numbers(u32);

impl Numbers {
    fn new() -> Self {
        Self(2_463_534_242)
    }

    fn draw(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn row(&mut self, row: usize, count: usize) -> Vec<f32> {
        let number = |_| match self.draw() {
            bits if row % 4 == 3 && self.draw().is_multiple_of(4) => f32::from_bits(bits),
            bits => ((bits >> 8) as f32 / 2_097_152.0 - 4.0) * if row % 4 == 2 { 32.0 } else { 1.0 },
        };
        (0..count).map(number).collect()
    }
}

fn bits(number: f32) -> u32 {
    if number.is_nan() { 0x7fc0_0000 } else { number.to_bits() }
}

/// A net with parameters between -1 and 1.
fn model(inputs: usize, layers: &[Layer], loss: LossName) -> Model {
    let description = Description::unnamed(inputs, layers.to_vec(), loss);
    let count = description.objective().expect("a net").net().parameters();
    let parameters = Numbers::new().row(0, count).iter().map(|x| x / 4.0).collect();
    Model { description, arithmetic: Arithmetic::Portable, parameters, schema: None, classes: Vec::new() }
}

/// What `amc predict` computes of rows, row by row.
fn outputs(model: &Model, rows: usize) -> Vec<f32> {
    let net = model.description.objective().expect("a net").net();
    let mut numbers = Numbers::new();
    let features = (0..rows).flat_map(|row| numbers.row(row, net.inputs())).collect();
    let targets = OwnedTargets::Values(vec![0.0; rows * net.outputs()], net.outputs());
    predict(model, &Set::new(Values::F32(features), net.inputs(), targets)).expect("outputs")
}

/// The first of the largest; -1, as the program prints it, where one is NaN.
fn class(outputs: &[f32]) -> usize {
    if outputs.iter().any(|y| y.is_nan()) {
        return u32::MAX as usize;
    }
    let best = (0..outputs.len()).rev().max_by(|a, b| outputs[*a].partial_cmp(&outputs[*b]).expect("no NaN"));
    best.expect("an output")
}

const IMAGE: Image = Image::new(5, 6, 2);
const HALVED: Image = Image::new(3, 3, 3);

/// Nets that have every kind of layers and every activation, each in all ways that it is written in.
fn nets() -> Vec<(&'static str, Model)> {
    use Activation::{Linear, Relu, Sigmoid, Sign, Softmax, Step, Tanh};
    let net = |name, inputs, layers: &[Layer]| (name, model(inputs, layers, LossName::Mse));
    let window = Kernel::new(3, 2, 1);
    vec![
        net("softmax", 7, &[Layer::dense(5, Tanh), Layer::dense(4, Softmax)]),
        net("steep", 7, &[Layer::dense(4, Softmax)]),
        ("even", Model { parameters: vec![0.0; 12], ..model(3, &[Layer::dense(3, Softmax)], LossName::CrossEntropy) }),
        net("sigmoid", 6, &[Layer::dense(9, Relu), Layer::dense(9, Linear), Layer::dense(5, Sigmoid)]),
        net("linear", 3, &[Layer::dense(2, Linear)]),
        net("steps_of_both", 5, &[Layer::dense(9, Sign), Layer::dense(3, Step)]),
        net("tanh", 1, &[Layer::dense(3, Sigmoid), Layer::dense(1, Tanh)]),
        net("relu", 130, &[Layer::dense(130, Tanh), Layer::dense(3, Relu)]),
        net("conv1d", 24, &[Layer::conv1d(8, 3, 4, Kernel::new(5, 2, 2), Relu), Layer::dense(3, Linear)]),
        net("steps", 24, &[Layer::conv1d(12, 2, 3, Kernel::new(4, 3, 0), Tanh)]),
        net("image", IMAGE.numbers(), &[Layer::convolution(IMAGE, 3, window, Sigmoid), Layer::global_average(HALVED)]),
        net("pool", IMAGE.numbers(), &[Layer::max_pool(IMAGE, window), Layer::dense(2, Linear)]),
        net("largest", IMAGE.numbers(), &[Layer::max_pool(IMAGE, Kernel::new(2, 1, 0))]),
        net("normal", 5, &[Layer::dense(7, Linear), Layer::normalization(7, Tanh), Layer::normalization(7, Linear)]),
        net("rnn", 20, &[Layer::recurrent_states(2, 3, 10, Tanh), Layer::recurrent(3, 4, 10, Linear)]),
        net("states", 12, &[Layer::recurrent(3, 2, 4, Relu), Layer::recurrent_states(1, 2, 2, Sigmoid)]),
        net("gru", 21, &[Layer::gru_states(3, 4, 7), Layer::gru(4, 5, 7), Layer::dense(3, Softmax)]),
        net("gates", 6, &[Layer::gru(2, 2, 3), Layer::gru_states(1, 3, 2)]),
        net(
            "block",
            IMAGE.numbers(),
            &[
                Layer::keep(IMAGE.numbers()),
                Layer::convolution(IMAGE, 3, window, Relu),
                Layer::convolution(HALVED, 3, Kernel::new(3, 1, 1), Linear),
                Layer::swap(IMAGE.numbers()),
                Layer::convolution(IMAGE, 3, Kernel::new(1, 2, 0), Linear),
                Layer::add(HALVED.numbers(), Relu),
                Layer::keep(HALVED.numbers()),
                Layer::gru_states(3, 3, 9),
                Layer::add(HALVED.numbers(), Linear),
                Layer::dense(3, Tanh),
                Layer::keep(3),
                Layer::dense(4, Tanh),
                Layer::swap(3),
            ],
        ),
        net("kept", 3, &[Layer::dense(2, Linear), Layer::keep(2)]),
        net("none", 4, &[Layer::keep(4)]),
    ]
}

/// Prints each net's outputs for rows, with the classes where it tells them, and what does not compute as on a host.
fn program(nets: &[(&str, Model)], rows: usize) -> String {
    let mut text = "#include \"board.h\"\n#include \"rows.h\"\n".to_string();
    nets.iter().for_each(|(name, _)| text += &format!("#include \"{name}.h\"\n"));
    text += "int main(void)\n{\n    uint32_t row;\n    size_t i;\n";
    for (name, model) in nets {
        let large = name.to_ascii_uppercase();
        let arrays =
            ["inputs[INPUTS]", "outputs[OUTPUTS]", "scratch[SCRATCH]"].map(|of| of.replace('[', &format!("[{large}_")));
        let call = format!("{name}_predict(inputs, outputs, scratch)");
        let call = if has_classes(model) { format!("board_decimal(\"\", (uint32_t){call})") } else { call };
        text += &format!(
            "    {{\n        float {};\n        if (!{name}_check(inputs, outputs, scratch))\n            \
             board_text(\"{UNCHECKED} {name}\\n\");\n        drawn = SEED;\n        \
             for (row = 0; row < {rows}; row++) {{\n            draw_row(row, inputs, {large}_INPUTS);\n            \
             {call};\n            for (i = 0; i < {large}_OUTPUTS; i++)\n                \
             board_hexadecimal(\" \", bits(outputs[i]));\n            board_decimal(\" {name} \", row);\n            \
             board_text(\"\\n\");\n        }}\n    }}\n",
            arrays.join(", ")
        );
    }
    text + "    return 0;\n}\n"
}

const UNCHECKED: &str = "not as on a host:";

fn has_classes(model: &Model) -> bool {
    model.description.layers.last().expect("a layer").activation() == Activation::Softmax
}

/// What it should print.
fn printed(nets: &[(&str, Model)], rows: usize) -> String {
    let mut text = String::new();
    for (name, model) in nets {
        let width = model.description.layers.last().expect("a layer").units();
        for (row, outputs) in outputs(model, rows).chunks(width).enumerate() {
            if has_classes(model) {
                text += &class(outputs).to_string();
            }
            outputs.iter().for_each(|y| text += &format!(" {:08x}", bits(*y)));
            text += &format!(" {name} {row}\n");
        }
    }
    text
}

const STRICT: [&str; 7] = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wconversion", "-Wshadow", "-Werror"];

/// Writes a program and the headers of its nets.
fn write(nets: &[(&str, Model)], rows: usize, dir: &Path) {
    for (name, model) in nets {
        let header = c99(model, &name.to_ascii_uppercase()).expect("exported");
        fs::write(dir.join(format!("{name}.h")), header).expect("written");
    }
    for file in ["program.c", "program.cpp"] {
        fs::write(dir.join(file), program(nets, rows)).expect("written");
    }
}

/// Compiles a program, or gives the compiler's errors.
fn compile(compiler: &[&str], board: &str, dir: &Path) -> Result<(), String> {
    let board = repository().join("amc-c/examples/board").join(board);
    let mut command = Command::new(compiler[0]);
    command.current_dir(dir).args(STRICT).args(&compiler[1..]).args(["-o", "program"]).arg(&board);
    for folder in [board.parent().expect("a folder"), &repository().join("amc-host/tests/host/exported")] {
        command.arg("-I").arg(folder);
    }
    let output = command.output().expect("a C compiler");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// What a command prints is what the core computes.
fn compare(command: &mut Command, wanted: &str) {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    // That of a board is on stderr.
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {told}");
    told.lines().zip(wanted.lines()).for_each(|(told, wanted)| assert_eq!(told, wanted, "{command:?}"));
    assert_eq!(told.len(), wanted.len(), "{command:?}");
}

/// Whether a program is there.
fn installed(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn compilers() -> impl Iterator<Item = &'static str> {
    ["cc", "clang"].into_iter().filter(|name| installed(name))
}

#[test]
fn every_kind_and_activation_computes_in_c_what_the_core_does() {
    let (dir, nets) = (tempfile::tempdir().expect("a folder"), nets());
    let dir = dir.path();
    write(&nets, 2000, dir);
    let wanted = printed(&nets, 2000);
    let mut ways = vec![vec!["c++", "-std=c++11", "-O2", "program.cpp"]];
    for compiler in compilers() {
        ways.push(vec![compiler, "-std=c99", "-O0", "program.c"]);
        // Instructions of all kinds that this machine has, FMA among them.
        ways.push(vec![compiler, "-std=gnu99", "-O3", "-march=native", "program.c"]);
    }
    for way in ways {
        compile(&way, "host.c", dir).unwrap_or_else(|errors| panic!("{way:?}: {errors}"));
        compare(&mut Command::new(dir.join("program")), &wanted);
    }
}

/// On a Cortex-M4F, which has an instruction for a multiply-add of one rounding, and on a Cortex-M3, which has no FPU.
#[test]
fn every_kind_and_activation_computes_on_microcontrollers_what_the_core_does() {
    if !installed("arm-none-eabi-gcc") || !installed("qemu-system-arm") {
        return;
    }
    let (dir, nets) = (tempfile::tempdir().expect("a folder"), nets());
    let dir = dir.path();
    write(&nets, 100, dir);
    let wanted = printed(&nets, 100);
    let script = repository().join("amc-c/examples/board/qemu.ld");
    let way = ["arm-none-eabi-gcc", "-std=gnu99", "-Os", "program.c", "-T", script.to_str().expect("UTF-8")];
    let link = ["-mthumb", "-ffreestanding", "-nostdlib", "-Wl,-z,noexecstack", "-lgcc"];
    for (machine, core) in [
        ("mps2-an386 cortex-m4", &["-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"][..]),
        ("mps2-an385 cortex-m3", &["-mcpu=cortex-m3", "-mfloat-abi=soft"]),
    ] {
        compile(&[&way, core, &link].concat(), "qemu.c", dir).expect("compiled");
        let mut command = Command::new(repository().join("amc-firmware/run-qemu.sh"));
        compare(command.arg(dir.join("program")).env("QEMU_MACHINE", machine), &wanted);
    }
}

#[test]
fn options_that_change_bits_are_refused() {
    let (dir, nets) = (tempfile::tempdir().expect("a folder"), nets());
    let dir = dir.path();
    write(&nets[..1], 1, dir);
    // Of the others Clang tells the preprocessor nothing.
    let both = ["-ffast-math", "-ffinite-math-only"];
    let of_gcc = ["-funsafe-math-optimizations", "-freciprocal-math"];
    for compiler in compilers() {
        for option in both.iter().chain(of_gcc.iter().filter(|_| compiler == "cc")) {
            let errors = compile(&[compiler, "-std=c99", option, "program.c"], "host.c", dir).expect_err(option);
            assert!(errors.contains("-ffast-math, or a part of it"), "{errors}");
        }
    }
    if cfg!(target_arch = "x86_64") {
        let x87 = ["cc", "-std=c99", "-mfpmath=387", "program.c"];
        let errors = compile(&x87, "host.c", dir).expect_err("80 bits");
        assert!(errors.contains("operations on floats are not rounded to floats"), "{errors}");
    }
}

#[test]
fn a_program_that_computes_something_else_says_so() {
    let (dir, nets) = (tempfile::tempdir().expect("a folder"), nets());
    let (dir, nets) = (dir.path(), &nets[..2]);
    write(nets, 1, dir);
    let told = || {
        let output = Command::new(dir.join("program")).output().expect("it runs");
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        lines.lines().filter_map(|line| Some(line.strip_prefix(UNCHECKED)?.to_string())).collect::<Vec<_>>().concat()
    };
    let strict = ["cc", "-std=c99", "program.c"];
    compile(&strict, "host.c", dir).expect("compiled");
    assert_eq!(told(), "");

    // One bit of one parameter.
    let header = fs::read_to_string(dir.join("softmax.h")).expect("a header");
    let last = nets[0].1.parameters.last().expect("a parameter");
    let changed = header.replace(&format!(" {last:?}f,"), &format!(" {:?}f,", last.next_up()));
    fs::write(dir.join("softmax.h"), changed).expect("written");
    compile(&strict, "host.c", dir).expect("compiled");
    assert_eq!(told(), " softmax");

    // What GCC links with -ffast-math: it has the processor make 0 of subnormal numbers.
    fs::write(dir.join("softmax.h"), header).expect("written");
    let found = Command::new("cc").arg("-print-file-name=crtfastmath.o").output().expect("a C compiler").stdout;
    let start = String::from_utf8(found).expect("UTF-8");
    if Path::new(start.trim()).is_absolute() {
        compile(&[&strict[..], &[start.trim()]].concat(), "host.c", dir).expect("compiled");
        assert_eq!(told(), " softmax steep");
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let (_, mut spoilt) = nets().remove(0);
    spoilt.parameters[7] = f32::INFINITY;
    let error = c99(&spoilt, "M").expect_err("refused").to_string();
    assert_eq!(error, "parameter 7 is inf: C has constants of finite numbers alone");
    // A net of no parameter, which a small file may describe; with 32 bits it has more numbers than can be counted.
    if usize::BITS == 32 {
        return;
    }
    let vast = Image::new(1 << 24, 1 << 24, 1);
    let error = c99(&model(vast.numbers(), &[Layer::max_pool(vast, Kernel::new(1, 1, 0))], LossName::Mse), "M");
    let error = error.expect_err("refused").to_string();
    assert!(error.starts_with("computing what is compared with needs "), "{error}");
}
