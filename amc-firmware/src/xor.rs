//! A 2-3-1 net that learns XOR.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::trainer::{Evaluate, Trainer};
use amc_core::{
    Activation, Generator, Layer, Loss, Measurements, Net, Objective, Samples, Score, Targets, Tiles, gaussian,
};
use amc_cortex_m::CortexM;
use rand_core::SeedableRng;

/// One sample at a time: fastest for wide layers, and for the moves.
pub const ROW: CortexM<1> = CortexM;
/// Four at a time: fastest where a layer has fewer neurons than that.
pub const SQUARE: CortexM<4> = CortexM;

const OBJECTIVE: Objective<'static> = Objective::new(
    Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]),
    Loss::MeanSquaredError,
);
/// Parameters of the net.
pub const PARAMETERS: usize = OBJECTIVE.net().parameters();
/// Scratch memory that [`loss`] needs.
pub const SCRATCH: usize = OBJECTIVE.net().scratch(4);
/// The mean squared error below which XOR is learned.
const LEARNED: f32 = 0.01;

/// The mean squared error on the four samples.
#[inline(never)]
pub fn loss(x: &[f32], scratch: &mut [f32]) -> f32 {
    const FEATURES: &[f32; 8] = &[0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    let samples =
        Samples { features: Tiles::new(FEATURES, 4, 2, 1.0), targets: Targets::Values(&[0.0, 1.0, 1.0, 0.0]) };
    OBJECTIVE.evaluate(SQUARE, x, &samples, scratch, Measurements::default()).map_or(f32::NAN, |score| score.loss)
}

/// The loss on other lanes than those of the moves.
struct Xor<'s> {
    scratch: &'s mut [f32],
}

impl Evaluate for Xor<'_> {
    type Workers = CortexM<1>;

    const SIGNALS: bool = false;

    fn workers(&self) -> CortexM<1> {
        ROW
    }

    fn evaluate(&mut self, parameters: &[f32], _: &mut [f32]) -> f32 {
        loss(parameters, self.scratch)
    }

    fn evaluate_within(&mut self, _: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        Some(Score { loss: self.evaluate(parameters, signal), correct: 0 })
    }
}

/// Moves until XOR is learned, if that are not more than `patience`.
#[inline(never)]
pub fn learn(seed: u64, patience: u64, scratch: &mut [f32]) -> Option<u64> {
    let (mut parameters, mut proposed) = ([0.0; PARAMETERS], [0.0; PARAMETERS]);
    let mut rng = Generator::seed_from_u64(seed);
    gaussian::fill(ROW, &mut rng, 0.2, &mut parameters);
    let first = loss(&parameters, scratch);
    let memory = Memory::new(&mut parameters, &mut proposed);
    let chain = Chain::new(memory, Options::new(0.1).n_reset(20), rng, first).ok()?;
    let mut trainer = Trainer::of(chain, Xor { scratch }, &mut []).ok()?;
    let end = trainer.fit(|now| now.loss < LEARNED || now.counters.steps == patience);
    (end.loss < LEARNED).then_some(end.counters.steps)
}
