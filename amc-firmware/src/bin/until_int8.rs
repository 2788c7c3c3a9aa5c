//! Counts the instructions of an integer net's training until 90% of the held-out digits are recognised, for five seeds.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::digits_int8::{self, HELD_OUT, Memory, begin};
use amc_firmware::timer::count;
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const KERNEL: CortexM<1> = CortexM;
/// Moves after which the held-out digits are looked at, which is not counted.
const LOOK_EVERY: u64 = 250;
/// Moves that a seed may take.
const PATIENCE: u64 = 20_000;
const SEEDS: u64 = 5;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let memory = MEMORY.take();
    for seed in 1..=SEEDS {
        let mut learner = begin(KERNEL, memory, seed);
        let (mut instructions, mut right) = (0_u64, 0);
        while 10 * right < 9 * HELD_OUT && learner.moves() < PATIENCE {
            let ((), n) = count(|| learner.step());
            instructions += u64::from(n);
            if learner.moves().is_multiple_of(LOOK_EVERY) {
                right = digits_int8::right(&mut learner);
            }
        }
        let (moves, millions) = (learner.moves(), (instructions + 500_000) / 1_000_000);
        report!("seed {seed}: {right} right after {moves} moves, {millions} million instructions");
    }
    board::finish(true)
}
