//! An integer 784-16-16-10 net learns the images that were there when the program was compiled; a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::mnist_int8::{End, LEARNED, Memory, run};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const KERNEL: CortexM<1> = CortexM;
const MOVES: u64 = 5000;

/// The first training images, 28 x 28 bytes each, and behind them their labels.
static IMAGES: &[u8] = include_bytes!(env!("AMC_MNIST", "amc-firmware/mnist-int8.sh says where MNIST's images are"));

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let learner = run(KERNEL, IMAGES, MEMORY.take(), MOVES);
    report!("{LEARNED} images, {MOVES} moves: {:?}", End::of(&learner));
    board::finish(true)
}
