//! Proposals that are suspended: a chain goes on with them as if nothing had been.

use amc_core::chain::{Chain, ChainError, Decision, Grid, Memory, Options};
use amc_core::{Generator, Portable};
use rand_core::SeedableRng;

/// Wide enough for moves to be compiled once, not once for each test.
const P: Portable<8> = Portable::<8>;
const N: usize = 40;

/// Two copies of the parameters, and centres.
type Buffers = [[f32; N]; 3];

fn chain(in_place: bool, temperature: f32, buffers: &mut Buffers) -> Chain<'_, Generator> {
    let [x, proposed, centres] = buffers;
    let memory = if in_place { Memory::in_place(x) } else { Memory::new(x, proposed) };
    let options = Options::new(0.1).epsilon(0.2).n_reset(2).temperature(temperature).grid(Grid::DEFAULT);
    Chain::new(memory.centres(centres), options, Generator::seed_from_u64(3), 1.0).unwrap()
}

/// All that shows of a chain, to the bit.
fn state(chain: &Chain<'_, Generator>) -> impl PartialEq + core::fmt::Debug + use<> {
    let bits: Vec<_> = chain.parameters().iter().map(|x| x.to_bits()).collect();
    (bits, chain.loss().to_bits(), chain.sigma().to_bits(), chain.counters())
}

#[test]
fn a_suspended_move_is_decided_as_any_other() {
    for (in_place, temperature) in [(false, 0.0), (false, 0.3), (true, 0.0), (true, 0.3)] {
        let (mut a, mut b) = ([[0.5; N]; 3], [[0.5; N]; 3]);
        let (mut a, mut b) = (chain(in_place, temperature, &mut a), chain(in_place, temperature, &mut b));
        for step in 0..60 {
            let direct = a.propose(P);
            b.propose(P).suspend();
            let again = b.pending(Portable::<1>).unwrap();
            assert_eq!((again.parameters(), again.bound()), (direct.parameters(), direct.bound()));
            again.suspend();
            let again = b.pending(P).unwrap();
            match step % 5 {
                0 => drop((direct, again)),
                1 => assert_eq!(direct.reject(), again.reject()),
                _ => {
                    let loss = if step % 2 == 0 { 0.9 } else { 3.0 };
                    assert_eq!(direct.decide(loss), again.decide(loss));
                }
            }
            assert!(b.pending(P).is_none());
            assert_eq!(state(&a), state(&b), "step {step}, in place: {in_place}");
        }
        assert!(a.counters().accepted > 10 && a.counters().resets > 0);
    }
}

#[test]
fn the_current_parameters_stay_while_a_move_is_suspended() {
    let mut buffers = [[0.5; N]; 3];
    let mut chain = chain(false, 0.0, &mut buffers);
    assert!(chain.pending(P).is_none());
    let before = state(&chain);
    chain.propose(P).suspend();
    assert_eq!(state(&chain), before);
    // The bound was that of another loss.
    chain.rescore(2.0).unwrap();
    assert!(chain.pending(P).is_none());
    chain.propose(P).suspend();
    chain.restart();
    assert!(chain.pending(P).is_none());
}

#[test]
fn in_place_a_suspended_move_comes_before_everything_else() {
    let mut buffers = [[0.5; N]; 3];
    let mut chain = chain(true, 0.0, &mut buffers);
    chain.propose(P).suspend();
    assert_ne!(chain.parameters(), [0.5; N]);
    assert_eq!(chain.rescore(2.0), Err(ChainError::Undecided));
    assert_eq!(chain.pending(P).map(|proposal| proposal.decide(2.0)), Some(Decision::Rejected));
    assert_eq!(chain.parameters(), [0.5; N]);
    chain.propose(P).suspend();
    chain.restart();
    assert!(chain.pending(P).is_none(), "a restart ends the move");
    drop(chain.propose(P));
    assert_eq!(chain.parameters(), [0.5; N]);
}
