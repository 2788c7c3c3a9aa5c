//! A 64-16-10 net learns handwritten digits, and is tried on others that it has not seen.
#![no_std]
#![no_main]

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Gather, Generator, Portable, gaussian};
use amc_firmware::golden::{IMAGES, LAYERS, NET, OBJECTIVE, PARAMETERS, checksum, digits};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

const TILE: usize = 4;
const LANES: Portable<TILE> = Portable;

/// Images to learn: the first so many. More of them would teach more, but leave fewer moves in the same time.
const LEARNED: usize = 400;
/// Images to be tried on: the last so many.
const HELD_OUT: usize = 360;
const SEED: u64 = 1;
const INITIAL_SIGMA: f32 = 0.05;
const OPTIONS: Options = Options::new(0.05).n_reset(15);
const MOVES: u64 = 5000;
const REPORT_EVERY: u64 = 250;
/// Per cent of the held-out images that have to be recognised.
const DEMANDED: u32 = 80;

static CURRENT: ConstStaticCell<[f32; PARAMETERS]> = ConstStaticCell::new([0.0; PARAMETERS]);
static PROPOSED: ConstStaticCell<[f32; PARAMETERS]> = ConstStaticCell::new([0.0; PARAMETERS]);
static SIGNAL: ConstStaticCell<[f32; LAYERS]> = ConstStaticCell::new([0.0; LAYERS]);
static GATHERED: ConstStaticCell<[f32; LAYERS]> = ConstStaticCell::new([0.0; LAYERS]);
static SCRATCH: ConstStaticCell<[f32; NET.scratch(TILE)]> = ConstStaticCell::new([0.0; NET.scratch(TILE)]);

#[entry]
fn main() -> ! {
    const FIT: &str = "the net, the images and the buffers fit together";
    let (parameters, proposed) = (CURRENT.take(), PROPOSED.take());
    let (signal, gathered, scratch) = (SIGNAL.take(), GATHERED.take(), SCRATCH.take());
    let samples = digits(0, LEARNED);
    OBJECTIVE.check(&samples).expect(FIT);
    let mut loss = |x: &[f32], signal: &mut [f32]| {
        let gather = Gather { signal, correct: false };
        OBJECTIVE.evaluate(LANES, x, &samples, scratch, gather).expect(FIT).loss
    };

    let mut rng = Generator::seed_from_u64(SEED);
    gaussian::fill(LANES, &mut rng, INITIAL_SIGMA, parameters);
    let first = loss(parameters, signal);
    signal[0] = OBJECTIVE.input_signal(LANES, &samples);
    gathered[0] = signal[0];
    let memory = Memory::new(parameters, proposed).signal_norm(NET, signal);
    let mut chain = Chain::new(memory, OPTIONS, rng, first).expect(FIT);
    loop {
        let counters = chain.counters();
        if counters.steps.is_multiple_of(REPORT_EVERY) {
            let (rate, sigma) = (100.0 * counters.accept_rate(), chain.sigma());
            report!("step {:4}: loss {:.5}, accepted {rate:4.1}%, sigma {sigma:.4}", counters.steps, chain.loss());
        }
        if counters.steps == MOVES {
            break;
        }
        let proposal = chain.propose(LANES);
        let loss = loss(proposal.parameters(), gathered);
        proposal.decide_with(loss, gathered);
    }

    let held_out = digits(IMAGES - HELD_OUT, HELD_OUT);
    let gather = Gather { correct: true, ..Gather::default() };
    let score = OBJECTIVE.evaluate(LANES, chain.parameters(), &held_out, scratch, gather).expect(FIT);
    let percent = 100.0 * score.correct as f32 / HELD_OUT as f32;
    report!("held out: {} of {HELD_OUT} right ({percent:.1}%), loss {:.5}", score.correct, score.loss);
    report!("parameters: {:08x}", checksum(chain.parameters()));
    board::finish(100 * score.correct >= DEMANDED * HELD_OUT as u32)
}
