//! Losses from several threads: a way to evaluate, in the same loop.

use std::thread;

use amc_core::chain::{Chain, Memory, Options};
use amc_core::sums::{BLOCK, Total};
use amc_core::trainer::{Buffers, Evaluate, Trainer};
use amc_core::{Measurements, Portable, Rows, Samples, Score};

use crate::trainer::{Data, LANES, MOVES, NET, OBJECTIVE, Setting, buffers, place};

/// Every block on a thread of its own; what they come to is added in the blocks' order.
struct Threads<'d>(Samples<'d, Rows<'d, f32>>);

impl Evaluate for Threads<'_> {
    type Workers = Portable<1>;

    fn workers(&self) -> Portable<1> {
        LANES
    }

    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        if let Some(inputs) = signal.first_mut() {
            *inputs = OBJECTIVE.input_signal(LANES, &self.0);
        }
        self.evaluate_within(f32::INFINITY, parameters, signal).unwrap().loss
    }

    fn evaluate_within(&mut self, _: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        let Self(samples) = *self;
        let signals = signal.len();
        let block = move |block| {
            let (mut scratch, mut signal) = (vec![0.0; NET.scratch(1)], vec![0.0; signals]);
            let measurements = Measurements { signal: &mut signal, correct: false };
            (OBJECTIVE.block(LANES, parameters, &samples, block, &mut scratch, measurements).loss, signal)
        };
        let blocks = thread::scope(|scope| {
            let started: Vec<_> =
                (0..samples.len().div_ceil(BLOCK)).map(|index| scope.spawn(move || block(index))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let mut total = Total::default();
        signal.iter_mut().skip(1).for_each(|signal| *signal = 0.0);
        for (loss, signals) in &blocks {
            total.add(*loss);
            signal.iter_mut().zip(signals).skip(1).for_each(|(sum, signal)| *sum += signal);
        }
        signal.iter_mut().skip(1).for_each(|signal| *signal /= samples.len() as f32);
        Some(Score { loss: total.mean(OBJECTIVE.terms(samples.len())), correct: 0 })
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "there are no threads")]
fn threads_give_the_same_losses_to_the_same_loop() {
    let data = Data::new();
    let options = Options::new(0.1).n_reset(4).grid(amc_core::chain::Grid::DEFAULT);
    let setting = Setting { options, in_place: false, signal_norm: true };
    let end = trainer_of!(with_signal_norm, setting, data.samples(), |trainer| {
        trainer.fit(|now| now.counters.steps == MOVES);
        place(trainer.chain())
    });
    let mut memory = Vec::new();
    let (Buffers { parameters, proposed, signal, gathered, .. }, rng) = buffers(setting, &mut memory);
    let mut threads = Threads(data.samples());
    let loss = threads.evaluate(parameters, signal);
    let memory = Memory::new(parameters, proposed).signal_norm(NET, signal);
    let chain = Chain::new(memory, options, rng, loss).unwrap();
    let mut trainer = Trainer::of(chain, threads, gathered).unwrap();
    trainer.fit(|now| now.counters.steps == MOVES);
    assert_eq!(place(trainer.chain()), end);
}
