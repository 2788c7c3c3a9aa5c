//! A net learns what zeros look like, and finds other digits by it; a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::anomaly::{Memory, run};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<1> = CortexM;
const REPORT_EVERY: u32 = 20;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let mut samples = 0;
    let found = run(LANES, MEMORY.take(), |loss| {
        samples += 1;
        if samples % REPORT_EVERY == 0 {
            report!("sample {samples:3}: loss {loss:.5}");
        }
    });
    report!("{found}");
    board::finish(found.is_good())
}
