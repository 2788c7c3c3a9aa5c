//! Mixed moves teach a 64-16-10 net handwritten digits; a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::mixed::{HELD_OUT, MOVES, Memory, run};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<4> = CortexM;

/// Per cent of the held-out images that have to be recognised.
const DEMANDED: u32 = 80;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let (golden, right) = run(LANES, MEMORY.take(), true, |moves, _| moves == MOVES);
    report!("{golden}");
    report!("held out: {right} of {HELD_OUT} right");
    board::finish(100 * right >= DEMANDED * HELD_OUT as u32)
}
