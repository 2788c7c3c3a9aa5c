//! A firmware that trains and does nothing else: what the trainer adds to the flash is its size less that of `empty`.
#![no_std]
#![no_main]

#[path = "../trainer.rs"]
mod trainer;

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use static_cell::ConstStaticCell;
use trainer::{MEMORY, Memory, train};

// The critical section of a single core.
use cortex_m as _;

static BUFFERS: ConstStaticCell<Memory> = ConstStaticCell::new(MEMORY);
static DATA: &[u8; 1797 * 65] = include_bytes!("../../../data/digits.u8");

#[entry]
fn main() -> ! {
    let data = black_box(DATA.as_slice());
    let (pixels, labels) = (data.get(..6400), data.get(1797 * 64..1797 * 64 + 100));
    let outcome = BUFFERS.try_take().and_then(|buffers| train(pixels?, labels?, 500, buffers));
    exit(if outcome.is_some_and(|(before, after)| after < 0.7 * before) { EXIT_SUCCESS } else { EXIT_FAILURE });
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
