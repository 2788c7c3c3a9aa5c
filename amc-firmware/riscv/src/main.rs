//! Runs the golden chain on a RISC-V core and prints what it came to: a host has to print the same line.
#![no_std]
#![no_main]

#[path = "../../src/golden.rs"]
mod golden;

use amc_cortex_m::CortexM;
use golden::Memory;
use riscv_rt::entry;
use semihosting::{println, process};

const LANES: CortexM<1> = CortexM;

#[entry]
fn main() -> ! {
    println!("{}", golden::run(LANES, &mut Memory::new(), golden::MOVES));
    process::exit(0)
}
