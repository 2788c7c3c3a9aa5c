//! A 64-16-10 net learns handwritten digits, and is tried on others that it has not seen.
#![no_std]
#![no_main]

use amc_core::chain::Options;
use amc_core::trainer::Progress;
use amc_cortex_m::CortexM;
use amc_firmware::golden::{IMAGES, Memory, begin, checksum, digits};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<1> = CortexM;

/// Images to learn: the first so many. More of them would teach more, but leave fewer moves in the same time.
const LEARNED: usize = 400;
/// Images to be tried on: the last so many.
const HELD_OUT: usize = 360;
const OPTIONS: Options = Options::new(0.05).n_reset(15);
const MOVES: u64 = 5000;
const REPORT_EVERY: u64 = 250;
/// Per cent of the held-out images that have to be recognised.
const DEMANDED: u32 = 80;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let mut learner = begin(LANES, digits(0, LEARNED), OPTIONS, MEMORY.take());
    learner.fit(|now| {
        let Progress { counters, loss, sigma } = now;
        if counters.steps.is_multiple_of(REPORT_EVERY) {
            let rate = 100.0 * counters.acceptance_rate();
            report!("step {:4}: loss {loss:.5}, accepted {rate:4.1}%, sigma {sigma:.4}", counters.steps);
        }
        counters.steps == MOVES
    });

    let score = learner.evaluate(&digits(IMAGES - HELD_OUT, HELD_OUT)).expect("the images fit the net");
    let percent = 100.0 * score.correct as f32 / HELD_OUT as f32;
    report!("held out: {} of {HELD_OUT} right ({percent:.1}%), loss {:.5}", score.correct, score.loss);
    report!("parameters: {:08x}", checksum(learner.parameters()));
    board::finish(100 * score.correct >= DEMANDED * HELD_OUT as u32)
}
