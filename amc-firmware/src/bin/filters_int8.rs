//! An integer net with a convolution and pooling learns handwritten digits on any core, without a floating-point instruction, and is
//! tried on others that it has not seen; a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::filters_int8::{Memory, run};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const KERNEL: CortexM<1> = CortexM;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    report!("{}", run(KERNEL, MEMORY.take()));
    board::finish(true)
}
