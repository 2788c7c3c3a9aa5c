//! Moves that are passed over, and chains that follow another.

use amc_core::chain::{Chain, ChainError, Grid, Memory, Options, RANGE, Stream, jump_streams, streams};
use amc_core::{Activation, Generator, Layer, Net, Portable, gaussian};
use rand_core::SeedableRng;

const P: Portable<16> = Portable::<16>;

/// A net whose last range of parameters ends within a block, and whose layers do.
const LAYERS: [Layer; 2] = [Layer::dense(5, Activation::Tanh), Layer::dense(2, Activation::Linear)];

/// What a chain is lent.
struct Lent {
    x: Vec<f32>,
    proposed: Vec<f32>,
    centres: Vec<f32>,
    streams: Vec<Stream<Generator>>,
    signal: [f32; 2],
}

impl Lent {
    fn new(n: usize) -> Self {
        let rng = Generator::seed_from_u64(3);
        let mut x = vec![0.0; n];
        gaussian::fill(P, &mut rng.clone(), 0.5, &mut x);
        Grid::DEFAULT.round(&mut x);
        let mut of = vec![Stream::new(rng.clone()); streams(n)];
        jump_streams(&rng, &mut of);
        Self { x, proposed: vec![0.0; n], centres: vec![0.0; n], streams: of, signal: [2.0, 0.5] }
    }

    fn chain<'m>(&'m mut self, net: Net<'m>, options: Options, in_place: bool) -> Chain<'m, Generator> {
        let Self { x, proposed, centres, streams, signal } = self;
        let memory = if in_place { Memory::in_place(x) } else { Memory::new(x, proposed) };
        let memory = memory.streams(streams).signal_norm(net, signal);
        let memory = if options.epsilon == 0.0 { memory } else { memory.centres(centres) };
        Chain::new(memory, options, Generator::seed_from_u64(9), 1.0).unwrap()
    }
}

/// Bits of all that a chain goes on from.
fn place(chain: &Chain<'_, Generator>) -> impl PartialEq + std::fmt::Debug {
    let numbers = [chain.parameters(), chain.centres(), chain.signal()].map(<[f32]>::to_vec);
    let streams: Vec<_> = chain.streams().iter().map(|stream| stream.generator().clone()).collect();
    (numbers.map(|of| of.iter().map(|x| x.to_bits()).collect::<Vec<_>>()), streams, chain.state().unwrap())
}

#[test]
fn what_is_passed_over_is_rejected_and_a_chain_that_follows_proposes_what_comes_after_it() {
    let quiet = Options::new(0.1).n_reset(3);
    let heated = Options { grid: Some(Grid::DEFAULT), ..quiet.epsilon(0.1).temperature(0.01) };
    for (inputs, options, in_place) in
        [(3, quiet, false), (3, heated, false), (3, heated, true), (2 * RANGE / 5 + 7, quiet.epsilon(-0.02), false)]
    {
        let net = Net::new(inputs, &LAYERS);
        let n = net.parameters();
        let (mut a, mut b, mut c) = (Lent::new(n), Lent::new(n), Lent::new(n));
        let mut chain = a.chain(net, options, in_place);
        let mut other = b.chain(net, options, in_place);
        let mut scout = c.chain(net, options, in_place);
        // Up to more rejections in a row than are before a reset, and again after what is accepted.
        for rejections in [0, 1, 2, 5, 0, 7] {
            scout.follow(&chain).unwrap();
            assert_eq!(place(&scout), place(&chain));
            // A proposal of the past is no hindrance.
            scout.propose(P).suspend();
            if !in_place {
                scout.follow(&chain).unwrap();
            } else {
                assert_eq!(scout.follow(&chain), Err(ChainError::Undecided));
                scout.pass(P);
                scout.follow(&chain).unwrap();
            }
            for _ in 0..rejections {
                let wanted = chain.propose(P).reject();
                assert_eq!(other.pass(P), wanted);
                assert_eq!(scout.pass(P), wanted);
                assert_eq!(place(&other), place(&chain));
            }
            let (ahead, wanted, same) = (scout.propose(P), chain.propose(P), other.propose(P));
            assert_eq!(ahead.bound().to_bits(), wanted.bound().to_bits());
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(ahead.parameters()), bits(wanted.parameters()));
            drop(ahead);
            let loss = wanted.bound() * 0.9;
            wanted.decide_with(loss, &[1.5, 0.7]);
            same.decide_with(loss, &[1.5, 0.7]);
            assert_eq!(place(&other), place(&chain));
        }
        assert!(chain.counters().resets >= 3);
    }
}

#[test]
fn a_chain_follows_none_of_another_size() {
    let net = Net::new(3, &LAYERS);
    let options = Options::new(0.1);
    let (mut a, mut b) = (Lent::new(net.parameters()), Lent::new(net.parameters()));
    let chain = a.chain(net, options, false);
    let mut centred = b.chain(net, options.epsilon(0.1), false);
    let wanted = ChainError::Length { what: "centres", needed: net.parameters(), given: 0 };
    assert_eq!(centred.follow(&chain), Err(wanted));
    let (mut x, mut proposed) = (vec![0.0; 4], vec![0.0; 4]);
    let memory = Memory::new(&mut x, &mut proposed);
    let mut small = Chain::new(memory, options, Generator::seed_from_u64(1), 1.0).unwrap();
    let wanted = ChainError::Length { what: "parameters", needed: 4, given: net.parameters() };
    assert_eq!(small.follow(&chain), Err(wanted));
}
