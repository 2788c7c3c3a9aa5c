//! Mixed moves that C sets up: the bits of the core's, and what they are refused for.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "it stands in for C; what pointers are to is live")]

#[path = "c/mod.rs"]
mod c;

use std::mem::MaybeUninit;
use std::ptr;

use amc::{Activation, LearnerSetup, Setup, Status};
use amc_core::mixed::{Arm, MixedOptions};
use amc_core::trainer::{MixedTrainer, Progress, Training};
use amc_core::{Generator, KeptLayer, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets};
use c::{Case, Trained};
use rand_core::SeedableRng;

/// 150 samples of two numbers: more than two blocks.
fn rings() -> Case {
    let mut case = Case::new(2, &[(7, Activation::Tanh), (5, Activation::Relu), (1, Activation::Linear)]);
    let angle = |i: usize| i as f32 * 0.7;
    case.numbers = (0..150).flat_map(|i| [(i % 3) as f32 * angle(i).cos(), (i % 3) as f32 * angle(i).sin()]).collect();
    case.targets = (0..150).map(|i| f32::from(i % 3 == 1)).collect();
    case.mixed(150)
}

/// What a training comes to.
type Outcome = (Vec<u32>, Progress);

fn by_c(case: &Case, moves: u64) -> Outcome {
    let mut trained = Trained::new(case);
    (0..moves).for_each(|_| _ = trained.step());
    outcome(&trained)
}

fn outcome(trained: &Trained) -> Outcome {
    let amc::Counters { steps, accepted, resets } = trained.counters();
    let counters = amc_core::chain::Counters { steps, accepted, resets };
    (bits(trained.parameters()), Progress { counters, loss: trained.loss(), sigma: trained.sigma() })
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// The same training by the core itself, in memory of the size that it says; C is to say as much.
fn by_core(case: &Case, moves: u64) -> Outcome {
    const ACTIVATIONS: [amc_core::Activation; 3] =
        [amc_core::Activation::Linear, amc_core::Activation::Tanh, amc_core::Activation::Relu];
    let layers: Vec<_> =
        case.layers.iter().map(|layer| Layer::dense(layer.units, ACTIVATIONS[layer.activation as usize])).collect();
    let objective = Objective::new(Net::new(case.inputs, &layers), Loss::MeanSquaredError);
    let needs = objective.net().mixed_memory(4, case.setup.kept);
    let mut memory = vec![0.0; needs.numbers()];
    let (mut arms, mut kept_layers) = (vec![Arm::NEW; needs.arms], vec![KeptLayer::NEW; needs.layers]);
    let buffers = needs.cut(&mut memory, &mut arms, &mut kept_layers).unwrap();
    let options = MixedOptions::new().temperature(case.setup.temperature);
    let options = if case.start.is_empty() { options } else { options.given() };
    buffers.moves.parameters[..case.start.len()].copy_from_slice(&case.start);
    let samples = Samples {
        features: Rows::new(&case.numbers, case.inputs, case.scale),
        targets: Targets::Values(&case.targets),
    };
    let rng = Generator::seed_from_u64(case.setup.seed);
    let mut trainer = MixedTrainer::new(objective, Portable::<4>, samples, buffers, options, rng).unwrap();
    let end = trainer.fit(|now| now.counters.steps == moves);
    (bits(trainer.mixed().parameters()), end)
}

#[test]
fn a_net_trains_to_the_bits_of_the_core() {
    let mut warm = rings();
    warm.setup.temperature = 0.001;
    let mut given = rings();
    given.start = (0..given.setup.parameters).map(|i| (i % 5) as f32 * 0.2 - 0.4).collect();
    let mut cases = [rings(), warm, given, rings(), Case::xor().mixed(4)];
    // Too little to keep numbers of all: each move costs a pass, and arms are chosen otherwise.
    cases[3].setup.kept = 64;
    let ends: Vec<Outcome> = cases.iter().map(|case| by_c(case, 800)).collect();
    for (index, (case, end)) in cases.iter().zip(&ends).enumerate() {
        assert_eq!(*end, by_core(case, 800), "case {index}");
        assert!(end.1.counters.accepted > 30, "case {index} decides nothing: {end:?}");
    }
    assert!(ends[0] != ends[1] && ends[0] != ends[2] && ends[0] != ends[3]);
    assert!(ends[0].1.loss < 0.1, "{}", ends[0].1.loss);
}

#[test]
fn other_samples_are_gone_on_with_and_bad_ones_leave_no_trace() {
    let (case, huge) = (rings(), vec![3e38; 4]);
    let mut other = case.clone();
    other.targets.iter_mut().for_each(|target| *target = 1.0 - *target);
    let overflow = Case { numbers: huge, targets: vec![0.0, 3e38], ..case.clone() };
    let (mut left, mut tried) = (Trained::new(&case), Trained::without_samples(&case));
    // Their loss is infinite: it still waits, and then begins as one that never saw them.
    assert_eq!(tried.set_samples(&overflow.samples()), Status::Loss);
    assert!(tried.loss().is_nan());
    assert_eq!(amc::amc_step(tried.trainer(), None), Status::NoSamples);
    assert_eq!(tried.set_samples(&case.samples()), Status::Ok);
    for trained in [&mut left, &mut tried] {
        (0..500).for_each(|_| _ = trained.step());
    }
    assert_eq!(tried.set_samples(&overflow.samples()), Status::Loss);
    let before = outcome(&tried);
    for trained in [&mut left, &mut tried] {
        (0..200).for_each(|_| _ = trained.step());
    }
    assert_eq!(outcome(&tried), outcome(&left));
    assert_ne!(outcome(&tried), before);
    let loss = tried.loss();
    assert_eq!(tried.set_samples(&other.samples()), Status::Ok);
    assert!(tried.loss() > 2.0 * loss);
    (0..1500).for_each(|_| _ = tried.step());
    assert!(tried.loss() < 0.1, "{}", tried.loss());
    // More of them than there is memory for, of which there has to be as much as a block takes.
    let mut few = Trained::without_samples(&rings().mixed(63));
    assert_eq!(few.set_samples(&case.samples()), Status::Memory);
}

#[test]
fn what_mixed_moves_have_no_use_for_is_refused() {
    let changed = |change: fn(&mut Setup)| {
        let mut case = Case::xor().mixed(4);
        change(&mut case.setup);
        case
    };
    let refused = |case: &Case| {
        let mut memory = [MaybeUninit::<u64>::uninit(); 400];
        let mut trainer = MaybeUninit::uninit();
        let start = memory.as_mut_ptr().cast();
        case.with_setup(|setup| unsafe { amc::amc_create(Some(setup), start, 3200, Some(&mut trainer)) })
    };
    assert_eq!(refused(&changed(|_| ())), Status::Ok);
    let settings: [fn(&mut Setup); 7] = [
        |setup| setup.sigma = 0.1,
        |setup| setup.start_sigma = 0.1,
        |setup| setup.epsilon = f32::NAN,
        |setup| setup.n_reset = 1,
        |setup| setup.grid = -20,
        |setup| setup.flags = amc::SIGNAL_NORM,
        |setup| setup.kept = 0,
    ];
    settings.iter().for_each(|change| assert_eq!(refused(&changed(*change)), Status::Method));
    assert_eq!(refused(&changed(|setup| setup.temperature = -1.0)), Status::Temperature);
    assert_eq!(refused(&changed(|setup| setup.temperature = f32::INFINITY)), Status::Temperature);
    assert_eq!(refused(&changed(|setup| setup.parameters = 12)), Status::Parameters);
    assert_eq!(changed(|setup| setup.kept = usize::MAX / 8).bytes(), Err(Status::TooLarge));
    let function = Case::function(&[1.0, 2.0]).mixed(4);
    assert_eq!(function.bytes(), Err(Status::NoNet));
    assert_eq!(refused(&function), Status::NoNet);
    let mut infinite = Case::xor().mixed(4);
    infinite.start = vec![f32::INFINITY; 13];
    assert_eq!(refused(&infinite), Status::Start);
}

#[test]
fn calls_that_mixed_moves_do_not_know_are_refused() {
    let case = Case::xor().mixed(4);
    let mut trained = Trained::new(&case);
    let before = outcome(&trained);
    let mut out = MaybeUninit::uninit();
    assert_eq!(amc::amc_propose(trained.trainer(), Some(&mut out), None), Status::Method);
    assert_eq!(amc::amc_evaluate(trained.trainer(), Some(&mut MaybeUninit::uninit())), Status::Method);
    assert_eq!(amc::amc_decide(trained.trainer(), 0.0, None), Status::Method);
    assert_eq!(trained.rescore(1.0), Status::Method);
    assert_eq!(trained.restart(), Status::Method);
    let mut length = MaybeUninit::uninit();
    assert_eq!(unsafe { amc::amc_save(trained.shared(), ptr::null_mut(), 0, Some(&mut length)) }, Status::Method);
    assert_eq!(outcome(&trained), before);
    let saved = Trained::new(&Case::xor()).save();
    let mut memory = [MaybeUninit::<u64>::uninit(); 400];
    let (start, mut trainer) = (memory.as_mut_ptr().cast(), MaybeUninit::uninit());
    let loaded = case.with_setup(|setup| unsafe {
        amc::amc_load(Some(setup), saved.as_ptr(), saved.len(), start, 3200, Some(&mut trainer))
    });
    assert_eq!(loaded, Status::Method);
    let mut learner = MaybeUninit::uninit();
    let learns = case.with_setup(|trainer| {
        let setup = LearnerSetup { trainer, window: 4, limit: 0.0, surprise: 0.0, improved: 0.0 };
        unsafe { amc::amc_learner_create(Some(&setup), start, 3200, Some(&mut learner)) }
    });
    assert_eq!(learns, Status::Method);
}
