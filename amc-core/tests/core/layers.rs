//! Layers beside dense ones: what is refused, the numbers that PyTorch has, a plain implementation in `f64`, and the same
//! bits for every tile width.

mod frozen;
mod golden;
mod gru;
mod images;
mod sequences;

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{
    Activation, Features, Generator, Lanes, Layer, Loss, Measurements, Net, NetError, Normalization, Objective,
    ObjectiveError, Portable, Recurrent, Rows, Samples, Targets, gaussian,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};

use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};

#[test]
fn layers_that_do_not_fit_are_refused() {
    let refused = |inputs, layers: &[Layer]| Net::try_new(inputs, layers).unwrap_err();
    let tanh = |inputs, units, steps| Layer::recurrent(inputs, units, steps, Tanh);
    let states = |inputs, units, steps| Layer::recurrent_states(inputs, units, steps, Tanh);
    let (dense, max) = (Layer::dense(7, Tanh), usize::MAX);
    assert_eq!(refused(6, &[tanh(2, 0, 3)]), NetError::NoUnits { layer: 0 });
    assert_eq!(refused(6, &[tanh(0, 2, 3)]), NetError::Inputs { layer: 0, takes: 0, given: 6 });
    assert_eq!(refused(6, &[states(2, 2, 0)]), NetError::Inputs { layer: 0, takes: 0, given: 6 });
    assert_eq!(refused(6, &[dense, tanh(3, 2, 2)]), NetError::Inputs { layer: 1, takes: 6, given: 7 });
    assert_eq!(refused(6, &[tanh(2, 4, 3), tanh(4, 4, 3)]), NetError::Inputs { layer: 1, takes: 12, given: 4 });
    let normal = |units| Layer::normalization(units, Linear);
    assert_eq!(refused(6, &[normal(0)]), NetError::NoUnits { layer: 0 });
    assert_eq!(refused(6, &[normal(5)]), NetError::Inputs { layer: 0, takes: 5, given: 6 });
    assert_eq!(refused(6, &[states(2, 4, 3), normal(4)]), NetError::Inputs { layer: 1, takes: 4, given: 12 });
    assert_eq!(refused(6, &[Layer::recurrent(2, 4, 3, Softmax)]), NetError::Softmax { layer: 0 });
    // Sizes that overflow, or that memory cannot hold, wherever they stand.
    assert_eq!(refused(max, &[tanh(2, 1, max)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(max, &[tanh(max, 1, 1)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(max / 2, &[tanh(1, 1, max / 2)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(max, &[normal(max)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(max / 16, &[normal(max / 16)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(6, &[tanh(2, max, 3)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(6, &[tanh(2, max / 256, 3)]), NetError::TooLarge { layer: 0 });
    let long = max / 1024;
    assert_eq!(refused(long, &[states(1, 256, long)]), NetError::TooLarge { layer: 0 });
    assert!(Net::try_new(long, &[tanh(1, 256, long)]).is_ok());

    let layers = [states(2, 4, 3), Layer::recurrent(4, 5, 3, Sigmoid)];
    let net = Net::new(6, &layers);
    assert_eq!(Objective::try_new(net, Loss::CrossEntropy).unwrap_err(), ObjectiveError::RecurrentOutput);
    assert!(Objective::try_new(net, Loss::MeanSquaredError).is_ok());
}

#[test]
fn parameters_and_memory_are_counted() {
    let layers = [Layer::recurrent_states(2, 5, 9, Tanh), Layer::recurrent(5, 6, 9, Tanh), Layer::dense(3, Softmax)];
    let net = Net::new(18, &layers);
    let sections = net.sections().map(|s| (s.start, s.weights, s.biases)).collect::<Vec<_>>();
    assert_eq!(sections, [(0, 7 * 5, 5), (40, 11 * 6, 6), (112, 6 * 3, 3)]);
    assert_eq!((net.parameters(), net.outputs(), layers[0].units(), layers[1].units()), (133, 3, 45, 6));
    let gathers_from = |net| Objective::new(net, Loss::MeanSquaredError).gathers_from();
    assert_eq!((gathers_from(net), gathers_from(Net::new(6, &layers[2..]))), (0, 1));
    let layers = [Layer::normalization(4, Linear), layers[2]];
    let net = Net::new(4, &layers);
    assert_eq!(net.sections().map(|s| (s.start, s.weights, s.biases)).collect::<Vec<_>>(), [(0, 0, 8), (8, 4 * 3, 3)]);
    assert_eq!((net.parameters(), net.scratch(4), gathers_from(net)), (23, 2 * 4 * 4 + 2 * 16, 1));
    // The memory for a last state does not grow with the steps.
    let scratch = |steps| Net::new(2 * steps, &[Layer::recurrent(2, 6, steps, Tanh)]).scratch(4);
    assert_eq!((scratch(1), scratch(10_000)), (scratch(10_000), 2 * 2 * 6 * 4 + 16));
}

/// What the signal norm scales: both matrices of a recurrent layer, and nothing of a normalisation.
#[test]
fn the_signal_norm_scales_weights() {
    let layers = [
        Layer::recurrent_states(2, 5, 3, Tanh),
        Layer::normalization(15, Linear),
        Layer::recurrent(5, 4, 3, Tanh),
        Layer::dense(3, Linear),
    ];
    let net = Net::new(6, &layers);
    let n = net.parameters();
    let scales = [(0.5, 7 * 5), (1.0, 5), (1.0, 2 * 15), (0.25, 9 * 4), (1.0, 4), (2.0, 4 * 3), (1.0, 3)];
    let scales = scales.iter().flat_map(|(scale, count)| std::iter::repeat_n(*scale, *count)).collect::<Vec<f32>>();
    assert_eq!(scales.len(), n);
    let (mut x, mut proposed, mut signal) = (vec![0.0; n], vec![0.0; n], [4.0, 9.0, 16.0, 0.25]);
    let memory = Memory::new(&mut x, &mut proposed).signal_norm(net, &mut signal);
    let mut chain = Chain::new(memory, Options::new(0.5), Generator::seed_from_u64(7), 1.0).unwrap();
    let mut z = vec![0.0; n];
    gaussian::fill(Portable::<4>, &mut Generator::seed_from_u64(7), 1.0, &mut z);
    let wanted = z.iter().zip(scales).map(|(z, scale)| 0.5 * scale * z).collect::<Vec<_>>();
    assert_eq!(chain.propose(Portable::<4>).parameters(), wanted);
}

/// A net with data.
struct Case {
    inputs: usize,
    layers: Vec<Layer>,
    loss: Loss,
    parameters: Vec<f32>,
    features: Vec<f32>,
    classes: Option<Vec<u8>>,
    values: Vec<f32>,
}

fn apply(activation: Activation, z: f64) -> f64 {
    match activation {
        Tanh => z.tanh(),
        Relu => z.max(0.0),
        Sigmoid => 1.0 / (1.0 + (-z).exp()),
        _ => z,
    }
}

/// Rows multiplied by a scale, or the same without what is 0 for a whole tile: one type, for which nets compile once.
#[derive(Clone, Copy)]
struct Stored<'a> {
    rows: Rows<'a, f32>,
    scale: f32,
    skips: bool,
}

impl Features for Stored<'_> {
    fn samples(&self) -> usize {
        self.rows.samples()
    }

    fn first(self, samples: usize) -> Self {
        Self { rows: self.rows.first(samples), ..self }
    }

    fn width(&self) -> usize {
        self.rows.width()
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        let skips = self.skips;
        let present = move |(_, v): &(usize, L::V)| {
            let mut all = [0.0; 16];
            lanes.store(*v, &mut all);
            !skips || all.iter().any(|x| *x != 0.0)
        };
        self.rows.tile(lanes, first).filter(present)
    }
}

/// U(x), each layer's signal, and the outputs of all samples.
struct Outcome<F> {
    loss: F,
    signals: Vec<F>,
    outputs: Vec<F>,
    /// By how much rounding before normalisations may have grown in them: the largest number over the deviation by
    /// which it is divided, at its worst.
    grown: F,
}

impl Case {
    fn objective(&self) -> Objective<'_> {
        Objective::new(Net::new(self.inputs, &self.layers), self.loss)
    }

    fn samples(&self) -> Samples<'_, Stored<'_>> {
        let targets = self.classes.as_ref().map_or(Targets::Values(&self.values), |classes| Targets::Classes(classes));
        let rows = Rows::new(&self.features, self.inputs, 1.0);
        Samples { features: Stored { rows, scale: 1.0, skips: false }, targets }
    }

    /// What `lanes` make of `samples`, with room for `tiles` tiles together.
    fn outcome<L: Lanes>(&self, lanes: L, samples: &Samples<'_, Stored<'_>>, tiles: usize) -> Outcome<f32> {
        let objective = self.objective();
        objective.check(samples).unwrap();
        let net = objective.net();
        // Whatever lies in the scratch memory may not matter.
        let mut scratch = vec![f32::NAN; net.scratch(L::T * tiles)];
        let mut signals = vec![f32::NAN; self.layers.len()];
        signals[0] = objective.input_signal(lanes, samples);
        let measurements = Measurements { signal: &mut signals, correct: false };
        let score = objective.evaluate(lanes, &self.parameters, samples, &mut scratch, measurements).unwrap();
        let mut outputs = vec![0.0; samples.len() * net.outputs()];
        for (tile, outputs) in outputs.chunks_mut(L::T * net.outputs()).enumerate() {
            let first = tile * L::T;
            let got = objective.predict(lanes, &self.parameters, &samples.features, first, &mut scratch).unwrap();
            for (lane, outputs) in outputs.chunks_mut(net.outputs()).enumerate() {
                for (output, to) in outputs.iter_mut().enumerate() {
                    *to = got[output * L::T + lane];
                }
            }
        }
        Outcome { loss: score.loss, signals, outputs, grown: 1.0 }
    }

    fn bits<L: Lanes>(&self, lanes: L, samples: &Samples<'_, Stored<'_>>, tiles: usize) -> Vec<u32> {
        let Outcome { loss, signals, outputs, .. } = self.outcome(lanes, samples, tiles);
        [loss].iter().chain(&signals).chain(&outputs).map(|x| x.to_bits()).collect()
    }

    /// The same in `f64`, one sample after the other, for the loss MSE; features are multiplied by `scale`.
    fn plain(&self, scale: f64) -> Outcome<f64> {
        let count = self.samples().len();
        let (mut loss, mut signals, mut all, mut worst) = (0.0, vec![0.0; self.layers.len()], vec![], 1.0_f64);
        for sample in self.features.chunks(self.inputs) {
            let mut parameters = self.parameters.iter().map(|x| f64::from(*x));
            let (mut y, mut kept) = (sample.iter().map(|x| f64::from(*x) * scale).collect::<Vec<_>>(), vec![]);
            let mut grown = 1.0;
            let input_signal = y.iter().map(|s| s * s).sum::<f64>() / count as f64;
            for (index, (layer, signal)) in self.layers.iter().zip(&mut signals).enumerate() {
                // The first layer's is that of the inputs, unless its weights are shared.
                let shared =
                    matches!(layer, Layer::Convolution(_) | Layer::Conv1d(_) | Layer::Recurrent(_) | Layer::Gru(_));
                let without_weights = !shared && !matches!(layer, Layer::Dense(_));
                *signal += if index == 0 && without_weights { input_signal } else { 0.0 };
                let made = images::plain(layer, &mut y, &mut kept, &mut parameters);
                let made = made.or_else(|| sequences::plain(layer, &mut y, &mut parameters));
                if let Some(s) = made.or_else(|| gru::plain(layer, &mut y, &mut parameters)) {
                    *signal += s / count as f64;
                    continue;
                }
                if let Layer::Normalization(Normalization { units, activation }) = *layer {
                    let gains = parameters.by_ref().take(units).collect::<Vec<_>>();
                    let biases = parameters.by_ref().take(units).collect::<Vec<_>>();
                    let mean = y.iter().sum::<f64>() / units as f64;
                    let variance = y.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / units as f64;
                    let root = (variance + 1e-5).sqrt();
                    grown *= y.iter().fold(1.0_f64, |largest, x| largest.max(x.abs() / root));
                    let normal = y.iter().zip(gains.iter().zip(biases));
                    y = normal.map(|(x, (gain, bias))| apply(activation, (x - mean) / root * gain + bias)).collect();
                    continue;
                }
                let (inputs, units, steps, every) = match *layer {
                    Layer::Recurrent(Recurrent { inputs, units, steps, every, .. }) => (inputs, units, steps, every),
                    _ => (y.len(), layer.units(), 1, true),
                };
                let states = if matches!(layer, Layer::Dense(_)) { 0 } else { units };
                let weights = parameters.by_ref().take((inputs + states) * units).collect::<Vec<_>>();
                let biases = parameters.by_ref().take(units).collect::<Vec<_>>();
                let (mut state, mut made) = (vec![0.0; units], vec![]);
                for x in y.chunks(inputs) {
                    let s = x.iter().chain(&state[..states]).copied().collect::<Vec<_>>();
                    *signal += s.iter().map(|s| s * s).sum::<f64>() / (count * steps) as f64;
                    let z = |j: usize| s.iter().enumerate().map(|(i, s)| weights[i * units + j] * s).sum::<f64>();
                    let z = (0..units).map(|j| z(j) + biases[j]).collect::<Vec<_>>();
                    state = z.into_iter().map(|z| apply(layer.activation(), z)).collect();
                    made.extend_from_slice(&state);
                }
                y = if every { made } else { state };
            }
            all.extend(y);
            worst = worst.max(grown);
        }
        for (output, value) in all.iter().zip(&self.values) {
            loss += (output - f64::from(*value)).powi(2) / all.len() as f64;
        }
        Outcome { loss, signals, outputs: all, grown: worst }
    }

    /// A random net of layers of all kinds, and random data.
    fn random(seed: u64, samples: usize) -> Self {
        let mut rng = Generator::seed_from_u64(seed);
        let mut below = |n: usize| rng.next_u32() as usize % n;
        let activation = |n: usize| [Tanh, Sigmoid, Linear, Relu][n];
        let steps = 1 + below(7);
        let inputs = steps * (1 + below(6));
        let (mut width, mut layers) = (inputs, vec![]);
        for _ in 0..1 + below(4) {
            // Enough for blocks of neurons of every size.
            let units = 1 + below(37);
            // A linear or rectified state would grow with the steps, and so would its rounding.
            let layer = match (below(6), width % steps) {
                (0, 0) => Layer::recurrent(width / steps, units, steps, activation(below(2))),
                (1, 0) => Layer::recurrent_states(width / steps, units, steps, activation(below(2))),
                // Of fewer numbers, the differences may be as small as their rounding.
                (2, _) if width >= 8 => Layer::normalization(width, activation(below(4))),
                (3, 0) => Layer::gru(width / steps, units, steps),
                (4, 0) => Layer::gru_states(width / steps, units, steps),
                _ => Layer::dense(units, activation(below(4))),
            };
            layers.push(layer);
            width = layer.units();
        }
        let features = (0..samples * inputs).map(|_| (below(256) * below(2)) as f32).collect();
        let values = (0..samples * width).map(|_| below(1000) as f32 / 1000.0).collect();
        let mut parameters = vec![0.0; Net::new(inputs, &layers).parameters()];
        gaussian::fill(Portable::<4>, &mut rng, 0.3, &mut parameters);
        Case { inputs, layers, loss: Loss::MeanSquaredError, parameters, features, classes: None, values }
    }
}

#[track_caller]
fn near(what: &str, got: &Outcome<f32>, wanted: &Outcome<f64>, tolerance: f64) {
    // A tolerance has room for a growth of ten.
    let tolerance = tolerance * (wanted.grown / 10.0).max(1.0);
    let check = |part: &str, got: f32, wanted: f64| {
        let off = (f64::from(got) - wanted).abs();
        assert!(off <= tolerance * (1.0 + wanted.abs()), "{what}: {part} is {got}, not {wanted}");
    };
    check("the loss", got.loss, wanted.loss);
    assert_eq!((got.signals.len(), got.outputs.len()), (wanted.signals.len(), wanted.outputs.len()));
    got.signals.iter().zip(&wanted.signals).enumerate().for_each(|(l, (g, w))| check(&format!("signal {l}"), *g, *w));
    got.outputs.iter().zip(&wanted.outputs).for_each(|(g, w)| check("an output", *g, *w));
}

/// The cases that `layers.py` wrote.
fn golden() -> Vec<(String, Case, Outcome<f64>)> {
    let case = |stored: golden::Golden| {
        let golden::Golden { name, inputs, layers, loss, parameters, features, classes, values, .. } = stored;
        let case = Case { inputs, layers, loss, parameters, features, classes, values };
        (name, case, Outcome { loss: stored.value, signals: stored.signals, outputs: stored.outputs, grown: 1.0 })
    };
    golden::read().into_iter().map(case).collect()
}

#[test]
fn numbers_are_those_of_pytorch() {
    let cases = golden();
    assert!(cases.len() >= 23);
    for (name, case, wanted) in cases {
        // Rounding is 6e-8 of sums of up to 20 terms around 1, or 630 that are smaller, and grows by less than tenfold
        // through a net's steps.
        near(&name, &case.outcome(Portable::<4>, &case.samples(), 1), &wanted, 1e-5);
        near(&name, &case.outcome(Portable::<1>, &case.samples(), 2), &wanted, 1e-5);
        near(&name, &case.outcome(Portable::<2>, &case.samples(), 3), &wanted, 1e-5);
        near(&name, &case.outcome(Portable::<8>, &case.samples(), 1), &wanted, 1e-5);
        near(&name, &case.outcome(Portable::<16>, &case.samples(), 1), &wanted, 1e-5);
    }
}

const SCALE: f32 = 1.0 / 255.0;

/// The samples of a case, features multiplied by the scale.
fn scaled(case: &Case) -> Samples<'_, Stored<'_>> {
    let Samples { features, targets } = case.samples();
    Samples { features: Stored { scale: SCALE, ..features }, targets }
}

fn order_does_not_show(case: &Case) -> Result<(), TestCaseError> {
    let whole = scaled(case);
    let skipping = Samples { features: Stored { skips: true, ..whole.features }, ..whole };
    let wanted = case.bits(Portable::<1>, &whole, 1);
    prop_assert_eq!(&case.bits(Portable::<1>, &skipping, 3), &wanted);
    prop_assert_eq!(&case.bits(Portable::<2>, &skipping, 1), &wanted);
    prop_assert_eq!(&case.bits(Portable::<4>, &skipping, 2), &wanted);
    prop_assert_eq!(&case.bits(Portable::<8>, &skipping, 5), &wanted);
    prop_assert_eq!(&case.bits(Portable::<16>, &skipping, 4), &wanted);
    prop_assert_eq!(&case.bits(Portable::<16>, &whole, 2), &wanted);
    Ok(())
}

proptest! {
    // A failure prints its input; nothing is to be kept beside the sources.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Neither the tile's width, nor how many tiles are in the net together, nor zeros left out.
    #[test]
    fn the_order_of_evaluation_does_not_show(seed: u64, samples in 1_usize..=70) {
        order_does_not_show(&Case::random(seed, samples))?;
    }

    #[test]
    fn numbers_are_those_of_a_plain_implementation(seed: u64, samples in 1_usize..=70) {
        let case = Case::random(seed, samples);
        // As in tests/net.rs: 6e-8 of terms that cancel to a tenth, and three layers of up to seven steps.
        near("the net", &case.outcome(Portable::<16>, &scaled(&case), 3), &case.plain(1.0 / 255.0), 1e-4);
    }
}
