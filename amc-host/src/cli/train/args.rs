//! The options of `amc train`, and what they make of a data set.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amc_core::Activation;
use amc_core::chain::{Grid, Options};
use amc_engine::data::Data;
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::{Batching, Chains, Initial, Method, Settings};
use amc_kernels::Arithmetic;
use anyhow::{bail, ensure};
use clap::Args;

use super::stop::StopArgs;
use crate::cli::defaults::Defaults;
use crate::cli::table::TableArgs;
use crate::cli::{DataArgs, MachineArgs, Switch, arithmetics, named, time};
use crate::data::table::pair;
use crate::model::Model;
use crate::model::net_file::{self, NetFile};
use crate::note;
use crate::output::Folder;
use crate::transfer::part::Part;
use crate::transfer::{Plan, Start, Wanted};

#[derive(Args)]
pub(in crate::cli) struct TrainArgs {
    #[command(flatten)]
    pub(super) data: DataArgs,
    #[command(flatten)]
    pub(super) table: TableArgs,
    /// Inputs, units of each hidden layer, outputs [default: hidden layers by data set, the rest fits the data]
    #[arg(long, value_delimiter = ',')]
    layers: Option<Vec<usize>>,
    /// The net, as a TOML file with its layers, of all kinds that there are: `amc info MODEL` prints one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["layers", "activation", "output"])]
    net: Option<PathBuf>,
    /// Go on with a trained model: its net, its parameters, and what it knows of a table's columns and their scale. Classes that
    /// it does not know get outputs of their own
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["layers", "activation"])]
    pub(super) from: Option<PathBuf>,
    /// What is trained of the net of --from, where the rest of it stays: all, head (the last layer), last:K (the last K layers that
    /// have parameters), biases, norms, or numbers of layers, from 0, or their names, with commas between [default: all but what
    /// --net says is not trainable]
    #[arg(long, value_name = "PART", requires = "from")]
    train: Option<Part>,
    /// Replace the last layer of the net of --from, for other classes or numbers to find: its weights begin at 0
    #[arg(long, requires = "from")]
    pub(super) new_head: bool,
    /// Compute what frozen layers in front make of the samples once, and keep it; off: anew for each move, which takes less memory
    #[arg(long, value_enum, default_value = "on", requires = "from")]
    cache: Switch,
    /// Activation of the hidden layers
    #[arg(long, value_parser = named(&ActivationName::ALL, ActivationName::name), default_value = "tanh")]
    activation: ActivationName,
    /// Activation of the output layer [default: by data set]
    #[arg(long, value_parser = named(&ActivationName::ALL, ActivationName::name))]
    output: Option<ActivationName>,
    /// U(x), the loss; cross-entropy needs classes, and softmax or sigmoid outputs [default: by data set]
    #[arg(long, value_parser = named(&LossName::ALL, LossName::name))]
    loss: Option<LossName>,
    /// What parameters and activations are: f32, or int8, with sums of 32 bits, for devices without an FPU. An integer net has dense,
    /// convolutional, pooling and simple recurrent layers, takes bytes as they are and numbers of a table standardised, 32 for a deviation,
    /// and is moved neuron by neuron
    #[arg(long, value_enum, default_value = "f32")]
    pub(super) numbers: Numbers,
    /// With --numbers int8: bits of a weight, from 2 (-1, 0 and 1) to 8 [default: 8]
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=8))]
    bits: Option<u8>,
    /// What makes the moves: the paper's adaptive Metropolis Monte Carlo, which the options from --sigma to --signal-norm and
    /// --in-place are of, or mixed moves of nets, neurons and weights, which take none of them: see docs/method.md
    #[arg(long, value_parser = named(&Method::ALL, Method::name), default_value = "amc")]
    method: Method,
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
    /// Samples that a move is judged on: full (all), a number of them drawn anew for each move (of mixed ones for as many as cost
    /// ten passes), or progressive (500, and twice as many whenever fewer than 10% are wrong; needs classes)
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
    /// On ranks of an mpirun: each holds all samples and evaluates another of the next moves, where evaluations are too short to
    /// be shared. It changes no result
    #[arg(long, conflicts_with_all = ["chains", "ladder"])]
    pub(super) speculate: bool,
    /// Chains of a population, each from a seed of its own: --seed and those that follow. All move on all samples, the better half of
    /// them is copied over the others every so many moves, and the model is of the best. Threads and ranks share them
    #[arg(long, value_name = "CHAINS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) chains: Option<u16>,
    /// Temperatures, above 0 and rising, with commas between, of a chain each: neighbours swap theirs every so many moves (replica
    /// exchange). Each chain keeps to exp(-U/T) with --epsilon 0 --n-reset 0 --signal-norm off
    #[arg(long, value_name = "TEMPERATURES", value_delimiter = ',', conflicts_with_all = ["chains", "temperature"])]
    ladder: Option<Vec<f32>>,
    /// Moves that each of several chains makes between two exchanges: from 1 [default: 1000 with --chains, 10 with --ladder]
    #[arg(long, value_name = "MOVES", value_parser = clap::value_parser!(u64).range(1..))]
    exchange_every: Option<u64>,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// What a multiply-add rounds
    #[arg(long, value_parser = arithmetics(), default_value = "portable")]
    pub(super) arithmetic: Arithmetic,
    /// Folder for the results; if it holds those of another run, a number is added to its name [default: runs/DATA]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Overwrite another run's results
    #[arg(long)]
    force: bool,
    /// Print the summary as one line of JSON on stdout
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) stop: StopArgs,
    /// Go on with the run in this folder, which was interrupted: what it comes to is what it would have come to. All options
    /// are those that it was begun with
    #[arg(long, value_name = "FOLDER")]
    pub(super) resume: Option<PathBuf>,
    /// Time between checkpoints, from which --resume goes on; there is one at SIGINT, SIGTERM and SIGHUP, too
    #[arg(long, value_parser = time, default_value = "1m", value_name = "TIME")]
    pub(super) checkpoint_every: Duration,
}

/// What parameters and activations are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Numbers {
    F32,
    Int8,
}

impl TrainArgs {
    /// The files that are read.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let table = self.data.table().map_or(Vec::new(), |path| match pair(path) {
            Some(files) => Vec::from(files),
            None => vec![path.to_path_buf()],
        });
        let others = [self.table.test(), self.from.as_deref(), self.net.as_deref(), self.data.data_dir.as_deref()];
        table.into_iter().chain(others.into_iter().flatten().map(PathBuf::from)).collect()
    }

    /// The largest weight of an integer net.
    pub(super) fn limit(&self) -> i8 {
        let bits = u32::from(self.bits.unwrap_or(8)).clamp(2, i8::BITS);
        i8::MAX >> (i8::BITS - bits)
    }

    fn defaults(&self, data: &Data) -> &'static Defaults {
        Defaults::of(&self.data.data, data.train.all())
    }

    /// What is trained of the net of a model that is gone on with.
    pub(super) fn plan(&self, model: &Model, place: &Path, data: &Data) -> anyhow::Result<Plan> {
        let wanted = Wanted {
            outputs: data.train.outputs(),
            are_classes: data.train.has_classes(),
            new_head: self.new_head,
            output: self.output.map(Activation::from),
        };
        let mut start = Start::of(model, &wanted, place)?;
        let output = start.description.layers.last().map_or(Activation::Linear, |last| last.activation());
        let (inputs, width) = (start.description.inputs, data.train.width());
        ensure!(
            inputs == width,
            "{}: the net takes {inputs} inputs, but a sample of {} has {width}",
            place.display(),
            self.data.data
        );
        let mut said = self.loss;
        let mut part = self.train.clone().unwrap_or(Part::All);
        if let Some(file) = &self.net {
            let NetFile { layers, names, loss, frozen, .. } = net_file::read(file, inputs)?;
            start.check_layers(&layers, file)?;
            start.rename(&names);
            ensure!(said.is_none() || loss.is_none(), "--loss is said twice: {} says it, too", file.display());
            said = said.or(loss);
            if frozen.contains(&true) {
                ensure!(
                    self.train.is_none(),
                    "--train is said twice: {} has layers that are not trainable",
                    file.display()
                );
                part = Part::AllBut(frozen);
            }
        }
        start.description.loss = match said {
            Some(loss) => loss,
            None if self.new_head || self.output.is_some() => self.default_loss(output, data),
            None => start.description.loss,
        };
        if let Some(x) = start.parameters.iter().find(|x| self.in_place && x.abs() > Grid::DEFAULT.limit()) {
            bail!(
                "{}: a parameter is {x}, and --in-place keeps them within ±{}",
                place.display(),
                Grid::DEFAULT.limit()
            );
        }
        let plan = Plan::new(start, &part, self.cache == Switch::On)?;
        ensure!(
            self.method != Method::Mixed || plan.is_whole(),
            "--method mixed moves all parameters behind the frozen layers in front: --train all, head or last:K with --cache on; \
             any other part is for --method amc"
        );
        Ok(plan)
    }

    /// The net, which fits the data, and the loss.
    pub fn description(&self, data: &Data) -> anyhow::Result<Description> {
        match &self.net {
            Some(path) => self.of_file(path, data),
            None => self.of_layers(data),
        }
    }

    fn of_layers(&self, data: &Data) -> anyhow::Result<Description> {
        let (inputs, outputs) = (data.train.width(), data.train.outputs());
        let defaults = self.defaults(data);
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
        ensure!(
            fits(last, data),
            "--layers ends with {last} outputs, but {} needs {outputs}: end it with {outputs}",
            self.data.data
        );
        let are_numbers = self.data.table().is_some() && !data.train.has_classes();
        let output = self.output.unwrap_or(match self.numbers {
            Numbers::Int8 if data.train.has_classes() => ActivationName::Softmax,
            Numbers::Int8 => ActivationName::Linear,
            Numbers::F32 if are_numbers => ActivationName::Linear,
            Numbers::F32 => defaults.output,
        });
        let loss = self.loss.unwrap_or_else(|| self.default_loss(output.into(), data));
        Ok(Description::new(&sizes, self.activation, output, loss))
    }

    fn of_file(&self, path: &Path, data: &Data) -> anyhow::Result<Description> {
        let (wanted, outputs, place) = (data.train.width(), data.train.outputs(), path.display());
        let NetFile { inputs, layers, names, loss, frozen } = net_file::read(path, wanted)?;
        if let Some(layer) = frozen.iter().position(|is_frozen| *is_frozen) {
            bail!("{place}: layer {layer} (from 0) is not trainable: --from MODEL says what it is");
        }
        ensure!(self.loss.is_none() || loss.is_none(), "--loss is said twice: {place} says it, too");
        let name = &self.data.data;
        ensure!(inputs == wanted, "{place}: the net takes {inputs} inputs, but a sample of {name} has {wanted}");
        let (given, output) = layers.last().map_or((0, Activation::Linear), |last| (last.units(), last.activation()));
        ensure!(fits(given, data), "{place}: the net gives {given} outputs, but {name} needs {outputs}");
        let loss = loss.or(self.loss).unwrap_or_else(|| self.default_loss(output, data));
        Ok(Description { inputs, layers, names, loss })
    }

    /// That of the data set, where it is one of such outputs.
    fn default_loss(&self, output: Activation, data: &Data) -> LossName {
        match output {
            Activation::Softmax if self.numbers == Numbers::Int8 => LossName::CrossEntropy,
            Activation::Softmax | Activation::Sigmoid if data.train.has_classes() => self.defaults(data).loss,
            _ => LossName::Mse,
        }
    }

    /// The chains, where there are several.
    pub(super) fn chains(&self) -> anyhow::Result<Option<Chains>> {
        let every = self.exchange_every;
        match (&self.ladder, self.chains) {
            (Some(ladder), _) => {
                let (count, every, ladder) = (ladder.len(), every.unwrap_or(10), ladder.clone());
                Ok(Some(Chains { count, every, ladder }))
            }
            (None, Some(count)) => {
                let (count, every) = (count.into(), every.unwrap_or(1000));
                Ok(Some(Chains { count, every, ladder: Vec::new() }))
            }
            (None, None) => {
                ensure!(every.is_none(), "--exchange-every is of several chains: say --chains or --ladder");
                Ok(None)
            }
        }
    }

    /// When the run ends before its last step.
    pub(super) fn stop(&self, data: &Data, net: &Description, settings: &Settings) -> StopArgs {
        let is_default = self.steps.is_none() && net.loss == LossName::CrossEntropy && !settings.loss_can_rise();
        let full = settings.batching == Batching::Full;
        self.stop.clone().or_at(self.defaults(data).until_loss.filter(|_| is_default && full))
    }

    fn batching(&self, data: &Data) -> anyhow::Result<Batching> {
        Ok(match self.batch.as_str() {
            "full" => Batching::Full,
            "progressive" => {
                ensure!(data.train.has_classes(), "--batch progressive needs classes: it follows their error rate");
                Batching::Progressive
            }
            number => match number.parse() {
                Ok(size) if size > 0 && size <= data.train.all() => Batching::Mini(size),
                _ => anyhow::bail!(
                    "--batch is {number:?}: use full, progressive, or a number of samples from 1 to {}",
                    data.train.all()
                ),
            },
        })
    }

    pub fn settings(&self, data: &Data) -> anyhow::Result<Settings> {
        ensure!(
            self.numbers == Numbers::Int8 || self.bits.is_none(),
            "--bits is an option of --numbers int8: others have the bits of their type"
        );
        let of_amc = [
            ("--sigma", self.sigma.is_some()),
            ("--epsilon", self.epsilon.is_some()),
            ("--n-reset", self.n_reset.is_some()),
            ("--signal-norm", self.signal_norm.is_some()),
        ];
        let is_mixed = self.method == Method::Mixed;
        ensure!(!(is_mixed && self.in_place), "--in-place is an option of --method amc: mixed moves take three copies");
        if let (Method::Mixed, Some((name, _))) = (self.method, of_amc.iter().find(|(_, is_said)| *is_said)) {
            bail!("{name} is an option of --method amc: --method mixed finds its step sizes by itself");
        }
        let defaults = self.defaults(data);
        let threads = self.machine.threads();
        let n_reset = self.n_reset.unwrap_or(defaults.n_reset.into());
        let Ok(n_reset) = u32::try_from(n_reset) else {
            bail!("--n-reset is {n_reset}: use a number from 1 to {}, or 0 for never", u32::MAX)
        };
        let options = Options {
            sigma: self.sigma.unwrap_or(defaults.sigma),
            epsilon: self.epsilon.unwrap_or(defaults.epsilon),
            n_reset,
            temperature: self.ladder.as_ref().and_then(|ladder| ladder.first().copied()).unwrap_or(self.temperature),
            grid: self.in_place.then_some(Grid::DEFAULT),
        };
        let batching = self.batching(data)?;
        let is_mini = matches!(batching, Batching::Mini(_));
        ensure!(
            !(is_mixed && is_mini && self.temperature > 0.0),
            "--batch {} and --temperature do not go together with --method mixed: a random batch's own noise is no temperature",
            self.batch
        );
        Ok(Settings {
            method: self.method,
            options,
            initial: Initial::Gaussian(options.sigma),
            transfer: Default::default(),
            in_place: self.in_place,
            signal_norm: self.signal_norm.map_or(defaults.signal_norm, |switch| switch == Switch::On),
            batching,
            steps: self.steps.unwrap_or(defaults.steps),
            seed: self.seed,
            threads,
            arithmetic: self.arithmetic,
        })
    }

    /// Takes the folder for the results, and says so if it is another than the one asked for.
    pub fn folder(&self) -> anyhow::Result<Folder> {
        let wanted = self.out.clone().unwrap_or_else(|| Path::new("runs").join(self.data.stem()));
        let folder = Folder::take(&wanted, self.force)?;
        if folder.path() != wanted {
            let (wanted, taken) = (wanted.display(), folder.path().display());
            note!("{wanted} is another run's: results go to {taken} (--force overwrites)");
        }
        Ok(folder)
    }
}

/// Whether a net of so many outputs has one for each class, or the numbers to find.
fn fits(outputs: usize, data: &Data) -> bool {
    let wanted = data.train.outputs();
    if data.train.has_classes() { outputs >= wanted } else { outputs == wanted }
}
