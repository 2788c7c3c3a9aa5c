//! The smallest training of a 64-16-10 net: nothing in it prints, allocates or panics.

use amc_core::chain::Options;
use amc_core::trainer::{Buffers, Trainer};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
use amc_cortex_m::CortexM;
use rand_core::SeedableRng;

type Lanes = CortexM<1, 1>;
const LANES: Lanes = CortexM;
const NET: Net<'static> = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

/// A device has one of its own, or draws it.
const SEED: [u8; 16] = *b"any sixteen byte";

/// The memory of a training, stack not included.
pub type Memory = [f32; NET.memory(1).numbers()];
/// All zero.
pub const MEMORY: Memory = [0.0; NET.memory(1).numbers()];

// A function of its own, because the Gaussians' memory is not to lie on the stack while the net is evaluated.
#[inline(never)]
fn start(buffers: &mut Buffers<'_>) -> Generator {
    let mut rng = Generator::from_seed(SEED);
    gaussian::fill(LANES, &mut rng, 0.2, buffers.parameters);
    rng
}

/// Makes `moves` moves on images of 64 pixels, and gives the loss before and after.
#[inline(never)]
pub fn train(pixels: &[u8], labels: &[u8], moves: u64, memory: &mut Memory) -> Option<(f32, f32)> {
    let samples = Samples { features: Rows::new(pixels, 64, 1.0 / 16.0), targets: Targets::Classes(labels) };
    let mut buffers = NET.memory(1).cut(memory).ok()?;
    let rng = start(&mut buffers);
    let mut trainer = Trainer::new(|| OBJECTIVE, LANES, &samples, buffers, Options::new(0.02).n_reset(20), rng).ok()?;
    let first = trainer.loss();
    let end = trainer.fit(|now| now.counters.steps == moves);
    Some((first, end.loss))
}
