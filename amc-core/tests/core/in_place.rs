//! Moves on a grid, and proposals that overwrite the parameters: what is not accepted is undone bit for bit.

use amc_core::chain::{
    Chain, ChainError, Counters, Decision, Grid, Memory, MoveParts, Options, OptionsError, RANGE, Stream, Workers,
    jump_streams, streams,
};
use amc_core::{Activation, Generator, Layer, Net, Portable, gaussian};
use rand_core::SeedableRng;

const P: Portable<8> = Portable::<8>;
const GRID: Grid = Grid::DEFAULT;

fn rng(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()))
}

fn on_grid(x: &[f32]) -> bool {
    let steps = |x: &f32| f64::from(*x) / f64::from(GRID.step());
    x.iter().all(|x| steps(x).fract() == 0.0 && x.abs() <= GRID.limit() && x.to_bits() != (-0.0_f32).to_bits())
}

/// A net of 39 parameters, whose layers end within blocks.
const LAYERS: [Layer; 2] = [Layer::dense(6, Activation::Tanh), Layer::dense(3, Activation::Linear)];
const NET: Net<'static> = Net::new(2, &LAYERS);
const N: usize = NET.parameters();

/// `moves` moves in place and in two copies; half are accepted, whatever σ is.
fn compare(options: Options, with_norm: bool, seed: u64, moves: u64) -> Counters {
    let mut x = [0.0; N];
    gaussian::fill(P, &mut rng(seed), 1.0, &mut x);
    GRID.round(&mut x);
    let (mut y, mut proposed) = (x, [0.0; N]);
    let (mut mu, mut nu, mut signal, mut same) = ([3.0; N], [4.0; N], [4.0, 0.5], [4.0, 0.5]);
    let mut one = Memory::in_place(&mut x);
    let mut two = Memory::new(&mut y, &mut proposed);
    if options.epsilon != 0.0 {
        (one, two) = (one.centres(&mut mu), two.centres(&mut nu));
    }
    if with_norm {
        (one, two) = (one.signal_norm(NET, &mut signal), two.signal_norm(NET, &mut same));
    }
    let mut one = Chain::new(one, options, rng(seed), 1.0).unwrap();
    let mut two = Chain::new(two, options, rng(seed), 1.0).unwrap();
    for step in 0..moves {
        let before: [f32; N] = one.parameters().try_into().unwrap();
        let (a, b) = (one.propose(Portable::<1>), two.propose(P));
        let now: [f32; N] = a.parameters().try_into().unwrap();
        assert!(same_bits(&now, b.parameters()), "step {step}");
        assert_eq!(a.bound().to_bits(), b.bound().to_bits());
        // The parity of one parameter, in steps, is even or odd as often. A wall keeps x off the grid's ends.
        let parity = (now[0] / GRID.step()) as i64 & 1;
        let outside = now.iter().map(|x| x * x).sum::<f32>() > 9.0 * N as f32;
        let (loss, signals) = (if parity == 1 || outside { 2.0 } else { 0.5 }, [3.0, (1 + step % 3) as f32]);
        let decision = match step % 7 {
            0 => {
                drop((a, b));
                assert!(same_bits(one.parameters(), &before), "step {step}");
                continue;
            }
            1 if loss > 1.0 => (a.reject(), b.reject()),
            _ => (a.decide_with(loss, &signals), b.decide_with(loss, &signals)),
        };
        assert_eq!(decision.0, decision.1);
        let wanted = if decision.0 == Decision::Accepted { now } else { before };
        assert!(same_bits(one.parameters(), &wanted), "step {step}");
        assert!(same_bits(two.parameters(), &wanted), "step {step}");
        one.rescore(1.0).unwrap();
        two.rescore(1.0).unwrap();
        if options.n_reset == 0 && step % 40 == 0 {
            // Or else the centres run into the wall.
            one.restart();
            two.restart();
        }
    }
    assert!(on_grid(one.parameters()));
    assert_eq!((one.counters(), one.sigma()), (two.counters(), two.sigma()));
    one.counters()
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "there are no threads")]
fn a_million_moves_are_undone_bit_for_bit_and_are_those_of_two_copies() {
    // On both cores: nothing else here takes as long.
    let halves = std::thread::scope(|scope| {
        [false, true].map(|with_norm| scope.spawn(move || half_a_million(with_norm))).map(|half| half.join().unwrap())
    });
    let total = halves.iter().fold(Counters::default(), |total, half| Counters {
        steps: total.steps + half.steps,
        accepted: total.accepted + half.accepted,
        ..total
    });
    assert!(total.steps >= 1_000_000);
    assert!((0.4..0.6).contains(&total.acceptance_rate()), "{total:?}");
}

fn half_a_million(with_norm: bool) -> Counters {
    let mut total = Counters::default();
    let sigmas: Vec<f32> =
        std::iter::successors(Some(0.5), |sigma| Some(sigma * 0.5)).take_while(|sigma| *sigma >= GRID.step()).collect();
    assert_eq!(sigmas.last(), Some(&GRID.step()));
    for (index, sigma) in sigmas.iter().enumerate() {
        for (case, epsilon) in [0.0, 0.02, 0.2, -0.1].into_iter().enumerate() {
            let options = Options::new(*sigma).epsilon(epsilon).grid(GRID);
            let Counters { steps, accepted, .. } = compare(options, with_norm, (index * 4 + case) as u64, 7_500);
            assert!(accepted > steps / 50, "{accepted} accepted with {options:?}, signal norm {with_norm}");
            total.steps += steps;
            total.accepted += accepted;
        }
    }
    total
}

#[test]
fn sigma_shrinks_to_the_step_and_no_further() {
    let counters = compare(Options::new(0.25).epsilon(0.05).n_reset(1).grid(GRID), true, 1, 3_000);
    assert!(counters.resets > 1000);
    let mut x = [0.0; 5];
    let options = Options::new(2.0 * GRID.step()).n_reset(1).grid(GRID);
    let mut chain = Chain::new(Memory::in_place(&mut x), options, rng(1), 1.0).unwrap();
    for _ in 0..100 {
        assert_eq!(chain.propose(P).decide(2.0), Decision::RejectedAndReset);
    }
    assert_eq!(chain.sigma(), GRID.step());
    assert_eq!(chain.counters().resets, 100);
}

/// Means and variances of moves, in steps, against those of a rounded Gaussian.
#[test]
fn moves_on_the_grid_are_rounded_gaussians() {
    for (sigma, variance, zeros) in
        [(1.0, 1.0 + 1.0 / 12.0, 0.3829), (0.5_f64.exp2() * 8.0, 128.0 + 1.0 / 12.0, 0.0353)]
    {
        let (mut x, mut proposed) = (vec![0.0; RANGE], vec![0.0; RANGE]);
        let options = Options::new(sigma as f32 * GRID.step()).grid(GRID);
        let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), options, rng(4), 1.0).unwrap();
        let (mut sum, mut squares, mut none, mut n) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..20 {
            for e in chain.propose(P).parameters() {
                let steps = f64::from(*e) / f64::from(GRID.step());
                sum += steps;
                squares += steps * steps;
                none += f64::from(u8::from(steps == 0.0));
                n += 1.0;
            }
        }
        // 327,680 numbers: standard errors of 0.0018 σ, 0.25% of the variance, and 0.0009. Five of each.
        assert!((sum / n).abs() < 0.009 * sigma, "mean {}", sum / n);
        assert!((squares / n / variance - 1.0).abs() < 0.0125, "variance {}", squares / n);
        assert!((none / n - zeros).abs() < 0.0045, "zeros {}", none / n);
    }
}

#[test]
fn moves_beyond_the_grid_are_not_accepted_and_are_undone() {
    // At the edge, with moves cut at half of it, and with centres that run away.
    for (start, sigma, epsilon) in [(8.0, 0.1, 0.0), (-8.0, 1e30, 0.0), (0.0, 3.0, -9.0), (7.5, f32::MAX, 5.0)] {
        let (mut x, mut y, mut proposed, mut mu, mut nu) = ([start; 9], [start; 9], [0.0; 9], [0.0; 9], [0.0; 9]);
        let options = Options::new(sigma).epsilon(epsilon).n_reset(40).grid(GRID);
        let mut one = Chain::new(Memory::in_place(&mut x).centres(&mut mu), options, rng(2), 1.0).unwrap();
        let two = Memory::new(&mut y, &mut proposed).centres(&mut nu);
        let mut two = Chain::new(two, options, rng(2), 1.0).unwrap();
        let mut spoilt = 0;
        for _ in 0..3000 {
            let before = bits(one.parameters());
            let (a, b) = (one.propose(P), two.propose(P));
            assert_eq!(bits(a.parameters()), bits(b.parameters()));
            assert_eq!(a.bound().is_nan(), b.bound().is_nan());
            let beyond = a.parameters().iter().any(|x| x.abs() > GRID.limit());
            assert!(a.parameters().iter().all(|x| x.abs() <= 1.5 * GRID.limit()));
            let nan = a.bound().is_nan();
            assert!(nan || !beyond);
            spoilt += u32::from(nan);
            assert_eq!(a.decide(1.0) == Decision::Accepted, !nan);
            b.decide(1.0);
            assert!(!nan || bits(one.parameters()) == before);
            assert!(on_grid(one.parameters()));
        }
        assert!(spoilt > 100, "{spoilt} from {start} with {sigma}");
    }
}

#[test]
fn starts_off_the_grid_are_refused() {
    let start = |x: f32, options: Options| {
        Chain::new(Memory::in_place(&mut [0.0, x]), options, rng(1), 1.0).map(|_| ()).unwrap_err()
    };
    let on = Options::new(0.1).grid(GRID);
    assert_eq!(start(0.0, Options::new(0.1)), ChainError::NoGrid);
    for value in [0.1, 8.0_f32.next_up(), -9.0, GRID.step() / 2.0, f32::MIN_POSITIVE, -0.0] {
        let got = start(value, on);
        assert!(matches!(got, ChainError::OffGrid { index: 1, step, .. } if step == GRID.step()), "{value}: {got:?}");
        let mut x = [value];
        GRID.round(&mut x);
        assert!(on_grid(&x), "{value} became {}", x[0]);
        assert!((x[0] - value).abs() <= if value.abs() > 8.0 { 1.0 } else { GRID.step() / 2.0 });
        Chain::new(Memory::in_place(&mut x), on, rng(1), 1.0).unwrap();
    }
    assert!(matches!(start(f32::NAN, on), ChainError::Parameter { index: 1, .. }));
    // Two copies on a grid keep to it as well.
    let (mut x, mut proposed) = ([0.1], [0.0]);
    let got = Chain::new(Memory::new(&mut x, &mut proposed), on, rng(1), 1.0);
    assert!(matches!(got, Err(ChainError::OffGrid { .. })));

    let below = Options::new(GRID.step().next_down()).grid(GRID);
    assert!(matches!(start(0.0, below), ChainError::Options(OptionsError::SigmaBelowGrid { .. })));
    assert_eq!(Grid::new(-101), Err(OptionsError::Grid(-101)));
    assert_eq!(Grid::new(101), Err(OptionsError::Grid(101)));
    assert_eq!(Grid::new(-20), Ok(GRID));
    for exponent in [-100, 0, 100] {
        let grid = Grid::new(exponent).unwrap();
        assert_eq!(f64::from(grid.step()), f64::from(exponent).exp2());
        let mut x = [1.5, -2.5, 0.4, 1e9, -1e9].map(|x| x * grid.step());
        grid.round(&mut x);
        assert_eq!(x.map(|x| x / grid.step()), [2.0, -2.0, 0.0, 8_388_608.0, -8_388_608.0]);
    }
}

#[test]
fn a_leaked_proposal_is_undone_when_the_next_is_made() {
    let (mut x, mut y, mut proposed, mut mu, mut nu) = ([1.0; 40], [1.0; 40], [0.0; 40], [0.0; 40], [0.0; 40]);
    let options = Options::new(0.1).epsilon(0.3).n_reset(2).grid(GRID);
    let mut one = Chain::new(Memory::in_place(&mut x).centres(&mut mu), options, rng(6), 1.0).unwrap();
    let two = Memory::new(&mut y, &mut proposed).centres(&mut nu);
    let mut two = Chain::new(two, options, rng(6), 1.0).unwrap();
    for step in 0..60 {
        let before = bits(one.parameters());
        core::mem::forget(one.propose(P));
        core::mem::forget(two.propose(P));
        assert_ne!(bits(one.parameters()), before);
        assert_eq!(one.rescore(3.0), Err(ChainError::Undecided));
        assert_eq!(one.rescore_with(3.0, &[]), Err(ChainError::Undecided));
        if step % 5 == 0 {
            one.restart();
            two.restart();
        }
        let (a, b) = (one.propose(P), two.propose(P));
        assert_eq!(bits(a.parameters()), bits(b.parameters()), "step {step}");
        let loss = (step % 4) as f32;
        assert_eq!(a.decide(loss), b.decide(loss));
        assert_eq!(bits(one.parameters()), bits(two.parameters()));
        assert_eq!(one.sigma(), two.sigma());
        one.rescore(1.0).unwrap();
        two.rescore(1.0).unwrap();
    }
    let Counters { accepted, resets, .. } = one.counters();
    assert!(accepted > 20 && resets > 5);
}

/// Every part on a thread of its own.
struct Threads;

impl Workers<Generator> for Threads {
    fn share(&mut self, parts: MoveParts<'_, Generator>) {
        std::thread::scope(|scope| {
            for part in parts {
                scope.spawn(|| part.work(P));
            }
        });
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "there are no threads")]
fn large_nets_are_undone_by_any_crew() {
    let n = 2 * RANGE + 100;
    let first = rng(9);
    let mut generators = vec![Stream::new(first.clone()); streams(n)];
    let (mut x, mut mu) = (vec![0.25; n], vec![0.0; n]);
    jump_streams(&first, &mut generators);
    // A leak of one chain is not one of the next.
    for _ in 0..2 {
        let memory = Memory::in_place(&mut x).centres(&mut mu).streams(&mut generators);
        let options = Options::new(0.1).epsilon(0.1).grid(GRID);
        let mut chain = Chain::new(memory, options, first.clone(), 1.0).unwrap();
        for step in 0..12 {
            let before = bits(chain.parameters());
            let proposal = if step % 2 == 0 { chain.propose(Threads).bound() } else { chain.propose(P).bound() };
            assert_eq!((proposal, bits(chain.parameters())), (1.0, before.clone()));
            assert_eq!(chain.propose(Threads).decide(2.0), Decision::Rejected);
            assert_eq!(bits(chain.parameters()), before);
            assert_eq!(chain.propose(Threads).decide(1.0), Decision::Accepted);
            assert!(bits(chain.parameters()) != before);
        }
        core::mem::forget(chain.propose(P));
        x.fill(0.25);
    }
}

/// Moves to 1e-3 on Rosenbrock's function from (−2, 2), and the acceptance rate.
fn rosenbrock(seed: u64, grid: bool) -> [f64; 2] {
    let f = |x: &[f32]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
    let (mut x, mut mu, mut proposed) = ([-2.0, 2.0], [0.0; 2], [0.0; 2]);
    let options = Options::new(0.1).epsilon(0.1).n_reset(20);
    let loss = f(&x);
    let (memory, options) = match grid {
        true => (Memory::in_place(&mut x), options.grid(GRID)),
        false => (Memory::new(&mut x, &mut proposed), options),
    };
    let mut chain = Chain::new(memory.centres(&mut mu), options, rng(seed), loss).unwrap();
    while chain.loss() > 1e-3 && chain.counters().steps < 100_000 {
        let proposal = chain.propose(Portable::<2>);
        let loss = f(proposal.parameters());
        proposal.decide(loss);
    }
    assert!(chain.loss() <= 1e-3);
    [chain.counters().steps as f64, f64::from(chain.counters().acceptance_rate())]
}

#[test]
fn a_chain_on_the_grid_learns_as_one_without() {
    let n = 300;
    let runs = |grid, seeds: u64| (0..n).map(|seed| rosenbrock(seed + seeds, grid)).collect::<Vec<_>>();
    // Other seeds: from the same the two chains go together for long, and show nothing.
    let (with, without) = (runs(true, 0), runs(false, 1000));
    for (index, what) in ["moves", "acceptance"].into_iter().enumerate() {
        let mean = |runs: &[[f64; 2]]| runs.iter().map(|run| run[index]).sum::<f64>() / n as f64;
        let of_mean = |runs: &[[f64; 2]]| {
            runs.iter().map(|run| (run[index] - mean(runs)).powi(2)).sum::<f64>() / (n * (n - 1)) as f64
        };
        let error = (of_mean(&with) + of_mean(&without)).sqrt();
        let (with, without) = (mean(&with), mean(&without));
        println!("{what}: {with} on the grid, {without} without, standard error {error}");
        assert!((with - without).abs() < 3.0 * error, "{what}: {with} on the grid, {without} without, ±{error}");
    }
}

#[test]
fn the_memory_of_training_is_known_at_compile_time() {
    const NUMBERS: usize = (size_of::<[f32; N]>() + size_of::<[f32; NET.scratch(4)]>()) / 4;
    const PLAIN: usize = NET.memory(4).bytes();
    const IN_PLACE: usize = NET.memory(4).in_place().bytes();
    const ALL: usize = NET.memory(4).centres().signal_norm().bytes();
    let chain = size_of::<Chain<'_, Generator>>();
    assert_eq!(IN_PLACE, 4 * NUMBERS + chain);
    assert_eq!(PLAIN, IN_PLACE + 4 * N);
    assert_eq!(ALL, PLAIN + 4 * (N + 2 * LAYERS.len()));
    let layers = [Layer::dense(200, Activation::Tanh)];
    let wide = Net::new(200, &layers).memory(16);
    assert_eq!((wide.parameters, wide.streams), (40_200, 2));
    let streams = 2 * size_of::<Stream<Generator>>();
    assert_eq!(wide.bytes(), 4 * (2 * 40_200 + wide.scratch) + streams + chain);
    assert!(wide.bytes_with::<[u64; 9]>() > wide.bytes());
    // A net so large that what is counted of it takes all bits but one.
    const SIDE: usize = 1 << (usize::BITS / 2 - 3);
    let layers = [Layer::dense(SIDE, Activation::Tanh), Layer::dense(SIDE, Activation::Tanh)];
    let most = Net::try_new(2 * SIDE, &layers).map(|net| net.memory(1).centres().bytes());
    assert!(most.is_ok_and(|bytes| bytes > 1 << (usize::BITS - 2)));
}
