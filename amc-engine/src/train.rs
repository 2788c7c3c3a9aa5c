//! Training: the chain of `amc-core` over a data set, move by move.

mod ahead;
mod any;
mod batches;
mod buffers;
mod by;
mod cached_minibatch;
mod checkpoint;
mod durations;
mod end;
mod initial;
mod jump;
mod laps;
mod memory;
mod mixed;
mod moves;
mod population;
mod threads;
mod transfer;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use amc_core::chain::{Counters, Options};
use amc_core::{Generator, Measurements, Net, Objective, Selection, Trainable};
use amc_kernels::{Arithmetic, Isa};
use rand_core::SeedableRng;
use serde::Serialize;

pub use self::any::Moves;
pub use self::batches::Batching;
pub use self::by::By;
pub use self::initial::Initial;

pub use self::batches::Batches;
use self::buffers::Buffers;
pub use self::checkpoint::Checkpoint;
pub(crate) use self::durations::Durations;
pub use self::laps::Laps;
pub use self::memory::check_evaluation;
use self::mixed::{Memory, MixedMoves};
use self::moves::AmcMoves;
pub use self::population::{Chains, Population, Swaps};
pub use self::transfer::Transfer;
use self::transfer::Whole;
use crate::data::Data;
use crate::data::pack::PackedSet;
use crate::description::Description;
use crate::evaluate::{EarlyRejection, Evaluator};

/// Moves after which ranks compare their chains: within so many what is another on one of them is found.
pub const COMPARED: u64 = 1024;

/// What makes the moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The paper's adaptive Metropolis Monte Carlo (Sec. III A).
    #[default]
    Amc,
    /// [Mixed moves](amc_core::mixed), which have no settings but the temperature, and parameters of their own to start from.
    Mixed,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Amc, Self::Mixed];

    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amc => "amc",
            Self::Mixed => "mixed",
        }
    }
}

/// How to train.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What makes the moves.
    pub method: Method,
    /// The hyperparameters.
    pub options: Options,
    /// The initial parameters, of aMC.
    pub initial: Initial,
    /// What is taken over of a trained net.
    pub transfer: Transfer,
    /// Whether proposals overwrite the parameters; this takes a grid in the options.
    pub in_place: bool,
    /// Whether moves are scaled by Eq. (18).
    pub signal_norm: bool,
    /// The batches.
    pub batching: Batching,
    /// Moves.
    pub steps: u64,
    /// The generator's seed.
    pub seed: u64,
    /// Threads, at most.
    pub threads: usize,
    /// What a multiply-add rounds.
    pub arithmetic: Arithmetic,
}

impl Settings {
    /// All parameters that a chain starts from: taken over, or drawn from `rng`.
    fn start(&self, net: Net<'_>, rng: &mut Generator) -> Vec<f32> {
        let drawn = || self.initial.draw(net, self.arithmetic, rng);
        self.transfer.from.clone().unwrap_or_else(drawn)
    }

    /// Whether the loss of all samples can rise: by moves that a temperature accepts, or that other samples judge.
    pub fn loss_can_rise(&self) -> bool {
        match self.batching {
            Batching::Full => self.options.temperature > 0.0,
            Batching::Mini(_) => true,
            Batching::Progressive => false,
        }
    }
}

/// Where training stands after a move.
pub struct Progress<'t, 'a> {
    /// The chain's counters.
    pub counters: Counters,
    /// The loss of the current parameters on the current batch.
    pub loss: f32,
    /// The scale of moves.
    pub sigma: f32,
    /// Samples in the batch.
    pub batch: usize,
    evaluator: &'t mut Evaluator<'a>,
    parameters: &'t [f32],
    test: Option<&'t PackedSet<'t>>,
}

impl Progress<'_, '_> {
    /// The current parameters.
    pub fn parameters(&self) -> &[f32] {
        self.parameters
    }

    /// Measures the loss of the current parameters on these samples.
    pub fn loss_on(&mut self, samples: &PackedSet<'_>) -> f32 {
        self.evaluator.evaluate(self.parameters, &samples.batch(), Measurements::default()).loss
    }

    /// Measures the share of test samples classified rightly; none where there are no classes or no test samples.
    pub fn test_accuracy(&mut self) -> Option<f32> {
        accuracy(self.evaluator, self.parameters, self.test?)
    }
}

/// What training gave.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The parameters.
    pub parameters: Vec<f32>,
    /// The chain's last counters.
    pub counters: Counters,
    /// The last scale of moves.
    pub sigma: f32,
    /// The share of training samples classified rightly, where there are classes.
    pub train_accuracy: Option<f32>,
    /// The same of the test samples.
    pub test_accuracy: Option<f32>,
    /// The loss on all training samples.
    pub train_loss: f32,
    /// The loss on the test samples, if there are any.
    pub test_loss: Option<f32>,
    /// What early rejection saved.
    pub early_rejection: EarlyRejection,
    /// From the first move to the last.
    pub time: Duration,
    /// The median time of a move, within 0.1%.
    pub median_step: Duration,
    /// The least.
    pub least_step: Duration,
}

impl Trained {
    /// The same training, had it come to these parameters.
    pub fn at(
        self,
        parameters: Vec<f32>,
        description: &Description,
        data: &Data,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let mut evaluator = Evaluator::new(description.objective()?, settings.arithmetic, settings.threads);
        let mut measure = |set| measure(&mut evaluator, &parameters, &PackedSet::all(set, settings.threads));
        let (train_loss, train_accuracy) = measure(&data.train);
        let test = data.test.as_ref().map(measure);
        let (test_loss, test_accuracy) = (test.map(|test| test.0), test.and_then(|test| test.1));
        Ok(Self { parameters, train_loss, train_accuracy, test_loss, test_accuracy, ..self })
    }
}

/// Trains `description`'s net on `data`, and calls `report` after every move.
pub fn train(
    description: &Description,
    data: &Data,
    settings: &Settings,
    mut report: impl FnMut(&mut Progress<'_, '_>),
) -> anyhow::Result<Trained> {
    train_on(description, data, settings, None, |moves, test| {
        report(&mut moves.progress(test));
        Ok(ControlFlow::Continue(()))
    })
}

/// [`train`] from where another run of the same settings stood, up to the same number of moves in all or until `after`, called
/// after every move, breaks it off.
pub fn train_on(
    description: &Description,
    data: &Data,
    settings: &Settings,
    from: Option<&Checkpoint>,
    after: impl FnMut(&mut Moves<'_, '_>, Option<&PackedSet<'_>>) -> anyhow::Result<ControlFlow<()>>,
) -> anyhow::Result<Trained> {
    train_by(description, data, settings, (from, By::Chain), after)
}

/// [`train_on`] by several chains, or by ranks that look ahead.
pub fn train_by(
    description: &Description,
    data: &Data,
    settings: &Settings,
    (from, by): (Option<&Checkpoint>, By<'_>),
    mut after: impl FnMut(&mut Moves<'_, '_>, Option<&PackedSet<'_>>) -> anyhow::Result<ControlFlow<()>>,
) -> anyhow::Result<Trained> {
    let team = by.team(data);
    with_moves_by(description, data, settings, (from, by), |mut moves, test| {
        let mut durations = Durations::new()?;
        let start = Instant::now();
        moves.compare()?;
        let mut steps = moves.progress(None).counters.steps;
        while steps < settings.steps {
            let begun = Instant::now();
            moves.make()?;
            let now = moves.progress(None).counters.steps;
            durations.add(begun.elapsed() / u32::try_from(now - steps).unwrap_or(u32::MAX).max(1));
            if let Some(team) = team {
                team.check()?;
                if now / COMPARED != steps / COMPARED {
                    moves.compare()?;
                }
            }
            steps = now;
            if after(&mut moves, test)?.is_break() {
                break;
            }
        }
        let time = start.elapsed();
        Ok(moves.end(test, time, &durations))
    })
}

/// Lends `work` the moves of a chain on `data`, and the test samples if there are any; `settings.steps` is left to it. The
/// chain begins at the initial parameters, or goes on `from` where one of the same settings was.
pub fn with_moves<T>(
    description: &Description,
    data: &Data,
    settings: &Settings,
    from: Option<&Checkpoint>,
    work: impl FnOnce(Moves<'_, '_>, Option<&PackedSet<'_>>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    with_moves_by(description, data, settings, (from, By::Chain), work)
}

fn with_moves_by<T>(
    description: &Description,
    data: &Data,
    settings: &Settings,
    (from, by): (Option<&Checkpoint>, By<'_>),
    work: impl FnOnce(Moves<'_, '_>, Option<&PackedSet<'_>>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    by.check(description, data, settings)?;
    let objective = description.objective()?;
    if let By::Chains(chains, team) = by {
        let test = data.test.as_ref().map(|test| PackedSet::all(test, settings.threads));
        let mut population = Population::new(objective, &data.train, settings, chains, team)?;
        from.map_or(Ok(()), |from| population.go_on(from))?;
        return work(Moves::Population(Box::new(population)), test.as_ref());
    }
    let evaluator = Evaluator::new(objective, settings.arithmetic, settings.threads);
    let test = data.test.as_ref().map(|test| PackedSet::all(test, settings.threads));
    let mut rng = Generator::seed_from_u64(settings.seed);
    let mut order = Vec::new();
    if settings.method == Method::Mixed {
        let batches = Batches::new(settings.batching, &data.train, &mut order, &rng, settings.threads);
        let mut memory = Memory::new(objective.net());
        let sampled = mixed::sampled(&objective, &data.train)?;
        let batches = (batches, &sampled);
        let moves = MixedMoves::new(objective, evaluator, batches, &mut memory, rng, settings, from)?;
        return work(Moves::Mixed(Box::new(moves)), test.as_ref());
    }
    let selection = settings.transfer.selection(objective.net())?;
    let start = settings.start(objective.net(), &mut rng);
    let mut buffers = Buffers::new(selection, &start, settings, &mut rng);
    let whole = Whole::new(selection, &start);
    let batches = Batches::new(settings.batching, &data.train, &mut order, &rng, settings.threads);
    let mut ahead = by.ahead().map(|team| (team, buffers.clone()));
    let ahead = ahead.as_mut().map(|(team, buffers)| (*team, buffers));
    let moves = AmcMoves::new((selection, whole), evaluator, batches, (&mut buffers, ahead), rng, settings, from)?;
    work(Moves::Amc(Box::new(moves)), test.as_ref())
}

/// Lends `work` what [`with_moves`] would begin with: the initial parameters, and the batches in their order.
/// `settings.options` are of no use to it.
pub fn with_batches<T>(
    description: &Description,
    data: &Data,
    settings: &Settings,
    work: impl FnOnce(Vec<f32>, Batches<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let objective = description.objective()?;
    check_fit(objective, data, settings)?;
    let mut rng = Generator::seed_from_u64(settings.seed);
    let start = settings.start(objective.net(), &mut rng);
    let buffers = Buffers::new(Selection::all(objective.net()), &start, settings, &mut rng);
    let mut order = Vec::new();
    let batches = Batches::new(settings.batching, &data.train, &mut order, &rng, settings.threads);
    work(buffers.into_parameters(), batches)
}

/// Checks all that can be known before the first evaluation: that training with these settings is possible.
pub fn check(description: &Description, data: &Data, settings: &Settings) -> anyhow::Result<()> {
    if settings.method == Method::Mixed {
        let is_mini = matches!(settings.batching, Batching::Mini(_));
        let temperature = settings.options.temperature;
        anyhow::ensure!(
            !(is_mini && temperature > 0.0),
            "mixed moves on random batches have no temperature, but it is {temperature}: a batch's own noise is not one of all samples"
        );
        anyhow::ensure!(!settings.in_place, "mixed moves are not made in place");
        let is_whole = settings.transfer.trainable.iter().all(|of| *of == Trainable::All);
        anyhow::ensure!(
            is_whole,
            "mixed moves are of all parameters that a net has: freeze whole layers in front, or none"
        );
    }
    settings.options.check()?;
    let objective = description.objective()?;
    settings.transfer.check(objective.net())?;
    check_fit(objective, data, settings)
}

/// Whether machine, data and net go together, and there is memory for them.
fn check_fit(objective: Objective<'_>, data: &Data, settings: &Settings) -> anyhow::Result<()> {
    let available = amc_kernels::is_available(settings.arithmetic);
    anyhow::ensure!(available, "{} has no FMA instructions: use --arithmetic portable", Isa::used());
    data.train.check(objective)?;
    if let Some(test) = &data.test {
        test.check(objective)?;
    }
    if settings.signal_norm {
        data.train.check_signal()?;
    }
    Ok(memory::check(objective, data, settings)?)
}

/// The median; 0 of none.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The share of samples classified rightly; none where targets are not classes.
pub fn accuracy(evaluator: &mut Evaluator<'_>, parameters: &[f32], samples: &PackedSet<'_>) -> Option<f32> {
    measure(evaluator, parameters, samples).1
}

/// The loss, and the [`accuracy`].
fn measure(evaluator: &mut Evaluator<'_>, parameters: &[f32], samples: &PackedSet<'_>) -> (f32, Option<f32>) {
    let measurements = Measurements { signal: &mut [], correct: true };
    let score = evaluator.evaluate(parameters, &samples.batch(), measurements);
    (score.loss, samples.set().has_classes().then(|| score.correct as f32 / samples.all_samples() as f32))
}
