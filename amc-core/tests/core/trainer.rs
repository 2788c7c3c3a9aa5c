//! The training loop makes the moves of loops written by hand, whatever its batches and however it is sliced.

/// Calls `$call` with a trainer on `$batches` that `$new` makes.
macro_rules! trainer_of {
    ($new:ident, $setting:expr, $batches:expr, |$trainer:ident| $call:expr) => {{
        let mut memory = Vec::new();
        let (buffers, rng) = crate::trainer::buffers($setting, &mut memory);
        let (options, batches) = ($setting.options, $batches);
        let begun = amc_core::trainer::Trainer::$new(
            crate::trainer::Larger,
            crate::trainer::LANES,
            batches,
            buffers,
            options,
            rng,
        );
        #[allow(unused_mut)]
        let mut $trainer = begun.unwrap();
        $call
    }};
}

/// The same with signal norm or without: all is compiled twice.
macro_rules! with_trainer {
    ($setting:expr, $batches:expr, |$trainer:ident| $call:expr) => {
        match $setting.signal_norm {
            true => trainer_of!(with_signal_norm, $setting, $batches, |$trainer| $call),
            false => trainer_of!(new, $setting, $batches, |$trainer| $call),
        }
    };
}

mod by_hand;
mod methods;
mod noisy;
mod slices;
mod threads;

use amc_core::chain::{ChainError, Counters, Decision, Grid, Options};
use amc_core::trainer::{
    Batches, Buffers, BuffersError, GrowingBatch, IntoObjective, RandomBatch, RandomBatchError, TargetsMut, Trainer,
    TrainerError,
};
use amc_core::window::Window;
use amc_core::{
    Activation, Generator, Layer, Loss, Net, Objective, ObjectiveError, Portable, Rows, Samples, Targets, gaussian,
};
use rand_core::SeedableRng;

/// Of one sample, whose passes are compiled fastest.
const LANES: Portable<1> = Portable::<1>;
const LAYERS: [Layer; 2] = [Layer::dense(5, Activation::Tanh), Layer::dense(2, Activation::Softmax)];
const NET: Net<'static> = Net::new(2, &LAYERS);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
/// The objective, known when this is compiled: in less time, then.
#[derive(Clone, Copy, Debug)]
struct Larger;

impl<'a> IntoObjective<'a> for Larger {
    fn objective(self) -> Objective<'a> {
        OBJECTIVE
    }
}

/// Samples, more than a few blocks, the last of which is not full.
const SAMPLES: usize = 150;
const MOVES: u64 = 100;

/// Pairs of numbers, and which of the two is larger.
struct Data {
    features: Vec<f32>,
    classes: Vec<u8>,
}

impl Data {
    fn new() -> Self {
        let features: Vec<f32> = (0..2 * SAMPLES).map(|i| (i * 37 % 101) as f32 / 101.0).collect();
        let classes = features.chunks(2).map(|pair| u8::from(pair[1] > pair[0])).collect();
        Self { features, classes }
    }

    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Samples { features: Rows::new(&self.features, 2, 1.0), targets: Targets::Classes(&self.classes) }
    }
}

/// A way to train.
#[derive(Clone, Copy, Debug)]
struct Setting {
    options: Options,
    in_place: bool,
    signal_norm: bool,
}

/// Every kind of move, on one and on two copies of the parameters, with signal norm and without.
fn settings() -> Vec<Setting> {
    let options = Options::new(0.1).n_reset(4).grid(Grid::DEFAULT);
    let setting = |options, in_place, signal_norm| Setting { options, in_place, signal_norm };
    vec![
        setting(options, false, false),
        setting(options.temperature(1e-3), true, false),
        setting(options.epsilon(0.1), false, true),
        setting(options.epsilon(0.1).temperature(1e-3), true, true),
    ]
}

fn buffers(setting: Setting, memory: &mut Vec<f32>) -> (Buffers<'_>, Generator) {
    let needs = NET.memory(1).centres().signal_norm();
    let needs = if setting.in_place { needs.in_place() } else { needs };
    memory.clear();
    // Nothing but parameters is read before it is written.
    memory.resize(needs.numbers(), f32::NAN);
    let buffers = needs.cut(memory).unwrap();
    let mut rng = Generator::seed_from_u64(1);
    gaussian::fill(LANES, &mut rng, 0.1, buffers.parameters);
    Grid::DEFAULT.round(buffers.parameters);
    (buffers, rng)
}

fn batch_rng() -> Generator {
    Generator::seed_from_u64(77)
}

/// Samples of a random batch: more than a block.
const BATCH: usize = 80;

/// The memory of random batches.
struct Room(Vec<u32>, Vec<f32>, Vec<u8>);

impl Room {
    fn new() -> Self {
        Self(vec![0; SAMPLES], vec![0.0; 2 * BATCH], vec![0; BATCH])
    }

    fn random<'m>(&'m mut self, data: &'m Data) -> RandomBatch<'m, f32> {
        let Self(order, rows, classes) = self;
        RandomBatch::new(data.samples(), BATCH, batch_rng(), order, rows, TargetsMut::Classes(classes)).unwrap()
    }
}

/// Where a chain is: the bits of its parameters, signals and loss, σ, and its counters.
type Place = (Vec<u32>, Vec<u32>, u32, u32, Counters);

fn place(chain: &amc_core::chain::Chain<'_, Generator>) -> Place {
    let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect();
    let (loss, sigma) = (chain.loss().to_bits(), chain.sigma().to_bits());
    (bits(chain.parameters()), bits(chain.signal()), loss, sigma, chain.counters())
}

const PLAIN: Setting =
    Setting { options: Options::new(0.1).n_reset(20).grid(Grid::DEFAULT), in_place: false, signal_norm: false };

#[test]
fn fit_asks_before_the_first_move_and_after_every_one() {
    let data = Data::new();
    trainer_of!(new, PLAIN, data.samples(), |trainer| {
        let mut seen = Vec::new();
        let end = trainer.fit(|now| {
            seen.push(*now);
            now.counters.steps == 5
        });
        assert_eq!(seen.iter().map(|now| now.counters.steps).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        assert_eq!((seen.last(), trainer.progress()), (Some(&end), end));
        assert!(seen.windows(2).all(|two| two[1].loss <= two[0].loss));
        assert_eq!((end.sigma, end.loss), (0.1, trainer.loss()));
    });
}

#[test]
fn training_goes_on_from_a_state() {
    let data = Data::new();
    for setting in settings() {
        let (half, place_of_half, end) = with_trainer!(setting, data.samples(), |trainer| {
            trainer.fit(|now| now.counters.steps == MOVES / 2);
            let chain = trainer.chain();
            let kept = (chain.state().unwrap(), chain.parameters().to_vec(), chain.centres().to_vec());
            let half = (kept, chain.signal().to_vec());
            let before = place(chain);
            trainer.fit(|now| now.counters.steps == MOVES);
            (half, before, place(trainer.chain()))
        });
        let ((state, parameters, centres), signal) = half;
        let mut memory = Vec::new();
        let (buffers, _) = buffers(setting, &mut memory);
        buffers.parameters.copy_from_slice(&parameters);
        buffers.centres[..centres.len()].copy_from_slice(&centres);
        buffers.signal[..signal.len()].copy_from_slice(&signal);
        macro_rules! goes_on {
            ($resume:ident) => {{
                let options = setting.options;
                let mut trainer = Trainer::$resume(Larger, LANES, data.samples(), buffers, options, state).unwrap();
                assert_eq!(place(trainer.chain()), place_of_half);
                trainer.fit(|now| now.counters.steps == MOVES);
                assert_eq!(place(trainer.chain()), end, "{setting:?}");
            }};
        }
        if setting.signal_norm { goes_on!(resume_with_signal_norm) } else { goes_on!(resume) }
    }
}

#[test]
fn a_loss_that_is_not_finite_is_refused_at_the_start_and_overcome_later() {
    let data = Data::new();
    let linear = [Layer::dense(1, Activation::Linear)];
    let objective = Objective::new(Net::new(1, &linear), Loss::MeanSquaredError);
    let needs = objective.net().memory(1);
    let huge = Samples { features: Rows::new(&[1e30_f32], 1, 1.0), targets: Targets::Values(&[0.0]) };
    let small = Samples { features: Rows::new(&[1.0_f32], 1, 1.0), targets: Targets::Values(&[0.0]) };
    let start = |memory: &mut [f32]| memory[..2].copy_from_slice(&[0.5, 0.5]);

    let mut memory = vec![0.0; needs.numbers()];
    start(&mut memory);
    let (options, rng) = (Options::new(1.0), Generator::seed_from_u64(1));
    let refused = Trainer::new(objective, Portable::<1>, huge, needs.cut(&mut memory).unwrap(), options, rng.clone());
    assert_eq!(refused.unwrap_err(), ChainError::Loss { loss: f32::INFINITY }.into());

    start(&mut memory);
    let mut trainer =
        Trainer::new(objective, Portable::<1>, small, needs.cut(&mut memory).unwrap(), options, rng).unwrap();
    let before = trainer.loss();
    trainer.set_batches(huge).unwrap();
    for _ in 0..20 {
        assert_eq!(trainer.step(), Decision::Rejected, "there is no finite loss");
        assert_eq!(trainer.loss(), f32::MAX);
    }
    trainer.set_batches(small).unwrap();
    trainer.step();
    assert!(trainer.loss() <= before);
    let _ = data;
}

#[test]
fn new_samples_are_checked_and_scored() {
    let (data, other) = (Data::new(), Data::new());
    let other = other.samples().first(70);
    trainer_of!(new, PLAIN, data.samples(), |trainer| {
        trainer.fit(|now| now.counters.steps == 10);
        let (loss, wide) = (trainer.loss(), Rows::new(&[0.0_f32; 9], 3, 1.0));
        let wrong = Samples { features: wide, targets: Targets::Classes(&[0; 3]) };
        assert_eq!(trainer.set_batches(wrong), Err(ObjectiveError::Features { inputs: 2, features: 3 }));
        assert!(trainer.at_rest().is_some());
        trainer.set_batches(other).unwrap();
        assert_eq!((trainer.loss(), trainer.at_rest().is_some()), (loss, false), "not scored yet");
        let expected = trainer.evaluate(&other).unwrap();
        let before = place(trainer.chain());
        let decision = trainer.step();
        if decision == Decision::Accepted {
            assert!(trainer.loss() <= expected.loss);
        } else {
            assert_eq!(trainer.loss(), expected.loss);
        }
        assert_ne!(place(trainer.chain()), before);
        assert!(trainer.at_rest().is_some());
    });
}

#[test]
fn a_net_predicts_one_sample() {
    let data = Data::new();
    trainer_of!(new, PLAIN, data.samples(), |trainer| {
        trainer.fit(|now| now.counters.steps == MOVES);
        let mut outputs = [0.0; 2];
        let right = data.features.chunks(2).zip(&data.classes).filter(|(features, class)| {
            trainer.predict(features, &mut outputs).unwrap();
            assert!((outputs.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            usize::from(outputs[1] > outputs[0]) == usize::from(**class)
        });
        let right = right.count();
        assert_eq!(trainer.evaluate(&data.samples()).unwrap().correct as usize, right);
        assert!(right > SAMPLES * 3 / 4, "{right}");
        let error = trainer.predict(&[0.0; 3], &mut outputs).unwrap_err();
        assert_eq!(error, ObjectiveError::Features { inputs: 2, features: 3 }.into());
        let error = trainer.predict(&[0.0; 2], &mut [0.0; 3]).unwrap_err();
        assert_eq!(error, ObjectiveError::Length { what: "outputs", needed: 2, given: 3 }.into());
    });
}

#[test]
fn memory_that_does_not_fit_is_refused() {
    let (needs, data) = (NET.memory(1).signal_norm(), Data::new());
    let mut memory = vec![0.0; needs.numbers()];
    let error = BuffersError { needed: needs.numbers(), given: needs.numbers() - 1 };
    assert_eq!(needs.cut::<Generator>(&mut memory[1..]).unwrap_err(), error);

    let (options, rng) = (Options::new(0.1), || Generator::seed_from_u64(1));
    let mut scratch = needs.cut(&mut memory).unwrap();
    scratch.scratch = &mut scratch.scratch[1..];
    let error = Trainer::new(Larger, LANES, data.samples(), scratch, options, rng()).unwrap_err();
    assert!(matches!(error, TrainerError::Chain(ChainError::Loss { .. }) | TrainerError::Objective(_)), "{error}");

    let mut gathered = needs.cut(&mut memory).unwrap();
    gathered.gathered = &mut [];
    let error = Trainer::with_signal_norm(Larger, LANES, data.samples(), gathered, options, rng()).unwrap_err();
    assert_eq!(error, ChainError::Length { what: "signal", needed: 2, given: 0 }.into());

    let buffers = needs.in_place().cut(&mut memory).unwrap();
    let error = Trainer::new(Larger, LANES, data.samples(), buffers, options, rng()).unwrap_err();
    assert_eq!(error, ChainError::NoGrid.into());

    let few = needs.cut(&mut memory).unwrap();
    let none = data.samples().first(0);
    let error = Trainer::new(Larger, LANES, none, few, options, rng()).unwrap_err();
    assert_eq!(error, ObjectiveError::NoSamples.into());
}

#[test]
fn room_for_random_batches_is_checked() {
    let data = Data::new();
    let new = |size, order: usize, rows: usize, classes: usize| {
        let (mut order, mut rows, mut classes) = (vec![0; order], vec![0.0; rows], vec![0; classes]);
        let targets = TargetsMut::Classes(&mut classes);
        RandomBatch::new(data.samples(), size, batch_rng(), &mut order, &mut rows, targets).map(|_| ())
    };
    assert_eq!(new(10, SAMPLES, 20, 10), Ok(()));
    for size in [0, SAMPLES + 1] {
        assert_eq!(new(size, SAMPLES, 2 * size, size), Err(RandomBatchError::Size { size, samples: SAMPLES }));
    }
    let error = |what, needed, given| Err(RandomBatchError::Length { what, needed, given });
    assert_eq!(new(10, 9, 20, 10), error("order of samples", SAMPLES, 9));
    assert_eq!(new(10, SAMPLES, 19, 10), error("features of a batch", 20, 19));
    assert_eq!(new(10, SAMPLES, 20, 9), error("targets of a batch", 10, 9));
    let (mut order, mut rows, mut values) = (vec![0; SAMPLES], vec![0.0; 20], vec![0.0; 10]);
    let targets = TargetsMut::Values(&mut values);
    let random = RandomBatch::new(data.samples(), 10, batch_rng(), &mut order, &mut rows, targets);
    assert!(matches!(random, Err(RandomBatchError::Length { what: "targets of a batch", .. })));
}

#[test]
fn a_random_batch_has_samples_with_their_targets_and_no_sample_twice() {
    // Features and targets that tell the sample.
    let features: Vec<f32> = (0..20).map(|i| i as f32).collect();
    let targets: Vec<f32> = (0..30).map(|i| i as f32).collect();
    let all = Samples { features: Rows::new(&features, 2, 0.5), targets: Targets::Values(&targets) };
    let (mut order, mut rows, mut values) = ([0; 10], [0.0; 8], [0.0; 12]);
    let room = TargetsMut::Values(&mut values);
    let mut batch = RandomBatch::new(all, 4, batch_rng(), &mut order, &mut rows, room).unwrap();
    let mut seen = [false; 10];
    for _ in 0..20 {
        let samples = batch.samples();
        let Targets::Values(values) = samples.targets else { panic!("values") };
        let mut drawn: Vec<usize> = values.chunks(3).map(|row| row[0] as usize / 3).collect();
        for (place, sample) in drawn.iter().enumerate() {
            let row = 3.0 * *sample as f32;
            assert_eq!(values[3 * place..][..3], [row, row + 1.0, row + 2.0]);
            seen[*sample] = true;
        }
        let expected: Vec<f32> =
            drawn.iter().flat_map(|sample| [2 * sample, 2 * sample + 1]).map(|x| x as f32).collect();
        assert_eq!(samples.features, Rows::new(&expected, 2, 0.5));
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 4);
        assert!(batch.next());
    }
    assert_eq!(seen, [true; 10]);
}

#[test]
fn a_window_is_a_batch() {
    let layers = [Layer::dense(1, Activation::Linear)];
    let objective = Objective::new(Net::new(1, &layers), Loss::MeanSquaredError);
    let needs = objective.net().memory(1);
    let mut memory = vec![0.0; needs.numbers()];
    let mut window = Window::<3, 1, 1>::new();
    window.push([1.0], [1.0]).unwrap();
    let (buffers, rng) = (needs.cut(&mut memory).unwrap(), Generator::seed_from_u64(1));
    let mut trainer =
        Trainer::new(objective, Portable::<1>, window, buffers, Options::new(0.1).n_reset(20), rng).unwrap();
    assert_eq!(trainer.loss(), 1.0);
    trainer.fit(|now| now.loss < 1e-4);
    trainer.change_batches(|window| window.push([2.0], [5.0])).unwrap();
    trainer.step();
    assert!(trainer.loss() > 0.1, "the new sample is not known yet");
    assert!(trainer.fit(|now| now.loss < 1e-4).counters.steps < 5000);
}

#[test]
fn a_batch_grows_when_it_is_learned() {
    let data = Data::new();
    trainer_of!(with_signal_norm, PLAIN, GrowingBatch::new(data.samples(), 20), |trainer| {
        let mut sizes = vec![];
        while trainer.batches().samples().len() < SAMPLES && trainer.chain().counters().steps < 20_000 {
            trainer.step();
            let size = trainer.batches().samples().len();
            if sizes.last() != Some(&size) {
                if size > 20 {
                    // At once, and from the first scale of moves.
                    let samples = data.samples().first(size);
                    assert_eq!(trainer.loss(), trainer.evaluate(&samples).unwrap().loss);
                    assert_eq!(trainer.progress().sigma, 0.1);
                }
                sizes.push(size);
            }
        }
        assert_eq!(sizes, [20, 40, 80, 150]);
    });
}
