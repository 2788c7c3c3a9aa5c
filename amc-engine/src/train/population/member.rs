//! A chain of a population, which is taken up and put away.

use amc_core::chain::{Chain, Options, State};
use amc_core::trainer::{Evaluate, Trainer};
use amc_core::{Generator, Measurements, Net, Objective, Score, Selection};
use rand_core::SeedableRng;

use super::Stand;
use crate::data::Set;
use crate::data::pack::Batch;
use crate::evaluate::Evaluator;
use crate::train::Settings;
use crate::train::buffers::Buffers;
use crate::train::checkpoint::bytes_of;
use crate::train::threads::Threads;
use crate::train::transfer::Whole;

/// A chain and who evaluates it, on one thread.
pub(super) struct Member<'a> {
    /// Its number among all chains.
    pub number: usize,
    pub buffers: Buffers,
    pub state: State<Generator>,
    pub evaluator: Evaluator<'a>,
}

impl<'a> Member<'a> {
    /// The chain of that number at its initial parameters: the one that a run with the settings' seed and its number added makes.
    pub fn new(
        number: usize,
        objective: Objective<'a>,
        (set, batch): (&Set, &Batch<'_>),
        (settings, options): (&Settings, Options),
    ) -> anyhow::Result<Self> {
        let net = objective.net();
        let mut rng = Generator::seed_from_u64(settings.seed.wrapping_add(number as u64));
        let start = settings.start(net, &mut rng);
        let mut buffers = Buffers::new(Selection::all(net), &start, settings, &mut rng);
        let mut evaluator = Evaluator::new(objective, settings.arithmetic, 1);
        let loss = buffers.begin(&mut evaluator, batch, &mut Whole::Moved);
        set.check_start(loss, buffers.signal())?;
        let (memory, _) = buffers.lend(Selection::all(net));
        let state = Chain::new(memory, options, rng, loss)?.state()?;
        Ok(Self { number, buffers, state, evaluator })
    }

    /// Makes so many moves.
    pub fn advance(
        &mut self,
        net: Net<'_>,
        batch: &Batch<'_>,
        (settings, options): (&Settings, Options),
        moves: u64,
    ) -> anyhow::Result<()> {
        let Self { buffers, state, evaluator, .. } = self;
        let (memory, gathered) = buffers.lend(Selection::all(net));
        let chain = Chain::resume(memory, options, state.clone())?;
        let threads = Threads::new(settings.arithmetic, 1, chain.parameters().len());
        let evaluate = OnBatch { evaluator, batch: *batch, threads };
        let mut trainer = Trainer::of(chain, evaluate, gathered)?;
        for _ in 0..moves {
            trainer.step();
        }
        *state = trainer.chain().state()?;
        Ok(())
    }

    /// All that it goes on from.
    pub fn bytes(&mut self, net: Net<'_>, (settings, options): (&Settings, Options)) -> anyhow::Result<Vec<u8>> {
        let (memory, _) = self.buffers.lend(Selection::all(net));
        bytes_of(&Chain::resume(memory, options, self.state.clone())?, settings.arithmetic)
    }

    /// Where it stands.
    pub fn stand(&self, rung: usize) -> Stand {
        let State { sigma, loss, rejected_in_a_row, counters, .. } = self.state;
        Stand { loss, sigma, rejected_in_a_row, counters, rung }
    }

    /// Goes on where the chain stands whose parameters, centres and signals these are; by its own random numbers.
    pub fn copy(&mut self, buffers: &Buffers, stand: &Stand) {
        self.buffers.copy_place(buffers);
        self.take(stand);
    }

    /// Takes over what is not a vector.
    pub fn take(&mut self, stand: &Stand) {
        let Stand { loss, sigma, rejected_in_a_row, counters, .. } = *stand;
        let state = &mut self.state;
        (state.loss, state.sigma, state.rejected_in_a_row, state.counters) = (loss, sigma, rejected_in_a_row, counters);
    }
}

/// Who evaluates a chain's moves on one batch.
struct OnBatch<'e, 'a> {
    evaluator: &'e mut Evaluator<'a>,
    batch: Batch<'e>,
    threads: Threads,
}

impl Evaluate for OnBatch<'_, '_> {
    type Workers = Threads;

    fn workers(&self) -> Threads {
        self.threads
    }

    fn evaluate(&mut self, parameters: &[f32], signal: &mut [f32]) -> f32 {
        self.evaluator.score(&self.batch, (self.batch.samples.len(), &[]), parameters, signal)
    }

    fn evaluate_within(&mut self, bound: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        self.evaluator.evaluate_within(bound, parameters, &self.batch, Measurements { signal, correct: false })
    }
}
