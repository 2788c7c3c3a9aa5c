//! Chains on the same samples, each from a seed of its own, of which something passes from one to another from time to time: the
//! better half is copied over the others (Sec. II F), or, on a ladder of temperatures, neighbours swap theirs.
//!
//! Chains are dealt out to the ranks, if there are several: chain c to rank c mod R. Each has all samples. What passes is decided by
//! the chains' losses, which all ranks hear of, so that a population comes to the same bits on any number of ranks and threads.

mod chains;
mod exchange;
mod member;
mod stored;

use std::sync::Arc;

use amc_core::chain::Counters;
use amc_core::{Generator, Objective, Selection};
use amc_store::snapshot::KeptGenerator;
use anyhow::{Context, ensure};
use rand_core::SeedableRng;
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::chains::Chains;
use self::chains::LOOK;
use self::exchange::{copies, is_swapped, pairs, ranking, uniform};
use self::member::Member;
use super::batches::Batches;
use super::buffers::Buffers;
use super::checkpoint::Checkpoint;
use super::end::End;
use super::{Progress, Settings};
use crate::CRC;
use crate::data::Set;
use crate::data::pack::PackedSet;
use crate::evaluate::{EarlyRejection, Evaluator, Work};
use crate::ranks::Team;

/// Where a chain stands, beside its vectors and generators: what all ranks know of all chains.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Stand {
    loss: f32,
    sigma: f32,
    rejected_in_a_row: u32,
    counters: Counters,
    /// Which temperature of a ladder it has.
    rung: usize,
}

/// What became of neighbours on a ladder that were asked to swap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swaps {
    /// Asked.
    pub asked: u64,
    /// Swapped.
    pub made: u64,
}

/// Chains that move on all samples.
pub struct Population<'a, 'd> {
    objective: Objective<'a>,
    settings: &'d Settings,
    chains: &'d Chains,
    team: Option<Arc<Team>>,
    batches: Batches<'d>,
    /// The chains of this rank.
    members: Vec<Member<'a>>,
    /// Where all chains stand.
    stands: Vec<Stand>,
    /// The parameters of the one with the least loss, and its number.
    best: (usize, Vec<f32>),
    /// Room to hear of other chains.
    heard: Buffers,
    /// Of the numbers that decide over swaps.
    generator: Generator,
    swaps: Swaps,
    made: u64,
    meetings: u64,
    /// Measures what is not trained on, and knows what early rejection came to before.
    evaluator: Evaluator<'a>,
}

impl<'a, 'd> Population<'a, 'd> {
    /// Chains of all parameters, whatever the settings freeze, at their initial ones. Chain c is the one of the settings' seed and c;
    /// of the ranks of a team each has some.
    pub fn new(
        objective: Objective<'a>,
        set: &'d Set,
        settings: &'d Settings,
        chains: &'d Chains,
        team: Option<&Arc<Team>>,
    ) -> anyhow::Result<Self> {
        let batches = Batches::all(set, settings.threads);
        let (rank, ranks) = team.map_or((0, 1), |team| (team.rank(), team.count()));
        let of = |number| {
            let options = chains.options(settings, number);
            Member::new(number, objective, (set, &batches.current()), (settings, options))
        };
        let members = (rank..chains.count).step_by(ranks).map(of).collect::<anyhow::Result<Vec<_>>>()?;
        let mut generator = Generator::seed_from_u64(settings.seed);
        let nowhere = vec![0.0; objective.net().parameters()];
        let heard = Buffers::new(Selection::all(objective.net()), &nowhere, settings, &mut generator.clone());
        generator.long_jump();
        let evaluator = Evaluator::new(objective, settings.arithmetic, settings.threads);
        let (team, swaps) = (team.cloned(), Swaps::default());
        let (stands, best) = (Vec::new(), (0, Vec::new()));
        let mut population = Self {
            objective,
            settings,
            chains,
            team,
            batches,
            members,
            stands,
            best,
            heard,
            generator,
            swaps,
            made: 0,
            meetings: 0,
            evaluator,
        };
        population.meet((0..chains.count).collect())?;
        population.hear(&[])?;
        Ok(population)
    }

    /// Makes moves of every chain up to the next exchange, and that, or up to the next look, or as many as are left.
    pub(super) fn make(&mut self) -> anyhow::Result<()> {
        let every = self.chains.every;
        let next = |every: u64| (self.made / every + 1).saturating_mul(every);
        let next = next(every).min(next(LOOK)).min(self.settings.steps.max(self.made));
        self.advance(next - self.made)?;
        if self.made.is_multiple_of(every) {
            self.exchange()?;
        }
        Ok(())
    }

    /// Makes so many moves of every chain, on all threads of the current rayon pool.
    pub fn advance(&mut self, moves: u64) -> anyhow::Result<()> {
        let Self { objective, settings, chains, members, stands, batches, .. } = self;
        let batch = batches.current();
        members.par_iter_mut().try_for_each(|member| {
            let options = chains.options(settings, stands[member.number].rung);
            member.advance(objective.net(), &batch, (settings, options), moves)
        })?;
        self.made += moves;
        self.meet(self.stands.iter().map(|stand| stand.rung).collect())?;
        self.hear(&[])
    }

    /// Copies the better half of the chains, each over one of the others, the best over the worst; or, on a ladder, has neighbours
    /// swap temperatures. Every chain goes on with its own random numbers.
    pub fn exchange(&mut self) -> anyhow::Result<()> {
        if self.chains.ladder.is_empty() {
            let copies: Vec<_> = copies(&self.ranking()).collect();
            self.hear(&copies)?;
        } else {
            self.swap();
        }
        self.meetings += 1;
        Ok(())
    }

    /// The chains by their losses.
    fn ranking(&self) -> Vec<usize> {
        ranking(&self.stands.iter().map(|stand| stand.loss).collect::<Vec<_>>())
    }

    /// Neighbours swap temperatures, and what has adapted to these; parameters stay where they are.
    fn swap(&mut self) {
        let Self { chains, stands, members, generator, swaps, meetings, .. } = self;
        let mut chain_at = vec![0; stands.len()];
        stands.iter().enumerate().for_each(|(chain, stand)| chain_at[stand.rung] = chain);
        for (cold, hot) in pairs(*meetings, stands.len()) {
            let (a, b) = (chain_at[cold], chain_at[hot]);
            let losses = [stands[a].loss, stands[b].loss];
            swaps.asked += 1;
            if is_swapped([chains.ladder[cold], chains.ladder[hot]], losses, uniform(generator)) {
                swaps.made += 1;
                stands.swap(a, b);
                (stands[a].loss, stands[b].loss) = losses.into();
            }
        }
        members.iter_mut().for_each(|member| member.take(&stands[member.number]));
    }

    /// All ranks hear where all chains stand, whose rungs these are.
    fn meet(&mut self, rungs: Vec<usize>) -> anyhow::Result<()> {
        let own = self.members.iter().map(|member| (member.number, member.stand(rungs[member.number]))).collect();
        let mut all: Vec<(usize, Stand)> = self.tell(own)?;
        all.sort_by_key(|(number, _)| *number);
        ensure!(all.len() == self.chains.count, "{} of {} chains have met", all.len(), self.chains.count);
        self.stands = all.into_iter().map(|(_, stand)| stand).collect();
        Ok(())
    }

    /// All ranks hear of the parameters of the best chain, and copies are made of some chains over others.
    fn hear(&mut self, copies: &[(usize, usize)]) -> anyhow::Result<()> {
        let best = self.ranking().first().copied().unwrap_or(0);
        let is_told = |number: usize| number == best || copies.iter().any(|(from, _)| *from == number);
        let told = self.bytes(is_told)?;
        let told = self.tell(told)?;
        for (number, bytes) in told {
            let stand = self.stands[number];
            let options = self.chains.options(self.settings, stand.rung);
            self.heard.load(&bytes, self.settings.arithmetic, options)?;
            if number == best {
                self.best.0 = best;
                self.best.1.clear();
                self.best.1.extend_from_slice(self.heard.parameters());
            }
            for (_, to) in copies.iter().filter(|(from, _)| *from == number) {
                self.stands[*to] = Stand { rung: self.stands[*to].rung, ..stand };
                let own = self.members.iter_mut().find(|member| member.number == *to);
                own.into_iter().for_each(|member| member.copy(&self.heard, &stand));
            }
        }
        Ok(())
    }

    /// This rank's chains of some numbers, with all that they go on from.
    fn bytes(&mut self, is_wanted: impl Fn(usize) -> bool) -> anyhow::Result<Vec<(usize, Vec<u8>)>> {
        let Self { objective, settings, chains, members, stands, .. } = self;
        let bytes = |member: &mut Member<'_>| {
            let options = chains.options(settings, stands[member.number].rung);
            Ok((member.number, member.bytes(objective.net(), (settings, options))?))
        };
        members.iter_mut().filter(|member| is_wanted(member.number)).map(bytes).collect()
    }

    /// What all ranks have to tell.
    fn tell<T: Serialize + DeserializeOwned>(&self, own: Vec<T>) -> anyhow::Result<Vec<T>> {
        let Some(team) = &self.team else { return Ok(own) };
        let all = team.gather(&postcard::to_stdvec(&own)?)?;
        let parts = all.iter().map(|bytes| postcard::from_bytes::<Vec<T>>(bytes));
        Ok(parts.collect::<Result<Vec<_>, _>>().context("ranks of different programs")?.into_iter().flatten().collect())
    }

    /// The losses and parameters of this rank's chains, in their order, and which temperature of the ladder each has.
    pub fn chains(&self) -> impl Iterator<Item = (f32, &[f32], usize)> {
        let of = |member: &Member<'_>| self.stands[member.number].rung;
        self.members.iter().map(move |member| (member.state.loss, member.buffers.parameters(), of(member)))
    }

    /// What became of neighbours on a ladder.
    pub fn swaps(&self) -> Swaps {
        self.swaps
    }

    /// The team, if there is one.
    pub(super) fn team(&self) -> Option<&Arc<Team>> {
        self.team.as_ref()
    }

    /// CRC-32 of what ranks have in common.
    pub(super) fn checksum(&self) -> anyhow::Result<u32> {
        let mut digest = CRC.digest();
        self.best.1.iter().for_each(|x| digest.update(&x.to_le_bytes()));
        digest.update(&postcard::to_stdvec(&self.stands)?);
        digest.update(&KeptGenerator::state(&self.generator));
        Ok(digest.finalize())
    }

    /// Where it stands, with what early rejection came to on this rank.
    pub(super) fn kept(&mut self) -> anyhow::Result<Checkpoint> {
        let (chain, batch) = (self.checkpoint()?, self.batches.size());
        Ok(Checkpoint { chain, batch, early_rejection: self.early_rejection() })
    }

    /// Goes on from there.
    pub(super) fn go_on(&mut self, from: &Checkpoint) -> anyhow::Result<()> {
        self.evaluator.resume(from.early_rejection);
        self.resume(&from.chain)
    }

    fn early_rejection(&self) -> EarlyRejection {
        let all = self.members.iter().map(|member| &member.evaluator).chain([&self.evaluator]);
        all.map(Evaluator::early_rejection).fold(EarlyRejection::default(), |sum, of| EarlyRejection {
            evaluated: sum.evaluated + of.evaluated,
            offered: sum.offered + of.offered,
        })
    }

    /// What was computed so far on this rank, but for evaluations without a bound.
    pub(super) fn work(&self) -> Work {
        let share = self.early_rejection().evaluated_share().unwrap_or(0.0);
        let mut work = Work::default();
        work.add(self.objective.net().cost(), share * (self.made * self.members.len() as u64) as f64);
        work
    }

    /// Where the best chain stands.
    pub(super) fn progress<'t>(&'t mut self, test: Option<&'t PackedSet<'t>>) -> Progress<'t, 'a> {
        let Self { stands, best: (number, parameters), evaluator, batches, .. } = self;
        let Stand { counters, loss, sigma, .. } = stands[*number];
        Progress { counters, loss, sigma, batch: batches.size(), parameters, evaluator, test }
    }

    /// Ends the moves.
    pub(super) fn end(self) -> End<'d, 'a> {
        let early_rejection = self.early_rejection();
        let Self { stands, best: (number, parameters), evaluator, batches, .. } = self;
        let Stand { counters, sigma, .. } = stands[number];
        End { parameters, counters, sigma, early_rejection, evaluator, batches }
    }
}

#[cfg(test)]
mod tests {
    use amc_core::chain::Options;

    use super::{Chains, Population};
    use crate::data::functions;
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
        let first = settings(5);
        let chains = Chains { count: 5, every: 300, ladder: Vec::new() };
        let new =
            || Population::new(net.objective().expect("a net"), &data.train, &first, &chains, None).expect("chains");
        let mut population = new();
        population.advance(100).expect("moves");
        population.advance(200).expect("moves");
        let ends: Vec<_> = population.chains().map(|(loss, x, _)| (loss, x.to_vec())).collect();
        for (chain, (loss, x)) in ends.iter().enumerate() {
            let alone = train(&net, &data, &settings_of(5 + chain as u64), |_| ()).expect("trained");
            assert_eq!((alone.train_loss, &alone.parameters), (*loss, x), "chain {chain}");
        }

        population.exchange().expect("copies");
        let mut ranking = [0, 1, 2, 3, 4];
        ranking.sort_by(|a, b| ends[*a].0.total_cmp(&ends[*b].0));
        let copied: Vec<_> = population.chains().map(|(loss, x, _)| (loss, x.to_vec())).collect();
        for (place, from) in ranking.into_iter().zip([0, 1, 2, 1, 0]) {
            assert_eq!(copied[place], ends[ranking[from]], "chain {place}");
        }
        let kept = population.checkpoint().expect("checkpoints");
        let mut again = new();
        again.resume(&kept).expect("chains");
        again.advance(50).expect("moves");
        population.advance(50).expect("moves");
        assert!(again.chains().eq(population.chains()));
        let after: Vec<_> = population.chains().collect();
        let (best, worst) = (ranking[0], ranking[4]);
        assert_ne!(after[best].1, after[worst].1, "a copy goes its own way");
        assert!(after[best].0 <= copied[best].0 && after[worst].0 <= copied[worst].0);
    }

    #[test]
    fn chains_that_never_meet_are_looked_at() {
        let (tanh, linear) = (ActivationName::Tanh, ActivationName::Linear);
        let net = Description::new(&[1, 3, 1], tanh, linear, LossName::Mse);
        let (data, settings) = (functions::sine(), Settings { steps: 1500, ..settings(5) });
        let chains = Chains { count: 1, every: u64::MAX, ladder: Vec::new() };
        let mut population =
            Population::new(net.objective().expect("a net"), &data.train, &settings, &chains, None).expect("chains");
        for made in [1000, 1500] {
            population.make().expect("moves");
            assert_eq!(population.made, made);
        }
        assert_eq!((chains.stride(), Chains { every: 10, ..chains }.stride()), (1000, 10));
    }
}
