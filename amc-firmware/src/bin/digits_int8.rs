//! An integer 64-16-10 net learns handwritten digits on any core, without a floating-point instruction, and is tried on others
//! that it has not seen; a host has to print the same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::digits_int8::{Golden, HELD_OUT, LEARNED, MOVES, Memory, SEED, begin};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const KERNEL: CortexM<1> = CortexM;

const REPORT_EVERY: u64 = 1000;
/// Per cent of the held-out images that have to be recognised.
const DEMANDED: usize = 90;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let mut learner = begin(KERNEL, MEMORY.take(), SEED);
    for moves in (REPORT_EVERY..=MOVES).step_by(REPORT_EVERY as usize) {
        learner.run(moves);
        let thousandths = learner.chain().loss() * 1000 / 4096 / LEARNED as u64;
        report!("move {moves}: {thousandths} thousandths of a bit an image");
    }
    let golden = Golden::of(&mut learner);
    report!("{golden}");
    board::finish(100 * golden.right >= DEMANDED * HELD_OUT)
}
