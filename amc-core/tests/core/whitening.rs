//! Whitened moves: the factor of the inputs' covariance, and what moves by it.

use amc_core::mixed::{Arm, EvaluateParts, Gather, Mixed, MixedMemory, whitening};
use amc_core::{Activation, Generator, Layer, Net, Part, Portable, Rows};
use rand_core::SeedableRng;

/// Inputs of a sample.
const K: usize = 8;
const LAYERS: [Layer; 1] = [Layer::dense(3, Activation::Tanh)];
const NET: Net<'_> = Net::new(K, &LAYERS);
/// ρ, τ and c of the method's documentation.
const RIDGE: [f64; 3] = [0.001, 0.2, 1e-4];

/// Samples whose inputs go together.
fn features(count: usize) -> Vec<f32> {
    let number = |at: usize| {
        let (sample, input) = ((at / K) as f32, (at % K) as f32);
        1.0 + (sample * 0.7).sin() + 0.3 * (sample * (1.1 + 0.37 * input)).cos()
    };
    (0..count * K).map(number).collect()
}

fn statistics(features: &[f32]) -> Vec<f32> {
    let mut statistics = vec![0.0; NET.statistics()];
    let mut gather = Gather::new(NET, &mut statistics, 0);
    let (rows, samples) = (Rows::new(features, K, 1.0), features.len() / K);
    for first in (0..samples).step_by(64) {
        gather.add(Portable::<4>, &[], &[], &rows, (first, (samples - first).min(64)));
    }
    gather.end();
    statistics
}

/// L of a layer's statistics.
fn factor(statistics: &[f32]) -> [[f64; K]; K] {
    let mut factor = [[0.0; K]; K];
    let mut numbers = statistics[2 * K..].iter();
    for (row, columns) in factor.iter_mut().enumerate() {
        for (column, to) in columns.iter_mut().enumerate().take(row + 1) {
            let number = f64::from(*numbers.next().expect("a row"));
            *to = if column == row { 1.0 / number } else { number };
        }
    }
    factor
}

#[test]
fn layers_of_2_to_32_inputs_have_a_factor() {
    assert_eq!([1, 2, 10, 32, 33].map(whitening), [0, 3, 55, 528, 0]);
    assert_eq!(NET.statistics(), 2 * K + 36);
}

#[test]
fn the_factor_is_that_of_the_covariance_and_its_ridge() {
    let samples = 200;
    let features = features(samples);
    let found = factor(&statistics(&features));
    let count = samples as f64;
    let sum = |of: &dyn Fn(&[f32]) -> f64| features.chunks(K).map(of).sum::<f64>() / count;
    let means: Vec<f64> = (0..K).map(|input| sum(&|x| f64::from(x[input]))).collect();
    let square = (0..K).map(|input| sum(&|x| f64::from(x[input]).powi(2))).sum::<f64>() / K as f64;
    let ridge = (RIDGE[0] + RIDGE[1] * K as f64 / count) * square + RIDGE[2];
    for row in 0..K {
        for column in 0..=row {
            let covariance = sum(&|x| (f64::from(x[row]) - means[row]) * (f64::from(x[column]) - means[column]));
            let wanted = covariance + if row == column { ridge } else { 0.0 };
            let made: f64 = (0..K).map(|at| found[row][at] * found[column][at]).sum();
            // Sums of 200 products of at most 5, each rounded to 24 bits: 200 · 1000 · 2⁻²⁴ / 200 at worst, and the factor's own.
            assert!((made - wanted).abs() < 1e-4, "{row}, {column}: {made}, not {wanted}");
        }
    }
}

#[test]
fn what_overflows_moves_nothing() {
    let statistics = statistics(&[3e38; 5 * K]);
    assert!(statistics[..2 * K].iter().all(|number| *number == f32::MAX));
    assert_eq!(statistics[2 * K..], [0.0; 36]);
}

/// Rejects all, and takes down how all weights of a neuron would have moved.
struct Never(Vec<[f64; K]>);

impl EvaluateParts for Never {
    type Lanes = Portable<4>;

    fn lanes(&self) -> Self::Lanes {
        Portable
    }

    fn propose(&mut self, _: f32, parameters: &[f32], part: Part) -> Option<f32> {
        let moved: Vec<f64> = NET.indices(part).map(|index| f64::from(parameters[index])).collect();
        if let (Part::Neuron { .. }, Some(moved)) = (part, moved.first_chunk::<K>()) {
            // Of some weights all are hardly ever moved: they are chosen with repetition.
            if moved.iter().all(|by| *by != 0.0) {
                self.0.push(*moved);
            }
        }
        None
    }

    fn keep(&mut self, _: &[f32], _: Part) -> f32 {
        unreachable!("nothing is accepted")
    }

    fn gather(&mut self, _: Net<'_>, _: &[f32], _: &mut [f32], _: usize) {
        unreachable!("nothing is accepted")
    }
}

#[test]
fn a_neuron_moves_alike_in_all_directions_in_which_its_inputs_vary() {
    let mut statistics = statistics(&features(400));
    let found = factor(&statistics);
    let [mut parameters, mut undo, mut base] = [(); 3].map(|()| vec![0.0; NET.parameters()]);
    let mut arms = vec![Arm::NEW; NET.arms()];
    let memory = MixedMemory {
        parameters: &mut parameters,
        undo: &mut undo,
        base: &mut base,
        arms: &mut arms,
        statistics: &mut statistics,
    };
    let mut mixed = Mixed::new(NET, memory, 0.0, Generator::seed_from_u64(1), 1.0).expect("they fit");
    let mut never = Never(Vec::new());
    while never.0.len() < 2000 {
        mixed.step(&mut never);
    }
    let mut shares = [0.0; K];
    for by in &never.0 {
        // Lᵀ Δw is Gaussian, and as large in each direction.
        let along: [f64; K] = std::array::from_fn(|at| (0..K).map(|row| found[row][at] * by[row]).sum::<f64>().powi(2));
        let all: f64 = along.iter().sum();
        shares.iter_mut().zip(along).for_each(|(share, along)| *share += along / all / 2000.0);
    }
    // An eighth each; a share's standard deviation over 2,000 moves is 0.0033. By λ they are from 0.04 to 0.66.
    assert!(shares.iter().all(|share| (0.11..0.14).contains(share)), "{shares:?}");
}
