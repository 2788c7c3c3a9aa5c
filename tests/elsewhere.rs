//! The golden chain beyond Cortex-M: a RISC-V core, and WebAssembly. test.sh builds what is run and says where it is.

use std::path::Path;
use std::process::Command;

use amc_core::Portable;

use crate::firmware::few_of_integers;
use crate::golden::{Golden, MOVES, Memory, run};

/// Runs `program` on what the environment variable names, and gives what it printed; it has to end with success.
fn answer(program: &mut Command, variable: &str) -> String {
    let built = std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} names what is run"));
    let output = program.arg(built).output().unwrap_or_else(|e| panic!("{program:?}: {e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    text
}

fn host() -> Golden {
    run(Portable::<16>, &mut Memory::new(), MOVES)
}

/// A RISC-V core trains to the host's bits.
fn trains_on_riscv(image: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../amc-firmware/riscv/run-qemu.sh");
    let device = answer(Command::new(script).env("QEMU_TIMEOUT", "300"), image);
    assert_eq!(device.trim_end(), format!("{}\n{}", host(), few_of_integers()));
}

#[test]
#[ignore = "needs QEMU and an image: ./test.sh sets them up"]
fn a_riscv_core_without_an_fpu_trains_to_the_hosts_bits() {
    trains_on_riscv("AMC_RISCV_IMAGE_IMAC");
}

#[test]
#[ignore = "needs QEMU and an image: ./test.sh sets them up"]
fn a_riscv_core_without_atomic_instructions_trains_to_the_hosts_bits() {
    trains_on_riscv("AMC_RISCV_IMAGE_IMC");
}

#[test]
#[ignore = "needs node and a module: ./test.sh builds it"]
fn webassembly_trains_to_the_hosts_bits() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasm/run.mjs");
    let module = answer(Command::new("node").arg(script), "AMC_WASM_MODULE");
    let Golden { hash, loss_bits, .. } = host();
    assert_eq!(module.trim_end(), format!("hash={hash:08x} loss_bits={loss_bits:08x}"));
}
