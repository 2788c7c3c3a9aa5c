//! Where mixed moves of recurrent layers start: what came first is not forgotten.

use amc_core::mixed::{EvaluateParts, Mixed, start};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Part, Portable, Rows, Samples, Targets};
use rand_core::SeedableRng;

use super::mixed::{Memory, Serial};

/// Inputs of a step, units, steps.
const WIDE: [usize; 3] = [32, 64, 100];

/// Layers whose inputs have a mean square of ¼.
struct Quarter;

impl EvaluateParts for Quarter {
    type Lanes = Portable<16>;

    fn lanes(&self) -> Self::Lanes {
        Portable
    }

    fn propose(&mut self, _: f32, _: &[f32], _: Part) -> Option<f32> {
        unreachable!("nothing moves")
    }

    fn keep(&mut self, _: &[f32], _: Part) -> f32 {
        1.0
    }

    fn gather(&mut self, net: Net<'_>, _: &[f32], statistics: &mut [f32], _: usize) {
        let mut at = 0;
        for layer in net.layers() {
            let inputs = if let Layer::Dense(_) = layer { WIDE[1] } else { WIDE[0] + WIDE[1] };
            let (means, squares) = statistics[at..at + 2 * inputs].split_at_mut(inputs);
            means.fill(0.0);
            squares.fill(0.25);
            at += 2 * inputs;
        }
    }
}

/// Takes none of the moves that are proposed, of which it has each.
struct Refusing(Vec<Vec<f32>>);

impl EvaluateParts for Refusing {
    type Lanes = Portable<16>;

    fn lanes(&self) -> Self::Lanes {
        Portable
    }

    fn propose(&mut self, _: f32, parameters: &[f32], _: Part) -> Option<f32> {
        self.0.push(parameters.to_vec());
        None
    }

    fn keep(&mut self, _: &[f32], _: Part) -> f32 {
        1.0
    }

    fn gather(&mut self, _: Net<'_>, _: &[f32], _: &mut [f32], _: usize) {}
}

fn mean_square(weights: &[f32]) -> f64 {
    weights.iter().map(|weight| f64::from(*weight).powi(2)).sum::<f64>() / weights.len() as f64
}

/// Where a net of that layer starts: weights of inputs, of states, and biases.
fn started(layer: Layer, sums: usize) -> [Vec<f32>; 3] {
    let [inputs, units, steps] = WIDE;
    let layers = [layer, Layer::dense(2, Activation::Softmax)];
    let net = Net::new(inputs * steps, &layers);
    let mut memory = Memory::new(net);
    let [parameters, _, _, statistics] = &mut memory.numbers;
    start(net, parameters, statistics, &mut Generator::seed_from_u64(1), &mut Quarter);
    let (of_inputs, behind) = parameters.split_at(inputs * sums);
    let (of_states, behind) = behind.split_at(units * sums);
    [of_inputs.to_vec(), of_states.to_vec(), behind[..sums].to_vec()]
}

/// 0.6 in all, over what so many inputs of mean square ¼ come to, and the least of it.
fn of_variance(inputs: usize) -> f64 {
    0.36 / (inputs as f64 * 0.2525 + 0.03)
}

#[test]
fn states_begin_as_they_were_and_all_steps_count_as_much_as_one() {
    let [inputs, units, steps] = WIDE;
    let layer = Layer::recurrent(inputs, units, steps, Activation::Tanh);
    let [of_inputs, of_states, biases] = started(layer, units);
    let is_own = |at: usize| at.is_multiple_of(units + 1);
    assert!(of_states.iter().enumerate().all(|(at, weight)| *weight == if is_own(at) { 1.0 } else { 0.0 }));
    let of_inputs = mean_square(&of_inputs) / of_variance(inputs) * steps as f64;
    let biases = mean_square(&biases) / 0.36_f64.powi(2) * steps as f64;
    // The mean squares of 2,048 and of 64 Gaussian numbers have standard deviations of 3 and 18%.
    assert!((0.87..1.13).contains(&of_inputs) && (0.4..1.7).contains(&biases), "{of_inputs}, {biases}");
}

#[test]
fn gates_keep_states_for_all_times_up_to_all_steps() {
    let [inputs, units, steps] = WIDE;
    let [of_inputs, of_states, biases] = started(Layer::gru(inputs, units, steps), 3 * units);
    for (unit, bias) in biases[units..2 * units].iter().enumerate() {
        let steps = 1.0 + (unit as f64 + 0.5) / units as f64 * (steps - 1) as f64;
        // A logarithm of at most 4.6, rounded.
        assert!((f64::from(*bias) - steps.ln()).abs() < 1e-6, "{unit}: {bias}");
    }
    let [of_inputs, of_states] = [(of_inputs, inputs), (of_states, inputs + units)]
        .map(|(weights, inputs)| mean_square(&weights) / of_variance(inputs));
    // 6,144 Gaussian numbers or more: 2%.
    assert!((0.9..1.1).contains(&of_inputs) && (0.9..1.1).contains(&of_states), "{of_inputs}, {of_states}");
}

#[test]
fn moves_take_nothing_off_states() {
    let [inputs, units, steps] = WIDE;
    let layers = [Layer::recurrent(inputs, units, steps, Activation::Tanh), Layer::dense(2, Activation::Softmax)];
    let net = Net::new(inputs * steps, &layers);
    let (mut memory, mut rng) = (Memory::new(net), Generator::seed_from_u64(1));
    let [parameters, _, _, statistics] = &mut memory.numbers;
    let loss = start(net, parameters, statistics, &mut rng, &mut Quarter);
    let (mut mixed, mut refusing) = (Mixed::new(net, memory.lend(), 0.0, rng, loss).unwrap(), Refusing(Vec::new()));
    (0..60).for_each(|_| assert!(!mixed.step(&mut refusing)));
    // By how much a state's weight of itself, which is 1, would have become another.
    let own = (0..units).map(|unit| (inputs + unit) * units + unit);
    let changes = own.flat_map(|at| refusing.0.iter().map(move |all| f64::from(all[at]) - 1.0));
    let changes: Vec<f64> = changes.filter(|change| *change != 0.0).collect();
    let (sum, squares) = (changes.iter().sum::<f64>(), changes.iter().map(|change| change * change).sum::<f64>());
    // Four standard deviations; contracted by every second move, it would be seven.
    assert!(changes.len() > 1000 && sum.abs() < 4.0 * squares.sqrt(), "{sum} of {squares}, {}", changes.len());
}

#[test]
fn what_came_first_decides() {
    const STEPS: usize = 100;
    let mut features = [0.0; 32 * STEPS];
    let mut classes = [0; 32];
    for ((sample, class), sequence) in classes.iter_mut().enumerate().zip(features.chunks_exact_mut(STEPS)) {
        *class = (sample % 2) as u8;
        sequence[..3].fill(if *class == 1 { 1.0 } else { -1.0 } * (0.5 + sample as f32 / 32.0));
    }
    let samples = Samples { features: Rows::new(&features, STEPS, 1.0), targets: Targets::Classes(&classes) };
    let layers = [Layer::recurrent(1, 12, STEPS, Activation::Tanh), Layer::dense(2, Activation::Softmax)];
    let objective = Objective::new(Net::new(STEPS, &layers), Loss::CrossEntropy);
    let net = objective.net();
    for seed in 1..=9 {
        let (mut rng, mut memory) = (Generator::seed_from_u64(seed), Memory::new(net));
        let mut evaluator = Serial::new(Portable::<16>, objective, samples);
        let [parameters, _, _, statistics] = &mut memory.numbers;
        let loss = start(net, parameters, statistics, &mut rng, &mut evaluator);
        let mut mixed = Mixed::new(net, memory.lend(), 0.0, rng, loss).expect("they fit");
        (0..100).for_each(|_| _ = mixed.step(&mut evaluator));
        // From weights drawn as those of any layer, it is 0.005 to 0.56 then.
        assert!(mixed.loss() < 0.001, "seed {seed}: {}", mixed.loss());
    }
}
