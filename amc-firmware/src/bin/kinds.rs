//! Runs the chain of a net with layers of every kind, and frozen layers, and prints what they came to: a host has to print the same
//! lines.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::kinds::{self, Memory};
use amc_firmware::{board, frozen, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<1> = CortexM;
const FOUR: CortexM<4> = CortexM;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    report!("{}", kinds::run(LANES, MEMORY.take()));
    report!("frozen={:08x?} of four samples: {:08x?}", frozen::run(LANES), frozen::run(FOUR));
    board::finish(true)
}
