//! What a firmware has anyway: start-up, the data, and an end.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};

// The critical section of a single core.
use cortex_m as _;

static DATA: &[u8; 1797 * 65] = include_bytes!("../../../data/digits.u8");

#[entry]
fn main() -> ! {
    let data = black_box(DATA.as_slice());
    exit(if data.first() == Some(&0) { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
