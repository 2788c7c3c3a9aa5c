//! The functions that C calls give the bits that `amc-core` gives.

#[path = "c/mod.rs"]
mod c;

use amc::{Activation, Decision, LossKind, Status};
use amc_core::chain::{Chain, Memory, Options, Stream, jump_streams, streams};
use amc_core::{Generator, Layer, Loss, Measurements, Net, Objective, Portable, Rows, Samples, Targets, gaussian};
use c::{Case, Trained};
use rand_core::SeedableRng;

const P: Portable<4> = Portable::<4>;

/// What a chain of `amc-core` comes to.
#[derive(Debug, PartialEq)]
struct Outcome {
    parameters: Vec<u32>,
    loss: u32,
    sigma: u32,
    counters: (u64, u64, u64),
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

fn outcome(trained: &Trained) -> Outcome {
    let counters = trained.counters();
    Outcome {
        parameters: bits(trained.parameters()),
        loss: trained.loss().to_bits(),
        sigma: trained.sigma().to_bits(),
        counters: (counters.steps, counters.accepted, counters.resets),
    }
}

const ACTIVATIONS: [amc_core::Activation; 5] = [
    amc_core::Activation::Linear,
    amc_core::Activation::Tanh,
    amc_core::Activation::Relu,
    amc_core::Activation::Sigmoid,
    amc_core::Activation::Softmax,
];

/// The same training by `amc-core` itself.
fn by_core(case: &Case, moves: u32) -> Outcome {
    let layers: Vec<_> =
        case.layers.iter().map(|layer| Layer::dense(layer.units, ACTIVATIONS[layer.activation as usize])).collect();
    let net = Net::new(case.inputs, &layers);
    let loss = if case.loss == LossKind::CrossEntropy { Loss::CrossEntropy } else { Loss::MeanSquaredError };
    let objective = Objective::new(net, loss);
    let targets = match &case.classes[..] {
        [] => Targets::Values(&case.targets),
        classes => Targets::Classes(classes),
    };
    match &case.bytes[..] {
        [] => run(
            case,
            &objective,
            &Samples { features: Rows::new(&case.numbers, case.inputs, case.scale), targets },
            moves,
        ),
        bytes => {
            run(case, &objective, &Samples { features: Rows::new(bytes, case.inputs, case.scale), targets }, moves)
        }
    }
}

fn run<F: amc_core::Features>(case: &Case, objective: &Objective<'_>, samples: &Samples<'_, F>, moves: u32) -> Outcome {
    let (net, setup) = (objective.net(), &case.setup);
    let n = net.parameters();
    let grid = (setup.grid != 0).then(|| amc_core::chain::Grid::new(setup.grid as i8).unwrap());
    let options = Options {
        sigma: setup.sigma,
        epsilon: setup.epsilon,
        n_reset: setup.n_reset,
        temperature: setup.temperature,
        grid,
    };
    let (mut x, mut proposed, mut mu) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let (mut signal, mut gathered) = (vec![0.0; net.layers().len()], vec![0.0; net.layers().len()]);
    let mut scratch = vec![0.0; net.scratch(4)];
    let mut rng = Generator::seed_from_u64(setup.seed);
    gaussian::fill(P, &mut rng, setup.start_sigma, &mut x);
    if let Some(grid) = grid {
        grid.round(&mut x);
    }
    let mut more = vec![Stream::new(rng.clone()); streams(n)];
    jump_streams(&rng, &mut more);
    let mut score = |x: &[f32], signal: &mut [f32]| {
        objective.evaluate(P, x, samples, &mut scratch, Measurements { signal, correct: false }).unwrap().loss
    };
    let first = score(&x, &mut signal);
    signal[0] = objective.input_signal(P, samples);
    gathered[0] = signal[0];
    let memory = Memory::new(&mut x, &mut proposed).centres(&mut mu).streams(&mut more);
    let memory = if setup.flags & amc::SIGNAL_NORM != 0 { memory.signal_norm(net, &mut signal) } else { memory };
    let mut chain = Chain::new(memory, options, rng, first).unwrap();
    for _ in 0..moves {
        let proposal = chain.propose(P);
        let loss = score(proposal.parameters(), &mut gathered);
        proposal.decide_with(loss, &gathered);
    }
    let counters = chain.counters();
    Outcome {
        parameters: bits(chain.parameters()),
        loss: chain.loss().to_bits(),
        sigma: chain.sigma().to_bits(),
        counters: (counters.steps, counters.accepted, counters.resets),
    }
}

fn cases() -> Vec<Case> {
    let digits = |loss| {
        let mut case = Case::new(16, &[(8, Activation::Relu), (5, Activation::Sigmoid), (4, Activation::Softmax)]);
        case.bytes = (0..40 * 16).map(|i| (i * i % 251) as u8).collect();
        case.classes = (0..10).flat_map(|_| [3, 1, 0, 2]).collect();
        (case.scale, case.loss) = (1.0 / 255.0, loss);
        case
    };
    let mut norm = digits(LossKind::CrossEntropy);
    norm.setup.flags = amc::SIGNAL_NORM;
    norm.setup.epsilon = 0.1;
    let mut in_place = digits(LossKind::MeanSquaredError);
    (in_place.setup.flags, in_place.setup.grid) = (amc::IN_PLACE | amc::SIGNAL_NORM, -20);
    let mut warm = Case::xor();
    (warm.setup.temperature, warm.setup.epsilon) = (0.01, -0.05);
    let mut streams = Case::new(130, &[(130, Activation::Tanh), (1, Activation::Linear)]);
    streams.numbers = (0..130 * 3).map(|i| (i % 7) as f32 - 3.0).collect();
    streams.targets = vec![0.5, -0.5, 0.0];
    vec![Case::xor(), warm, digits(LossKind::MeanSquaredError), norm, in_place, streams]
}

#[test]
fn a_net_trains_to_the_bits_of_the_core() {
    for (index, case) in cases().iter().enumerate() {
        let mut trained = Trained::new(case);
        for _ in 0..300 {
            trained.step();
        }
        let core = by_core(case, 300);
        assert_eq!(outcome(&trained), core, "case {index}");
        assert!(core.counters.1 > 5 && core.counters.1 < 295, "case {index} decides nothing: {:?}", core.counters);
    }
}

#[test]
fn three_calls_are_one_step() {
    for case in &cases() {
        let (mut stepped, mut called) = (Trained::new(case), Trained::new(case));
        for _ in 0..100 {
            let decision = stepped.step();
            let (proposed, bound) = called.propose();
            assert_eq!(proposed.len(), case.setup.parameters);
            let loss = called.evaluate();
            assert_eq!(loss <= bound, decision == Decision::Accepted);
            assert_eq!(called.decide(loss), decision);
        }
        assert_eq!(outcome(&stepped), outcome(&called));
    }
}

#[test]
fn signals_are_kept_of_the_proposal_that_is_accepted_only() {
    for case in &cases() {
        let (mut a, mut b) = (Trained::new(case), Trained::new(case));
        for _ in 0..20 {
            a.propose();
            a.evaluate();
            b.propose();
            // The first is dropped, and the second accepted unseen.
            let ((_, bound), (_, same)) = (a.propose(), b.propose());
            assert_eq!((a.decide(bound), b.decide(same)), (Decision::Accepted, Decision::Accepted));
        }
        assert_eq!(outcome(&a), outcome(&b));
    }
}

#[test]
fn a_saved_trainer_goes_on_to_the_bit() {
    for case in &cases() {
        let mut through = Trained::new(case);
        let mut other = Trained::new(case);
        for step in 0..120 {
            if step % 40 == 20 {
                other = other.saved_and_loaded(case);
            }
            assert_eq!(other.step(), through.step());
        }
        assert_eq!(outcome(&other), outcome(&through));
    }
}

#[test]
fn a_function_of_the_callers_is_trained_and_kept() {
    let rosenbrock = |x: &[f32]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
    let start = [-2.0, 2.0];
    let case = Case::function(&start);
    let mut trained = Trained::new(&case);
    assert!(trained.loss().is_nan());
    assert_eq!(trained.rescore(rosenbrock(&start)), Status::Ok);
    for _ in 0..1500 {
        let (proposed, _) = trained.propose();
        let loss = rosenbrock(&proposed);
        trained.decide(loss);
    }
    let mut trained = trained.saved_and_loaded(&case);
    for _ in 0..1500 {
        let (proposed, _) = trained.propose();
        let loss = rosenbrock(&proposed);
        trained.decide(loss);
    }
    let (mut x, mut proposed) = (start, [0.0; 2]);
    let memory = Memory::new(&mut x, &mut proposed);
    let options = Options::new(0.1).n_reset(20);
    let mut chain = Chain::new(memory, options, Generator::seed_from_u64(1), rosenbrock(&start)).unwrap();
    for _ in 0..3000 {
        let proposal = chain.propose(P);
        let loss = rosenbrock(proposal.parameters());
        proposal.decide(loss);
    }
    assert!(chain.loss() < 1e-3);
    assert_eq!(bits(trained.parameters()), bits(chain.parameters()));
    assert_eq!(trained.loss().to_bits(), chain.loss().to_bits());
}

#[test]
fn predictions_are_those_of_the_core() {
    let mut trained = Trained::new(&Case::xor());
    for _ in 0..410 {
        trained.step();
    }
    for (row, target) in [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)] {
        let [output] = trained.predict(&row);
        assert!((output - target as f32).abs() < 0.5, "{row:?}: {output}");
        assert_eq!(trained.predict_bytes(&row.map(|x| x as u8 * 4), 0.25), [output]);
    }
}

#[test]
fn a_restart_goes_back_to_the_first_sigma() {
    let mut trained = Trained::new(&Case::xor());
    for _ in 0..410 {
        trained.step();
    }
    assert!(trained.sigma() < 0.1);
    trained.propose();
    assert_eq!(trained.restart(), Status::Ok);
    assert_eq!(trained.sigma(), 0.1);
}
