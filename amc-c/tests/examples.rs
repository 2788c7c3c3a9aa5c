//! The examples under QEMU. check.sh builds their images, and says where they are.

#[path = "c/mod.rs"]
mod c;

use std::path::PathBuf;
use std::process::{Command, Stdio};

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

#[test]
#[ignore = "needs the images that check.sh builds"]
fn a_new_head_learns_from_what_a_body_in_flash_makes() {
    let wanted: String = "aaaavvaav".chars().map(|of| if of == 'v' { "virginica\n" } else { "another\n" }).collect();
    assert_eq!(run("head"), wanted);
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
