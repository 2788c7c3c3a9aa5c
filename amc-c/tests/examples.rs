//! The examples under QEMU. check.sh builds their images, and says where they are.

#[path = "c/mod.rs"]
mod c;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use amc::{Activation, LossKind, SIGNAL_NORM};
use amc_core::{Body, F16, Frozen, Portable, Rows, Scaled};
use c::{Case, Trained};

/// CRC-32, that of zlib, of the parameters as little-endian bytes.
fn hash(parameters: &[f32]) -> u32 {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let bytes: Vec<u8> = parameters.iter().flat_map(|x| x.to_le_bytes()).collect();
    crc.checksum(&bytes)
}

/// What an example prints; it has to end with success.
fn run(name: &str) -> String {
    let images = std::env::var_os("AMC_C_IMAGES").expect("AMC_C_IMAGES names the images' folder");
    let output = Command::new("timeout")
        .args(["120", "qemu-system-arm", "-nographic", "-machine", "mps2-an386", "-cpu", "cortex-m4"])
        .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(PathBuf::from(images).join(name))
        .stdin(Stdio::null())
        .output()
        .expect("timeout and qemu-system-arm are installed");
    // Semihosting's text is on stderr.
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{name}: {}\n{text}", output.status);
    text
}

/// The numbers of an array in C of which the name ends so.
fn array<T>(source: &str, name: &str, number: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let (_, from) = source.split_once(&format!("{name}[")).expect("an array");
    let (_, from) = from.split_once("= {").expect("its numbers");
    let (numbers, _) = from.split_once("};").expect("its end");
    // Names stand beside them.
    let lines = numbers.lines().map(|line| line.split("/*").next().unwrap_or_default());
    let written: Vec<_> = lines.flat_map(|line| line.split(['{', '}', ','])).map(str::trim).collect();
    let is_there = |written: &&&str| !written.is_empty();
    written.iter().filter(is_there).map(|written| number(written).expect("a number")).collect()
}

/// XOR on this machine, by what `examples/xor/problem.h` says, and by this method.
fn on_the_host(case: &Case) -> String {
    let mut trained = Trained::new(case);
    while trained.loss() >= 0.01 {
        trained.step();
    }
    format!("hash={:08x} steps={} ", hash(trained.parameters()), trained.counters().steps)
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn xor_in_c_ends_with_the_parameters_of_the_host() {
    let text = run("xor");
    assert!(text.starts_with(&on_the_host(&Case::xor())), "{text}");
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn mixed_moves_in_c_end_with_the_parameters_of_the_host() {
    let text = run("mixed");
    assert!(text.starts_with(&on_the_host(&Case::xor().mixed(4))), "{text}");
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn resumed_training_in_c_ends_with_the_same_parameters() {
    let text = run("resume");
    assert!(text.starts_with(&on_the_host(&Case::xor())), "{text}");
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn a_function_in_c_that_knows_nothing_of_the_library_is_trained() {
    let text = run("own_forward");
    assert!(text.starts_with("discomfort in thousandths before: 7043, after: "), "{text}");
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn a_learner_in_c_learns_from_its_samples_and_goes_on_after_a_reset() {
    let text = run("learner");
    assert!(text.starts_with("moves="), "{text}");
}

/// The head of `examples/head` on this machine, of the numbers in its header and its rows: what the core makes of these by frozen
/// layers, and a trainer of what they make.
fn head_on_the_host(frozen: &str) -> String {
    let example = |file: &str| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/head").join(file);
        std::fs::read_to_string(path).expect("a file of the example")
    };
    let (header, main) = (example(&format!("{frozen}/iris.h")), example("main.c"));
    let units = 32;
    let layers = [amc_core::Layer::dense(units, amc_core::Activation::Tanh)];
    let net = amc_core::Net::new(4, &layers);
    let float = |number: &str| number.trim_end_matches('f').parse().ok();
    let floats = |name: &str| array(&header, name, float);
    let (all, others, halves, bytes): (Vec<f32>, Vec<f32>, Vec<F16>, Vec<i8>);
    let frozen = match frozen {
        "f32" => {
            all = floats("BODY_PARAMETERS");
            Frozen::F32(&all)
        }
        "f16" => {
            let half = |number: &str| u16::from_str_radix(number.trim_start_matches("0x"), 16).ok().map(F16);
            (halves, others) = (array(&header, "BODY_WEIGHTS", half), floats("BODY_OTHERS"));
            Frozen::F16(Scaled { weights: &halves, others: &others })
        }
        _ => {
            bytes = array(&header, "BODY_WEIGHTS", |number| number.parse().ok());
            others = floats("BODY_OTHERS");
            Frozen::I8(Scaled { weights: &bytes, others: &others })
        }
    };
    let body = Body::try_stored(net, frozen).expect("a body");
    let pairs = floats("INPUT_SCALING");
    let mut rows = array(&main, "ROWS[FLOWERS]", float);
    for (at, x) in rows.iter_mut().enumerate() {
        *x = (*x - pairs[at % 4 * 2]) * pairs[at % 4 * 2 + 1];
    }
    let (mut scratch, mut features) = (vec![0.0; Body::scratch(&net, 1)], vec![0.0; 9 * units]);
    body.features(Portable::<1>, &Rows::new(&rows, 4, 1.0), &mut scratch, &mut features).expect("features");

    let mut case = Case::new(units, &[(2, Activation::Softmax)]);
    (case.setup.flags, case.setup.start_sigma, case.loss) = (SIGNAL_NORM, 0.0, LossKind::CrossEntropy);
    (case.numbers, case.classes) = (features[..6 * units].to_vec(), vec![0, 0, 0, 0, 1, 1]);
    let mut trained = Trained::new(&case);
    while trained.loss() >= 0.05 {
        trained.step();
    }
    let hash = features.iter().fold(2_166_136_261_u32, |hash, x| (hash ^ x.to_bits()).wrapping_mul(16_777_619));
    let answer = |features: &[f32]| {
        let [other, virginica] = trained.predict(features);
        let name = if virginica > other { "virginica" } else { "another" };
        format!("{name} {:08x}\n", virginica.to_bits())
    };
    format!("features={hash:08x}\n") + &features.chunks(units).map(answer).collect::<String>()
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn a_new_head_learns_from_what_frozen_layers_in_flash_make_as_on_the_host() {
    for (example, frozen) in [("head", "i8"), ("head_f16", "f16"), ("head_f32", "f32")] {
        let wanted = head_on_the_host(frozen);
        let names: String = wanted.lines().skip(1).map(|line| &line[..1]).collect();
        assert_eq!(names, "aaaavvaav");
        assert_eq!(run(example), wanted, "{frozen}");
    }
}

/// What `amc predict` said on a host of the example's rows, as the example prints it.
fn answers() -> String {
    let answer = |line: &str| {
        let (class, outputs) = line.split_once(',').expect("a class and outputs");
        let bits = |output: &str| format!(" {:08x}", output.parse::<f32>().expect("a number").to_bits());
        class.to_string() + &outputs.split(',').map(bits).collect::<String>() + "\n"
    };
    include_str!("../examples/table/answers.csv").lines().skip(1).map(answer).collect()
}

#[test]
#[ignore = "needs the images that check.sh builds"]
fn a_net_of_a_table_answers_in_c_with_the_bits_of_the_host() {
    // By the library, and without it.
    for name in ["table", "c99"] {
        let text = run(name);
        let (answered, stack) = text.split_at(text.find("stack=").expect("all rows"));
        assert_eq!(answered, answers());
        assert!(stack.ends_with('\n'), "{text}");
    }
}
