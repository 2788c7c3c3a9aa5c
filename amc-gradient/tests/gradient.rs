//! The baselines' gradients and steps, against PyTorch's in double precision (`gradient.py` writes `gradient.json`), and
//! against differences of the loss.

#[path = "../../amc-core/tests/core/layers/golden.rs"]
mod golden;

use amc_core::{Activation, Generator, Layer, Loss, Measurements, Net, Objective, Portable, gaussian};
use amc_engine::data::pack::PackedSet;
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::evaluate::Evaluator;
use amc_gradient::{Gradient, Optimizer, clip, norm};
use amc_kernels::Arithmetic;
use rand_core::{Rng, SeedableRng};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    features: Vec<f32>,
    classes: Vec<u8>,
    values: Vec<f32>,
    parameters: Vec<f32>,
    cases: Vec<Case>,
    gradient_descent: Vec<f64>,
    clipped: Vec<f64>,
    adam: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(flatten)]
    net: Functions,
    gradient: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(from = "Names")]
struct Functions {
    activation: ActivationName,
    output: ActivationName,
    loss: LossName,
}

#[derive(Deserialize)]
struct Names {
    activation: String,
    output: String,
    loss: String,
}

impl From<Names> for Functions {
    fn from(names: Names) -> Self {
        let of = |name: &str| ActivationName::ALL.into_iter().find(|one| one.name() == name).expect("an activation");
        let loss = LossName::ALL.into_iter().find(|one| one.name() == names.loss).expect("a loss");
        Self { activation: of(&names.activation), output: of(&names.output), loss }
    }
}

impl Golden {
    fn load() -> Self {
        serde_json::from_str(include_str!("gradient.json")).expect("golden values")
    }

    fn set(&self, functions: &Functions) -> Set {
        let wanted = match functions.output {
            ActivationName::Sigmoid | ActivationName::Softmax => OwnedTargets::Classes(self.classes.clone()),
            _ => OwnedTargets::Values(self.values.clone(), 3),
        };
        Set::new(Values::F32(self.features.clone()), 3, wanted)
    }
}

fn arithmetics() -> impl Iterator<Item = Arithmetic> {
    [Arithmetic::Portable, Arithmetic::Fused].into_iter().filter(|arithmetic| amc_kernels::is_available(*arithmetic))
}

/// The largest difference, over the largest golden number.
fn difference(ours: &[f32], golden: &[f64]) -> f64 {
    assert_eq!(ours.len(), golden.len());
    let largest = golden.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
    let differences = ours.iter().zip(golden).map(|(ours, golden)| (f64::from(*ours) - golden).abs());
    differences.fold(0.0, f64::max) / largest
}

/// 2⁻²⁴ is one rounding; a number here is the end of some ten of them.
const ROUNDING: f64 = 10.0 / 16_777_216.0;

#[test]
fn gradients_are_those_of_pytorch() {
    let golden = Golden::load();
    assert_eq!(golden.cases.len(), 4 * 7, "every activation of hidden layers with every output and its losses");
    for Case { net: functions, gradient } in &golden.cases {
        let Functions { activation, output, loss } = *functions;
        let description = Description::new(&[3, 5, 4, 3], activation, output, loss);
        let set = golden.set(functions);
        let objective = description.objective().expect("a net");
        for arithmetic in arithmetics() {
            let pack = PackedSet::all(&set, 1);
            let mut ours = Gradient::new(objective, arithmetic, 1);
            let difference = difference(ours.evaluate(&golden.parameters, &pack.batch().samples), gradient);
            assert!(difference < ROUNDING, "{activation:?} {output:?} {loss:?} {arithmetic:?}: {difference:e}");
        }
    }
}

/// In the nets of `golden`, ten times as many roundings, of numbers that layers before have made larger.
const ROUNDING_OF_LAYERS: f64 = 10.0 * ROUNDING;

#[test]
fn gradients_of_every_kind_of_layer_are_those_of_pytorch() {
    let cases = golden::read();
    assert!(cases.len() >= 23);
    for case in cases {
        let net = Net::try_new(case.inputs, &case.layers).expect("a net");
        let objective = Objective::try_new(net, case.loss).expect("an objective");
        let wanted = match &case.classes {
            Some(classes) => OwnedTargets::Classes(classes.clone()),
            None => OwnedTargets::Values(case.values.clone(), net.outputs()),
        };
        let set = Set::new(Values::F32(case.features.clone()), case.inputs, wanted);
        for arithmetic in arithmetics() {
            let mut ours = Gradient::new(objective, arithmetic, 1);
            let pack = PackedSet::all(&set, 1);
            let difference = difference(ours.evaluate(&case.parameters, &pack.batch().samples), &case.gradient);
            assert!(difference < ROUNDING_OF_LAYERS, "{}, {arithmetic:?}: {difference:e}", case.name);
        }
    }
}

#[test]
fn what_is_kept_and_lost_has_no_part_in_a_gradient() {
    let (dense, keep) = (Layer::dense(5, Activation::Tanh), Layer::keep(5));
    let (add, last) = (Layer::add(5, Activation::Linear), Layer::dense(3, Activation::Softmax));
    let golden = Golden::load();
    let (samples, inputs) = (golden.classes.len(), 3);
    let set = Set::new(
        Values::F32(golden.features.clone()),
        inputs,
        OwnedTargets::Classes(golden.classes[..samples].to_vec()),
    );
    let gradient = |layers: &[Layer]| {
        let objective = Objective::new(Net::new(inputs, layers), Loss::CrossEntropy);
        let mut parameters = vec![0.0; objective.net().parameters()];
        gaussian::fill(Portable::<4>, &mut Generator::seed_from_u64(1), 0.5, &mut parameters);
        let pack = PackedSet::all(&set, 1);
        let mut gradient = Gradient::new(objective, Arithmetic::Portable, 1);
        gradient.evaluate(&parameters, &pack.batch().samples);
        gradient.evaluate(&parameters, &pack.batch().samples).to_vec()
    };
    let plain = gradient(&[dense, dense, keep, dense, add, last]);
    assert_eq!(gradient(&[dense, keep, dense, keep, dense, add, last]), plain, "kept twice");
    assert_eq!(gradient(&[dense, dense, keep, dense, add, keep, last]), plain, "kept at the end");
    assert_ne!(gradient(&[dense, keep, dense, dense, add, last]), plain);
}

/// What the steps are made on.
const STEPPED: Functions =
    Functions { activation: ActivationName::Tanh, output: ActivationName::Softmax, loss: LossName::Mse };

#[test]
fn steps_are_those_of_pytorch() {
    let golden = Golden::load();
    let [case] = &golden.cases.iter().filter(|case| case.net == STEPPED).collect::<Vec<_>>()[..] else {
        panic!("one such case")
    };
    let Functions { activation, output, loss } = case.net;
    let description = Description::new(&[3, 5, 4, 3], activation, output, loss);
    let set = golden.set(&case.net);
    let objective = description.objective().expect("a net");
    let pack = PackedSet::all(&set, 1);
    let after = |mut optimizer: Optimizer, most: f64| {
        let mut parameters = golden.parameters.clone();
        let mut gradient = Gradient::new(objective, Arithmetic::Portable, 1);
        for _ in 0..5 {
            let mut gradient = gradient.evaluate(&parameters, &pack.batch().samples).to_vec();
            clip(&mut gradient, most);
            optimizer.step(&mut parameters, &gradient);
        }
        parameters
    };
    let none = f64::INFINITY;
    assert!(difference(&after(Optimizer::gradient_descent(0.5), none), &golden.gradient_descent) < ROUNDING);
    assert!(difference(&after(Optimizer::gradient_descent(0.5), 0.01), &golden.clipped) < ROUNDING);
    assert!(difference(&after(Optimizer::adam(0.01, golden.parameters.len()), none), &golden.adam) < ROUNDING);
    assert!(difference(&golden.parameters, &golden.clipped) > 100.0 * ROUNDING, "the steps are large enough to tell");
}

#[test]
fn a_gradient_is_clipped_to_a_norm_and_no_shorter() {
    let mut gradient = [3.0, -4.0];
    assert_eq!(norm(&gradient), 5.0);
    clip(&mut gradient, 5.0);
    assert_eq!(gradient, [3.0, -4.0]);
    clip(&mut gradient, 1.0);
    assert_eq!(gradient, [0.6, -0.8]);
}

const WIDTH: usize = 50;
const LAYERS: [Layer; 3] =
    [Layer::dense(19, Activation::Tanh), Layer::dense(5, Activation::Sigmoid), Layer::dense(7, Activation::Softmax)];
const OBJECTIVE: Objective<'_> = Objective::new(Net::new(WIDTH, &LAYERS), Loss::MeanSquaredError);

/// Images that are mostly dark.
fn images(samples: usize) -> Set {
    let mut rng = Generator::seed_from_u64(3);
    let classes = (0..samples).map(|_| (rng.next_u32() % 7) as u8).collect::<Vec<_>>();
    let pixel = |_| if rng.next_u32().is_multiple_of(3) { rng.next_u32() as u8 } else { 0 };
    let rows = (0..samples * WIDTH).map(pixel).collect();
    Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes))
}

fn random(scale: f32, seed: u64) -> Vec<f32> {
    let mut numbers = vec![0.0; OBJECTIVE.net().parameters()];
    gaussian::fill(Portable::<4>, &mut Generator::seed_from_u64(seed), scale, &mut numbers);
    numbers
}

/// Several groups of samples, several parts, a last tile that is not full.
const SAMPLES: usize = 20_011;

#[test]
fn threads_change_no_bit_of_a_gradient() {
    let (set, parameters) = (images(SAMPLES), random(0.5, 4));
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let pack = PackedSet::all(&set, threads);
            let mut gradient = Gradient::new(OBJECTIVE, Arithmetic::Portable, threads);
            let first = gradient.evaluate(&parameters, &pack.batch().samples).to_vec();
            let again = gradient.evaluate(&parameters, &pack.batch().samples);
            assert_eq!(first, again, "nothing of one evaluation is left for the next");
            first.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    let one = bits(1);
    assert_eq!(one, bits(2));
    assert_eq!(one, bits(5));
}

#[test]
fn gradients_are_slopes_of_the_loss() {
    let (set, parameters) = (images(SAMPLES), random(0.5, 4));
    let pack = PackedSet::all(&set, 1);
    let mut evaluator = Evaluator::new(OBJECTIVE, Arithmetic::Portable, 1);
    let mut gradient = Gradient::new(OBJECTIVE, Arithmetic::Portable, 1);
    let gradient = gradient.evaluate(&parameters, &pack.batch().samples).to_vec();
    // Along every layer's weights and biases alone: no part of the gradient can hide behind another.
    for section in OBJECTIVE.net().sections() {
        for range in [0..section.weights, section.weights..section.weights + section.biases] {
            let range = section.start + range.start..section.start + range.end;
            let along = &gradient[range.clone()];
            let size = norm(along);
            let mut loss = |step: f64| {
                let mut x = parameters.clone();
                x[range.clone()].iter_mut().zip(along).for_each(|(x, g)| *x += (step * f64::from(*g) / size) as f32);
                f64::from(evaluator.evaluate(&x, &pack.batch(), Measurements::default()).loss)
            };
            // The loss is rounded to 2⁻²⁴ of itself, 0.1 or so; third derivatives are of the order of the first.
            let step = 0.02;
            let slope = (loss(step) - loss(-step)) / (2.0 * step);
            assert!((slope - size).abs() < 2e-3 * size + 1e-8 / step, "{range:?}: {slope:e}, not {size:e}");
        }
    }
}

#[test]
fn no_gradient_leads_through_a_step() {
    for activation in [Activation::Sign, Activation::Step] {
        let layers = [Layer::dense(2, activation), Layer::dense(1, Activation::Linear)];
        let objective = Objective::new(Net::new(1, &layers), Loss::MeanSquaredError);
        let set = Set::new(Values::F32(vec![0.5, -1.0, 2.0]), 1, OwnedTargets::Values(vec![5.0; 3], 1));
        let pack = PackedSet::all(&set, 1);
        let mut gradient = Gradient::new(objective, Arithmetic::Portable, 1);
        let ours = gradient.evaluate(&[1.0, -1.0, 0.25, 0.75, 1.0, 1.0, 0.0], &pack.batch().samples);
        assert_eq!(ours[..4], [0.0; 4], "{activation}");
        assert!(ours[4..].iter().all(|g| *g != 0.0), "{activation}: {ours:?}");
    }
}
