//! A pole on a cart is balanced by a chain whose loss is an episode; a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::cart_pole::{TRIED, run};
use amc_firmware::{board, report};
use cortex_m_rt::entry;

const LANES: CortexM<1> = CortexM;

#[entry]
fn main() -> ! {
    let (golden, stood) = run(LANES);
    report!("{golden}");
    report!("stood to the end: {stood} of {TRIED}");
    board::finish(f32::from_bits(golden.loss_bits) == 0.0 && 4 * stood >= 3 * TRIED)
}
