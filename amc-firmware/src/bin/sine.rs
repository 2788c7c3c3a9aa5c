//! A 1-10-10-1 net learns sin 2πt on 0 <= t <= 1.
#![no_std]
#![no_main]

use amc_core::chain::Options;
use amc_core::elementary::sin_cos_turns;
use amc_core::trainer::{Progress, Trainer};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets, gaussian};
use amc_cortex_m::CortexM;
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

const NET: Net<'static> = Net::new(
    1,
    &[Layer::dense(10, Activation::Tanh), Layer::dense(10, Activation::Tanh), Layer::dense(1, Activation::Linear)],
);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const POINTS: usize = 64;
const TILE: usize = 4;
const LANES: CortexM<TILE> = CortexM;
const OPTIONS: Options = Options::new(0.05).n_reset(20);

const MOVES: u64 = 20_000;
const REPORT_EVERY: u64 = 2000;
/// The mean squared error that counts as learned; a net that always gives 0 has 0.5.
const LEARNED: f32 = 0.01;

struct Memory {
    t: [f32; POINTS],
    sine: [f32; POINTS],
    training: [f32; NET.memory(TILE).numbers()],
}

static MEMORY: ConstStaticCell<Memory> =
    ConstStaticCell::new(Memory { t: [0.0; POINTS], sine: [0.0; POINTS], training: [0.0; NET.memory(TILE).numbers()] });

#[entry]
fn main() -> ! {
    const FIT: &str = "the net, the points and the buffers fit together";
    let Memory { t, sine, training } = MEMORY.take();
    for (i, (t, sine)) in t.iter_mut().zip(&mut *sine).enumerate() {
        *t = i as f32 / (POINTS - 1) as f32;
        let ([sin], _) = sin_cos_turns(Portable::<1>, [*t]);
        *sine = sin;
    }
    let samples = Samples { features: Rows::new(&*t, 1, 1.0), targets: Targets::Values(sine) };

    let buffers = NET.memory(TILE).cut(training).expect(FIT);
    let mut rng = Generator::seed_from_u64(1);
    gaussian::fill(LANES, &mut rng, 0.5, buffers.parameters);
    let mut trainer = Trainer::new(|| OBJECTIVE, LANES, samples, buffers, OPTIONS, rng).expect(FIT);
    let end = trainer.fit(|now| {
        let Progress { counters, loss, sigma } = now;
        if counters.steps.is_multiple_of(REPORT_EVERY) {
            let rate = 100.0 * counters.acceptance_rate();
            report!("step {:5}: loss {loss:.6}, accepted {rate:4.1}%, sigma {sigma:.2e}", counters.steps);
        }
        counters.steps == MOVES
    });
    board::finish(end.loss < LEARNED)
}
