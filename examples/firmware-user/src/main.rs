//! A firmware that learns XOR with a 2-3-1 net, and ends with failure if it does not.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Activation, Gather, Generator, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
use amc_cortex_m::CortexM;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use rand_core::SeedableRng;

const NET: Net<'static> = Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
const XOR: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
/// Four samples at a time.
const LANES: CortexM<4> = CortexM;
/// The mean squared error below which XOR is learned.
const LEARNED: f32 = 0.01;

/// The loss after up to 20,000 moves.
fn train() -> Option<f32> {
    let samples = Samples {
        features: Rows::new(&[0.0_f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, 1.0),
        targets: Targets::Values(&[0.0, 1.0, 1.0, 0.0]),
    };
    XOR.check(&samples).ok()?;
    let mut scratch = [0.0; NET.scratch(4)];
    let mut loss = |x: &[f32]| Some(XOR.evaluate(LANES, x, &samples, &mut scratch, Gather::default()).ok()?.loss);

    let (mut parameters, mut proposed) = ([0.0; NET.parameters()], [0.0; NET.parameters()]);
    let mut rng = Generator::seed_from_u64(1);
    gaussian::fill(LANES, &mut rng, 0.2, &mut parameters);
    let first = loss(&parameters)?;
    let memory = Memory::new(&mut parameters, &mut proposed);
    let mut chain = Chain::new(memory, Options::new(0.1).n_reset(20), rng, first).ok()?;
    while chain.loss() >= LEARNED && chain.counters().steps < 20_000 {
        let proposal = chain.propose(LANES);
        let loss = loss(proposal.parameters())?;
        proposal.decide(loss);
    }
    Some(chain.loss())
}

#[entry]
fn main() -> ! {
    let learned = train().is_some_and(|loss| loss < LEARNED);
    exit(if learned { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(EXIT_FAILURE);
    loop {
        core::hint::spin_loop();
    }
}
