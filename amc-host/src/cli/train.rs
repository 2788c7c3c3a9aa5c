//! `amc train`.

mod about;
mod kept;
mod stop;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use amc_core::chain::{Grid, Options};
use anyhow::{bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::about::about;
use self::kept::{Keeper, Kept};
use self::stop::{ASKED, StopArgs, asked};
use super::defaults::Defaults;
use super::table::TableArgs;
use super::{DataArgs, Switch, ThreadArgs};
use crate::console::print;
use crate::data::Data;
use crate::data::prepare::{self, Prepared};
use crate::data::scale::{Column, LARGE, SCALE_IT};
use crate::metrics::Metrics;
use crate::model::{ActivationName, Description, LossName, Model, params_hash};
use crate::note;
use crate::output::{self, Folder, Point, Summary};
use crate::train::{Batching, Checkpoint, Initial, Settings, Trained, check, train_on};
use amc_kernels::Arithmetic;

/// Points on a loss curve, about.
const CURVE_POINTS: u64 = 500;

#[derive(Args)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    table: TableArgs,
    /// Inputs, units of each hidden layer, outputs [default: hidden layers by data set, the rest fits the data]
    #[arg(long, value_delimiter = ',')]
    layers: Option<Vec<usize>>,
    /// Activation of the hidden layers
    #[arg(long, value_enum, default_value = "tanh")]
    activation: ActivationName,
    /// Activation of the output layer [default: by data set]
    #[arg(long, value_enum)]
    output: Option<ActivationName>,
    /// U(x), the loss; cross-entropy needs classes, and softmax or sigmoid outputs [default: by data set]
    #[arg(long, value_enum)]
    loss: Option<LossName>,
    /// σ₀, the initial scale of moves and of the initial parameters: above 0 [default: by data set]
    #[arg(long, allow_negative_numbers = true)]
    sigma: Option<f32>,
    /// ε, the rate at which the centres μ of moves follow accepted moves: any number, mostly within ±0.05; 0 keeps μ at
    /// 0, below 0 slows learning of fine detail [default: by data set]
    #[arg(long, allow_negative_numbers = true)]
    epsilon: Option<f32>,
    /// n_s, the consecutive rejections after which σ becomes 0.95 σ and μ = 0: from 1; 0 = never [default: by data set]
    #[arg(long, allow_negative_numbers = true)]
    n_reset: Option<i64>,
    /// Scale the moves of weights by λ, so that each neuron's input changes by about σ; without on or off: on
    /// [default: by data set]
    #[arg(long, value_enum, num_args(0..=1), default_missing_value = "on")]
    signal_norm: Option<Switch>,
    /// T, the temperature, in units of the loss: moves that raise the loss by T are accepted with a chance of 1/e; from
    /// 0, which accepts none
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    temperature: f32,
    /// Samples that a move is judged on: full (all), a number of them drawn anew for each move, or progressive (500, and
    /// twice as many whenever fewer than 10% are wrong; needs classes)
    #[arg(long, default_value = "full")]
    batch: String,
    /// n, the moves to make [default: by data set]
    #[arg(long)]
    steps: Option<u64>,
    /// Train in one copy of the parameters, as a device short of memory does: they and their moves are rounded to
    /// multiples of 2⁻²⁰ (about 1e-6), and stay within ±8; sigma stays above 2⁻²⁰
    #[arg(long)]
    in_place: bool,
    /// Seed of the generator
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadArgs,
    /// What a multiply-add rounds
    #[arg(long, value_parser = super::arithmetics(), default_value = "portable")]
    arithmetic: Arithmetic,
    /// Folder for the results; if it holds those of another run, a number is added to its name [default: runs/DATA]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Overwrite another run's results
    #[arg(long)]
    force: bool,
    /// Print the summary as one line of JSON on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stop: StopArgs,
    /// Go on with the run in this folder, which was interrupted: what it comes to is what it would have come to. All options
    /// are those that it was begun with
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,
    /// Time between checkpoints, from which --resume goes on; there is one at SIGINT, SIGTERM and SIGHUP, too
    #[arg(long, value_parser = super::time, default_value = "1m", value_name = "TIME")]
    checkpoint_every: Duration,
}

impl TrainArgs {
    fn defaults(&self) -> &'static Defaults {
        Defaults::of(&self.data.data)
    }

    fn description(&self, data: &Data) -> anyhow::Result<Description> {
        let (inputs, outputs) = (data.train.width(), data.train.outputs());
        let defaults = self.defaults();
        let fitting = || [&[inputs], defaults.hidden, &[outputs]].concat();
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
        let of_numbers = if data.train.has_classes() { defaults.output } else { defaults.output_of_numbers };
        let (output, loss) = (self.output.unwrap_or(of_numbers), self.loss.unwrap_or(defaults.loss));
        Ok(Description::new(&sizes, self.activation, output, loss))
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

    fn settings(&self, data: &Data) -> anyhow::Result<Settings> {
        let defaults = self.defaults();
        let threads = self.threads.count();
        let n_reset = self.n_reset.unwrap_or(defaults.n_reset.into());
        let Ok(n_reset) = u32::try_from(n_reset) else {
            bail!("--n-reset is {n_reset}: use a number from 1 to {}, or 0 for never", u32::MAX)
        };
        let options = Options {
            sigma: self.sigma.unwrap_or(defaults.sigma),
            epsilon: self.epsilon.unwrap_or(defaults.epsilon),
            n_reset,
            temperature: self.temperature,
            grid: self.in_place.then_some(Grid::DEFAULT),
        };
        Ok(Settings {
            options,
            initial: Initial::Gaussian(options.sigma),
            in_place: self.in_place,
            signal_norm: self.signal_norm.map_or(defaults.signal_norm, |switch| switch == Switch::On),
            batching: self.batching(data)?,
            steps: self.steps.unwrap_or(defaults.steps),
            seed: self.seed,
            threads,
            arithmetic: self.arithmetic,
        })
    }
}

impl TrainArgs {
    /// Takes the folder for the results, and says so if it is another than the one asked for.
    fn folder(&self) -> anyhow::Result<Folder> {
        let name = Path::new(&self.data.data).file_stem().unwrap_or_default();
        let wanted = self.out.clone().unwrap_or_else(|| Path::new("runs").join(name));
        let folder = Folder::take(&wanted, self.force)?;
        if folder.path() != wanted {
            let (wanted, taken) = (wanted.display(), folder.path().display());
            note!("{wanted} is another run's: results go to {taken} (--force overwrites)");
        }
        Ok(folder)
    }
}

/// The command line of this process.
fn command_line() -> Vec<String> {
    let mut command: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if command.len() < 2 {
        command = ["amc", "train"].map(String::from).to_vec();
    }
    command
}

pub(super) fn run(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let command = command_line();
    let Some(dir) = &args.resume else { return make(args, command, None) };
    let kept = Kept::read(dir)?;
    let mut begun = kept.begun_with(dir, &command)?;
    begun.threads.threads = args.threads.threads.or(begun.threads.threads);
    begun.json |= args.json;
    begun.checkpoint_every = args.checkpoint_every;
    make(&begun, kept.command.clone(), Some((dir, kept)))
}

/// Makes a run, or goes on with one.
fn make(args: &TrainArgs, command: Vec<String>, from: Option<(&Path, Kept)>) -> anyhow::Result<ExitCode> {
    let (data, schema, found) = match args.data.table() {
        Some(path) => {
            let Prepared { data, schema, report } = prepare::load(path, &args.table.options())?;
            report.iter().for_each(|line| note!("{line}"));
            (data, Some(schema), report)
        }
        None => (args.data.load()?, None, Vec::new()),
    };
    let description = args.description(&data)?;
    let settings = args.settings(&data)?;
    check(&description, &data, &settings)?;
    args.stop.check(&data)?;
    warn_of_scale(&data);
    let folder = match &from {
        Some((dir, kept)) => {
            kept.check(dir, &args.data.data, &data, schema.as_ref())?;
            Folder::take_again(dir)?
        }
        None => args.folder()?,
    };
    let (before, curve, place) = match from {
        Some((_, Kept { seconds, curve, place, .. })) => (seconds, curve, Some(place)),
        None => (0.0, Vec::new(), None),
    };
    let about = about(&args.data.data, &command, &description, &settings, found);
    let keeper = Keeper::new(folder.path(), args.checkpoint_every, command, &data, schema.as_ref(), before)?;
    let mut way = Way { curve, stop: &args.stop, keeper, was_asked: false };
    let trained = train_and_show(&description, &data, &settings, place.as_ref(), &mut way)?;
    let out = folder.path().display();
    if way.was_asked {
        note!("stopped after {} steps: `amc train --resume {out}` goes on", trained.counters.steps);
        return Ok(ExitCode::from(ASKED));
    }
    let Way { curve, keeper, .. } = way;
    let parameters = trained.parameters.clone();
    let model = Model { description, arithmetic: args.arithmetic, parameters, schema };
    model.save(&folder.path().join(output::MODEL))?;
    let train = Metrics::of(&model, &data.train)?;
    let test = data.test.as_ref().map(|test| Metrics::of(&model, test)).transpose()?;
    let summary = summary(&trained, before, folder.path(), train, test);
    output::write(folder.path(), &about, &curve, &summary)?;
    keeper.forget()?;
    say(&summary);
    note!("the model and a report are in {out}");
    if args.json {
        print(format_args!("{}\n", serde_json::to_string(&summary)?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which features are so large that a net hardly learns from them.
fn warn_of_scale(data: &Data) {
    let count = data.train.columns_beyond(LARGE);
    if let Some(Column { name, largest }) = data.train.largest_column().filter(|_| count > 0) {
        let others = if count > 1 { format!(", and {} more beyond {LARGE}", count - 1) } else { String::new() };
        note!("warning: {name} reaches {largest:e}{others}: nets hardly learn from so large numbers; {SCALE_IT}");
    }
}

/// What happens to a run beside its moves.
struct Way<'w> {
    curve: Vec<Point>,
    stop: &'w StopArgs,
    keeper: Keeper,
    was_asked: bool,
}

/// Trains with a progress bar, keeps the loss curve, and now and then where the run stands.
fn train_and_show(
    description: &Description,
    data: &Data,
    settings: &Settings,
    from: Option<&Checkpoint>,
    way: &mut Way<'_>,
) -> anyhow::Result<Trained> {
    let steps = settings.steps;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    let asked = asked()?;
    let bar = ProgressBar::new(steps);
    let style = "{elapsed_precise} [{bar:30}] {pos}/{len}  {msg}  {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?.progress_chars("=> "));
    let every = (steps / CURVE_POINTS).max(1);
    let mut accuracy = None;
    let mut shown = std::time::Instant::now();
    let trained = pool.install(|| {
        train_on(description, data, settings, from, |moves, test| {
            let mut progress = moves.progress(test);
            let step = progress.counters.steps;
            let acceptance_rate = progress.counters.acceptance_rate();
            let (loss, sigma, batch) = (progress.loss, progress.sigma, progress.batch);
            let is_point = step % every == 0 || step == steps;
            if is_point {
                accuracy = progress.test_accuracy();
            }
            let measured = accuracy.filter(|_| is_point);
            let reached = way.stop.reached(|| way.keeper.seconds(), loss, measured);
            if is_point || reached.is_some() {
                way.curve.push(Point { step, loss, acceptance_rate, sigma, batch, test_accuracy: measured });
            }
            if shown.elapsed().as_millis() >= 100 {
                shown = std::time::Instant::now();
                let accuracy = accuracy.map_or(String::new(), |a| format!("  accuracy {a:.3}"));
                bar.set_message(format!(
                    "loss {loss:.5}  acceptance {acceptance_rate:.3}  sigma {sigma:.2e}{accuracy}"
                ));
                bar.set_position(step);
            }
            // Should the results not be written, they can be once more.
            if step == steps || reached.is_some() || way.keeper.is_due() {
                bar.suspend(|| way.keeper.try_keep(&way.curve, moves.checkpoint()));
            }
            if let Some(why) = reached {
                bar.suspend(|| note!("ended after {step} of {steps} steps: {why}"));
                return Ok(ControlFlow::Break(()));
            }
            if asked.load(Relaxed) {
                way.keeper.keep(&way.curve, moves.checkpoint())?;
                way.was_asked = true;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })
    })?;
    bar.finish_and_clear();
    Ok(trained)
}

/// Of a run that took so many seconds before it was interrupted, if it was.
fn summary(trained: &Trained, before: f64, out: &Path, train: Metrics, test: Option<Metrics>) -> Summary {
    Summary {
        steps: trained.counters.steps,
        loss: trained.train_loss,
        acceptance_rate: trained.counters.acceptance_rate(),
        resets: trained.counters.resets,
        sigma: trained.sigma,
        parameters: trained.parameters.len(),
        train_accuracy: trained.train_accuracy,
        test_accuracy: trained.test_accuracy,
        seconds: before + trained.time.as_secs_f64(),
        evaluated_share: trained.early_rejection.evaluated_share(),
        step_ms: trained.median_step.as_secs_f64() * 1e3,
        params_hash: params_hash(&trained.parameters),
        out: out.display().to_string(),
        train,
        test,
    }
}

fn say(summary: &Summary) {
    let percent = |accuracy: Option<f32>| accuracy.map_or("-".into(), |a| format!("{:.1}%", 100.0 * a));
    note!(
        "{} parameters, {} steps in {:.1} s ({:.3} ms each): loss {:.6}, accuracy {} (train) {} (test), acceptance {:.3}",
        summary.parameters,
        summary.steps,
        summary.seconds,
        summary.step_ms,
        summary.loss,
        percent(summary.train_accuracy),
        percent(summary.test_accuracy),
        summary.acceptance_rate,
    );
    let (part, metrics) = summary.test.as_ref().map_or(("train", &summary.train), |test| ("test", test));
    note!("{part} samples:\n{}", metrics.table());
}
