//! The firmware's programs under QEMU. test.sh builds their images and says where they are.

#[path = "../amc-firmware/src/golden.rs"]
mod golden;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amc_core::Portable;
use golden::{Buffers, run};

fn image(name: &str) -> PathBuf {
    let images = std::env::var_os("AMC_FIRMWARE_IMAGES").expect("AMC_FIRMWARE_IMAGES names the images' folder");
    Path::new(&images).join(name)
}

/// Runs a program, and gives what it printed; it has to end with success, in time.
fn under_qemu(name: &str) -> String {
    let output = Command::new("timeout")
        .args(["120", "qemu-system-arm", "-cpu", "cortex-m4", "-machine", "mps2-an386", "-nographic"])
        .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(image(name))
        .stdin(Stdio::null())
        .output()
        .expect("timeout and qemu-system-arm are installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
#[ignore = "needs QEMU and the firmware's images: ./test.sh sets them up"]
fn host_and_device_train_to_the_same_bits() {
    let device = under_qemu("chain");
    let host = run(Portable::<16>, &mut Buffers::new()).to_string();
    assert!(device.lines().any(|line| line == host), "the host says {host}, the device\n{device}");
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
fn the_device_learns_digits() {
    under_qemu("digits");
}
