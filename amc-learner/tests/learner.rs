//! A learner of a stream of samples.

use amc_core::chain::{ChainError, Grid, Options};
use amc_core::trainer::{Batches, IntoObjective};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, ObjectiveError, Portable};
use amc_learner::{Learner, LearnerError, Memory, Rules, SampleError, Size};
use amc_store::Arithmetic;
use amc_store::snapshot::{Expected, Slices, Stored};
use rand_core::SeedableRng;

const LANES: Portable<4> = Portable::<4>;
const NET: Net<'static> = Net::new(2, &[Layer::dense(4, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
const WINDOW: usize = 70;
const SIZE: Size = Size::new(&NET, 4, WINDOW);
const RULES: Rules = Rules::new(Options::new(0.05).n_reset(30)).limit(4.0);

/// The objective, known when this is compiled.
#[derive(Clone, Copy, Debug)]
struct Product;

impl<'a> IntoObjective<'a> for Product {
    fn objective(self) -> Objective<'a> {
        const { Objective::new(NET, Loss::MeanSquaredError) }
    }
}

type Learned<'m> = Learner<'m, Product, Portable<4>>;

fn memory() -> Vec<f32> {
    // Nothing but parameters is read before it is written.
    vec![f32::NAN; SIZE.numbers()]
}

fn learner(memory: &mut [f32]) -> Learned<'_> {
    Learner::new(Product, LANES, RULES, SIZE.cut(memory).unwrap(), Generator::seed_from_u64(1)).unwrap()
}

/// A sample of a function that changes its sign at `turn`.
fn sample(time: usize, turn: usize) -> ([f32; 2], [f32; 1]) {
    let (x, y) = ((time as f32 / 7.3).sin(), (time as f32 / 3.1).cos());
    let sign = if time < turn { 1.0 } else { -1.0 };
    ([x, y], [sign * (0.6 * x - 0.3 * y)])
}

/// Pushes samples, with so many slices after each.
fn learn(learner: &mut Learned<'_>, times: core::ops::Range<usize>, turn: usize, slices: usize) {
    for time in times {
        let (features, target) = sample(time, turn);
        learner.push(&features, &target).unwrap();
        (0..slices).for_each(|_| assert!(learner.slice(0) > 0));
    }
}

#[test]
fn it_learns_predicts_between_slices_and_learns_again_when_all_has_changed() {
    let (mut memory, turn) = (memory(), 600);
    let mut learner = learner(&mut memory);
    assert_eq!((learner.slice(1000), learner.window().is_empty()), (0, true), "there is nothing to do");
    let mut errors = [0.0_f32; 3];
    for (error, times) in errors.iter_mut().zip([0..600, 600..640, 640..2000]) {
        let (last, length) = (times.end, times.len().min(40));
        for time in times {
            let (features, target) = sample(time, turn);
            let mut predicted = [0.0];
            learner.predict(&features, &mut predicted).unwrap();
            if time + length >= last {
                *error += (predicted[0] - target[0]).powi(2) / length as f32;
            }
            learn(&mut learner, time..time + 1, turn, 20);
        }
    }
    let [before, at, after] = errors;
    assert!(before < 0.01 && at > 0.1 && after < 0.02, "{errors:?}");
}

#[test]
fn sigma_starts_anew_when_the_loss_jumps() {
    let mut memory = memory();
    let mut learner = learner(&mut memory);
    learn(&mut learner, 0..WINDOW, usize::MAX, 0);
    // Rejections make σ small.
    while learner.progress().sigma > 0.01 {
        learner.slice(10_000);
    }
    let small = learner.progress().sigma;
    learn(&mut learner, WINDOW..WINDOW + 1, usize::MAX, 3);
    assert_eq!(learner.progress().sigma, small, "the loss has hardly changed");
    learn(&mut learner, WINDOW + 1..WINDOW + 30, 0, 3);
    assert_eq!(learner.progress().sigma, RULES.options.sigma);
}

#[test]
fn bad_samples_are_left_out_and_change_nothing() {
    let mut memory = memory();
    let mut learner = learner(&mut memory);
    learn(&mut learner, 0..10, usize::MAX, 5);
    let before = (learner.progress(), learner.window().samples().len());
    let range = |index, value| SampleError::Range { index, value, limit: 4.0 };
    assert_eq!(learner.push(&[0.0, f32::INFINITY], &[0.0]), Err(range(1, f32::INFINITY)));
    assert_eq!(learner.push(&[0.0, 0.0], &[-4.5]), Err(range(2, -4.5)));
    let nan = learner.push(&[f32::NAN, 0.0], &[0.0]);
    assert!(matches!(nan, Err(SampleError::Range { index: 0, .. })), "{nan:?}");
    let short = SampleError::Length { what: "features", needed: 2, given: 1 };
    assert_eq!(learner.push(&[0.0], &[0.0]), Err(short));
    let long = SampleError::Length { what: "targets", needed: 1, given: 2 };
    assert_eq!(learner.push(&[0.0; 2], &[0.0; 2]), Err(long));
    assert_eq!(learner.left_out(), 5);
    assert_eq!((learner.progress(), learner.window().samples().len()), before);
    assert_eq!(learner.push(&[4.0, -4.0], &[4.0]), Ok(()));
    assert_eq!(learner.left_out(), 5);
}

#[test]
fn targets_are_what_the_loss_takes() {
    let layers = [Layer::dense(2, Activation::Softmax)];
    let objective = Objective::new(Net::new(1, &layers), Loss::CrossEntropy);
    let size = Size::new(&objective.net(), 1, 4);
    let mut memory = vec![0.0; size.numbers()];
    let (memory, rng) = (size.cut(&mut memory).unwrap(), Generator::seed_from_u64(1));
    let mut learner = Learner::new(objective, Portable::<1>, RULES, memory, rng).unwrap();
    let error = SampleError::Objective(ObjectiveError::Probabilities { sample: 0 });
    assert_eq!(learner.push(&[1.0], &[0.5, 0.5]), Err(error));
    assert_eq!(learner.push(&[1.0], &[0.0, 1.0]), Ok(()));
}

#[test]
fn the_newest_samples_are_held() {
    let mut memory = memory();
    let mut learner = learner(&mut memory);
    for time in 0..WINDOW + 3 {
        assert_eq!(learner.window().len(), time.min(WINDOW));
        learn(&mut learner, time..time + 1, usize::MAX, 0);
    }
    let expected: Vec<f32> =
        (WINDOW..WINDOW + 3).chain(3..WINDOW).flat_map(|time| sample(time, usize::MAX).1).collect();
    assert_eq!(learner.window().samples().targets, amc_core::Targets::Values(&expected));
}

#[test]
fn saves_are_due_as_it_improves_and_are_gone_on_with() {
    let mut memory_of_first = memory();
    let mut first = learner(&mut memory_of_first);
    learn(&mut first, 0..WINDOW - 1, usize::MAX, 30);
    assert!(first.due().unwrap().is_none() && first.snapshot().unwrap().is_none(), "the window is not full");
    learn(&mut first, WINDOW - 1..WINDOW, usize::MAX, 0);
    assert!(first.due().unwrap().is_none(), "the new sample is not scored");
    (0..3).for_each(|_| assert!(first.slice(0) > 0));

    let (mut bytes, mut saved) = (vec![0; 1000], Vec::new());
    for time in WINDOW..400 {
        learn(&mut first, time..time + 1, usize::MAX, 20);
        if let Some(snapshot) = first.due().unwrap() {
            let length = snapshot.write(&mut bytes).unwrap();
            bytes.truncate(length);
            bytes.resize(1000, 0);
            first.saved();
            saved.push((length, first.progress()));
            assert!(first.due().unwrap().is_none(), "it has just been saved");
        }
    }
    assert!(saved.len() > 2, "{saved:?}");
    assert!(saved.windows(2).all(|two| two[1].1.loss <= 0.5 * two[0].1.loss), "{saved:?}");

    let (length, then) = saved[saved.len() - 1];
    let mut memory_of_second = memory();
    let Memory { training, window } = SIZE.cut(&mut memory_of_second).unwrap();
    let objective = Some(Product.objective());
    let expected = Expected { arithmetic: Arithmetic::Portable, objective, options: Some(RULES.options) };
    let parameters = &mut *training.parameters;
    let slices = Slices { parameters, centres: &mut [], signal: &mut [], streams: &mut [] };
    let state = Stored::parse(&bytes[..length]).unwrap().load(&expected, slices).unwrap();
    training.proposed.fill(f32::NAN);
    let memory = Memory { training, window };
    let mut second = Learner::resume(Product, LANES, RULES, memory, state).unwrap();
    assert_eq!(second.progress(), then);
    let (features, target) = sample(400, usize::MAX);
    let mut predicted = [0.0];
    second.predict(&features, &mut predicted).unwrap();
    assert!((predicted[0] - target[0]).abs() < 0.3, "it knows from the first sample on");
    learn(&mut second, 400..500, usize::MAX, 5);
    assert!(second.progress().counters.steps > then.counters.steps);
}

#[test]
fn it_starts_from_parameters_trained_elsewhere() {
    let (mut first, mut second) = (memory(), memory());
    let mut trained = learner(&mut first);
    learn(&mut trained, 0..400, usize::MAX, 20);
    let memory = SIZE.cut(&mut second).unwrap();
    memory.training.parameters.copy_from_slice(trained.parameters());
    let rng = Generator::seed_from_u64(9);
    let mut learner = Learner::pretrained(Product, LANES, RULES, memory, rng).unwrap();
    let (mut expected, mut predicted) = ([0.0], [1.0]);
    trained.predict(&[0.3, 0.4], &mut expected).unwrap();
    learner.predict(&[0.3, 0.4], &mut predicted).unwrap();
    assert_eq!(predicted, expected);
    learn(&mut learner, 400..500, usize::MAX, 10);
    assert!(learner.progress().loss < 0.01 && learner.progress().counters.steps > 100);
}

#[test]
fn slices_keep_their_budget() {
    let mut memory = memory();
    let mut learner = learner(&mut memory);
    learn(&mut learner, 0..WINDOW, usize::MAX, 0);
    let largest = learner.largest_piece();
    for budget in [0, largest, 3 * largest] {
        let mut moves = learner.progress().counters.steps;
        for _ in 0..50 {
            let spent = learner.slice(budget);
            assert!(spent > 0 && spent <= largest.max(budget));
        }
        moves = learner.progress().counters.steps - moves;
        assert!(moves >= 10, "{moves} with a budget of {budget}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut memory = memory();
    let rng = || Generator::seed_from_u64(1);
    let error = SIZE.cut(&mut memory[1..]).unwrap_err();
    assert_eq!((error.needed, error.given), (SIZE.numbers(), SIZE.numbers() - 1));

    let layers = [Layer::dense(1, Activation::Linear)];
    let other = Net::new(3, &layers);
    let size = Size::new(&other, 4, 2);
    let cut = size.cut(&mut memory).unwrap();
    let error = Learner::new(Product, LANES, RULES, cut, rng()).unwrap_err();
    assert_eq!(error, ObjectiveError::Features { inputs: 2, features: 3 }.into());

    let cut = Size::new(&NET, 4, 0).cut(&mut memory).unwrap();
    assert_eq!(Learner::new(Product, LANES, RULES, cut, rng()).unwrap_err(), ObjectiveError::NoSamples.into());

    let mut cut = SIZE.cut(&mut memory).unwrap();
    cut.training.proposed = &mut [];
    let rules = Rules { options: RULES.options.grid(Grid::DEFAULT), ..RULES };
    assert_eq!(Learner::new(Product, LANES, rules, cut, rng()).unwrap_err(), LearnerError::InPlace);

    let cut = SIZE.cut(&mut memory).unwrap();
    let rules = Rules { options: RULES.options.epsilon(0.1), ..RULES };
    assert_eq!(Learner::new(Product, LANES, rules, cut, rng()).unwrap_err(), ChainError::NoCentres.into());
}
