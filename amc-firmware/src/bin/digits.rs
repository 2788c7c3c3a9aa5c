//! A 64-16-10 net learns handwritten digits, and is tried on others that it has not seen.
#![no_std]
#![no_main]

use amc_core::Gather;
use amc_core::chain::Options;
use amc_cortex_m::CortexM;
use amc_firmware::golden::{Buffers, IMAGES, Learner, OBJECTIVE, checksum, digits};
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

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());

#[entry]
fn main() -> ! {
    let mut learner = Learner::new(LANES, digits(0, LEARNED), OPTIONS, BUFFERS.take());
    loop {
        let chain = &learner.chain;
        let counters = chain.counters();
        if counters.steps.is_multiple_of(REPORT_EVERY) {
            let (rate, sigma) = (100.0 * counters.accept_rate(), chain.sigma());
            report!("step {:4}: loss {:.5}, accepted {rate:4.1}%, sigma {sigma:.4}", counters.steps, chain.loss());
        }
        if counters.steps == MOVES {
            break;
        }
        learner.step();
    }

    let Learner { chain, scratch, .. } = learner;
    let held_out = digits(IMAGES - HELD_OUT, HELD_OUT);
    let gather = Gather { correct: true, ..Gather::default() };
    let score =
        OBJECTIVE.evaluate(LANES, chain.parameters(), &held_out, scratch, gather).expect("the images fit the net");
    let percent = 100.0 * score.correct as f32 / HELD_OUT as f32;
    report!("held out: {} of {HELD_OUT} right ({percent:.1}%), loss {:.5}", score.correct, score.loss);
    report!("parameters: {:08x}", checksum(chain.parameters()));
    board::finish(100 * score.correct >= DEMANDED * HELD_OUT as u32)
}
