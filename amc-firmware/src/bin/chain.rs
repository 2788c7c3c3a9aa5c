//! Runs the golden chain, the beginning of one of an integer net, layers of many widths, and logits of every kind, and prints what
//! they came to: a host has to print the same lines.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::digits_int8;
use amc_firmware::golden::{self, Memory};
use amc_firmware::{board, logits, report, widths};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<1> = CortexM;
const FOUR: CortexM<4> = CortexM;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
static INTEGERS: ConstStaticCell<digits_int8::Memory> = ConstStaticCell::new(digits_int8::Memory::new());

#[entry]
fn main() -> ! {
    report!("{}", golden::run(LANES, MEMORY.take(), golden::MOVES));
    report!("{}", digits_int8::run(LANES, INTEGERS.take(), digits_int8::FEW));
    report!("widths={:08x} of four samples: {:08x}", widths::run(LANES), widths::run(FOUR));
    report!("logits={:08x} of four samples: {:08x}", logits::run(LANES), logits::run(FOUR));
    board::finish(true)
}
