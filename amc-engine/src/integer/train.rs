//! Training of an integer net: the core's chain over a data set, move by move.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use amc_core::Generator;
use amc_core::chain::Counters;
use amc_core::integer::{Chain, ChainMemory, ChainState, Score};
use anyhow::Context;
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::data::Set;
use super::evaluate::{Buffers, Evaluator};
use super::memory;
use super::net::Description;
use crate::CRC;
use crate::evaluate::EarlyRejection;
use crate::train::{COMPARED, Checkpoint, Durations};

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Moves.
    pub steps: u64,
    /// The generator's seed.
    pub seed: u64,
    /// Threads, at most.
    pub threads: usize,
}

/// Where a chain stands.
#[derive(Serialize, Deserialize)]
struct Stored {
    parameters: Vec<i8>,
    rates: Vec<u32>,
    generator: [u8; 16],
    counters: Counters,
    loss: u64,
}

/// Moves over data.
pub struct Moves<'m> {
    description: &'m Description,
    chain: Chain<'m, Generator>,
    evaluator: Evaluator<'m>,
    test: Option<(Evaluator<'m>, bool)>,
}

impl Moves<'_> {
    /// Moves made and accepted.
    pub fn counters(&self) -> Counters {
        self.chain.counters()
    }

    /// The loss of the current parameters, in units of floats: see [`Description::mean`].
    pub fn loss(&self) -> f32 {
        self.description.mean(self.chain.loss(), self.evaluator.samples())
    }

    /// Weights that a move changes, the mean of the layers'.
    pub fn rate(&self) -> f32 {
        let rates = self.chain.rates();
        rates.iter().map(|rate| *rate as f32 / 65_536.0).sum::<f32>() / rates.len().max(1) as f32
    }

    /// Measures the share of test samples classified rightly; none where there are no classes or no test samples.
    ///
    /// # Errors
    /// None of samples that fit the net.
    pub fn test_accuracy(&mut self) -> anyhow::Result<Option<f32>> {
        let Some((test, true)) = &mut self.test else { return Ok(None) };
        let score = test.score(self.chain.parameters())?;
        Ok(Some(score.correct as f32 / test.samples() as f32))
    }

    /// Checks that the chain is the same on all ranks, if there are several.
    ///
    /// # Errors
    /// On all ranks, where one of them has another one.
    pub fn compare(&self) -> anyhow::Result<()> {
        let Some(team) = self.evaluator.team() else { return Ok(()) };
        Ok(team.agree("the chain", CRC.checksum(&postcard::to_stdvec(&self.stored())?))?)
    }

    fn stored(&self) -> Stored {
        let ChainState { rng, counters, loss } = self.chain.state();
        let (parameters, rates) = (self.chain.parameters().to_vec(), self.chain.rates().to_vec());
        Stored { parameters, rates, generator: Generator::state(&rng), counters, loss }
    }

    /// Where it stands: what a run of the same settings goes on from.
    ///
    /// # Errors
    /// None that is known of.
    pub fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        let (chain, early_rejection) = (postcard::to_stdvec(&self.stored())?, EarlyRejection::default());
        Ok(Checkpoint { chain, batch: self.evaluator.samples(), early_rejection })
    }
}

/// What training gave.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The parameters.
    pub parameters: Vec<i8>,
    /// The chain's last counters.
    pub counters: Counters,
    /// Weights that a move changed in the end, the mean of the layers'.
    pub rate: f32,
    /// Parameters that are as large as the limit allows.
    pub saturated: usize,
    /// What the net makes of the training samples.
    pub train: Score,
    /// The same of the test samples, if there are any.
    pub test: Option<Score>,
    /// From the first move to the last.
    pub time: Duration,
    /// The median time of a move, within 0.1%.
    pub median_step: Duration,
}

/// Trains a net on `train` from its initial parameters, or from where another run of the same settings stood, up to as many moves
/// in all or until `after`, called after every move, breaks it off.
///
/// # Errors
/// Where data and net do not go together, or there is no memory for them; and those of `after`.
pub fn train_on(
    description: &Description,
    (train, test): (&Set, Option<&Set>),
    settings: &Settings,
    from: Option<&Checkpoint>,
    mut after: impl FnMut(&mut Moves<'_>) -> anyhow::Result<ControlFlow<()>>,
) -> anyhow::Result<Trained> {
    let objective = description.objective()?;
    let net = objective.net();
    memory::check_training(net, train, test, settings.threads)?;
    let mut buffers = Buffers::new(net, train, settings.threads, true);
    let mut evaluator = Evaluator::new(objective, train, &mut buffers)?;
    let mut of_test = test.map(|test| Buffers::new(net, test, settings.threads, false));
    let test = match (test, &mut of_test) {
        (Some(test), Some(buffers)) => Some((Evaluator::new(objective, test, buffers)?, test.has_classes())),
        _ => None,
    };
    let (mut undo, mut rates) = (vec![0; net.widest_neuron()], vec![0; net.scales().len()]);
    let mut parameters = vec![0; net.parameters()];
    let stored = from.map(|from| postcard::from_bytes::<Stored>(&from.chain));
    let chain = match stored.transpose().context("what was kept of the moves is damaged")? {
        None => {
            let mut rng = Generator::seed_from_u64(settings.seed);
            net.draw(&mut parameters, &mut rng);
            let memory = ChainMemory { parameters: &mut parameters, undo: &mut undo, rates: &mut rates };
            Chain::new(net, memory, rng, &mut evaluator)
        }
        Some(Stored { parameters: then, rates: then_rates, generator, counters, loss }) => {
            (parameters, rates) = (then, then_rates);
            let memory = ChainMemory { parameters: &mut parameters, undo: &mut undo, rates: &mut rates };
            let state = ChainState { rng: Generator::from_seed(generator), counters, loss };
            Chain::resume(net, memory, state, &mut evaluator)
        }
    };
    evaluator.check_team()?;
    let chain = chain?;
    let mut moves = Moves { description, chain, evaluator, test };
    let (mut durations, start) = (Durations::new()?, Instant::now());
    moves.compare()?;
    while moves.chain.counters().steps < settings.steps {
        let begun = Instant::now();
        moves.chain.step(&mut moves.evaluator);
        durations.add(begun.elapsed());
        moves.evaluator.check_team()?;
        if moves.chain.counters().steps.is_multiple_of(COMPARED) {
            moves.compare()?;
        }
        if after(&mut moves)?.is_break() {
            break;
        }
    }
    let time = start.elapsed();
    let rate = moves.rate();
    let Moves { chain, mut evaluator, test, .. } = moves;
    let parameters = chain.parameters().to_vec();
    Ok(Trained {
        counters: chain.counters(),
        rate,
        saturated: chain.saturated(),
        train: evaluator.score(&parameters)?,
        test: test.map(|(mut test, _)| test.score(&parameters)).transpose()?,
        parameters,
        time,
        median_step: durations.median(),
    })
}

/// What a net makes of samples.
///
/// # Errors
/// Where they do not fit it, or there is no memory for them.
pub fn score(description: &Description, parameters: &[i8], set: &Set) -> anyhow::Result<Score> {
    let objective = description.objective()?;
    objective.net().check(parameters)?;
    memory::check_evaluation(objective.net(), set)?;
    let mut buffers = Buffers::new(objective.net(), set, 1, false);
    Evaluator::new(objective, set, &mut buffers)?.score(parameters)
}
