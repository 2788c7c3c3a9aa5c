//! The chain: every rule of Sec. III A, step by step.

use amc_core::chain::{Chain, ChainError, Counters, Decision, Memory, Options, OptionsError, SIGMA_FACTOR};
use amc_core::{Activation, Generator, Layer, Net, Portable, gaussian};
use proptest::prelude::*;
use rand_core::SeedableRng;

/// Wide enough for moves to be compiled once, not once for each test.
const P: Portable<8> = Portable::<8>;

fn rng(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

fn start(x: &mut [f32], proposed: &mut [f32], options: Options, loss: f32) -> Result<(), ChainError> {
    Chain::new(Memory::new(x, proposed), options, rng(1), loss).map(|_| ())
}

proptest! {
    // A failure prints its input; nothing is to be kept beside the sources.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A move that is not accepted leaves no trace, whatever x is: nothing is subtracted again.
    #[test]
    fn what_is_not_accepted_changes_nothing(
        x in prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO, 1..80),
        seed: u64, sigma in 1e-6_f32..10.0, epsilon in -0.5_f32..0.5,
    ) {
        let wanted = bits(&x);
        let (mut x, mut proposed, mut mu) = (x.clone(), vec![0.0; x.len()], vec![0.0; x.len()]);
        let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu);
        let mut chain = Chain::new(memory, Options::new(sigma).epsilon(epsilon).n_reset(3), rng(seed), 1.0).unwrap();
        for _ in 0..4 {
            drop(chain.propose(P));
            prop_assert_eq!(bits(chain.parameters()), wanted.clone());
        }
        prop_assert_eq!(chain.counters(), Counters::default());
        for loss in [2.0, f32::NAN, f32::INFINITY, 1.000_000_1, 3.0] {
            prop_assert_ne!(chain.propose(P).decide(loss), Decision::Accepted);
            prop_assert_eq!(bits(chain.parameters()), wanted.clone());
            prop_assert_eq!(chain.loss(), 1.0);
        }
    }

    /// The width of the tile that proposes does not show.
    #[test]
    fn any_width_makes_the_same_moves(count in 1_usize..100, seed: u64, signals in prop::array::uniform2(0.0_f32..9.0)) {
        fn run<const T: usize>(count: usize, seed: u64, mut signals: [f32; 2]) -> Vec<u32> {
            let layers = [Layer::dense(count, Activation::Tanh), Layer::dense(2, Activation::Linear)];
            let net = Net::new(3, &layers);
            let n = net.parameters();
            let (mut x, mut proposed, mut mu) = (vec![0.5; n], vec![0.0; n], vec![0.0; n]);
            let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu).signal_norm(net, &mut signals);
            let options = Options::new(0.1).epsilon(0.1).n_reset(2).temperature(0.5);
            let mut chain = Chain::new(memory, options, rng(seed), 5.0).unwrap();
            let mut all = Vec::new();
            for step in 0..6 {
                let proposal = chain.propose(Portable::<T>);
                all.push(proposal.bound().to_bits());
                all.extend(bits(proposal.parameters()));
                proposal.decide(if step % 4 < 2 { 4.0 } else { 50.0 });
            }
            all
        }
        let wanted = run::<1>(count, seed, signals);
        prop_assert_eq!(&run::<2>(count, seed, signals), &wanted);
        prop_assert_eq!(&run::<4>(count, seed, signals), &wanted);
        prop_assert_eq!(&run::<8>(count, seed, signals), &wanted);
        prop_assert_eq!(&run::<16>(count, seed, signals), &wanted);
    }
}

#[test]
fn losses_that_are_not_finite_are_never_accepted() {
    for temperature in [0.0, 1.0, 1e38] {
        let (mut x, mut proposed) = ([1.0; 5], [0.0; 5]);
        let options = Options::new(0.1).temperature(temperature);
        let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), options, rng(1), f32::MAX).unwrap();
        for _ in 0..100 {
            for loss in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                assert_eq!(chain.propose(P).decide(loss), Decision::Rejected);
            }
        }
        assert_eq!((chain.loss(), chain.parameters()), (f32::MAX, &[1.0; 5][..]));
    }
}

#[test]
fn starts_that_are_not_finite_are_refused() {
    for loss in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let got = start(&mut [0.0; 2], &mut [0.0; 2], Options::new(0.1), loss);
        assert!(matches!(got, Err(ChainError::Loss { loss: l }) if l.to_bits() == loss.to_bits()), "{got:?}");
        let got = start(&mut [0.0, loss], &mut [0.0; 2], Options::new(0.1), 1.0);
        assert!(matches!(got, Err(ChainError::Parameter { index: 1, value }) if value.to_bits() == loss.to_bits()));
        let (mut x, mut proposed) = ([0.0; 2], [0.0; 2]);
        let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), Options::new(0.1), rng(1), 1.0).unwrap();
        assert!(matches!(chain.rescore(loss), Err(ChainError::Loss { .. })));
        assert_eq!(chain.loss(), 1.0);
    }
}

#[test]
fn sigma_shrinks_after_exactly_n_rejections_in_a_row() {
    let n = 5;
    let (mut x, mut proposed, mut mu) = ([0.0; 3], [0.0; 3], [0.0; 3]);
    let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu);
    let mut chain = Chain::new(memory, Options::new(0.1).epsilon(0.5).n_reset(n), rng(1), 1.0).unwrap();
    let mut sigma = 0.1;
    for round in 0..40 {
        // An acceptance begins the count anew.
        for _ in 1..n {
            assert_eq!(chain.propose(P).decide(9.0), Decision::Rejected);
        }
        assert_eq!(chain.propose(P).decide(1.0), Decision::Accepted);
        for _ in 1..n {
            assert_eq!(chain.propose(P).decide(9.0), Decision::Rejected);
            assert_eq!(chain.sigma(), sigma);
        }
        assert_eq!(chain.propose(P).decide(9.0), Decision::RejectedAndReset);
        sigma *= SIGMA_FACTOR;
        assert_eq!((chain.sigma(), chain.counters().resets), (sigma, round + 1));
        // The centres are 0 again: the next move is σ z alone, and that is what its generator gives.
        let x = chain.parameters().to_vec();
        let mut z = [0.0; 3];
        let mut same = rng(1);
        for _ in 0..chain.counters().steps {
            gaussian::fill(P, &mut same, 1.0, &mut z);
        }
        gaussian::fill(P, &mut same, 1.0, &mut z);
        let proposal = chain.propose(P);
        for ((new, x), z) in proposal.parameters().iter().zip(&x).zip(z) {
            assert_eq!(*new, x + sigma * z);
        }
        assert_eq!(proposal.decide(1.0), Decision::Accepted);
    }
    assert_eq!(SIGMA_FACTOR, 0.95);
}

#[test]
fn without_a_limit_sigma_stays() {
    let (mut x, mut proposed) = ([0.0; 3], [0.0; 3]);
    let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), Options::new(0.1), rng(1), 1.0).unwrap();
    for _ in 0..10_000 {
        assert_eq!(chain.propose(P).decide(2.0), Decision::Rejected);
    }
    assert_eq!((chain.sigma(), chain.counters().resets), (0.1, 0));
}

#[test]
fn an_equal_loss_is_accepted_and_the_next_above_is_not() {
    let (mut x, mut proposed) = ([0.0; 3], [0.0; 3]);
    let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), Options::new(0.1), rng(1), 1.0).unwrap();
    let proposal = chain.propose(P);
    assert_eq!(proposal.bound(), 1.0);
    let wanted = bits(proposal.parameters());
    assert_eq!(proposal.decide(1.0), Decision::Accepted);
    assert_eq!(bits(chain.parameters()), wanted);
    assert_eq!(chain.propose(P).decide(1.0_f32.next_up()), Decision::Rejected);
    assert_eq!(bits(chain.parameters()), wanted);
}

#[test]
fn a_temperature_samples_boltzmanns_distribution() {
    for temperature in [1.0, 0.25] {
        let (mut x, mut proposed) = ([0.0], [0.0]);
        let options = Options::new(2.0 * libm::sqrtf(temperature)).temperature(temperature);
        let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), options, rng(2), 0.0).unwrap();
        let (mut first, mut second, mut fourth) = (0.0, 0.0, 0.0);
        let n = 400_000;
        for _ in 0..n {
            let proposal = chain.propose(Portable::<1>);
            let loss = proposal.parameters()[0].powi(2) / 2.0;
            proposal.decide(loss);
            let x = f64::from(chain.parameters()[0]);
            first += x / f64::from(n);
            second += x * x / f64::from(n);
            fourth += x.powi(4) / f64::from(n);
        }
        // Some 10 moves to an independent sample leave n = 40,000: a standard error of x² of √(2/n) = 0.7%, of
        // x⁴ of √(96/n)/3 = 1.6%. Five of them.
        let t = f64::from(temperature);
        assert!(first.abs() < 0.025 * t.sqrt(), "mean {first}");
        assert!((second / t - 1.0).abs() < 0.035, "variance {second} at T = {t}");
        assert!((fourth / (3.0 * t * t) - 1.0).abs() < 0.08, "fourth moment {fourth} at T = {t}");
    }
}

/// The algorithm once more, word for word and in `f64`, from the same Gaussians.
struct Plain {
    x: Vec<f64>,
    mu: Vec<f64>,
    sigma: f64,
    rejected: u32,
    loss: f64,
}

impl Plain {
    fn step(&mut self, z: &[f32], lambda: &[f64], epsilon: f64, n_s: u32, u: impl Fn(&[f64]) -> f64) -> Decision {
        let zs = z.iter().zip(lambda).zip(&self.mu);
        let e = zs.map(|((z, lambda), mu)| mu + lambda * self.sigma * f64::from(*z)).collect::<Vec<_>>();
        let proposed = self.x.iter().zip(&e).map(|(x, e)| x + e).collect::<Vec<_>>();
        let loss = u(&proposed);
        if loss <= self.loss {
            (self.x, self.loss, self.rejected) = (proposed, loss, 0);
            for (mu, e) in self.mu.iter_mut().zip(e) {
                *mu += epsilon * (e - *mu);
            }
            return Decision::Accepted;
        }
        self.rejected += 1;
        if self.rejected < n_s {
            return Decision::Rejected;
        }
        self.rejected = 0;
        self.sigma *= 0.95;
        self.mu.fill(0.0);
        Decision::RejectedAndReset
    }
}

#[test]
fn moves_follow_equations_9_and_10() {
    let layers = [Layer::dense(7, Activation::Tanh), Layer::dense(3, Activation::Linear)];
    let net = Net::new(5, &layers);
    let n = net.parameters(); // two blocks of Gaussians and a rest, and layers that end within them
    for (epsilon, with_norm) in [(0.1_f32, false), (0.3, true), (-0.2, false), (-0.1, true), (0.0, true)] {
        let signal = [4.0_f32, 0.25];
        let mut lambda = vec![1.0; n];
        for (section, signal) in net.sections().zip(signal).filter(|_| with_norm) {
            lambda[section.start..][..section.weights].fill(1.0 / f64::from(signal).sqrt());
        }
        // A quadratic, steeper in some directions than in others.
        let u = |x: &[f64]| x.iter().enumerate().map(|(i, x)| (1.0 + i as f64 / 9.0) * (x - 0.5).powi(2)).sum::<f64>();
        let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let (mut x, mut proposed, mut mu, mut signals) = (vec![1.5; n], vec![0.0; n], vec![7.0; n], signal);
        let mut plain = Plain { x: wide(&x), mu: vec![0.0; n], sigma: 0.1_f32.into(), rejected: 0, loss: u(&wide(&x)) };
        let mut memory = Memory::new(&mut x, &mut proposed).centres(&mut mu);
        if with_norm {
            memory = memory.signal_norm(net, &mut signals);
        }
        let (n_s, mut same) = (6, rng(3));
        let options = Options::new(0.1).epsilon(epsilon).n_reset(n_s);
        let mut chain = Chain::new(memory, options, rng(3), plain.loss as f32).unwrap();
        for step in 0..300 {
            let proposal = chain.propose(P);
            let loss = u(&wide(proposal.parameters())) as f32;
            let decision = proposal.decide(loss);
            let mut z = vec![0.0; n];
            gaussian::fill(P, &mut same, 1.0, &mut z);
            assert_eq!(plain.step(&z, &lambda, epsilon.into(), n_s, u), decision, "step {step}, epsilon {epsilon}");
            for (i, (got, wanted)) in chain.parameters().iter().zip(&plain.x).enumerate() {
                // At most 300 additions of numbers around 1, each rounded to 6e-8.
                assert!((f64::from(*got) - wanted).abs() < 2e-5, "step {step}, parameter {i}: {got}, not {wanted}");
            }
            assert!((f64::from(chain.sigma()) / plain.sigma - 1.0).abs() < 1e-5);
        }
        let Counters { accepted, resets, .. } = chain.counters();
        assert!(accepted > 30 && resets > 2, "too little happened: {accepted} accepted, {resets} resets");
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options: Options| start(&mut [0.0; 2], &mut [0.0; 2], options, 1.0).unwrap_err();
    for bad in [0.0, -1.0, f32::INFINITY, f32::NAN] {
        assert!(matches!(refused(Options::new(bad)), ChainError::Options(OptionsError::Sigma(_))));
    }
    for bad in [f32::NEG_INFINITY, f32::INFINITY, f32::NAN] {
        let got = refused(Options::new(0.1).epsilon(bad));
        assert!(matches!(got, ChainError::Options(OptionsError::Epsilon(_))));
    }
    for bad in [-0.1, f32::INFINITY, f32::NAN] {
        let got = refused(Options::new(0.1).temperature(bad));
        assert!(matches!(got, ChainError::Options(OptionsError::Temperature(_))));
    }
    assert_eq!(Options::new(0.1).epsilon(-0.5).n_reset(3).temperature(0.0).check(), Ok(()));
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let length = |what, needed, given| ChainError::Length { what, needed, given };
    let options = Options::new(0.1);
    assert_eq!(start(&mut [0.0; 3], &mut [0.0; 2], options, 1.0), Err(length("proposed", 3, 2)));
    assert_eq!(start(&mut [0.0; 3], &mut [0.0; 3], options.epsilon(0.1), 1.0), Err(ChainError::NoCentres));

    let (mut x, mut proposed, mut mu) = ([0.0; 3], [0.0; 3], [0.0; 4]);
    let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu);
    let got = Chain::new(memory, options.epsilon(0.1), rng(1), 1.0);
    assert_eq!(got.unwrap_err(), length("centres", 3, 4));

    let layers = [Layer::dense(2, Activation::Tanh)];
    let net = Net::new(1, &layers);
    let (mut x, mut proposed, mut signal) = ([0.0; 3], [0.0; 3], [1.0]);
    let memory = Memory::new(&mut x, &mut proposed).signal_norm(net, &mut signal);
    let got = Chain::new(memory, options, rng(1), 1.0).unwrap_err();
    assert!(matches!(got, ChainError::Length { needed: 3, given: 4, .. }), "{got:?}");

    let (mut x, mut proposed, mut signal) = ([0.0; 4], [0.0; 4], [1.0; 2]);
    let memory = Memory::new(&mut x, &mut proposed).signal_norm(net, &mut signal);
    let got = Chain::new(memory, options, rng(1), 1.0);
    assert_eq!(got.unwrap_err(), length("signal", 1, 2));
}

#[test]
fn signal_norm_moves_weights_by_lambda_sigma_and_biases_by_sigma() {
    let layers = [6, 5, 4].map(|units| Layer::dense(units, Activation::Tanh));
    let net = Net::new(8, &layers);
    let n = net.parameters();
    let (mut x, mut proposed) = (vec![0.0; n], vec![0.0; n]);
    let mut signal = [16.0, 0.0, 0.3];
    let memory = Memory::new(&mut x, &mut proposed).signal_norm(net, &mut signal);
    let mut chain = Chain::new(memory, Options::new(0.5), rng(5), 1.0).unwrap();
    let mut same = rng(5);
    let mut check = |chain: &mut Chain<'_, Generator>, signal: [f32; 3], decide: f32, seen: &[f32]| {
        let mut z = vec![0.0; n];
        gaussian::fill(P, &mut same, 1.0, &mut z);
        let x = chain.parameters().to_vec();
        let proposal = chain.propose(P);
        for (section, signal) in net.sections().zip(signal) {
            let lambda = if signal > 0.0 { 1.0 / signal.sqrt() } else { 0.0 };
            for i in section.start..section.start + section.weights + section.biases {
                let scale = if i < section.start + section.weights { lambda * 0.5 } else { 0.5 };
                assert_eq!(proposal.parameters()[i], x[i] + scale * z[i], "parameter {i}");
            }
        }
        proposal.decide_with(decide, seen);
    };
    check(&mut chain, [16.0, 0.0, 0.3], 2.0, &[9.0; 3]);
    // The signals of a rejected proposal are not those of the current parameters.
    check(&mut chain, [16.0, 0.0, 0.3], 1.0, &[4.0, 2.0, f32::MAX]);
    check(&mut chain, [4.0, 2.0, f32::MAX], 2.0, &[9.0; 3]);
    assert!(chain.rescore_with(f32::NAN, &[9.0; 3]).is_err());
    check(&mut chain, [4.0, 2.0, f32::MAX], 2.0, &[9.0; 3]);
    chain.rescore_with(3.0, &[1.0, 9.0, 0.0]).unwrap();
    check(&mut chain, [1.0, 9.0, 0.0], 2.0, &[]);
}

/// Rosenbrock's function, Eq. (6).
fn rosenbrock(x: &[f32]) -> f32 {
    (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
}

/// Moves until `rosenbrock` is below `end`, from (−2, 2), the mean over 20 seeds.
fn moves_to(end: f32, epsilon: f32) -> u64 {
    let run = |seed| {
        let (mut x, mut proposed, mut mu) = ([-2.0, 2.0], [0.0; 2], [0.0; 2]);
        let loss = rosenbrock(&x);
        let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu);
        let options = Options::new(0.1).epsilon(epsilon).n_reset(20);
        let mut chain = Chain::new(memory, options, rng(seed), loss).unwrap();
        while chain.loss() > end && chain.counters().steps < 100_000 {
            let proposal = chain.propose(Portable::<2>);
            let loss = rosenbrock(proposal.parameters());
            proposal.decide(loss);
        }
        let x = chain.parameters();
        assert!(chain.loss() <= end, "not there after {} moves, at {x:?}", chain.counters().steps);
        chain.counters().steps
    };
    (0..20).map(run).sum::<u64>() / 20
}

#[test]
fn rosenbrocks_valley_is_walked_and_faster_with_momentum() {
    let (still, some, more) = (moves_to(1e-3, 0.0), moves_to(1e-3, 0.05), moves_to(1e-3, 0.2));
    println!("moves: {still}, {some}, {more}");
    assert!(more < some && some < still, "{more}, {some}, {still}");
}

#[test]
fn restart_goes_back_to_the_first_sigma_and_no_centres() {
    let (mut x, mut proposed, mut mu) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu);
    let mut chain = Chain::new(memory, Options::new(0.3).epsilon(0.9).n_reset(2), rng(1), 1.0).unwrap();
    for loss in [5.0, 5.0, 1.0, 1.0, 5.0] {
        chain.propose(P).decide(loss);
    }
    assert_eq!(chain.sigma(), 0.3 * 0.95);
    chain.restart();
    assert_eq!((chain.sigma(), chain.loss()), (0.3, 1.0));
    let (mut z, mut same) = ([0.0; 4], rng(1));
    for _ in 0..6 {
        gaussian::fill(P, &mut same, 1.0, &mut z);
    }
    let x = chain.parameters().to_vec();
    let proposal = chain.propose(P);
    for ((new, x), z) in proposal.parameters().iter().zip(x).zip(z) {
        assert_eq!(*new, x + 0.3 * z);
    }
    // One rejection before the restart does not count after it.
    assert_eq!(proposal.decide(5.0), Decision::Rejected);
    assert_eq!(chain.propose(P).decide(5.0), Decision::RejectedAndReset);
}

#[test]
fn counters_count() {
    let (mut x, mut proposed) = ([0.0; 2], [0.0; 2]);
    let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), Options::new(0.1).n_reset(2), rng(1), 1.0).unwrap();
    assert_eq!(chain.counters().acceptance_rate(), 0.0);
    for loss in [2.0, 2.0, 0.5, 2.0, f32::NAN, 0.5, 0.4, 1.0] {
        chain.propose(P).decide(loss);
    }
    assert_eq!(chain.counters(), Counters { steps: 8, accepted: 3, resets: 2 });
    assert_eq!(chain.counters().acceptance_rate(), 3.0 / 8.0);
    assert_eq!((chain.loss(), chain.options().n_reset), (0.4, 2));
}

#[test]
fn parameters_never_become_infinite() {
    for (x0, sigma) in [(f32::MAX, 1e38), (0.0, f32::MAX), (-f32::MAX, 1e35)] {
        let (mut x, mut proposed) = ([x0; 37], [0.0; 37]);
        let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), Options::new(sigma), rng(1), 1.0).unwrap();
        let mut infinite = 0;
        for _ in 0..200 {
            let proposal = chain.propose(P);
            let finite = proposal.parameters().iter().all(|x| x.is_finite());
            infinite += u32::from(!finite);
            // A loss may well be blind to a parameter, and fall.
            assert_eq!(proposal.bound().is_nan(), !finite);
            assert_eq!(proposal.decide(0.0) == Decision::Accepted, finite);
            assert!(chain.parameters().iter().all(|x| x.is_finite()));
        }
        assert!(infinite > 0);
    }
    // The smallest σ there is moves nothing, harms nothing, and shrinks no further than to a number.
    let (mut x, mut proposed) = ([1.0; 5], [0.0; 5]);
    let options = Options::new(f32::from_bits(1)).n_reset(1);
    let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), options, rng(1), 1.0).unwrap();
    for _ in 0..50 {
        let proposal = chain.propose(P);
        assert_eq!(proposal.parameters(), [1.0; 5]);
        proposal.decide(2.0);
    }
    assert!(chain.sigma() >= 0.0 && chain.sigma() < 1e-44);
}
