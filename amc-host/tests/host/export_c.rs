//! A net exported as C is the net, to the bit, whatever its columns are called: a C compiler says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use amc_core::{Activation, Kernel, Layer};
use amc_engine::description::{Description, LossName};
use amc_host::data::schema::{Feature, Kind, Outputs, Scaling, Schema};
use amc_host::data::window::Window;
use amc_host::export::{ExportError, c, prefix};
use amc_host::model::Model;
use amc_kernels::Arithmetic;

use crate::cli::{amc, json, stdout};

/// Names that would end a comment or a string, go on in the next line, or be read as something else.
const NAMES: [&str; 12] = [
    "a */ int x; /* b",
    "a */",
    "/* a // b",
    "??/",
    "what??)",
    "a\nb\r",
    "ends with \\",
    "\"quoted\" \\\" \\n",
    "Größe in µm",
    "\u{202e}turned\u{2028}",
    "\u{1}7 %s \0",
    "",
];

const LAYERS: [Layer; 5] = [
    Layer::dense(4, Activation::Tanh),
    Layer::dense(3, Activation::Relu),
    Layer::dense(2, Activation::Linear),
    Layer::dense(3, Activation::Sigmoid),
    Layer::dense(12, Activation::Softmax),
];

/// Numbers that a decimal may lose, among ordinary ones.
fn numbers() -> impl Iterator<Item = f32> {
    let special =
        [0.0, -0.0, 1.0, 0.1, f32::MIN_POSITIVE, 1e-45, -1.2e-38, f32::MAX, f32::MIN, 16_777_216.0, 33_554_434.0];
    let ordinary = (0_u32..).map(|i| f32::from_bits(0x3d00_0000 + ((i % 2) << 31) + i * 0x0012_3457));
    special.into_iter().chain(ordinary)
}

fn scalings(count: usize) -> Vec<Scaling> {
    numbers().filter(|x| *x != 0.0).take(count).map(|scale| Scaling { offset: -scale / 3.0, scale }).collect()
}

fn feature(name: &str) -> Feature {
    Feature { column: 0, name: Some(name.into()), kind: Kind::Number(None) }
}

/// Of a table with these names, and windows of two rows.
fn model(outputs: Outputs) -> Model {
    let layers = LAYERS.to_vec();
    let description = Description::unnamed(2 * NAMES.len(), layers, LossName::CrossEntropy);
    let count = description.objective().expect("a net").net().parameters();
    let output_scaling = if let Outputs::Numbers(names) = &outputs { scalings(names.len()) } else { vec![] };
    let schema = Schema {
        width: 13,
        features: NAMES.map(feature).to_vec(),
        targets: vec![(12, None)],
        outputs,
        window: Window { rows: 2, stride: 1 },
        input_scaling: scalings(NAMES.len()),
        output_scaling,
    };
    let parameters = numbers().take(count).collect();
    Model { description, arithmetic: Arithmetic::Portable, parameters, schema: Some(schema), classes: Vec::new() }
}

fn names() -> Vec<String> {
    NAMES.map(String::from).to_vec()
}

fn refused(model: &Model) -> ExportError {
    c(model, "MODEL", None).expect_err("refused").downcast().expect("an error of exporting")
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Prints all that a header has.
const PROGRAM: &str = r#"
#include <stdio.h>
#include <string.h>
#include "tricky.h"
#include "tricky.h"

static void number(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    printf(" %08lx", (unsigned long)bits);
}

int main(void)
{
    size_t i, length;
    printf("%d %d %d %d %d %d %d %d\n", TRICKY_INPUTS, TRICKY_OUTPUTS, TRICKY_LAYER_COUNT, TRICKY_WIDEST,
           TRICKY_PARAMETER_COUNT, TRICKY_FEATURES, TRICKY_ROWS, TRICKY_CLASS_COUNT);
    printf("%lu %lu %lu\n", (unsigned long)TRICKY_NET.inputs, (unsigned long)TRICKY_NET.layer_count,
           (unsigned long)TRICKY_NET.loss);
    for (i = 0; i < TRICKY_NET.layer_count; i++)
        printf(" %lu-%lu", (unsigned long)TRICKY_NET.layers[i].units, (unsigned long)TRICKY_NET.layers[i].activation);
    for (i = 0; i < TRICKY_PARAMETER_COUNT; i++)
        number(TRICKY_PARAMETERS[i]);
    for (i = 0; i < TRICKY_FEATURES; i++) {
        number(TRICKY_INPUT_SCALING[i].offset);
        number(TRICKY_INPUT_SCALING[i].scale);
    }
    for (i = 0; i < TRICKY_CLASS_COUNT; i++) {
        printf("\n");
        for (length = 0; TRICKY_CLASSES[i][length] != 0; length++)
            printf("%02x", (unsigned char)TRICKY_CLASSES[i][length]);
    }
    return TRICKY_PREDICT_BYTES == AMC_PREDICT_BYTES(5, 12) ? 0 : 1;
}
"#;

/// What the program should print.
fn printed(model: &Model) -> String {
    let bits = |x: f32| format!(" {:08x}", x.to_bits());
    let mut text = format!("24 12 5 12 {} 12 2 12\n24 5 1\n 4-1 3-2 2-0 3-3 12-4", model.parameters.len());
    text.extend(model.parameters.iter().map(|x| bits(*x)));
    let schema = model.schema.as_ref().expect("of a table");
    text.extend(schema.input_scaling.iter().map(|of| bits(of.offset) + &bits(of.scale)));
    for name in NAMES {
        // What is behind a zero is no part of a string in C.
        let bytes = name.bytes().take_while(|byte| *byte != 0);
        text = text + "\n" + &bytes.map(|byte| format!("{byte:02x}")).collect::<String>();
    }
    text
}

fn compile(compiler: &str, standard: &str, dir: &Path, source: &str) {
    let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wconversion", "-Werror"];
    let mut command = Command::new(compiler);
    command.current_dir(dir).args(strict).arg(standard).arg("-I").arg(repository().join("amc-c/include"));
    let output = command.args([source, "-o", "program"]).output().expect("a C compiler");
    assert!(output.status.success(), "{standard}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn names_break_out_of_nothing_and_all_bits_are_kept() {
    let model = model(Outputs::Classes(names()));
    let header = c(&model, "TRICKY", None).expect("exported");
    assert!(header.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{header}");
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("tricky.h"), &header).expect("written");
    fs::write(dir.path().join("unused.c"), "#include \"tricky.h\"\nint main(void) { return 0; }\n").expect("written");
    fs::write(dir.path().join("program.c"), PROGRAM).expect("written");
    fs::write(dir.path().join("program.cpp"), PROGRAM).expect("written");
    // Trigraphs are read where C has them.
    for (compiler, standard, source) in [
        ("cc", "-std=c99", "unused.c"),
        ("cc", "-std=c99", "program.c"),
        ("cc", "-std=c11", "program.c"),
        ("c++", "-std=c++11", "program.cpp"),
    ] {
        compile(compiler, standard, dir.path(), source);
        let output = Command::new(dir.path().join("program")).output().expect("it runs");
        assert!(output.status.success());
        let told = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(source == "unused.c" || told == printed(&model), "{standard}: {told}\n{}", printed(&model));
    }
}

#[test]
fn numbers_to_find_have_a_scaling_and_what_is_as_it_is_has_none() {
    let scaled = model(Outputs::Numbers(names()));
    let text = c(&scaled, "M", None).expect("exported");
    assert!(text.contains("static const amc_scaling M_OUTPUT_SCALING[M_OUTPUTS] = {\n"), "{text}");
    assert!(text.contains("}, /* \"ends with \\\\\" */\n") && !text.contains("M_CLASS"), "{text}");
    assert_eq!(text.matches(" /* \"").count(), 2 * NAMES.len());

    let mut plain = scaled;
    let schema = plain.schema.as_mut().expect("of a table");
    (schema.input_scaling, schema.output_scaling) = (vec![Scaling::NONE; 12], vec![Scaling::NONE; 12]);
    let text = c(&plain, "M", None).expect("exported");
    assert!(!text.contains("SCALING") && text.contains("as it was measured, in this order:\n   \"a \\052/"), "{text}");

    plain.schema = None;
    let text = c(&plain, "M", None).expect("exported");
    assert!(!text.contains("M_FEATURES") && text.contains("#define M_INPUTS 24\n"), "{text}");
}

#[test]
fn columns_of_texts_are_named_number_by_number() {
    let of = |texts: &[&str]| Kind::Choice(texts.iter().map(ToString::to_string).collect(), None);
    let named = |kind| Feature { kind, ..feature("room") }.meanings();
    assert_eq!(named(Kind::Number(None)), ["room"]);
    assert_eq!(named(of(&["attic", "cellar"])), ["room: 0 if it is attic, 1 if it is cellar"]);
    assert_eq!(named(of(&["a", "b", "c"])), ["1 if room is a", "1 if room is b", "1 if room is c"]);
}

#[test]
fn what_c_does_not_have_is_refused_by_name() {
    let layers = vec![
        Layer::dense(16, Activation::Tanh),
        Layer::conv1d(8, 2, 3, Kernel::new(4, 2, 0), Activation::Relu),
        Layer::dense(1, Activation::Linear),
    ];
    let description = Description::unnamed(2, layers, LossName::Mse);
    let count = description.objective().expect("a net").net().parameters();
    let model = Model {
        description,
        arithmetic: Arithmetic::Portable,
        parameters: vec![0.5; count],
        schema: None,
        classes: Vec::new(),
    };
    let error = refused(&model);
    assert!(matches!(error, ExportError::Layer { layer: 1, .. }));
    assert!(error.to_string().starts_with("layer 1 is conv1d (activation = "), "{error}");

    let classes = || self::model(Outputs::Classes(names()));
    let mut spoilt = classes();
    spoilt.parameters[7] = f32::NAN;
    assert!(matches!(refused(&spoilt), ExportError::NotFinite { what: "parameter", index: 7, .. }));
    let mut spoilt = classes();
    spoilt.schema.as_mut().expect("of a table").input_scaling[3].offset = f32::INFINITY;
    assert!(matches!(refused(&spoilt), ExportError::NotFinite { what: "the offset of input", index: 3, .. }));
    let mut spoilt = self::model(Outputs::Numbers(names()));
    spoilt.schema.as_mut().expect("of a table").output_scaling[11].scale = f32::NAN;
    assert_eq!(refused(&spoilt).to_string(), "the scale of output 11 is NaN: C has constants of finite numbers alone");
    let mut long = classes();
    for (bytes, fits) in [(4095, true), (4096, false)] {
        let names = vec!["short".to_string(), "x".repeat(bytes)];
        long.schema.as_mut().expect("of a table").outputs = Outputs::Classes(names);
        assert_eq!(c(&long, "M", None).is_ok(), fits);
    }
    assert_eq!(refused(&long), ExportError::LongName { class: 1, bytes: 4096 });
}

#[test]
fn names_in_c_begin_with_that_of_the_file() {
    let of = |file: &str| prefix(Some(Path::new(file)));
    for (file, name) in [
        ("iris.h", "IRIS"),
        ("a/b.c/my-net.2.h", "MY_NET_2"),
        ("_2nd net.h", "ND_NET"),
        ("größe", "GR__E"),
        ("42.h", "MODEL"),
        ("..", "MODEL"),
        ("amc_x.h", "MODEL_AMC_X"),
        ("amc", "MODEL_AMC"),
        ("amcx.h", "AMCX"),
    ] {
        assert_eq!(of(file).as_deref(), Ok(name), "{file}");
    }
    assert_eq!(prefix(None).as_deref(), Ok("MODEL"));
    assert_eq!(of("a/AMC.H"), Err(ExportError::FileName("AMC.H".into())));
}

#[test]
fn the_command_writes_one_language_and_folds() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let row = |i: usize| format!("{},{}\n", 1000 + i * 7 % 13, i * 5 % 17);
    fs::write(dir.join("log.csv"), "a,b\n".to_string() + &(0..80).map(row).collect::<String>()).expect("written");
    json(&["train", "--data", "log.csv", "--window", "3", "--steps", "5", "--task", "regress", "--json"], dir);
    fn export<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["export", "runs/log/model.amc"], more].concat()
    }
    let header = stdout(&export(&["--c"]), dir);
    for words in [
        "#ifndef MODEL_H\n#define MODEL_H\n",
        "#define MODEL_INPUTS 3\n",
        "#define MODEL_FEATURES 1\n",
        "#define MODEL_ROWS 3\n",
        "MODEL_INPUT_SCALING[MODEL_FEATURES]",
        "MODEL_OUTPUT_SCALING[MODEL_OUTPUTS]",
        "/* \"b\" */",
    ] {
        assert!(header.contains(words), "{words:?} is not in {header}");
    }
    let folded = stdout(&export(&["--c", "--fold"]), dir);
    assert!(!folded.contains("SCALING") && folded.contains("\"a\" */"), "{folded}");
    assert!(amc(&export(&["--c", "-o", "my log.h"]), dir).status.success());
    assert_eq!(fs::read_to_string(dir.join("my log.h")).expect("written"), header.replace("MODEL_", "MY_LOG_"));

    let refused = |more: &[&str]| {
        let output = amc(&export(more), dir);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert!(refused(&[]).contains("--rust|--c"));
    assert!(refused(&["--c", "--rust"]).contains("cannot be used with"));
    assert!(refused(&["--c99", "--frozen", "i8"]).contains("--frozen is an option of --rust and of --c"));
    assert!(refused(&["--c", "--frozen", "i8", "--body", "2"]).contains("--body 2: of a net's 2 layers"));
    assert!(refused(&["--c", "-o", "amc.h"]).contains("amc.h: the library's header"));
    assert!(!dir.join("amc.h").exists());
}

/// What the example for C has beside it is made by the commands that it names.
#[test]
fn the_example_in_c_is_of_the_table_and_answers_are_those_of_the_command() {
    let (dir, example) = (tempfile::tempdir().expect("a folder"), repository().join("amc-c/examples/table"));
    fs::copy(repository().join("data/iris.csv"), dir.path().join("iris.csv")).expect("the table");
    json(&["train", "--data", "iris.csv", "--json"], dir.path());
    assert!(amc(&["export", "runs/iris/model.amc", "--c", "-o", "iris.h"], dir.path()).status.success());
    let main = fs::read_to_string(example.join("main.c")).expect("the example");
    let rows = main.lines().filter_map(|line| line.strip_prefix("    {")?.strip_suffix("f},"));
    let rows: String = rows.map(|row| row.replace("f,", ",") + "\n").collect();
    assert_eq!(rows.lines().count(), 6, "{rows}");
    fs::write(dir.path().join("rows.csv"), rows).expect("written");
    let answers = stdout(&["predict", "runs/iris/model.amc", "rows.csv"], dir.path());
    let header = fs::read_to_string(dir.path().join("iris.h")).expect("the header");
    if std::env::var_os("AMC_WRITE_EXAMPLE").is_some() {
        fs::write(example.join("iris.h"), &header).expect("written");
        fs::write(example.join("answers.csv"), &answers).expect("written");
    }
    for (file, made) in [("iris.h", header), ("answers.csv", answers)] {
        let kept = fs::read_to_string(example.join(file)).unwrap_or_default();
        assert!(kept == made, "amc-c/examples/table/{file} is not up to date: AMC_WRITE_EXAMPLE=1 makes it");
    }
    // The same net, of which a head is trained.
    for bits in ["i8", "f16", "f32"] {
        let command = ["export", "runs/iris/model.amc", "--c", "--frozen", bits, "-o", "iris.h"];
        assert!(amc(&command, dir.path()).status.success());
        let made = fs::read_to_string(dir.path().join("iris.h")).expect("the header");
        let file = repository().join(format!("amc-c/examples/head/{bits}/iris.h"));
        if std::env::var_os("AMC_WRITE_EXAMPLE").is_some() {
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(&file, &made).expect("written");
        }
        let kept = fs::read_to_string(file).unwrap_or_default();
        assert!(kept == made, "amc-c/examples/head/{bits}/iris.h is not up to date: AMC_WRITE_EXAMPLE=1 makes it");
    }
}
