//! What Adam takes to the same loss.

use std::time::{Duration, Instant};

use amc_core::Measurements;
use amc_core::chain::Options;
use amc_engine::data::pack::PackedSet;
use amc_engine::evaluate::Evaluator;
use amc_engine::train::{Batching, Initial, Method, Settings, with_batches};
use amc_gradient::{Gradient, Optimizer};
use amc_kernels::Arithmetic;

use super::{Record, Setting, Task};

/// Passes between two looks at the loss, where all samples make a step; else it is one. Looking takes no part of the time.
const LOOKED: usize = 5;
/// Passes that a gradient takes, forth and back.
const PASSES: f64 = 3.0;

/// Trains on one thread until the task's loss is reached, or its budget is spent.
pub(super) fn run(
    task: &Task,
    setting: Setting,
    (rate, batch): (f32, Option<usize>),
    seed: u64,
    arithmetic: Arithmetic,
) -> anyhow::Result<Record> {
    let (net, data) = (task.net(), task.data());
    let all = data.train.len();
    let batch = batch.filter(|batch| *batch < all);
    let settings = Settings {
        method: Method::Amc,
        options: Options::new(1.0),
        initial: Initial::Kaiming,
        transfer: Default::default(),
        in_place: false,
        signal_norm: false,
        batching: batch.map_or(Batching::Full, Batching::Mini),
        steps: u64::MAX,
        seed,
        threads: 1,
        arithmetic,
    };
    let objective = net.objective()?;
    let whole = objective.net().cost();
    let mut gradient = Gradient::new(objective, arithmetic, 1);
    let mut evaluator = Evaluator::new(objective, arithmetic, 1);
    let mut optimizer = Optimizer::adam(rate, objective.net().parameters());
    let packed = PackedSet::all(&data.train, 1);
    with_batches(&net, &data, &settings, |mut x, mut batches| {
        let (mut steps, mut seen, mut time, mut loss) = (0_u64, 0_usize, Duration::ZERO, f32::INFINITY);
        let mut looked = 0;
        // What has left the finite numbers does not come back.
        while loss > task.loss && PASSES * (seen as f64 / all as f64) < task.budget as f64 && !loss.is_nan() {
            let begun = Instant::now();
            if steps > 0 {
                batches.redraw();
            }
            let batch = batches.current().samples;
            let gradient = gradient.evaluate(&x, &batch);
            optimizer.step(&mut x, gradient);
            time += begun.elapsed();
            (steps, seen) = (steps + 1, seen + batch.len());
            if seen - looked >= if settings.batching == Batching::Full { LOOKED * all } else { all } {
                loss = evaluator.evaluate(&x, &packed.batch(), Measurements::default()).loss;
                looked = seen;
            }
        }
        let passes = PASSES * seen as f64 / all as f64;
        Ok(Record {
            task: task.name.into(),
            setting: setting.name(),
            seed,
            reached: loss <= task.loss,
            loss,
            moves: steps,
            multiply_adds: passes * whole.multiply_adds as f64,
            passes,
            seconds: time.as_secs_f64(),
        })
    })
}
