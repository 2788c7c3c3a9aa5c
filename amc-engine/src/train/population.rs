//! Chains on the same samples, of which the best are copied over the others from time to time (Sec. II F).

use amc_core::chain::{Chain, ChainError, State};
use amc_core::trainer::{Evaluate, Trainer};
use amc_core::{Generator, Measurements, Net, Objective, Score, Selection};
use rand_core::SeedableRng;
use rayon::prelude::*;

use super::Settings;
use super::buffers::Buffers;
use super::checkpoint::bytes_of;
use super::threads::Threads;
use super::transfer::Whole;
use crate::data::pack::{Batch, PackedSet};
use crate::evaluate::Evaluator;

/// Chains that move on all samples, each from a seed of its own: the settings' and those that follow.
pub struct Population<'a, 'd> {
    net: Net<'a>,
    settings: &'d Settings,
    pack: &'d PackedSet<'d>,
    members: Vec<Member<'a>>,
}

/// A chain that is taken up and put away.
struct Member<'a> {
    buffers: Buffers,
    state: State<Generator>,
    evaluator: Evaluator<'a>,
}

impl<'a, 'd> Population<'a, 'd> {
    /// As many chains of all parameters, whatever the settings freeze, at their initial ones.
    pub fn new(
        objective: Objective<'a>,
        pack: &'d PackedSet<'d>,
        settings: &'d Settings,
        chains: usize,
    ) -> Result<Self, ChainError> {
        let net = objective.net();
        let member = |chain| {
            let mut rng = Generator::seed_from_u64(settings.seed + chain as u64);
            let start = settings.start(net, &mut rng);
            let mut buffers = Buffers::new(Selection::all(net), &start, settings, &mut rng);
            let mut evaluator = Evaluator::new(objective, settings.arithmetic, 1);
            let loss = buffers.begin(&mut evaluator, &pack.batch(), &mut Whole::Moved);
            let (memory, _) = buffers.lend(Selection::all(net));
            let state = Chain::new(memory, settings.options, rng, loss)?.state()?;
            Ok(Member { buffers, state, evaluator })
        };
        let members = (0..chains).map(member).collect::<Result<_, ChainError>>()?;
        Ok(Self { net, settings, pack, members })
    }

    /// Makes so many moves of every chain, on all threads of the current rayon pool.
    pub fn advance(&mut self, moves: u64) -> Result<(), ChainError> {
        let Self { net, settings, pack, members } = self;
        members.par_iter_mut().try_for_each(|member| member.advance(*net, settings, &pack.batch(), moves))
    }

    /// Copies the better half of the chains, each over one of the others, the best over the worst; every one goes on
    /// with its own random numbers.
    pub fn copy_best(&mut self) {
        self.members.sort_by(|a, b| a.state.loss.total_cmp(&b.state.loss));
        let (all, half) = (self.members.len(), self.members.len() / 2);
        let (rest, worst) = self.members.split_at_mut(all - half);
        for (best, worst) in rest.iter().zip(worst.iter_mut().rev()) {
            worst.buffers.copy_place(&best.buffers);
            worst.state = State { generator: worst.state.generator.clone(), ..best.state.clone() };
        }
    }

    /// Where the chains stand.
    pub fn checkpoint(&mut self) -> anyhow::Result<Vec<Vec<u8>>> {
        let Self { net, settings, members, .. } = self;
        let bytes = |member: &mut Member<'_>| {
            let (memory, _) = member.buffers.lend(Selection::all(*net));
            bytes_of(&Chain::resume(memory, settings.options, member.state.clone())?, settings.arithmetic)
        };
        members.iter_mut().map(bytes).collect()
    }

    /// Goes on from where chains of the same settings stood.
    pub fn resume(&mut self, chains: &[Vec<u8>]) -> anyhow::Result<()> {
        for (member, bytes) in self.members.iter_mut().zip(chains) {
            member.state = member.buffers.load(bytes, self.settings)?;
        }
        Ok(())
    }

    /// The chains' losses and parameters.
    pub fn chains(&self) -> impl Iterator<Item = (f32, &[f32])> {
        self.members.iter().map(|member| (member.state.loss, member.buffers.parameters()))
    }
}

impl Member<'_> {
    fn advance(&mut self, net: Net<'_>, settings: &Settings, batch: &Batch<'_>, moves: u64) -> Result<(), ChainError> {
        let Self { buffers, state, evaluator } = self;
        let (memory, gathered) = buffers.lend(Selection::all(net));
        let chain = Chain::resume(memory, settings.options, state.clone())?;
        let evaluate = OnBatch { evaluator, batch: *batch, threads: Threads { threads: 1, ..Threads::of(settings) } };
        let mut trainer = Trainer::of(chain, evaluate, gathered)?;
        for _ in 0..moves {
            trainer.step();
        }
        *state = trainer.chain().state()?;
        Ok(())
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

#[cfg(test)]
mod tests {
    use amc_core::chain::Options;

    use super::Population;
    use crate::data::functions;
    use crate::data::pack::PackedSet;
    use crate::description::{ActivationName, Description, LossName};
    use crate::train::{Batching, Initial, Method, Settings, train};
    use amc_kernels::Arithmetic;

    fn settings(seed: u64) -> Settings {
        Settings {
            method: Method::Amc,
            options: Options::new(0.02).epsilon(0.01).n_reset(50),
            initial: Initial::Gaussian(0.1),
            transfer: Default::default(),
            in_place: false,
            signal_norm: true,
            batching: Batching::Full,
            steps: 300,
            seed,
            threads: 1,
            arithmetic: Arithmetic::Portable,
        }
    }

    #[test]
    fn chains_alone_are_those_of_their_seeds_and_copies_are_the_best_ones() {
        let (tanh, linear) = (ActivationName::Tanh, ActivationName::Linear);
        let net = Description::new(&[1, 10, 1], tanh, linear, LossName::Mse);
        let (data, settings_of) = (functions::sine(), settings);
        let pack = PackedSet::all(&data.train, 1);
        let first = settings(5);
        let mut population = Population::new(net.objective().expect("a net"), &pack, &first, 5).expect("chains");
        population.advance(100).expect("moves");
        population.advance(200).expect("moves");
        let ends: Vec<_> = population.chains().map(|(loss, x)| (loss, x.to_vec())).collect();
        for (chain, (loss, x)) in ends.iter().enumerate() {
            let alone = train(&net, &data, &settings_of(5 + chain as u64), |_| ()).expect("trained");
            assert_eq!((alone.train_loss, &alone.parameters), (*loss, x), "chain {chain}");
        }

        population.copy_best();
        let mut losses: Vec<f32> = ends.iter().map(|(loss, _)| *loss).collect();
        losses.sort_by(f32::total_cmp);
        let copied: Vec<f32> = population.chains().map(|(loss, _)| loss).collect();
        assert_eq!(copied, [losses[0], losses[1], losses[2], losses[1], losses[0]]);
        let kept = population.checkpoint().expect("checkpoints");
        let mut again = Population::new(net.objective().expect("a net"), &pack, &first, 5).expect("chains");
        again.resume(&kept).expect("chains");
        again.advance(50).expect("moves");
        population.advance(50).expect("moves");
        assert!(again.chains().eq(population.chains()));
        let after: Vec<_> = population.chains().collect();
        assert_ne!(after[0].1, after[4].1, "a copy goes its own way");
        assert!(after[0].0 <= copied[0] && after[4].0 <= copied[4]);
    }
}
