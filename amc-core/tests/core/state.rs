//! A chain that is stopped and resumed makes the bits of one that ran through.

use amc_core::chain::{
    Chain, ChainError, Counters, Grid, Memory, Options, State, StateError, Stream, jump_streams, streams,
};
use amc_core::{Activation, Generator, Layer, Net, Portable, gaussian};
use proptest::prelude::*;
use rand_core::SeedableRng;

/// Wide enough for moves to be compiled once, not once for each test.
const P: Portable<8> = Portable::<8>;
const SMALL: [Layer; 2] = [Layer::dense(6, Activation::Tanh), Layer::dense(3, Activation::Linear)];
const NET: Net<'static> = Net::new(2, &SMALL);
/// 16,644 parameters: two ranges.
const LARGE: [Layer; 2] = [Layer::dense(128, Activation::Tanh), Layer::dense(4, Activation::Linear)];
const TWO_RANGES: Net<'static> = Net::new(125, &LARGE);

#[derive(Clone, Copy, Debug)]
struct Case {
    net: Net<'static>,
    options: Options,
    signal_norm: bool,
    in_place: bool,
}

/// What a machine keeps while it is off.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    state: State<Generator>,
    parameters: Vec<u32>,
    centres: Vec<u32>,
    signal: Vec<u32>,
    generators: Vec<Generator>,
}

/// The memory of a machine that was just switched on.
struct Machine {
    x: Vec<f32>,
    proposed: Vec<f32>,
    mu: Vec<f32>,
    signal: [f32; 2],
    streams: Vec<Stream<Generator>>,
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

impl Machine {
    fn new(n: usize) -> Self {
        let streams = vec![Stream::new(Generator::seed_from_u64(99)); streams(n)];
        Self { x: vec![7.0; n], proposed: vec![8.0; n], mu: vec![9.0; n], signal: [3.0; 2], streams }
    }

    fn memory(&mut self, case: Case) -> Memory<'_> {
        let memory = match case.in_place {
            true => Memory::in_place(&mut self.x),
            false => Memory::new(&mut self.x, &mut self.proposed),
        };
        let memory = memory.centres(&mut self.mu).streams(&mut self.streams);
        if case.signal_norm { memory.signal_norm(case.net, &mut self.signal) } else { memory }
    }
}

fn keep(chain: &Chain<'_, Generator>) -> Kept {
    Kept {
        state: chain.state().unwrap(),
        parameters: bits(chain.parameters()),
        centres: bits(chain.centres()),
        signal: bits(chain.signal()),
        generators: chain.streams().iter().map(|stream| stream.generator().clone()).collect(),
    }
}

fn one_move(chain: &mut Chain<'_, Generator>) {
    let step = chain.counters().steps;
    let proposal = chain.propose(P);
    let (x, y) = (proposal.parameters()[0], proposal.parameters()[1]);
    // The parity of one parameter's steps of 2⁻²⁰: as good as chance, and a function of x' alone.
    let even = (x * 1_048_576.0) as i64 & 1 == 0;
    let loss = proposal.bound() + if even { 1.0 } else { -0.01 };
    match step % 5 {
        3 => proposal.decide(loss),
        _ => proposal.decide_with(loss, &[2.0 + y * y, 0.5 + step as f32]),
    };
    if step % 7 == 6 {
        drop(chain.propose(P));
    }
}

fn ran_through(case: Case, moves: usize) -> Vec<Kept> {
    let n = case.net.parameters();
    let mut machine = Machine::new(n);
    let rng = Generator::seed_from_u64(5);
    gaussian::fill(P, &mut rng.clone(), 0.3, &mut machine.x);
    if let Some(grid) = case.options.grid {
        grid.round(&mut machine.x);
    }
    jump_streams(&rng, &mut machine.streams);
    let mut chain = Chain::new(machine.memory(case), case.options, rng, 4.0).unwrap();
    let mut seen = vec![keep(&chain)];
    for _ in 0..moves {
        one_move(&mut chain);
        seen.push(keep(&chain));
    }
    seen
}

fn resumed(case: Case, from: &Kept, moves: usize) -> Vec<Kept> {
    let mut machine = Machine::new(case.net.parameters());
    let fill = |to: &mut [f32], from: &[u32]| to.iter_mut().zip(from).for_each(|(x, bits)| *x = f32::from_bits(*bits));
    fill(&mut machine.x, &from.parameters);
    fill(&mut machine.mu, &from.centres);
    fill(&mut machine.signal, &from.signal);
    machine.streams = from.generators.iter().cloned().map(Stream::new).collect();
    let mut chain = Chain::resume(machine.memory(case), case.options, from.state.clone()).unwrap();
    let mut seen = vec![keep(&chain)];
    for _ in 0..moves {
        one_move(&mut chain);
        seen.push(keep(&chain));
    }
    seen
}

fn cases(net: Net<'static>) -> Vec<Case> {
    let mut cases = Vec::new();
    for (epsilon, n_reset, temperature) in [(0.0, 0, 0.0), (0.2, 2, 0.0), (-0.1, 2, 0.3), (0.0, 3, 0.3)] {
        let options = Options::new(0.1).epsilon(epsilon).n_reset(n_reset).temperature(temperature);
        for signal_norm in [false, true] {
            cases.push(Case { net, options, signal_norm, in_place: false });
            let options = options.grid(Grid::DEFAULT);
            cases.push(Case { net, options, signal_norm, in_place: false });
            cases.push(Case { net, options, signal_norm, in_place: true });
        }
    }
    cases
}

fn stop_and_resume_at_every_step(net: Net<'static>, moves: usize) {
    let (mut accepted, mut resets) = (0, 0);
    for case in cases(net) {
        let through = ran_through(case, moves);
        let end = through[moves].state.counters;
        (accepted, resets) = (accepted + end.accepted, resets + end.resets);
        for (step, from) in through.iter().enumerate() {
            assert!(resumed(case, from, moves - step) == through[step..], "{case:?}, step {step}");
        }
    }
    assert!(accepted > 50 && resets > 10, "{accepted}, {resets}");
}

#[test]
fn a_chain_resumed_at_any_step_makes_the_same_bits() {
    stop_and_resume_at_every_step(NET, 24);
}

#[test]
fn a_chain_of_two_ranges_resumed_at_any_step_makes_the_same_bits() {
    assert_eq!(streams(TWO_RANGES.parameters()), 1);
    stop_and_resume_at_every_step(TWO_RANGES, 10);
}

proptest! {
    #[test]
    fn whatever_a_chain_says_of_itself_is_resumed(
        sigma in 1e-30_f32..1e30, epsilon in -3.0_f32..3.0, n_reset in 0_u32..4, moves in 0_usize..40
    ) {
        let options = Options::new(sigma).epsilon(epsilon).n_reset(n_reset);
        let case = Case { net: NET, options, signal_norm: true, in_place: false };
        let mut machine = Machine::new(case.net.parameters());
        machine.x.fill(1.0);
        let mut chain = Chain::new(machine.memory(case), options, Generator::seed_from_u64(1), 4.0).unwrap();
        (0..moves).for_each(|_| one_move(&mut chain));
        if chain.state().is_ok() {
            let from = keep(&chain);
            one_move(&mut chain);
            let mut wanted = vec![from];
            if chain.state().is_ok() {
                wanted.push(keep(&chain));
            }
            let after = wanted.len() - 1;
            prop_assert!(resumed(case, &wanted[0], after) == wanted);
        }
    }
}

fn small() -> Case {
    let options = Options::new(0.1).epsilon(0.1).n_reset(5);
    Case { net: NET, options, signal_norm: true, in_place: false }
}

fn state() -> State<Generator> {
    let counters = Counters { steps: 10, accepted: 3, resets: 1 };
    State { sigma: 0.1, loss: 1.0, rejected_in_a_row: 4, counters, generator: Generator::seed_from_u64(1) }
}

fn refused(case: Case, state: State<Generator>, spoil: impl FnOnce(&mut Machine)) -> ChainError {
    let mut machine = Machine::new(case.net.parameters());
    machine.x.fill(0.5);
    spoil(&mut machine);
    Chain::resume(machine.memory(case), case.options, state).unwrap_err()
}

#[test]
fn a_state_of_no_chain_is_refused() {
    let mut machine = Machine::new(small().net.parameters());
    assert!(Chain::resume(machine.memory(small()), small().options, state()).is_ok());
    let with = |state| refused(small(), state, |_| {});
    for sigma in [0.0, -0.1, f32::INFINITY] {
        let got = with(State { sigma, ..state() });
        assert_eq!(got, ChainError::State(StateError::Sigma { sigma, least: 0.0 }));
    }
    assert!(with(State { sigma: f32::NAN, ..state() }).to_string().contains("sigma is NaN"));
    let on_grid = Case { options: small().options.grid(Grid::DEFAULT), ..small() };
    let (sigma, least) = (Grid::DEFAULT.step() / 2.0, Grid::DEFAULT.step());
    let got = refused(on_grid, State { sigma, ..state() }, |_| {});
    assert_eq!(got, ChainError::State(StateError::Sigma { sigma, least }));
    assert_eq!(with(State { loss: f32::INFINITY, ..state() }), ChainError::Loss { loss: f32::INFINITY });
    let got = with(State { rejected_in_a_row: 5, ..state() });
    assert_eq!(got, ChainError::State(StateError::Rejected { rejected: 5, n_reset: 5 }));
    let never = Case { options: small().options.n_reset(0), ..small() };
    let got = refused(never, State { rejected_in_a_row: u32::MAX, ..state() }, |_| {});
    assert_eq!(got, ChainError::State(StateError::Rejected { rejected: u32::MAX, n_reset: 0 }));
    for (accepted, resets) in [(11, 0), (9, 2), (u64::MAX, 1)] {
        let counters = Counters { steps: 10, accepted, resets };
        assert_eq!(with(State { counters, ..state() }), ChainError::State(StateError::Counters(counters)));
    }
}

#[test]
fn memory_that_no_chain_has_is_refused() {
    let got = refused(small(), state(), |machine| machine.mu[3] = f32::INFINITY);
    let value = f32::INFINITY;
    assert_eq!(got, ChainError::State(StateError::NotFinite { what: "centre", index: 3, value }));
    let got = refused(small(), state(), |machine| machine.signal[1] = value);
    assert_eq!(got, ChainError::State(StateError::NotFinite { what: "signal", index: 1, value }));
    let got = refused(small(), state(), |machine| machine.x[2] = value);
    assert_eq!(got, ChainError::Parameter { index: 2, value });
    let given = small().net.parameters() - 1;
    let got = refused(small(), state(), |machine| machine.mu.truncate(given));
    assert_eq!(got, ChainError::Length { what: "centres", needed: given + 1, given });
    let bad = Case { options: Options::new(-1.0), ..small() };
    assert!(matches!(refused(bad, state(), |_| {}), ChainError::Options(_)));
}

#[test]
fn a_chain_with_a_suspended_proposal_has_no_state() {
    let in_place = Case { options: small().options.grid(Grid::DEFAULT), in_place: true, ..small() };
    for case in [in_place, small()] {
        let mut machine = Machine::new(NET.parameters());
        machine.x.fill(0.5);
        let mut chain = Chain::new(machine.memory(case), case.options, Generator::seed_from_u64(1), 1.0).unwrap();
        chain.propose(P).suspend();
        assert_eq!(chain.state().unwrap_err(), ChainError::Undecided);
        chain.pending(P).unwrap().decide(0.5);
        assert_eq!(chain.state().unwrap().counters.accepted, 1);
    }
}
