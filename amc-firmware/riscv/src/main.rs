//! Runs the golden chain on a RISC-V core, and the beginning of one of an integer net, and prints what they came to: a host has to
//! print the same lines.
#![no_std]
#![no_main]

#[path = "../../src/digits_int8.rs"]
#[expect(dead_code, reason = "what longer programs need")]
mod digits_int8;
#[path = "../../src/golden.rs"]
mod golden;
#[path = "../../src/integers.rs"]
mod integers;

use amc_cortex_m::CortexM;
use golden::Memory;
use riscv_rt::entry;
use semihosting::{println, process};

const LANES: CortexM<1> = CortexM;

#[entry]
fn main() -> ! {
    println!("{}", golden::run(LANES, &mut Memory::new(), golden::MOVES));
    println!("{}", digits_int8::run(LANES, &mut digits_int8::Memory::new(), digits_int8::FEW));
    process::exit(0)
}
