//! `amc train`.

use std::path::PathBuf;

use amc_core::chain::Options;
use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::DataArgs;
use crate::data::Data;
use crate::lanes::Arithmetic;
use crate::model::{ActivationName, Description, LossName, Model, params_hash};
use crate::output::{self, Point, Summary};
use crate::train::{Batching, Settings, train};

/// Points on a loss curve, about.
const CURVE_POINTS: u64 = 500;

#[derive(Args)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Inputs, units of the hidden layers, outputs [default: fits the data]
    #[arg(long, value_delimiter = ',')]
    layers: Option<Vec<usize>>,
    /// Activation of the hidden layers
    #[arg(long, value_enum, default_value = "tanh")]
    activation: ActivationName,
    /// Activation of the output layer [default: softmax for classes, linear for values]
    #[arg(long, value_enum)]
    output: Option<ActivationName>,
    /// Loss U
    #[arg(long, value_enum, default_value = "mse")]
    loss: LossName,
    /// σ₀: initial scale of moves, and of the initial parameters, above 0
    #[arg(long, default_value_t = 0.02, allow_negative_numbers = true)]
    sigma: f32,
    /// ε: rate at which the centres μ of moves follow accepted moves; may be negative
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    epsilon: f32,
    /// n_s: consecutive rejections after which σ becomes 0.95 σ and μ = 0; 0 = never
    #[arg(long, default_value_t = 20)]
    n_reset: u32,
    /// Signal norm: scale the moves of weights by λ, Eq. (18) [default: on for the built-in digits]
    #[arg(long)]
    signal_norm: bool,
    /// T: temperature at which moves that raise the loss are accepted
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    temperature: f32,
    /// full, a number of samples drawn anew for each move, or progressive
    #[arg(long, default_value = "full")]
    batch: String,
    /// Moves to make
    #[arg(long, default_value_t = 20_000)]
    steps: u64,
    /// Seed of the generator
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads [default: all cores]
    #[arg(long)]
    threads: Option<usize>,
    /// What a multiply-add rounds
    #[arg(long, value_enum, default_value = "portable")]
    arithmetic: Arithmetic,
    /// Folder for the results [default: runs/DATA]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the summary as one line of JSON on stdout
    #[arg(long)]
    json: bool,
}

impl TrainArgs {
    fn description(&self, data: &Data) -> anyhow::Result<Description> {
        let (inputs, outputs) = (data.train.width(), data.train.outputs());
        let hidden = if data.train.has_classes() { vec![16] } else { vec![10, 10] };
        let fitting = || [vec![inputs], hidden, vec![outputs]].concat();
        let sizes = self.layers.clone().unwrap_or_else(fitting);
        ensure!(sizes.len() >= 2, "--layers needs at least inputs and outputs, like {inputs},{outputs}");
        ensure!(
            sizes[0] == inputs,
            "--layers begins with {} inputs, but a sample of {} has {inputs}: begin it with {inputs}",
            sizes[0],
            self.data.data
        );
        let last = sizes[sizes.len() - 1];
        let fits = if data.train.has_classes() { last >= outputs } else { last == outputs };
        ensure!(
            fits,
            "--layers ends with {last} outputs, but {} needs {outputs}: end it with {outputs}",
            self.data.data
        );
        let natural = if data.train.has_classes() { ActivationName::Softmax } else { ActivationName::Linear };
        let output = self.output.unwrap_or(natural);
        Ok(Description { sizes, activation: self.activation, output, loss: self.loss })
    }

    fn batching(&self, data: &Data) -> anyhow::Result<Batching> {
        Ok(match self.batch.as_str() {
            "full" => Batching::Full,
            "progressive" => {
                ensure!(data.train.has_classes(), "--batch progressive needs classes: it follows their error rate");
                Batching::Progressive
            }
            number => match number.parse() {
                Ok(size) if size > 0 && size <= data.train.len() => Batching::Mini(size),
                _ => anyhow::bail!(
                    "--batch is {number:?}: use full, progressive, or a number of samples from 1 to {}",
                    data.train.len()
                ),
            },
        })
    }
}

pub(super) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let data = args.data.load()?;
    let description = args.description(&data)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(cores);
    ensure!(threads > 0, "--threads is 0: at least one is needed");
    let options =
        Options { sigma: args.sigma, epsilon: args.epsilon, n_reset: args.n_reset, temperature: args.temperature };
    let settings = Settings {
        options,
        signal_norm: args.signal_norm || args.data.data == "digits",
        batching: args.batching(&data)?,
        steps: args.steps,
        seed: args.seed,
        threads,
        arithmetic: args.arithmetic,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;

    let bar = ProgressBar::new(args.steps);
    let style = "{elapsed_precise} [{bar:30}] {pos}/{len}  {msg}  {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?.progress_chars("=> "));
    let every = (args.steps / CURVE_POINTS).max(1);
    let mut curve = Vec::new();
    let mut accuracy = None;
    let mut shown = std::time::Instant::now();
    let trained = pool.install(|| {
        train(&description, &data, &settings, |progress| {
            let step = progress.counters.steps;
            let accept_rate = progress.counters.accept_rate();
            let (loss, sigma, batch) = (progress.loss, progress.sigma, progress.batch);
            if step % every == 0 || step == args.steps {
                accuracy = progress.test_accuracy();
                curve.push(Point { step, loss, accept_rate, sigma, batch, test_accuracy: accuracy });
            }
            if shown.elapsed().as_millis() >= 100 {
                shown = std::time::Instant::now();
                let accuracy = accuracy.map_or(String::new(), |a| format!("  accuracy {a:.3}"));
                bar.set_message(format!("loss {loss:.5}  acceptance {accept_rate:.3}  sigma {sigma:.2e}{accuracy}"));
                bar.set_position(step);
            }
        })
    })?;
    bar.finish_and_clear();

    let summary = Summary {
        steps: trained.counters.steps,
        loss: trained.train_loss,
        accept_rate: trained.counters.accept_rate(),
        resets: trained.counters.resets,
        sigma: trained.sigma,
        parameters: trained.parameters.len(),
        train_accuracy: trained.train_accuracy,
        test_accuracy: trained.test_accuracy,
        seconds: trained.time.as_secs_f64(),
        step_ms: trained.median_step.as_secs_f64() * 1e3,
        params_hash: params_hash(&trained.parameters),
    };
    let name = std::path::Path::new(&args.data.data).file_stem().unwrap_or_default();
    let out = args.out.clone().unwrap_or_else(|| std::path::Path::new("runs").join(name));
    std::fs::create_dir_all(&out).with_context(|| format!("{} cannot be made", out.display()))?;
    Model { description, arithmetic: args.arithmetic, parameters: trained.parameters }.save(&out.join("model.amc"))?;
    output::write(&out, &curve, &summary)?;
    let percent = |accuracy: Option<f32>| accuracy.map_or("-".into(), |a| format!("{:.1}%", 100.0 * a));
    eprintln!(
        "{} parameters, {} steps in {:.1} s ({:.3} ms each): loss {:.6}, accuracy {} (train) {} (test), acceptance {:.3}",
        summary.parameters,
        summary.steps,
        summary.seconds,
        summary.step_ms,
        summary.loss,
        percent(summary.train_accuracy),
        percent(summary.test_accuracy),
        summary.accept_rate,
    );
    eprintln!("model, curve and summary are in {}", out.display());
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
    }
    Ok(())
}
