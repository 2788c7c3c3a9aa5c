//! Runs the chain of a net with layers of every kind and prints what it came to: a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::kinds::{self, Memory};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<1> = CortexM;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    report!("{}", kinds::run(LANES, MEMORY.take()));
    board::finish(true)
}
