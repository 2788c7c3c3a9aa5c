//! How long a move takes on the paper's nets, and how far that is from the machine's limits: what `amc-bench` measures.

mod cases;
pub mod integers;
mod machine;
pub mod scaling;

use std::hint::black_box;
use std::time::{Duration, Instant};

use amc_core::sums::BLOCK;
use amc_core::{Layer, Measurements};
use serde::Serialize;

pub use cases::{CASES, Case, Shape};
pub use machine::Machine;

use amc_engine::data::Data;
use amc_engine::data::pack::PackedSet;
use amc_engine::description::Description;
use amc_engine::evaluate::Evaluator;
use amc_engine::train::{Laps, Settings, median, with_moves};

/// The scale of initial parameters and of moves, as in the paper's figures on these nets.
pub const SIGMA: f32 = 0.01;

/// What a case came to. Times are in milliseconds, and medians.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The case.
    pub case: String,
    /// N.
    pub parameters: usize,
    /// Samples in the batch.
    pub samples: usize,
    /// A move, early rejection on.
    pub step_ms: f64,
    /// The mean.
    pub step_mean_ms: f64,
    /// The least.
    pub step_min_ms: f64,
    /// The share of moves that were accepted.
    pub acceptance_rate: f64,
    /// A move that was accepted.
    pub accepted_ms: f64,
    /// One that was not.
    pub rejected_ms: f64,
    /// Of a move, drawing it.
    pub proposal_ms: f64,
    /// Of a move's evaluation, what each thread had nothing to do for.
    pub waiting_ms: f64,
    /// Of a move that was accepted, keeping it.
    pub decision_ms: f64,
    /// An evaluation of all samples, without signals.
    pub evaluation_ms: f64,
    /// Of that, the losses: by what it takes one thread beside the outputs alone.
    pub loss_ms: f64,
    /// What signals add to it; 0 where they are not wanted.
    pub signal_ms: f64,
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

/// Measures moves of `description`'s net on `data`, as many as the settings say, and then whole evaluations.
pub fn measure(
    case: &str,
    description: &Description,
    data: &Data,
    settings: &Settings,
    machine: &Machine,
) -> anyhow::Result<Measured> {
    let Settings { steps, threads, arithmetic, .. } = *settings;
    let (laps, parameters) = with_moves(description, data, settings, None, |mut moves, _| {
        let laps = (0..steps).map_while(|_| moves.make_timed().transpose()).collect::<anyhow::Result<Vec<_>>>()?;
        Ok((laps, moves.progress(None).parameters().to_vec()))
    })?;
    let of = |lap: fn(&Laps) -> Duration, which: fn(&&Laps) -> bool| {
        milliseconds(median(laps.iter().filter(which).map(lap).collect()))
    };

    let objective = description.objective()?;
    let pack = PackedSet::all(&data.train, threads);
    let mut evaluator = Evaluator::new(objective, arithmetic, threads);
    let evaluations = steps.clamp(20, 100);
    let evaluate = |evaluator: &mut Evaluator<'_>, signal: &mut [f32]| {
        time(evaluations, || {
            let measurements = Measurements { signal, correct: false };
            black_box(evaluator.evaluate(&parameters, &pack.batch(), measurements));
        })
    };
    let evaluation = evaluate(&mut evaluator, &mut []);
    let mut signal = vec![0.0; if settings.signal_norm { objective.net().layers().len() } else { 0 }];
    let with_signal = if settings.signal_norm { evaluate(&mut evaluator, &mut signal) } else { evaluation };
    let on_one = evaluate(&mut Evaluator::new(objective, arithmetic, 1), &mut []);
    let mut outputs = vec![0.0; pack.len().next_multiple_of(BLOCK) * objective.net().outputs()];
    let features = pack.batch().samples.features;
    let of_outputs = time(evaluations, || {
        amc_kernels::evaluate::outputs(arithmetic, &objective, &parameters, features, &mut outputs);
    });

    let neurons = match description.layers[0] {
        Layer::Recurrent(layer) => layer.units,
        layer => layer.units(),
    };
    let skipped = (1.0 - f64::from(pack.density())) * (description.inputs * neurons) as f64;
    let flops = 2.0 * pack.len() as f64 * (objective.net().operations().0 as f64 - skipped);
    let gflops = flops / evaluation / 1e6;
    let bytes = (pack.bytes() + 4 * parameters.len()) as f64;
    let accepted = laps.iter().filter(|laps| laps.accepted).count();
    Ok(Measured {
        case: case.to_owned(),
        parameters: parameters.len(),
        samples: pack.len(),
        step_ms: of(Laps::whole, |_| true),
        step_mean_ms: milliseconds(laps.iter().map(Laps::whole).sum()) / laps.len() as f64,
        step_min_ms: milliseconds(laps.iter().map(Laps::whole).min().unwrap_or_default()),
        acceptance_rate: accepted as f64 / laps.len() as f64,
        accepted_ms: of(Laps::whole, |laps| laps.accepted),
        rejected_ms: of(Laps::whole, |laps| !laps.accepted),
        proposal_ms: of(|laps| laps.proposal, |_| true),
        waiting_ms: of(|laps| laps.waiting, |_| true),
        decision_ms: of(|laps| laps.decision, |laps| laps.accepted),
        evaluation_ms: evaluation,
        loss_ms: evaluation * (1.0 - of_outputs / on_one).max(0.0),
        signal_ms: (with_signal - evaluation).max(0.0),
        density: pack.density(),
        gflops,
        percent_of_peak: 100.0 * gflops / machine.gflops,
        megabytes: bytes / 1e6,
        gigabytes_per_second: bytes / evaluation / 1e6,
    })
}

/// The median time of so many runs, in milliseconds.
fn time(runs: u64, mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    };
    milliseconds(median((0..runs).map(time).collect()))
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}
