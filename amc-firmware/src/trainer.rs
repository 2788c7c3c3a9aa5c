//! The smallest training of a 64-16-10 net: nothing in it prints, allocates or panics.

use amc_core::chain::{Chain, Decision, Memory, Options, Proposal};
use amc_core::{Activation, Gather, Generator, Layer, Loss, Net, Objective, Rows, Samples, Targets, gaussian};
use amc_cortex_m::CortexM;
use rand_core::SeedableRng;

type Lanes = CortexM<1, 1>;
const LANES: Lanes = CortexM;
const NET: Net<'static> = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

/// A device has one of its own, or draws it.
const SEED: [u8; 16] = *b"any sixteen byte";

/// The memory of a training, stack not included.
#[derive(Debug)]
pub struct Buffers {
    parameters: [f32; NET.parameters()],
    proposed: [f32; NET.parameters()],
    scratch: [f32; NET.scratch(1)],
}

impl Buffers {
    /// All zero.
    pub const fn new() -> Self {
        Self { parameters: [0.0; NET.parameters()], proposed: [0.0; NET.parameters()], scratch: [0.0; NET.scratch(1)] }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

type Trained<'m> = Chain<'m, Generator>;

// Functions of their own, because the Gaussians' memory is not to lie on the stack while the net is evaluated.
#[inline(never)]
fn start(parameters: &mut [f32]) -> Generator {
    let mut rng = Generator::from_seed(SEED);
    gaussian::fill(LANES, &mut rng, 0.2, parameters);
    rng
}

#[inline(never)]
fn propose<'c, 'm>(chain: &'c mut Trained<'m>) -> Proposal<'c, 'm, Generator, Lanes> {
    chain.propose(LANES)
}

#[inline(never)]
fn decide(proposal: Proposal<'_, '_, Generator, Lanes>, loss: Option<f32>) -> Decision {
    match loss {
        Some(loss) => proposal.decide(loss),
        None => proposal.reject(),
    }
}

/// Makes `moves` moves on images of 64 pixels, and gives the loss before and after.
#[inline(never)]
pub fn train(pixels: &[u8], labels: &[u8], moves: u64, buffers: &mut Buffers) -> Option<(f32, f32)> {
    let Buffers { parameters, proposed, scratch } = buffers;
    let samples = Samples { features: Rows::new(pixels, 64, 1.0 / 16.0), targets: Targets::Classes(labels) };
    OBJECTIVE.check(&samples).ok()?;
    let mut loss = |bound: f32, x: &[f32]| {
        let score = OBJECTIVE.evaluate_within(LANES, bound, x, &samples, scratch, Gather::default());
        score.ok().flatten().map(|score| score.loss)
    };
    let rng = start(parameters);
    let first = loss(f32::INFINITY, parameters)?;
    let mut chain = Chain::new(Memory::new(parameters, proposed), Options::new(0.02).n_reset(20), rng, first).ok()?;
    for _ in 0..moves {
        let proposal = propose(&mut chain);
        let loss = loss(proposal.bound(), proposal.parameters());
        decide(proposal, loss);
    }
    Some((first, chain.loss()))
}
