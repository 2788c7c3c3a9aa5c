//! How long a move takes on the paper's nets, and how far that is from the machine's limits: what `amc-bench` measures.

mod cases;
mod machine;
pub mod scaling;

use std::time::Instant;

use amc_core::chain::Options;
use amc_core::{Layer, Measurements};
use serde::Serialize;

pub use cases::{CASES, Case, Shape};
pub use machine::Machine;

use amc_engine::data::Data;
use amc_engine::data::pack::PackedSet;
use amc_engine::description::Description;
use amc_engine::evaluate::Evaluator;
use amc_engine::train::{Batching, Initial, Method, Settings, median, train};
use amc_kernels::Arithmetic;

/// The scale of initial parameters and of moves, as in the paper's figures on these nets.
const SIGMA: f32 = 0.01;

/// What a case came to.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The case.
    pub case: String,
    /// N.
    pub parameters: usize,
    /// Samples in the batch.
    pub samples: usize,
    /// Median time of a whole move, early rejection on, in milliseconds.
    pub step_ms: f64,
    /// The least of these times.
    pub step_min_ms: f64,
    /// Median time of one evaluation of all samples, in milliseconds.
    pub evaluation_ms: f64,
    /// The share of the first layer's inputs that are not skipped as zeros.
    pub density: f32,
    /// Floating-point operations of that evaluation's multiply-adds, skipped zeros not counted, over its time.
    pub gflops: f64,
    /// The same in per cent of the peak measured on this machine, in this arithmetic, on so many threads.
    pub percent_of_peak: f64,
    /// Data and parameters that an evaluation reads, in megabytes.
    pub megabytes: f64,
    /// The same over the evaluation's time.
    pub gigabytes_per_second: f64,
}

/// Measures moves of `description`'s net on `data`: `steps` of them, and then whole evaluations.
pub fn measure(
    case: &str,
    description: &Description,
    data: &Data,
    steps: u64,
    (arithmetic, threads): (Arithmetic, usize),
    machine: &Machine,
) -> anyhow::Result<Measured> {
    let settings = Settings {
        method: Method::Amc,
        options: Options::new(SIGMA),
        initial: Initial::Gaussian(SIGMA),
        signal_norm: false,
        transfer: Default::default(),
        in_place: false,
        batching: Batching::Full,
        steps,
        seed: 1,
        threads,
        arithmetic,
    };
    let trained = train(description, data, &settings, |_| {})?;

    let objective = description.objective()?;
    let mut evaluator = Evaluator::new(objective, arithmetic, threads);
    let pack = PackedSet::all(&data.train, threads);
    let evaluations = (0..steps.clamp(20, 500)).map(|_| {
        let begun = Instant::now();
        std::hint::black_box(evaluator.evaluate(&trained.parameters, &pack.batch(), Measurements::default()));
        begun.elapsed()
    });
    let evaluation = median(evaluations.collect());

    let neurons = match description.layers[0] {
        Layer::Recurrent(layer) => layer.units,
        layer => layer.units(),
    };
    let skipped = (1.0 - f64::from(pack.density())) * (description.inputs * neurons) as f64;
    let flops = 2.0 * pack.len() as f64 * (objective.net().operations().0 as f64 - skipped);
    let gflops = flops / evaluation.as_secs_f64() / 1e9;
    let bytes = (pack.bytes() + 4 * trained.parameters.len()) as f64;
    Ok(Measured {
        case: case.to_owned(),
        parameters: trained.parameters.len(),
        samples: pack.len(),
        step_ms: 1e3 * trained.median_step.as_secs_f64(),
        step_min_ms: 1e3 * trained.least_step.as_secs_f64(),
        evaluation_ms: 1e3 * evaluation.as_secs_f64(),
        density: pack.density(),
        gflops,
        percent_of_peak: 100.0 * gflops / machine.gflops,
        megabytes: bytes / 1e6,
        gigabytes_per_second: bytes / evaluation.as_secs_f64() / 1e9,
    })
}
