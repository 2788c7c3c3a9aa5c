//! A firmware that learns XOR with a 2-3-1 net, and ends with failure if it does not.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use amc_core::chain::Options;
use amc_core::trainer::Trainer;
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
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
    let mut memory = [0.0; NET.memory(4).numbers()];
    let buffers = NET.memory(4).cut(&mut memory).ok()?;
    let mut rng = Generator::seed_from_u64(1);
    gaussian::fill(LANES, &mut rng, 0.2, buffers.parameters);
    let options = Options::new(0.1).n_reset(20);
    // The net as a constant: no layer or loss that it does not use is in the image.
    let mut trainer = Trainer::new(|| XOR, LANES, samples, buffers, options, rng).ok()?;
    Some(trainer.fit(|now| now.loss < LEARNED || now.counters.steps == 20_000).loss)
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
