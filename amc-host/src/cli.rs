//! The command line: `amc train`, `amc eval`, `amc predict`, `amc info`, `amc quantise`, `amc export`,
//! `amc import`.
//!
//! Results for programs go to stdout, all else to stderr. Exit code 2 stands for bad input, bad use or results that cannot
//! be written, and 130 for a run that was asked to end. A reader that has seen enough and closes the pipe is no error.

pub mod defaults;
mod export;
mod import;
mod integer;
mod predict;
mod quantise;
mod table;
mod train;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amc_engine::data::pack::PackedSet;
use amc_engine::data::scale::Column;
use amc_engine::data::{self, Data};
use amc_engine::evaluate::Evaluator;
use amc_engine::ranks::Team;
use amc_kernels::{Arithmetic, Isa, IsaError};
use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use self::defaults::Defaults;
use crate::console::{self, print};
use crate::data::idx::{self, IdxError};
use crate::data::prepare;
use crate::data::schema::{Schema, listed};
use crate::data::sources::{FASHION_MNIST, MNIST, Source};
use crate::data::table::pair;
use crate::metrics::Metrics;
use crate::model::{Model, Trained, net_file, params_hash};
use crate::note;
use crate::predict::Predictor;

/// Trains neural nets without gradients, by adaptive Metropolis Monte Carlo (aMC).
#[derive(Parser)]
#[command(name = "amc", version)]
struct Cli {
    /// Without a command: `train` on the digits that come with the program
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Train a net
    #[command(after_help = Defaults::help())]
    Train(Box<train::TrainArgs>),
    /// Measure a trained net on a data set
    Eval {
        /// A model file
        model: PathBuf,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        written: table::WrittenArgs,
    },
    /// Say what a trained net makes of the rows of a table
    Predict(predict::PredictArgs),
    /// Show what a model file holds
    Info {
        /// A model file
        model: PathBuf,
    },
    /// Make an integer net of a trained net of floats
    Quantise(quantise::QuantiseArgs),
    /// Write a trained net as source code, or as a file for another toolchain
    Export(export::ExportArgs),
    /// Make a model file of a net from another toolchain, or of what a device has stored in its flash memory
    Import(import::ImportArgs),
}

#[derive(Args)]
struct DataArgs {
    /// digits (built in), mnist, fashion-mnist, sine, step, log-sine, or a file with a table: .csv, .tsv, .txt, .data, also
    /// with .gz; or with arrays: .npz, with X and y, or X_train, y_train, X_test and y_test; X.npy,y.npy; or .npy
    #[arg(long, default_value = "digits")]
    data: String,
    /// Folder of the IDX files of mnist or fashion-mnist, plain or .gz [default: data/mnist or data/fashion-mnist]
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// The options `--threads` and `--isa`.
#[derive(Args)]
pub struct MachineArgs {
    /// Threads, from 1 to 64, or to the machine's cores if it has more; their number changes no result
    /// [default: all cores]
    #[arg(long, value_parser = threads)]
    threads: Option<usize>,
    /// Instructions to compute with; they change no result [default: the widest that this machine has]
    #[arg(long, value_parser = named(&Isa::ALL, Isa::name))]
    isa: Option<Isa>,
}

/// Threads that a machine of fewer cores may be asked for: more only wait for each other, and thousands take minutes to
/// start.
const MOST_THREADS: usize = 64;

/// Threads that this machine runs at once.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The most threads that may be asked for.
pub fn most_threads() -> usize {
    cores().max(MOST_THREADS)
}

fn threads(text: &str) -> Result<usize, String> {
    let most = most_threads();
    match text.parse() {
        Ok(threads) if (1..=most).contains(&threads) => Ok(threads),
        _ => Err(format!("use a number from 1 to {most}: this machine runs {} at once", cores())),
    }
}

/// A time that is not 0.
pub fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time < Duration::from_millis(1) { Err("use a time of at least 1ms".into()) } else { Ok(time) }
}

/// Reads the values of `--arithmetic`.
pub fn arithmetics() -> impl TypedValueParser<Value = Arithmetic> {
    named(&Arithmetic::ALL, Arithmetic::name)
}

/// Reads one of `all` by its name.
fn named<T: Copy + Send + Sync>(all: &'static [T], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|one| name(*one)))
        .try_map(move |given| all.iter().copied().find(|one| name(*one) == given).ok_or("not one of them"))
}

impl MachineArgs {
    /// The number of threads asked for, or else of cores.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(cores)
    }

    /// Has this process compute with the instructions asked for.
    ///
    /// # Errors
    /// Where the machine lacks them.
    pub fn limit(&self) -> Result<(), IsaError> {
        self.isa.map_or(Ok(()), Isa::limit)
    }
}

/// A choice that is made by default, too.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

impl DataArgs {
    /// The file with a table, if it is one: a name with a dot, or of a file that is there.
    fn table(&self) -> Option<&Path> {
        let path = Path::new(&self.data);
        (path.extension().is_some() || path.is_file()).then_some(path)
    }

    /// What runs are called by: the file's name without its ending, of two files the first one's.
    fn stem(&self) -> OsString {
        let pair = pair(Path::new(&self.data));
        let path = pair.as_ref().map_or(Path::new(&self.data), |[features, _]| features);
        path.file_stem().unwrap_or_default().to_os_string()
    }

    fn idx(&self, source: &Source, team: Option<&Arc<Team>>) -> anyhow::Result<Data> {
        let dir = self.data_dir.clone().unwrap_or_else(|| source.default_dir());
        let name = source.name;
        idx::load_set(&dir, source, team).map_err(|error| match error {
            missing @ IdxError::Missing(_) => anyhow::Error::from(missing)
                .context(format!("{name} is needed: `cargo run --release -p amc-fetch -- {name}` brings it")),
            error => error.into(),
        })
    }

    /// The samples, of which a rank of a team has its own.
    fn load(&self, team: Option<&Arc<Team>>) -> anyhow::Result<Data> {
        let data = match self.data.as_str() {
            "mnist" => return self.idx(&MNIST, team),
            "fashion-mnist" => return self.idx(&FASHION_MNIST, team),
            "digits" => data::digits(),
            "sine" => data::functions::sine(),
            "step" => data::functions::step(),
            "log-sine" => data::functions::log_sine(),
            name => anyhow::bail!(
                "there is no data set {name:?}: use digits, mnist, fashion-mnist, sine, step, log-sine or a file with a table"
            ),
        };
        Ok(match team {
            Some(team) => data.part(team),
            None => data,
        })
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    console::main("amc", |cli| run(cli, None))
}

/// How a rank has ended.
#[derive(Debug)]
pub enum Ended {
    /// As all ranks have.
    Alike(ExitCode),
    /// By something that the others know nothing of: they have to be ended.
    Alone,
}

/// Runs the command line of this process, which is a rank of a team: `amc train`. The first rank speaks for all, unless one ends
/// alone.
pub fn main_of_rank(team: &Arc<Team>) -> Ended {
    console::mute(team.rank() > 0);
    let done = Cli::try_parse().map_err(anyhow::Error::from).and_then(|cli| match cli.command {
        None | Some(Command::Train(_)) => run(cli, Some(team)),
        _ => Err(clap::Error::raw(
            clap::error::ErrorKind::InvalidSubcommand,
            "ranks train: all else is for one process\n",
        )
        .into()),
    });
    let error = match done {
        Ok(code) => return Ended::Alike(code),
        Err(error) => error,
    };
    let name = "amc";
    if error.is::<clap::Error>() || train::is_alike(&error) {
        return Ended::Alike(if team.rank() == 0 { console::end(name, &error) } else { ExitCode::from(2) });
    }
    console::mute(false);
    console::end(&format!("{name}: rank {}", team.rank()), &error);
    Ended::Alone
}

fn run(cli: Cli, team: Option<&Arc<Team>>) -> anyhow::Result<ExitCode> {
    let done = match cli.command {
        None => return run(Cli::try_parse_from(["amc", "train"])?, team),
        Some(Command::Train(args)) => return train::run(&args, team),
        Some(Command::Eval { model, data, written }) => {
            let model = Trained::load(&model)?;
            match data.table() {
                Some(path) => {
                    let table = table_of(model.predictor(), path, written)?;
                    eval_of(&model, &table, if table.test.is_some() { "train" } else { &data.data })
                }
                None if model.predictor().schema().is_some() => {
                    bail!("the model was trained on a table: name one with the same columns, --data FILE")
                }
                None => eval_of(&model, &data.load(None)?, "train"),
            }
        }
        Some(Command::Predict(args)) => predict::run(&args),
        Some(Command::Info { model }) => match Trained::load(&model)? {
            Trained::Floats(model) => info(&model),
            Trained::Integers(model) => integer::info(&model),
        },
        Some(Command::Quantise(args)) => quantise::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Import(args)) => import::run(&args),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// A table that is as the one that a model was trained on.
fn table_of(model: &dyn Predictor, path: &Path, written: table::WrittenArgs) -> anyhow::Result<Data> {
    Ok(prepare::load_with(schema_of(model)?, path, written.written())?)
}

fn schema_of(model: &dyn Predictor) -> anyhow::Result<&Schema> {
    model.schema().context("the model was not trained on a table: it knows no columns and no classes")
}

/// Checks that a model gives numbers here.
fn check_answers(model: &Model) -> anyhow::Result<()> {
    if let Some(what) = model.not_finite() {
        bail!("{what}: the model gives no numbers");
    }
    anyhow::ensure!(
        amc_kernels::is_available(model.arithmetic),
        "the model was trained in fused arithmetic, which this machine lacks"
    );
    Ok(())
}

fn eval_of(model: &Trained, data: &Data, first: &str) -> anyhow::Result<()> {
    match model {
        Trained::Floats(model) => eval(model, data, first),
        Trained::Integers(model) => integer::eval(model, data, first),
    }
}

/// Measures a net on the parts of a data set, of which the first is called so.
fn eval(model: &Model, data: &Data, first: &str) -> anyhow::Result<()> {
    check_answers(model)?;
    let objective = model.description.objective()?;
    amc_engine::train::check_evaluation(objective, data)?;
    let mut evaluator = Evaluator::new(objective, model.arithmetic, 1);
    let parts = [(first, Some(&data.train)), ("test", data.test.as_ref())];
    for (name, set) in parts {
        let Some(set) = set else { continue };
        set.check(objective).with_context(|| format!("{name}: the data do not fit the model"))?;
        let samples = PackedSet::all(set, 1);
        let loss = evaluator.evaluate(&model.parameters, &samples.batch(), Default::default()).loss;
        if let Some(Column { name: column, largest }) = set.largest_column().filter(|_| !loss.is_finite()) {
            bail!(
                "{name}: the loss is {loss}: {column} reaches {largest:e} as the net takes it, or the target is too far from those it was trained on"
            );
        }
        let accuracy = amc_engine::train::accuracy(&mut evaluator, &model.parameters, &samples);
        let accuracy = accuracy.map_or(String::new(), |accuracy| format!("  accuracy {accuracy:.4}"));
        let table = Metrics::of(model, set)?.table();
        print(format_args!("{name}: {} samples  loss {loss:.6}{accuracy}\n{table}\n", set.len()))?;
    }
    Ok(())
}

fn info(model: &Model) -> anyhow::Result<()> {
    let Model { description, arithmetic, parameters, schema, classes } = model;
    let (description, hash) = (net_file::write(description)?, params_hash(parameters));
    let count = parameters.len();
    if let Some(what) = model.not_finite() {
        note!("warning: {what}: the model gives no numbers");
    }
    let of_outputs = if classes.is_empty() { String::new() } else { format!("classes: {}\n", listed(classes)) };
    let schema = schema.as_ref().map_or(of_outputs, |schema| format!("{schema}\n"));
    // A net file, in which all else is a comment.
    let rest = format!("arithmetic: {arithmetic}\nparameters: {count}\nparams_hash: {hash}\n{schema}");
    let rest: String = rest.lines().map(|line| format!("# {line}\n")).collect();
    Ok(print(format_args!("{description}\n{rest}"))?)
}
