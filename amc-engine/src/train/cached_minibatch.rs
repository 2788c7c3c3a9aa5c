//! A random batch, and what is known of a set's samples at a chain's parameters: after a rejected move the next batch has to
//! be evaluated only where it has samples that no batch had since the last accepted one.

use crate::data::Set;
use crate::data::pack::PackedSet;
use crate::ranks::Drawn;

/// The samples of a random batch, those that are not known first and then the others, the hardest first, and what is
/// known of all. Ranks have all of it, and pack what they hold.
pub(super) struct CachedMinibatch {
    /// As they are packed.
    samples: Vec<u32>,
    /// Where each was drawn, and stands among the terms of the loss.
    places: Vec<u32>,
    /// How many are not known.
    fresh: usize,
    /// Numbers that an evaluation finds for a sample: its loss, and its signals if they are gathered.
    rows: usize,
    /// By sample of the set, `[sample][row]`.
    numbers: Vec<f32>,
    is_known: Vec<bool>,
}

impl CachedMinibatch {
    /// No batch yet, of a set of which nothing is known.
    pub fn new(samples: usize) -> Self {
        let is_known = vec![false; samples];
        Self { samples: Vec::new(), places: Vec::new(), fresh: 0, rows: 0, numbers: Vec::new(), is_known }
    }

    /// Packs a batch that was drawn.
    pub fn pack(&mut self, drawn: &[u32], pack: &mut PackedSet<'_>) {
        let Self { samples, places, fresh, rows, numbers, is_known } = self;
        let sample = |place: &u32| drawn[*place as usize] as usize;
        let loss = |place: &u32| numbers[sample(place) * *rows];
        places.clear();
        places.extend(0..drawn.len() as u32);
        places.sort_by_key(|place| is_known[sample(place)]);
        *fresh = places.partition_point(|place| !is_known[sample(place)]);
        places[*fresh..].sort_by(|a, b| loss(b).total_cmp(&loss(a)));
        samples.clear();
        samples.extend(places.iter().map(|place| drawn[*place as usize]));
        match self.drawn(pack.set()) {
            Some(drawn) => {
                let (samples, places): (Vec<_>, Vec<_>) = drawn.here().unzip();
                pack.replace_out_of_order(&samples, &places);
            }
            None => pack.replace_out_of_order(&self.samples, &self.places),
        }
    }

    /// The batch, if ranks share the set.
    pub fn drawn<'b>(&'b self, set: &'b Set) -> Option<Drawn<'b>> {
        set.share().map(|share| Drawn::new(share, &self.samples, &self.places))
    }

    /// Samples of the batch.
    pub fn size(&self) -> usize {
        self.samples.len()
    }

    /// How many samples, from the first packed on, are not known, and the numbers of the others, `[row][sample]`.
    pub fn fresh(&self) -> (usize, Vec<f32>) {
        let known = &self.samples[self.fresh..];
        let row = |row| known.iter().map(move |sample| self.numbers[*sample as usize * self.rows + row]);
        (self.fresh, (0..self.rows).flat_map(row).collect())
    }

    /// Keeps what was found of the batch at the parameters, `[row][place]`.
    pub fn learn(&mut self, found: &[f32]) {
        let Self { samples, places, rows, numbers, is_known, .. } = self;
        *rows = found.len() / places.len().max(1);
        numbers.resize(*rows * is_known.len(), 0.0);
        for (sample, place) in samples.iter().zip(&*places) {
            let sample = *sample as usize;
            for (number, found) in numbers[sample * *rows..].iter_mut().zip(found.chunks_exact(places.len())) {
                *number = found[*place as usize];
            }
            is_known[sample] = true;
        }
    }

    /// Forgets all: the parameters are others.
    pub fn forget(&mut self) {
        self.is_known.fill(false);
    }
}

#[cfg(test)]
mod tests {
    use amc_core::batch::Minibatch;
    use amc_core::chain::{Chain, Counters, Options};
    use amc_core::{Generator, Measurements, Selection};
    use rand_core::SeedableRng;

    use super::CachedMinibatch;
    use crate::data::pack::PackedSet;
    use crate::data::sequences::zeros_and_ones;
    use crate::data::{Data, digits, functions};
    use crate::description::{ActivationName, Description, LossName};
    use crate::evaluate::Evaluator;
    use crate::train::buffers::Buffers;
    use crate::train::threads::Threads;
    use crate::train::transfer::Whole;
    use crate::train::{Batching, Initial, Method, Settings, with_moves};
    use amc_kernels::Arithmetic;

    const SIZE: usize = 100;

    fn settings(signal_norm: bool) -> Settings {
        Settings {
            method: Method::Amc,
            options: Options::new(0.02).n_reset(5).epsilon(0.01),
            initial: Initial::Kaiming,
            transfer: Default::default(),
            in_place: false,
            signal_norm,
            batching: Batching::Mini(SIZE),
            steps: 300,
            seed: 3,
            threads: 2,
            arithmetic: Arithmetic::Portable,
        }
    }

    /// Where a chain ends: its parameters' bits, its loss's bits and its counters.
    type End = (Vec<u32>, u32, Counters);

    fn ends_at(parameters: &[f32], loss: f32, counters: Counters) -> End {
        (parameters.iter().map(|x| x.to_bits()).collect(), loss.to_bits(), counters)
    }

    /// Every batch is packed as it is drawn and evaluated whole, for the current parameters and for those proposed.
    fn evaluated_whole(net: &Description, data: &Data, settings: &Settings) -> End {
        let objective = net.objective().expect("a net");
        let mut rng = Generator::seed_from_u64(settings.seed);
        let start = settings.start(objective.net(), &mut rng);
        let selection = Selection::all(objective.net());
        let mut buffers = Buffers::new(selection, &start, settings, &mut rng);
        let mut of_batches = rng.clone();
        of_batches.long_jump();
        let mut order = vec![0; data.train.len()];
        let mut subsets = Minibatch::new(SIZE, &mut order);
        let mut pack = PackedSet::at(&data.train, subsets.draw(&mut of_batches), 1);
        let mut evaluator = Evaluator::new(objective, settings.arithmetic, 1);
        let loss = buffers.begin(&mut evaluator, &pack.batch(), &mut Whole::Moved);
        let mut signal = buffers.signal().to_vec();
        let (memory, _) = buffers.lend(selection);
        let mut chain = Chain::new(memory, settings.options, rng, loss).expect("a chain");
        for step in 0..settings.steps {
            if step > 0 {
                pack.replace(subsets.draw(&mut of_batches));
                if let Some(input) = signal.first_mut() {
                    *input = evaluator.input_signal(&pack.batch());
                }
                let measurements = Measurements { signal: &mut signal, correct: false };
                let loss = evaluator.evaluate(chain.parameters(), &pack.batch(), measurements).loss;
                chain.rescore_with(loss, &signal).expect("finite");
            }
            let workers = Threads::of(settings, chain.parameters().len());
            let proposal = chain.propose(workers);
            let (bound, x) = (proposal.bound(), proposal.parameters());
            let measurements = Measurements { signal: &mut signal, correct: false };
            match evaluator.evaluate_within(bound, x, &pack.batch(), measurements) {
                Some(score) => proposal.decide_with(score.loss, &signal),
                None => proposal.reject(),
            };
        }
        ends_at(chain.parameters(), chain.loss(), chain.counters())
    }

    #[test]
    fn what_is_known_changes_no_bit() {
        let (tanh, linear) = (ActivationName::Tanh, ActivationName::Linear);
        let dense = (Description::new(&[1, 10, 1], tanh, linear, LossName::Mse), functions::sine());
        // Its first layer's signal is gathered, too.
        let recurrent = (Description::of_sequences(16, 5), zeros_and_ones(&digits(), true));
        for (net, data) in [dense, recurrent] {
            for signal_norm in [false, true] {
                let settings = settings(signal_norm);
                let end = with_moves(&net, &data, &settings, None, |mut moves, _| {
                    for _ in 0..settings.steps {
                        moves.make()?;
                    }
                    let now = moves.progress(None);
                    Ok(ends_at(now.parameters(), now.loss, now.counters))
                });
                let end = end.expect("made");
                assert_eq!(end, evaluated_whole(&net, &data, &settings), "{net:?}, signal norm {signal_norm}");
                assert!(end.2.accepted > 20 && end.2.resets > 0, "{:?}", end.2);
            }
        }
    }

    #[test]
    fn samples_are_fresh_until_learned_and_known_ones_begin_with_the_hardest() {
        let data = functions::sine();
        let (mut drawn, mut pack) = (CachedMinibatch::new(data.train.len()), PackedSet::empty(&data.train, 1));
        drawn.pack(&[7, 3, 5], &mut pack);
        assert_eq!(drawn.fresh(), (3, vec![]));
        drawn.learn(&[0.7, 0.3, 0.5, 70.0, 30.0, 50.0]);
        drawn.pack(&[5, 9, 7, 1], &mut pack);
        assert_eq!(drawn.fresh(), (2, vec![0.7, 0.5, 70.0, 50.0]));
        assert_eq!(pack.batch().places, Some(&[1, 3, 2, 0][..]));
        drawn.forget();
        drawn.pack(&[5, 9], &mut pack);
        assert_eq!(drawn.fresh().0, 2);
    }
}
