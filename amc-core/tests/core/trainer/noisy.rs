//! Losses with noise.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::trainer::{Evaluate, Remeasured, Trainer};
use amc_core::{
    Activation, Generator, Layer, Loss, Measurements, Net, Objective, Portable, Rows, Samples, Score, Targets, gaussian,
};
use rand_core::SeedableRng;

use super::LANES;

const XOR: Objective<'static> = Objective::new(
    Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]),
    Loss::MeanSquaredError,
);
const MOVES: u64 = 20_000;

fn loss(x: &[f32]) -> f32 {
    let features = Rows::new(&[0.0_f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, 1.0);
    let samples = Samples { features, targets: Targets::Values(&[0.0, 1.0, 1.0, 0.0]) };
    let mut scratch = [0.0; XOR.net().scratch(1)];
    XOR.evaluate(LANES, x, &samples, &mut scratch, Measurements::default()).unwrap().loss
}

/// Measures the loss, a tenth of it wrong; counts measurements that no move asked for.
struct Noisy {
    noise: Generator,
    asked: u64,
}

impl Noisy {
    fn measure(&mut self, x: &[f32]) -> f32 {
        let mut error = [0.0];
        gaussian::fill(LANES, &mut self.noise, 0.1, &mut error);
        loss(x) * (1.0 + error[0])
    }
}

impl Evaluate for Noisy {
    type Workers = Portable<1>;

    const SIGNALS: bool = false;

    fn workers(&self) -> Portable<1> {
        LANES
    }

    fn evaluate(&mut self, parameters: &[f32], _: &mut [f32]) -> f32 {
        self.asked += 1;
        self.measure(parameters)
    }

    fn evaluate_within(&mut self, _: f32, parameters: &[f32], _: &mut [f32]) -> Option<Score> {
        Some(Score { loss: self.measure(parameters), correct: 0 })
    }
}

/// The true loss in the end, and the moves accepted in the second half.
fn learn(seed: u64, every: u32) -> (f32, u64) {
    const N: usize = XOR.net().parameters();
    let (mut parameters, mut proposed) = ([0.0; N], [0.0; N]);
    let mut rng = Generator::seed_from_u64(seed);
    gaussian::fill(LANES, &mut rng, 0.2, &mut parameters);
    let mut noisy = Noisy { noise: Generator::seed_from_u64(100 + seed), asked: 0 };
    let first = noisy.measure(&parameters);
    let options = Options::new(0.1).n_reset(50);
    let chain = Chain::new(Memory::new(&mut parameters, &mut proposed), options, rng, first).unwrap();
    let mut trainer = Trainer::of(chain, Remeasured::new(noisy, every), &mut []).unwrap();
    let half = trainer.fit(|now| now.counters.steps == MOVES / 2).counters.accepted;
    let all = trainer.fit(|now| now.counters.steps == MOVES).counters.accepted;
    let asked = if every == 0 { 0 } else { (MOVES - 1) / u64::from(every) };
    assert_eq!(trainer.evaluator().evaluator().asked, asked);
    (loss(trainer.parameters()), all - half)
}

#[test]
fn a_noisy_loss_is_learned_where_it_is_measured_again() {
    // Thresholds from before the first run. A net that gives 1/2 everywhere has a loss of 0.25.
    for seed in 1..=5 {
        let (dead, accepted) = learn(seed, 0);
        assert!(dead > 0.1 && accepted < MOVES / 2 / 1000, "seed {seed}: {dead}, {accepted} accepted");
        let (learned, accepted) = learn(seed, 10);
        assert!(learned < 0.02 && accepted > MOVES / 2 / 1000, "seed {seed}: {learned}, {accepted} accepted");
    }
}

/// Gives one loss after another, on one batch or each time on another.
struct Told<'l> {
    losses: core::slice::Iter<'l, f32>,
    changes: bool,
}

impl Evaluate for Told<'_> {
    type Workers = Portable<1>;

    const SIGNALS: bool = false;

    fn workers(&self) -> Portable<1> {
        LANES
    }

    fn evaluate(&mut self, _: &[f32], _: &mut [f32]) -> f32 {
        *self.losses.next().unwrap()
    }

    fn evaluate_within(&mut self, _: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        Some(Score { loss: self.evaluate(parameters, signal), correct: 0 })
    }

    fn next_batch(&mut self) -> bool {
        self.changes
    }

    fn scored(&mut self, _: f32, _: f32) -> bool {
        assert!(self.changes, "noise was taken for new samples");
        false
    }
}

/// The losses of the current parameters after each of so many moves, from 5 on, measured again every two.
fn losses(told: &[f32], changes: bool, moves: usize) -> Vec<f32> {
    let (mut x, mut proposed) = ([0.0], [0.0]);
    let memory = Memory::new(&mut x, &mut proposed);
    let chain = Chain::new(memory, Options::new(0.1), Generator::seed_from_u64(1), 5.0).unwrap();
    let told = Told { losses: told.iter(), changes };
    let mut trainer = Trainer::of(chain, Remeasured::new(told, 2), &mut []).unwrap();
    let losses = (0..moves).map(|_| {
        trainer.step();
        trainer.loss()
    });
    losses.collect()
}

#[test]
fn the_loss_is_the_mean_of_all_measurements() {
    // Accepted by 4, rejected, 6 measured again, rejected twice, 8 measured again, rejected, accepted by 1, and so on.
    const TOLD: [f32; 16] =
        [4.0, 9.0, 6.0, 9.0, 9.0, 8.0, 9.0, 1.0, 2.0, 9.0, 9.0, f32::NAN, 9.0, f32::INFINITY, 3.0, f32::NAN];
    // What cannot be measured is no part of a mean, and any number is better.
    assert_eq!(losses(&TOLD, false, 11), [4.0, 4.0, 5.0, 5.0, 6.0, 1.0, 1.5, 1.5, 9.0, 9.0, 6.0]);
}

#[test]
fn on_another_batch_the_mean_begins_anew() {
    assert_eq!(losses(&[9.0, 7.0, 9.0, 3.0, 9.0, 8.0, 2.0], true, 4), [5.0, 7.0, 3.0, 2.0]);
}
