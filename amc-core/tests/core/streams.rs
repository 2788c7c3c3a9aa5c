//! Nets of several ranges of parameters: a stream for each, computed in any order, by any number of threads.

use amc_core::chain::{
    Chain, ChainError, Memory, MovePart, MoveParts, Options, RANGE, Stream, Workers, jump_streams, streams,
};
use amc_core::{Activation, Generator, Layer, Net, Portable, gaussian};
use rand_core::{Rng, SeedableRng, TryRng};

const P: Portable<16> = Portable::<16>;

fn rng(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

fn jumped(first: &Generator, parameters: usize) -> Vec<Stream<Generator>> {
    let mut all = vec![Stream::new(first.clone()); streams(parameters)];
    jump_streams(first, &mut all);
    all
}

/// Every part on a thread of its own.
struct Threads;

impl<R: Rng + Clone + Send> Workers<R> for Threads {
    fn share(&mut self, parts: MoveParts<'_, R>) {
        std::thread::scope(|scope| {
            for part in parts {
                scope.spawn(|| part.work(Portable::<8>));
            }
        });
    }
}

/// The last part first.
struct Backwards;

impl<R: Rng + Clone> Workers<R> for Backwards {
    fn share(&mut self, parts: MoveParts<'_, R>) {
        assert_eq!(parts.len(), parts.size_hint().0);
        parts.collect::<Vec<_>>().into_iter().rev().for_each(|part| part.work(P));
    }
}

/// All parts but one.
struct Without(usize);

impl<R: Rng + Clone> Workers<R> for Without {
    fn share(&mut self, parts: MoveParts<'_, R>) {
        let work = |(index, part): (usize, MovePart<'_, R>)| {
            if index != self.0 {
                part.work(P)
            }
        };
        parts.enumerate().for_each(work);
    }
}

#[test]
fn every_range_has_a_stream_but_the_first() {
    let counts = [0, 1, RANGE, RANGE + 1, 2 * RANGE, 2 * RANGE + 1].map(streams);
    assert_eq!(counts, [0, 0, 0, 1, 1, 2]);
    let n = 2 * RANGE + 1;
    let (mut x, mut proposed) = (vec![0.0; n], vec![0.0; n]);
    let got = Chain::new(Memory::new(&mut x, &mut proposed), Options::new(0.1), rng(1), 1.0).unwrap_err();
    assert_eq!(got, ChainError::Streams { needed: 2, given: 0 });
    for given in [1, 3] {
        let mut all = vec![Stream::new(rng(1)); given];
        let memory = Memory::new(&mut x, &mut proposed).streams(&mut all);
        let got = Chain::new(memory, Options::new(0.1), rng(1), 1.0).unwrap_err();
        assert_eq!(got, ChainError::Streams { needed: 2, given });
    }
}

/// Each range's moves are the numbers of its own generator; those of the first do not depend on how many follow.
#[test]
fn ranges_draw_from_their_own_generators() {
    let n = 2 * RANGE + 77;
    let first = rng(3);
    let (mut x, mut proposed, mut all) = (vec![0.0; n], vec![0.0; n], jumped(&first, n));
    let memory = Memory::new(&mut x, &mut proposed).streams(&mut all);
    let mut chain = Chain::new(memory, Options::new(0.5).temperature(1.0), first.clone(), 1.0).unwrap();
    let mut generators = [first.clone(), first.clone(), first];
    generators[1].jump();
    generators[2].jump();
    generators[2].jump();
    for _ in 0..3 {
        let proposal = chain.propose(P);
        for (range, generator) in proposal.parameters().chunks(RANGE).zip(&mut generators) {
            let mut z = vec![0.0; range.len()];
            gaussian::fill(P, generator, 0.5, &mut z);
            assert_eq!(bits(range), bits(&z));
        }
        // ξ, of the bound.
        generators[0].next_u32();
        proposal.reject();
    }
}

/// Bounds and parameters of 12 moves, with signal norm.
fn moves<C: Workers<Generator>>(epsilon: f32, temperature: f32, mut workers: impl FnMut() -> C) -> Vec<u32> {
    let layers = [Layer::dense(211, Activation::Tanh), Layer::dense(200, Activation::Tanh)];
    let net = Net::new(100, &layers);
    let n = net.parameters();
    assert_eq!(streams(n), 3);
    let first = rng(5);
    let (mut x, mut proposed, mut mu, mut all) = (vec![0.5; n], vec![0.0; n], vec![0.0; n], jumped(&first, n));
    let mut signal = [4.0, 0.3];
    let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu).streams(&mut all);
    let memory = memory.signal_norm(net, &mut signal);
    let options = Options::new(0.1).epsilon(epsilon).temperature(temperature).n_reset(2);
    let mut chain = Chain::new(memory, options, first, 5.0).unwrap();
    let mut seen = Vec::new();
    for step in 0..12 {
        let proposal = chain.propose(workers());
        seen.push(proposal.bound().to_bits());
        seen.extend(bits(proposal.parameters()));
        match step % 5 {
            0 => drop(proposal),
            1 | 2 => drop(proposal.decide(50.0)),
            _ => drop(proposal.decide_with(4.0, &[3.0, 0.1 * step as f32])),
        }
        seen.extend(bits(chain.parameters()));
    }
    seen
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "there are no threads")]
fn whoever_computes_the_parts_gets_the_same_bits() {
    for (epsilon, temperature) in [(0.0, 0.0), (0.2, 0.0), (-0.1, 0.5)] {
        let wanted = moves(epsilon, temperature, || Portable::<4>);
        assert!(moves(epsilon, temperature, || P) == wanted);
        assert!(moves(epsilon, temperature, || Threads) == wanted);
        assert!(moves(epsilon, temperature, || Backwards) == wanted);
        assert!(moves(epsilon + 0.01, temperature, || P) != wanted);
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "there are no threads")]
fn a_parameter_that_becomes_infinite_spoils_the_move_from_any_range() {
    let n = 3 * RANGE + 5;
    for bad in [0, RANGE - 1, RANGE, 2 * RANGE + 9, n - 1] {
        let first = rng(1);
        let (mut x, mut proposed, mut all) = (vec![1.0; n], vec![0.0; n], jumped(&first, n));
        x[bad] = f32::MAX;
        let memory = Memory::new(&mut x, &mut proposed).streams(&mut all);
        let mut chain = Chain::new(memory, Options::new(1e36), first, 1.0).unwrap();
        let mut spoilt = 0;
        for _ in 0..20 {
            spoilt += u32::from(chain.propose(P).bound().is_nan());
            spoilt += u32::from(chain.propose(Threads).bound().is_nan());
        }
        // A positive move of the one parameter: half of them.
        assert!((8..33).contains(&spoilt), "parameter {bad}: {spoilt} of 40");
    }
}

#[test]
fn a_part_that_was_not_computed_spoils_the_move() {
    let n = 3 * RANGE;
    for missing in 0..3 {
        let first = rng(1);
        let (mut x, mut proposed, mut all) = (vec![1.0; n], vec![0.0; n], jumped(&first, n));
        let memory = Memory::new(&mut x, &mut proposed).streams(&mut all);
        let mut chain = Chain::new(memory, Options::new(0.1), first, 1.0).unwrap();
        let proposal = chain.propose(Without(missing));
        assert!(proposal.bound().is_nan());
        proposal.decide(0.0);
        assert_eq!(chain.counters().accepted, 0);
        assert_eq!(chain.propose(Without(3)).bound(), 1.0);
    }
}

/// Any generator that can be cloned serves.
#[derive(Clone)]
struct SplitMix(u64);

impl TryRng for SplitMix {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill_with(|| self.next_u32() as u8);
        Ok(())
    }
}

#[test]
fn streams_of_another_generator() {
    let n = RANGE + 10;
    let (mut x, mut proposed, mut all) = (vec![0.0; n], vec![0.0; n], [Stream::new(SplitMix(7))]);
    let memory = Memory::new(&mut x, &mut proposed).streams(&mut all);
    let mut chain = Chain::new(memory, Options::new(1.0), SplitMix(8), 1.0).unwrap();
    let proposal = chain.propose(P);
    let mut z = [0.0; 10];
    gaussian::fill(P, &mut SplitMix(7), 1.0, &mut z);
    assert_eq!(proposal.parameters()[RANGE..], z);
}
