//! Puts the chosen board's memory map where the linker looks for it.

use std::path::Path;
use std::{env, fs};

/// Boards by feature, and their folders in `boards/`.
const BOARDS: [(&str, &str); 10] = [
    ("QEMU", "qemu-mps2-an386"),
    ("QEMU_64K", "qemu-mps2-an386-64k"),
    ("QEMU_M7", "qemu-mps2-an500"),
    ("QEMU_M33", "qemu-mps2-an505"),
    ("QEMU_M0", "qemu-microbit"),
    ("STM32F411", "stm32f411"),
    ("NRF52840", "nrf52840"),
    ("NRF52833", "nrf52833"),
    ("RP2350", "rp2350"),
    ("RP2040", "rp2040"),
];

fn main() {
    let chosen: Vec<_> =
        BOARDS.iter().filter(|(feature, _)| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()).collect();
    let [(_, board)] = chosen[..] else {
        panic!("choose one board by its feature, but --no-default-features is needed for any but qemu: {chosen:?}");
    };
    let map = Path::new("boards").join(board).join("memory.x");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::copy(&map, Path::new(&out).join("memory.x")).expect("every board has its memory.x");
    println!("cargo:rustc-link-search={}", Path::new(&out).display());
    println!("cargo:rerun-if-changed={}", map.display());
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_PROBE").is_some() {
        println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    }
}
