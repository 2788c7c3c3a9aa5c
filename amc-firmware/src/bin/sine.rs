//! A 1-10-10-1 net learns sin 2πt on 0 <= t <= 1.
#![no_std]
#![no_main]

use amc_core::chain::{Chain, Memory, Options};
use amc_core::elementary::sin_cos_turns;
use amc_core::{
    Activation, Gather, Generator, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets, gaussian,
};
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

struct Buffers {
    t: [f32; POINTS],
    sine: [f32; POINTS],
    parameters: [f32; NET.parameters()],
    proposed: [f32; NET.parameters()],
    scratch: [f32; NET.scratch(TILE)],
}

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
    t: [0.0; POINTS],
    sine: [0.0; POINTS],
    parameters: [0.0; NET.parameters()],
    proposed: [0.0; NET.parameters()],
    scratch: [0.0; NET.scratch(TILE)],
});

#[entry]
fn main() -> ! {
    const FIT: &str = "the net, the points and the buffers fit together";
    let Buffers { t, sine, parameters, proposed, scratch } = BUFFERS.take();
    for (i, (t, sine)) in t.iter_mut().zip(&mut *sine).enumerate() {
        *t = i as f32 / (POINTS - 1) as f32;
        let ([sin], _) = sin_cos_turns(Portable::<1>, [*t]);
        *sine = sin;
    }
    let samples = Samples { features: Rows::new(&*t, 1, 1.0), targets: Targets::Values(sine) };
    OBJECTIVE.check(&samples).expect(FIT);
    let mut loss = |x: &[f32]| OBJECTIVE.evaluate(LANES, x, &samples, scratch, Gather::default()).expect(FIT).loss;

    let mut rng = Generator::seed_from_u64(1);
    gaussian::fill(LANES, &mut rng, 0.5, parameters);
    let first = loss(parameters);
    let mut chain = Chain::new(Memory::new(parameters, proposed), OPTIONS, rng, first).expect(FIT);
    loop {
        let counters = chain.counters();
        if counters.steps.is_multiple_of(REPORT_EVERY) {
            let rate = 100.0 * counters.accept_rate();
            report!(
                "step {:5}: loss {:.6}, accepted {rate:4.1}%, sigma {:.2e}",
                counters.steps,
                chain.loss(),
                chain.sigma()
            );
        }
        if counters.steps == MOVES {
            break;
        }
        let proposal = chain.propose(LANES);
        let loss = loss(proposal.parameters());
        proposal.decide(loss);
    }
    board::finish(chain.loss() < LEARNED)
}
