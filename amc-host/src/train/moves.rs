//! The moves of a chain: a batch, a proposal, its loss, a decision.

use std::time::Duration;

use amc_core::chain::{
    Chain, ChainError, Crew, Decision, Memory, Options, Parts, State, Stream, jump_streams, streams,
};
use amc_core::{Gather, Generator, Net, Score};
use amc_kernels::{Arithmetic, draw};
use amc_store::FormatError;
use amc_store::snapshot::{Expected, Slices, Stored};
use rayon::prelude::*;

use super::batches::Batches;
use super::checkpoint::{Checkpoint, bytes_of};
use super::durations::Durations;
use super::{Progress, Settings, Trained, accuracy};
use crate::data::pack::{Batch, Pack};
use crate::evaluate::Evaluator;

/// The memory of a chain.
pub(super) struct Buffers {
    parameters: Vec<f32>,
    proposed: Vec<f32>,
    centres: Vec<f32>,
    streams: Vec<Stream<Generator>>,
    signal: Option<Vec<f32>>,
}

impl Buffers {
    /// Initial parameters, drawn from `rng`, which is then the chain's, and rounded to the grid if there is one; and room
    /// for what the settings need.
    pub fn new(net: Net<'_>, settings: &Settings, rng: &mut Generator) -> Self {
        let Options { epsilon, grid, .. } = settings.options;
        let count = net.parameters();
        let mut parameters = settings.initial.draw(net, settings.arithmetic, rng);
        if let Some(grid) = grid {
            grid.round(&mut parameters);
        }
        let proposed = vec![0.0; if settings.in_place { 0 } else { count }];
        let centres = vec![0.0; if epsilon == 0.0 { 0 } else { count }];
        let mut streams = vec![Stream::new(rng.clone()); streams(count)];
        jump_streams(rng, &mut streams);
        let signal = settings.signal_norm.then(|| vec![0.0; net.layers().len()]);
        Self { parameters, proposed, centres, streams, signal }
    }

    /// The parameters alone.
    pub fn into_parameters(self) -> Vec<f32> {
        self.parameters
    }

    /// The parameters.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The signals of the parameters; none with the signal norm off.
    pub fn signal(&self) -> &[f32] {
        self.signal.as_deref().unwrap_or_default()
    }

    /// The loss on the first batch, whose signals are kept, and room for more of these; no room with the signal norm off.
    pub fn begin(&mut self, evaluator: &mut Evaluator<'_>, batch: &Batch<'_>) -> (f32, Vec<f32>) {
        let mut signal = self.signal.clone().unwrap_or_default();
        let rest = (batch.samples.len(), &[][..]);
        let loss = score(evaluator, batch, rest, &self.parameters, &mut signal);
        if let Some(kept) = &mut self.signal {
            kept.copy_from_slice(&signal);
        }
        (loss, signal)
    }

    /// Where a chain of the same settings was when it was kept, and the state that it goes on from.
    pub fn load(&mut self, bytes: &[u8], settings: &Settings) -> Result<State<Generator>, FormatError> {
        let (arithmetic, options) = (settings.arithmetic, Some(settings.options));
        let expected = Expected { arithmetic, objective: None, options };
        let Self { parameters, centres, streams, signal, .. } = self;
        let signal = signal.as_deref_mut().unwrap_or_default();
        Stored::parse(bytes)?.load(&expected, Slices { parameters, centres, signal, streams })
    }

    /// What a chain is lent.
    pub fn memory<'m>(&'m mut self, net: Net<'m>) -> Memory<'m, Generator> {
        let Self { parameters, proposed, centres, streams, signal } = self;
        let memory = match proposed.is_empty() {
            true => Memory::in_place(parameters),
            false => Memory::new(parameters, proposed),
        };
        let memory = memory.centres(centres).streams(streams);
        match signal {
            Some(signal) => memory.signal_norm(net, signal),
            None => memory,
        }
    }

    /// Copies where another chain is; the streams stay their own.
    pub fn copy_place(&mut self, other: &Self) {
        self.parameters.clone_from(&other.parameters);
        self.centres.clone_from(&other.centres);
        self.signal.clone_from(&other.signal);
    }
}

/// A chain that moves over batches of data.
pub struct Moves<'m, 'a> {
    chain: Chain<'m, Generator>,
    evaluator: Evaluator<'a>,
    batches: Batches<'m>,
    /// Gathered by the last evaluation; empty with the signal norm off.
    signal: Vec<f32>,
    crew: Threads,
}

impl<'m, 'a> Moves<'m, 'a> {
    /// A chain at the initial parameters, on the first batch; or where one of the same settings was.
    pub(super) fn new(
        net: Net<'m>,
        mut evaluator: Evaluator<'a>,
        mut batches: Batches<'m>,
        buffers: &'m mut Buffers,
        rng: Generator,
        settings: &Settings,
        from: Option<&Checkpoint>,
    ) -> anyhow::Result<Self> {
        let (chain, signal) = match from {
            None => {
                let (loss, signal) = buffers.begin(&mut evaluator, &batches.current());
                batches.set().check_start(loss, &signal)?;
                (Chain::new(buffers.memory(net), settings.options, rng, loss)?, signal)
            }
            Some(Checkpoint { chain, batch }) => {
                let state = buffers.load(chain, settings)?;
                batches.go_on(state.counters.steps, *batch);
                let chain = Chain::resume(buffers.memory(net), settings.options, state)?;
                let signal = chain.signal().to_vec();
                (chain, signal)
            }
        };
        let crew = Threads::of(settings);
        Ok(Self { chain, evaluator, batches, signal, crew })
    }

    /// Where it stands: what a run of the same settings goes on from.
    pub fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        Ok(Checkpoint { chain: bytes_of(&self.chain, self.crew.arithmetic)?, batch: self.batches.size() })
    }

    /// Makes a move.
    pub fn make(&mut self) -> Result<(), ChainError> {
        // The first move has the first batch, which the chain began with.
        if self.chain.counters().steps > 0 && self.batches.redraw() {
            self.rescore()?;
        }
        let (decision, correct) = self.propose_and_decide();
        if decision != Decision::Accepted {
            return Ok(());
        }
        self.batches.forget();
        self.batches.learn(&self.evaluator);
        if self.batches.grow(correct) {
            self.rescore()?;
            self.chain.restart();
        }
        let loss = self.chain.loss();
        if self.batches.is_stale(loss) {
            self.batches.group(&self.evaluator.found()[..self.batches.size()], loss);
        }
        Ok(())
    }

    /// What became of a move, and how many samples an accepted one classifies rightly, if they were counted.
    fn propose_and_decide(&mut self) -> (Decision, u32) {
        let (batch, correct) = (self.batches.current(), self.batches.is_progressive());
        let evaluate = evaluation(&mut self.evaluator, batch, correct);
        let next = Move { chain: &mut self.chain, signal: &mut self.signal, evaluate };
        next.make(self.crew)
    }

    /// U(x) of the current parameters on a batch that has changed.
    fn rescore(&mut self) -> Result<(), ChainError> {
        let (fresh, rest) = self.batches.fresh();
        let Self { chain, evaluator, batches, signal, .. } = self;
        let loss = score(evaluator, &batches.current(), (fresh, &rest), chain.parameters(), signal);
        batches.learn(evaluator);
        chain.rescore_with(loss, signal)
    }

    /// Where the chain stands.
    pub fn progress<'t>(&'t mut self, test: Option<&'t Pack<'t>>) -> Progress<'t, 'a> {
        Progress {
            counters: self.chain.counters(),
            loss: self.chain.loss(),
            sigma: self.chain.sigma(),
            batch: self.batches.size(),
            parameters: self.chain.parameters(),
            evaluator: &mut self.evaluator,
            test,
        }
    }
}

impl Moves<'_, '_> {
    /// The result of training that ends here, after moves of these durations.
    pub fn end(self, test: Option<&Pack<'_>>, time: Duration, steps: &Durations) -> Trained {
        let Self { chain, mut evaluator, batches, .. } = self;
        let saved = evaluator.saved();
        let x = chain.parameters();
        let whole;
        let train = match batches.drawn_from() {
            None => batches.pack(),
            Some((set, threads)) => {
                whole = Pack::all(set, threads);
                &whole
            }
        };
        Trained {
            parameters: x.to_vec(),
            counters: chain.counters(),
            sigma: chain.sigma(),
            train_accuracy: accuracy(&mut evaluator, x, train),
            test_accuracy: test.and_then(|test| accuracy(&mut evaluator, x, test)),
            train_loss: evaluator.evaluate(x, &train.batch(), Gather::default()).loss,
            saved,
            time,
            least_step: steps.least(),
            median_step: steps.median(),
        }
    }
}

/// The loss on a batch, of which the first samples are evaluated and the rest known, and the signals of all layers, the
/// net's inputs included.
fn score(
    evaluator: &mut Evaluator<'_>,
    batch: &Batch<'_>,
    rest: (usize, &[f32]),
    parameters: &[f32],
    signal: &mut [f32],
) -> f32 {
    if let Some(input) = signal.first_mut() {
        *input = evaluator.input_signal(batch);
    }
    evaluator.evaluate_fresh(parameters, batch, rest, Gather { signal, correct: false }).loss
}

/// How a proposal is evaluated, given its bound.
pub(super) fn evaluation<'e>(
    evaluator: &'e mut Evaluator<'_>,
    batch: Batch<'e>,
    correct: bool,
) -> impl FnOnce(f32, &[f32], &mut [f32]) -> Option<Score> {
    move |bound, x, signal| evaluator.evaluate_within(bound, x, &batch, Gather { signal, correct })
}

/// One move: propose, evaluate, decide.
pub(super) struct Move<'c, 'm, 's, E> {
    pub chain: &'c mut Chain<'m, Generator>,
    pub signal: &'s mut [f32],
    pub evaluate: E,
}

impl<E: FnOnce(f32, &[f32], &mut [f32]) -> Option<Score>> Move<'_, '_, '_, E> {
    pub fn make(self, crew: Threads) -> (Decision, u32) {
        let proposal = self.chain.propose(crew);
        match (self.evaluate)(proposal.bound(), proposal.parameters(), self.signal) {
            Some(score) => (proposal.decide_with(score.loss, self.signal), score.correct),
            None => (proposal.reject(), 0),
        }
    }
}

/// As many threads of the current rayon pool.
#[derive(Clone, Copy)]
pub(super) struct Threads {
    pub arithmetic: Arithmetic,
    pub threads: usize,
}

impl Threads {
    /// Those of a run.
    pub fn of(settings: &Settings) -> Self {
        Self { arithmetic: settings.arithmetic, threads: settings.threads }
    }
}

impl Crew<Generator> for Threads {
    fn share(&mut self, parts: Parts<'_, Generator>) {
        let Self { arithmetic, threads } = *self;
        if threads == 1 || parts.len() == 1 {
            parts.for_each(|part| draw::work(arithmetic, part));
            return;
        }
        let at_once = parts.len().div_ceil(threads);
        let parts = parts.collect::<Vec<_>>().into_par_iter().with_min_len(at_once);
        parts.for_each(|part| draw::work(arithmetic, part));
    }
}
