//! The firmware's programs under QEMU. test.sh builds their images and says where they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::digits_int8;
use crate::filters_int8;
use crate::frozen;
use crate::golden::{self, MOVES, Memory, run};
use crate::kinds;
use crate::learned_alone;
use crate::logits;
use crate::mixed;
use crate::paper;
use crate::widths;
use amc_core::{Features, Measurements, Portable, Rows, Samples, Targets};

/// A machine that QEMU emulates, where the images for it are, and what `bench` counted there.
struct Machine {
    options: &'static [&'static str],
    /// The environment variable that names the images' folder.
    images: &'static str,
    counts: &'static str,
    /// What `bench_int8` counted there.
    integer_counts: &'static str,
}

const M4: Machine = Machine {
    options: &["-cpu", "cortex-m4", "-machine", "mps2-an386"],
    images: "AMC_FIRMWARE_IMAGES",
    counts: include_str!("../amc-firmware/counts/cortex-m4.txt"),
    integer_counts: include_str!("../amc-firmware/counts/cortex-m4-int8.txt"),
};

/// The Cortex-M4 with 64 KiB of RAM.
const M4_64K: Machine = Machine { images: "AMC_FIRMWARE_IMAGES_64K", ..M4 };

const M7: Machine = Machine {
    options: &["-cpu", "cortex-m7", "-machine", "mps2-an500"],
    images: "AMC_FIRMWARE_IMAGES_M7",
    counts: include_str!("../amc-firmware/counts/cortex-m7.txt"),
    integer_counts: "",
};

const M33: Machine = Machine {
    options: &["-cpu", "cortex-m33", "-machine", "mps2-an505"],
    images: "AMC_FIRMWARE_IMAGES_M33",
    counts: include_str!("../amc-firmware/counts/cortex-m33.txt"),
    integer_counts: "",
};

const M0: Machine = Machine {
    options: &["-machine", "microbit"],
    images: "AMC_FIRMWARE_IMAGES_M0",
    counts: include_str!("../amc-firmware/counts/cortex-m0.txt"),
    integer_counts: include_str!("../amc-firmware/counts/cortex-m0-int8.txt"),
};

fn image(machine: &Machine, name: &str) -> PathBuf {
    let images =
        std::env::var_os(machine.images).unwrap_or_else(|| panic!("{} names the images' folder", machine.images));
    Path::new(&images).join(name)
}

/// The first moves of an integer net, by this machine.
pub fn few_of_integers() -> digits_int8::Golden {
    digits_int8::run(Portable::<1>, &mut digits_int8::Memory::new(), digits_int8::FEW)
}

/// Runs a program, and gives what it printed; it has to end with success, in time.
fn under_qemu(name: &str) -> String {
    on(&M4, name)
}

fn on(machine: &Machine, name: &str) -> String {
    let output = Command::new("timeout")
        .args(["600", "qemu-system-arm", "-nographic", "-icount", "shift=8"])
        .args(machine.options)
        .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(image(machine, name))
        .stdin(Stdio::null())
        .output()
        .expect("timeout and qemu-system-arm are installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    text
}

/// The lines of `bench`: a name and a number.
fn counts(text: &str) -> Vec<(&str, f64)> {
    let row = |line| Some(str::split_once(line, ' ')?).and_then(|(name, n)| Some((name, n.parse().ok()?)));
    text.lines().map(|line| row(line).unwrap_or_else(|| panic!("not a count: {line}"))).collect()
}

/// Compares what a program counts with what it once counted; another compiler may deviate a little.
fn compare_counts(machine: &Machine, program: &str, expected: &str) {
    const TOLERANCE: f64 = 0.02;
    let now = on(machine, program);
    let (now, expected) = (counts(&now), counts(expected));
    assert_eq!(now.len(), expected.len(), "{now:?}");
    for ((name, now), (expected_name, expected)) in now.into_iter().zip(expected) {
        assert_eq!(name, expected_name);
        assert!((now - expected).abs() <= TOLERANCE * expected, "{name}: {now} instead of {expected}");
    }
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn host_and_device_train_to_the_same_bits() {
    let device = under_qemu("chain");
    let host = run(Portable::<16>, &mut Memory::new(), MOVES).to_string();
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
    let host = few_of_integers().to_string();
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
    let host = widths::run(Portable::<16>);
    let host = format!("widths={host:08x} of four samples: {host:08x}");
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
    let host = logits::run(Portable::<16>);
    let host = format!("logits={host:08x} of four samples: {host:08x}");
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn layers_of_every_kind_train_to_the_hosts_bits() {
    let device = under_qemu("kinds");
    let host = kinds::run(Portable::<16>, &mut kinds::Memory::new());
    assert!(host.accepted > 5 && host.resets > 0, "not every kind of move was made: {host}");
    let host = host.to_string();
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
    let host = frozen::run(Portable::<16>);
    let host = format!("frozen={host:08x?} of four samples: {host:08x?}");
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn in_64_kib_the_papers_net_trains_to_the_hosts_bits() {
    let device = on(&M4_64K, "paper_net");
    let mut buffers = paper::Buffers::<{ paper::NET.scratch(16) }>::new();
    let host = paper::run(Portable::<16>, &mut buffers);
    assert!(host.accepted > 0 && host.given_up > 0, "not every kind of move was made: {host}");
    let host = host.to_string();
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
}

#[test]
fn enlarged_images_are_those_written_out() {
    const WIDE: usize = 28;
    let (pixels, labels) = golden::stored(0, 50);
    let mut written = Vec::new();
    for image in pixels.chunks_exact(golden::PIXELS) {
        for (y, x) in (0..WIDE).flat_map(|y| (0..WIDE).map(move |x| (y, x))) {
            let inside = (2..26).contains(&y) && (2..26).contains(&x);
            written.push(if inside { image[(y - 2) / 3 * 8 + (x - 2) / 3] } else { 0 });
        }
    }
    let x: Vec<f32> = (0..paper::NET.parameters()).map(|i| (i as f32).sin() / 8.0).collect();
    let targets = Targets::Classes(labels);
    let computed = loss(&x, &Samples { features: paper::Enlarged::new(pixels), targets });
    assert_eq!(computed, loss(&x, &Samples { features: Rows::new(&written, WIDE * WIDE, 1.0 / 16.0), targets }));
}

fn loss(x: &[f32], samples: &Samples<'_, impl Features>) -> u32 {
    let mut scratch = [0.0; paper::NET.scratch(4)];
    let score = paper::OBJECTIVE.evaluate(Portable::<4>, x, samples, &mut scratch, Measurements::default());
    score.expect("the images fit the net").loss.to_bits()
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn the_device_finds_rosenbrocks_minimum() {
    under_qemu("rosenbrock");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn the_device_learns_the_sine() {
    under_qemu("sine");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn the_device_learns_by_itself_and_goes_on_after_a_reset() {
    let text = under_qemu("drift");
    assert!(text.contains("starts after 0 moves") && text.contains("goes on after"), "{text}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn mixed_moves_of_the_device_have_the_bits_of_a_host() {
    let device = under_qemu("mixed");
    let (golden, right) = mixed::run(Portable::<16>, &mut mixed::Memory::new(), true, |moves, _| moves == mixed::MOVES);
    let lines = format!("{golden}\nheld out: {right} of {} right", mixed::HELD_OUT);
    assert!(device.contains(&lines), "{device}\n{lines}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn the_device_finds_the_hosts_anomalies() {
    let device = under_qemu("anomaly");
    assert!(device.contains(learned_alone::FOUND), "{device}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn the_device_balances_a_pole_by_the_hosts_bits() {
    let device = under_qemu("cart_pole");
    assert!(device.contains(learned_alone::BALANCED), "{device}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn the_device_learns_digits() {
    under_qemu("digits");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn a_cortex_m4_takes_as_many_instructions_as_it_did() {
    compare_counts(&M4, "bench", M4.counts);
    compare_counts(&M4, "bench_int8", M4.integer_counts);
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn a_cortex_m7_takes_as_many_instructions_as_it_did() {
    compare_counts(&M7, "bench", M7.counts);
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn a_cortex_m33_takes_as_many_instructions_as_it_did() {
    compare_counts(&M33, "bench", M33.counts);
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn a_cortex_m0_takes_as_many_instructions_as_it_did() {
    compare_counts(&M0, "bench", M0.counts);
    compare_counts(&M0, "bench_int8", M0.integer_counts);
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn a_cortex_m0_learns_digits_in_integers_by_the_hosts_bits() {
    let device = on(&M0, "digits_int8");
    let host = digits_int8::run(Portable::<1>, &mut digits_int8::Memory::new(), digits_int8::MOVES);
    let host = host.to_string();
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn a_cortex_m0_learns_filters_in_integers_by_the_hosts_bits() {
    let device = on(&M0, "filters_int8");
    let host = filters_int8::run(Portable::<1>, &mut filters_int8::Memory::new());
    let learned = 5 * host.right > 2 * digits_int8::HELD_OUT;
    assert!(
        learned && device.lines().any(|line| line == host.to_string()),
        "the host says {host}, the device\n{device}"
    );
}
