//! Training: the chain of `amc-core` over a data set, move by move.

use std::time::{Duration, Instant};

use amc_core::batch::{Minibatch, Progressive};
use amc_core::chain::{Chain, Counters, Decision, Memory, Options};
use amc_core::{Gather, Generator, Lanes, Score, gaussian};
use rand_core::SeedableRng;

use crate::data::{Batch, Data, Set};
use crate::evaluate::Evaluator;
use crate::lanes::{Arithmetic, OnLanes, dispatch};
use crate::model::Description;

/// Which samples a move is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// All of them.
    Full,
    /// A new random subset of so many for every move.
    Mini(usize),
    /// The first 500, and twice as many whenever fewer than 10% of them are wrong (Sec. II F).
    Progressive,
}

/// How to train.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hyperparameters.
    pub options: Options,
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

/// Where training stands.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The chain's counters.
    pub counters: Counters,
    /// The loss of the current parameters on the current batch.
    pub loss: f32,
    /// The scale of moves.
    pub sigma: f32,
    /// Samples in the batch.
    pub batch: usize,
    /// The share of test samples classified rightly, where it was asked for and there are classes.
    pub test_accuracy: Option<f32>,
}

/// What training gave.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The parameters.
    pub parameters: Vec<f32>,
    /// The last progress.
    pub progress: Progress,
    /// The share of training samples classified rightly, where there are classes.
    pub train_accuracy: Option<f32>,
    /// The same of the test samples.
    pub test_accuracy: Option<f32>,
    /// The loss on all training samples.
    pub train_loss: f32,
    /// From the first move to the last.
    pub time: Duration,
    /// The median time of a move.
    pub median_step: Duration,
}

/// One move: propose, evaluate, decide.
struct Move<'c, 'm, 's, E> {
    chain: &'c mut Chain<'m, Generator>,
    signal: &'s mut [f32],
    evaluate: E,
}

impl<E: FnOnce(&[f32], &mut [f32]) -> Score> OnLanes for Move<'_, '_, '_, E> {
    type Output = (Decision, Score);

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> (Decision, Score) {
        let proposal = self.chain.propose(lanes);
        let score = (self.evaluate)(proposal.parameters(), self.signal);
        (proposal.decide_with(score.loss, self.signal), score)
    }
}

/// Initial parameters, N(0, σ₀²).
struct Initial<'a>(&'a mut [f32], &'a mut Generator, f32);

impl OnLanes for Initial<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        gaussian::fill(lanes, self.1, self.2, self.0);
    }
}

/// The batch as it changes.
enum Batcher<'m> {
    Full,
    Mini { subsets: Minibatch<'m>, rng: Generator },
    Progressive(Progressive),
}

/// Trains `description`'s net on `data`, and calls `report` after every move; with `true` it asks for the test accuracy
/// after the next one.
pub fn train(
    description: &Description,
    data: &Data,
    settings: &Settings,
    mut report: impl FnMut(&Progress) -> bool,
) -> anyhow::Result<Trained> {
    let layers = description.layers();
    let objective = description.objective(&layers)?;
    let (net, arithmetic) = (objective.net(), settings.arithmetic);
    anyhow::ensure!(arithmetic.is_available(), "this machine has no FMA instructions: use --arithmetic portable");
    settings.options.check()?;
    let mut evaluator = Evaluator::new(objective, arithmetic, settings.threads);
    evaluator.check(&data.train.all())?;
    if let Some(test) = &data.test {
        evaluator.check(&test.all())?;
    }

    let mut rng = Generator::seed_from_u64(settings.seed);
    let count = net.parameters();
    let mut parameters = vec![0.0; count];
    dispatch(arithmetic, Initial(&mut parameters, &mut rng, settings.options.sigma));
    let mut proposed = vec![0.0; count];
    let mut centres = vec![0.0; if settings.options.epsilon == 0.0 { 0 } else { count }];
    let mut kept_signal = vec![0.0; layers.len()];
    let mut signal = vec![0.0; if settings.signal_norm { layers.len() } else { 0 }];

    let mut order = Vec::new();
    let mut batcher = match settings.batching {
        Batching::Full => Batcher::Full,
        Batching::Mini(size) => {
            order.resize(data.train.len(), 0);
            // A stream of its own, so that batches and moves do not change each other.
            let mut rng = rng.clone();
            rng.long_jump();
            Batcher::Mini { subsets: Minibatch::new(size, &mut order), rng }
        }
        Batching::Progressive => Batcher::Progressive(Progressive::new(Progressive::FIRST, data.train.len())),
    };
    let mut subset: Option<Set> = None;
    if let Batcher::Mini { subsets, rng } = &mut batcher {
        subset = Some(data.train.select(subsets.draw(rng)));
    }
    let mut size = match &batcher {
        Batcher::Progressive(batch) => batch.size(),
        _ => data.train.len(),
    };

    let first = subset.as_ref().map_or(data.train.first(size), Set::all);
    if let Some(input) = signal.first_mut() {
        *input = evaluator.input_signal(&first);
    }
    let score = evaluator.evaluate(&parameters, &first, Gather { signal: &mut signal, correct: false });
    kept_signal[..signal.len()].copy_from_slice(&signal);
    let mut memory = Memory::new(&mut parameters, &mut proposed).centres(&mut centres);
    if settings.signal_norm {
        memory = memory.signal_norm(net, &mut kept_signal);
    }
    let mut chain = Chain::new(memory, settings.options, rng, score.loss)?;

    let progressive = matches!(batcher, Batcher::Progressive(_));
    let mut times = Vec::new();
    let mut want_test = false;
    let mut test_accuracy = None;
    let start = Instant::now();
    for step in 0..settings.steps {
        let begun = Instant::now();
        if step > 0
            && let Batcher::Mini { subsets, rng } = &mut batcher
        {
            let next = data.train.select(subsets.draw(rng));
            rescore(&mut chain, &mut evaluator, &next.all(), &mut signal)?;
            subset = Some(next);
        }
        let batch = subset.as_ref().map_or(data.train.first(size), Set::all);
        let evaluate =
            |x: &[f32], signal: &mut [f32]| evaluator.evaluate(x, &batch, Gather { signal, correct: progressive });
        let (decision, score) = dispatch(arithmetic, Move { chain: &mut chain, signal: &mut signal, evaluate });
        if let Batcher::Progressive(policy) = &mut batcher
            && decision == Decision::Accepted
            && policy.update(score.correct)
        {
            size = policy.size();
            rescore(&mut chain, &mut evaluator, &data.train.first(size), &mut signal)?;
            chain.restart();
        }
        times.push(begun.elapsed());
        test_accuracy = match &data.test {
            Some(test) if want_test => accuracy(&mut evaluator, chain.parameters(), test),
            _ => None,
        };
        let batch = subset.as_ref().map_or(size, Set::len);
        let counters = chain.counters();
        want_test = report(&Progress { counters, loss: chain.loss(), sigma: chain.sigma(), batch, test_accuracy });
    }
    let time = start.elapsed();
    times.sort_unstable();
    let batch = subset.as_ref().map_or(size, Set::len);
    let progress =
        Progress { counters: chain.counters(), loss: chain.loss(), sigma: chain.sigma(), batch, test_accuracy };
    let parameters = chain.parameters().to_vec();
    let train_accuracy = accuracy(&mut evaluator, &parameters, &data.train);
    let test_accuracy = data.test.as_ref().and_then(|test| accuracy(&mut evaluator, &parameters, test));
    let train_loss = evaluator.evaluate(&parameters, &data.train.all(), Gather::default()).loss;
    let median_step = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Trained { parameters, progress, train_accuracy, test_accuracy, train_loss, time, median_step })
}

fn rescore(
    chain: &mut Chain<'_, Generator>,
    evaluator: &mut Evaluator<'_>,
    batch: &Batch<'_>,
    signal: &mut [f32],
) -> anyhow::Result<()> {
    if let Some(input) = signal.first_mut() {
        *input = evaluator.input_signal(batch);
    }
    let score = evaluator.evaluate(chain.parameters(), batch, Gather { signal: &mut *signal, correct: false });
    Ok(chain.rescore_with(score.loss, signal)?)
}

/// The share of samples classified rightly; none where targets are not classes.
pub fn accuracy(evaluator: &mut Evaluator<'_>, parameters: &[f32], set: &Set) -> Option<f32> {
    let gather = Gather { signal: &mut [], correct: true };
    let correct = evaluator.evaluate(parameters, &set.all(), gather).correct;
    set.has_classes().then(|| correct as f32 / set.len() as f32)
}
