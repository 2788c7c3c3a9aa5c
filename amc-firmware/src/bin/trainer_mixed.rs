//! What `trainer` does, by mixed moves: what they add to the flash is its size less that of `empty`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use amc_core::mixed::{Arm, MixedOptions, MixedTrainingMemory};
use amc_core::trainer::{Method, Training};
use amc_core::{Activation, Generator, KeptLayer, Layer, Loss, Net, Objective, Rows, Samples, Targets};
use amc_cortex_m::CortexM;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

// The critical section of a single core.
use cortex_m as _;

const LANES: CortexM<1, 1> = CortexM;
const NET: Net<'static> = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const SEED: [u8; 16] = *b"any sixteen byte";

const IMAGES: usize = 100;
const NEEDS: MixedTrainingMemory = NET.mixed_memory(1, IMAGES);

static NUMBERS: ConstStaticCell<[f32; NEEDS.numbers()]> = ConstStaticCell::new([0.0; NEEDS.numbers()]);
static ARMS: ConstStaticCell<[Arm; NEEDS.arms]> = ConstStaticCell::new([Arm::NEW; NEEDS.arms]);
static LAYERS: ConstStaticCell<[KeptLayer; NEEDS.layers]> = ConstStaticCell::new([KeptLayer::NEW; NEEDS.layers]);
static DATA: &[u8; 1797 * 65] = include_bytes!("../../../data/digits.u8");

/// Makes `moves` moves on images of 64 pixels, and gives the loss before and after.
#[inline(never)]
fn train(pixels: &'static [u8], labels: &'static [u8], moves: u64) -> Option<(f32, f32)> {
    let samples = Samples { features: Rows::new(pixels, 64, 1.0 / 16.0), targets: Targets::Classes(labels) };
    let memory = NEEDS.cut(NUMBERS.try_take()?, ARMS.try_take()?, LAYERS.try_take()?).ok()?;
    let rng = Generator::from_seed(SEED);
    let mut training = MixedOptions::new().train(OBJECTIVE, LANES, samples, memory, rng).ok()?;
    let first = training.progress().loss;
    let end = training.fit(|now| now.counters.steps == moves);
    Some((first, end.loss))
}

#[entry]
fn main() -> ! {
    let data = black_box(DATA.as_slice());
    let (pixels, labels) = (data.get(..64 * IMAGES), data.get(1797 * 64..1797 * 64 + IMAGES));
    let outcome = pixels.zip(labels).and_then(|(pixels, labels)| train(pixels, labels, 500));
    exit(if outcome.is_some_and(|(before, after)| after < 0.7 * before) { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
