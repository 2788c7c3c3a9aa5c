//! Nets and objectives: what is refused, and U(x) against a plain implementation in `f64`.

use amc_core::sums::{BLOCK, Total};
use amc_core::{
    Activation, BlockScore, Features, Generator, Lanes, Layer, Loss, Measurements, Net, NetError, Objective,
    ObjectiveError, Portable, Rows, Samples, Targets, Tiles, gaussian,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};

use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};

const ACTIVATIONS: [Activation; 4] = [Linear, Tanh, Relu, Sigmoid];

#[test]
fn lists_of_layers_that_are_no_net_are_refused() {
    let refused = |inputs, layers: &[Layer]| Net::try_new(inputs, layers).unwrap_err();
    let tanh = Layer::dense(3, Tanh);
    assert_eq!(refused(0, &[tanh]), NetError::NoInputs);
    assert_eq!(refused(1, &[]), NetError::NoLayers);
    assert_eq!(refused(1, &[tanh, Layer::dense(0, Tanh)]), NetError::NoUnits { layer: 1 });
    assert_eq!(refused(1, &[Layer::dense(3, Softmax), tanh]), NetError::Softmax { layer: 0 });
    assert_eq!(refused(1, &[tanh, Layer::dense(1, Softmax)]), NetError::Softmax { layer: 1 });
    let wide = Layer::dense(usize::MAX / 1024, Tanh);
    assert_eq!(refused(4096, &[tanh, wide, wide]), NetError::TooLarge { layer: 2 });
    assert_eq!(refused(1, &[Layer::dense(usize::MAX, Tanh)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(usize::MAX, &[tanh]), NetError::TooLarge { layer: 0 });
}

#[test]
fn parameters_are_counted() {
    let count = |inputs, units: &[usize]| {
        let layers = units.iter().map(|units| Layer::dense(*units, Tanh)).collect::<Vec<_>>();
        let net = Net::new(inputs, &layers);
        let end = net.sections().last().map(|s| s.start + s.weights + s.biases);
        assert_eq!((end, net.outputs(), net.inputs()), (Some(net.parameters()), units[units.len() - 1], inputs));
        net.parameters()
    };
    assert_eq!(count(784, &[16, 16, 10]), 13_002);
    assert_eq!(count(1, &[10, 10, 1]), 141);
    assert_eq!(count(1, &[1000, 1000, 1]), 1_004_001);
}

#[test]
fn what_does_not_fit_is_refused() {
    use ObjectiveError as E;
    for output in [Linear, Tanh, Relu] {
        let layers = [Layer::dense(3, output)];
        let net = Net::new(2, &layers);
        assert_eq!(Objective::try_new(net, Loss::CrossEntropy).unwrap_err(), E::NotProbabilities);
        assert!(Objective::try_new(net, Loss::MeanSquaredError).is_ok());
    }
    let layers = [Layer::dense(3, Softmax)];
    let objective = Objective::new(Net::new(2, &layers), Loss::CrossEntropy);
    let check = |values: &[f32], width, targets| {
        let samples = Samples { features: Rows::new(values, width, 1.0), targets };
        let mut scratch = vec![0.0; objective.net().scratch(8)];
        let checked = objective.check(&samples);
        if !matches!(checked, Err(E::Class { .. })) {
            let got = objective.evaluate(Portable::<8>, &[0.0; 9], &samples, &mut scratch, Measurements::default());
            assert_eq!(got.err(), checked.err());
        }
        checked
    };
    assert_eq!(check(&[0.0; 4], 2, Targets::Classes(&[0, 2])), Ok(()));
    assert_eq!(check(&[], 2, Targets::Classes(&[])), Err(E::NoSamples));
    assert_eq!(check(&[0.0; 4], 0, Targets::Classes(&[])), Err(E::NoSamples));
    assert_eq!(check(&[0.0; 3], 3, Targets::Classes(&[0])), Err(E::Features { inputs: 2, features: 3 }));
    assert_eq!(check(&[0.0; 4], 2, Targets::Classes(&[0])), Err(E::Targets { needed: 2, given: 1 }));
    assert_eq!(check(&[0.0; 4], 2, Targets::Values(&[0.0; 5])), Err(E::Targets { needed: 6, given: 5 }));
    let wanted = E::Class { sample: 1, class: 3, outputs: 3 };
    assert_eq!(check(&[0.0; 4], 2, Targets::Classes(&[2, 3])), Err(wanted));

    let samples = Samples { features: Rows::new(&[0.0_f32; 4], 2, 1.0), targets: Targets::Classes(&[0, 1]) };
    let needed = objective.net().scratch(8);
    let refused = |parameters: usize, scratch: usize, signal: usize| {
        let (parameters, mut scratch, mut signal) = (vec![0.0; parameters], vec![0.0; scratch], vec![0.0; signal]);
        let measurements = Measurements { signal: &mut signal, correct: true };
        objective.evaluate(Portable::<8>, &parameters, &samples, &mut scratch, measurements).unwrap_err()
    };
    let length = |what, needed, given| E::Length { what, needed, given };
    assert_eq!(refused(8, needed, 1), length("parameters", 9, 8));
    assert_eq!(refused(10, needed, 1), length("parameters", 9, 10));
    assert_eq!(refused(9, needed - 1, 1), length("scratch", needed, needed - 1));
    assert_eq!(refused(9, needed, 2), length("signal", 1, 2));

    let predict = |parameters: usize, width, scratch: usize| {
        let (features, mut scratch) = (Rows::new(&[0.0_f32; 12], width, 1.0), vec![0.0; scratch]);
        objective.predict(Portable::<8>, &vec![0.0; parameters], &features, 0, &mut scratch).map(<[f32]>::len)
    };
    assert_eq!(predict(9, 2, needed), Ok(24));
    assert_eq!(predict(8, 2, needed), Err(length("parameters", 9, 8)));
    assert_eq!(predict(9, 3, needed), Err(E::Features { inputs: 2, features: 3 }));
    assert_eq!(predict(9, 2, needed - 1), Err(length("scratch", needed, needed - 1)));
}

#[test]
fn cross_entropy_takes_probabilities_only() {
    let check = |output, values: &[f32]| {
        let layers = [Layer::dense(3, output)];
        let features = Rows::new(&[0.0_f32; 4], 2, 1.0);
        let net = Net::new(2, &layers);
        let samples = Samples { features, targets: Targets::Values(values) };
        assert_eq!(Objective::new(net, Loss::MeanSquaredError).check(&samples), Ok(()));
        Objective::new(net, Loss::CrossEntropy).check(&samples)
    };
    let refused = Err(ObjectiveError::Probabilities { sample: 1 });
    assert_eq!(check(Softmax, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]), Ok(()));
    for second in [[0.5, 0.5, 0.0], [0.0; 3], [1.0, 1.0, 0.0], [f32::NAN, 1.0, 0.0]] {
        assert_eq!(check(Softmax, &[&[0.0, 1.0, 0.0], &second[..]].concat()), refused);
    }
    assert_eq!(check(Sigmoid, &[0.0, 1.0, 0.5, 1.0, 1.0, 1.0]), Ok(()));
    for bad in [1.0_f32.next_up(), -f32::MIN_POSITIVE, f32::NAN, f32::INFINITY] {
        assert_eq!(check(Sigmoid, &[0.0, 1.0, 0.5, 0.5, bad, 0.0]), refused);
    }
}

/// A random net with random data of its own.
struct Case {
    inputs: usize,
    layers: Vec<Layer>,
    loss: Loss,
    parameters: Vec<f32>,
    bytes: Vec<u8>,
    features: Vec<f32>,
    classes: Option<Vec<u8>>,
    values: Vec<f32>,
}

const SCALE: f32 = 1.0 / 255.0;

impl Case {
    fn new(seed: u64, samples: usize) -> Self {
        let mut rng = Generator::seed_from_u64(seed);
        let mut below = |n: usize| rng.next_u32() as usize % n;
        let inputs = 1 + below(9);
        // One net in eight is wide enough for several panels of inputs.
        let widest = if below(8) == 0 { 300 } else { 21 };
        let hidden = (0..below(3)).map(|_| Layer::dense(1 + below(widest), ACTIVATIONS[below(4)])).collect::<Vec<_>>();
        let softmax = below(2) == 0;
        let loss = if below(2) == 0 { Loss::CrossEntropy } else { Loss::MeanSquaredError };
        let outputs = if softmax { 2 + below(9) } else { 1 + below(10) };
        let last = match (softmax, loss) {
            (true, _) => Softmax,
            (_, Loss::CrossEntropy) => Sigmoid,
            _ => ACTIVATIONS[below(4)],
        };
        let mut layers = hidden;
        layers.push(Layer::dense(outputs, last));
        // Every second feature or so is 0, as pixels are.
        let bytes = (0..samples * inputs).map(|_| below(256) as u8 * (below(2) as u8)).collect::<Vec<_>>();
        // Values for softmax with cross-entropy are one-hot: its target is a class.
        let one_hot = (Softmax, Loss::CrossEntropy) == (last, loss);
        let classes = (0..samples).map(|_| below(outputs) as u8).collect::<Vec<_>>();
        let values = classes.iter().flat_map(|class| (0..outputs).map(move |o| (o, *class)));
        let values = values.map(|(o, class)| {
            if one_hot { f32::from(u8::from(o == usize::from(class))) } else { below(1000) as f32 / 1000.0 }
        });
        let values = values.collect();
        let classes = (below(2) == 0).then_some(classes);
        let mut case = Case { inputs, layers, loss, parameters: vec![], features: vec![], bytes, classes, values };
        case.parameters = vec![0.0; case.net().parameters()];
        gaussian::fill(Portable::<8>, &mut rng, 0.7 * (21.0 / widest as f32).sqrt(), &mut case.parameters);
        case.features = case.bytes.iter().map(|b| f32::from(*b) / 100.0 - 0.5 * f32::from(u8::from(*b > 99))).collect();
        case
    }

    fn net(&self) -> Net<'_> {
        Net::new(self.inputs, &self.layers)
    }

    fn objective(&self) -> Objective<'_> {
        Objective::new(self.net(), self.loss)
    }

    fn targets(&self) -> Targets<'_> {
        self.classes.as_ref().map_or(Targets::Values(&self.values), |classes| Targets::Classes(classes))
    }

    /// The loss, the classes found, the signal of each layer's inputs, and the outputs, in `f64`.
    fn plain(&self, features: &[f64]) -> (f64, u32, Vec<f64>, Vec<Vec<f64>>) {
        let samples = features.len() / self.inputs;
        let (mut loss, mut correct, mut signal, mut all) = (0.0, 0, vec![0.0; self.layers.len()], vec![]);
        for (s, sample) in features.chunks(self.inputs).enumerate() {
            let mut parameters = self.parameters.iter().map(|w| f64::from(*w));
            let (mut y, mut z) = (sample.to_vec(), vec![]);
            for (layer, signal) in self.layers.iter().zip(&mut signal) {
                *signal += y.iter().map(|s| s * s).sum::<f64>() / samples as f64;
                let weights = parameters.by_ref().take(y.len() * layer.units()).collect::<Vec<_>>();
                let mut next = parameters.by_ref().take(layer.units()).collect::<Vec<_>>();
                for (i, y) in y.iter().enumerate() {
                    for (j, next) in next.iter_mut().enumerate() {
                        *next += weights[i * layer.units() + j] * y;
                    }
                }
                let sum = next.iter().map(|z| z.exp()).sum::<f64>();
                let f = |z: &f64| match layer.activation() {
                    Tanh => z.tanh(),
                    Relu => z.max(0.0),
                    Sigmoid => 1.0 / (1.0 + (-z).exp()),
                    Softmax => z.exp() / sum,
                    _ => *z,
                };
                y = next.iter().map(f).collect();
                z = next;
            }
            let class = self.classes.as_ref().map(|classes| usize::from(classes[s]));
            let target = |o: usize| match class {
                Some(class) => f64::from(u8::from(o == class)),
                None => f64::from(self.values[s * y.len() + o]),
            };
            let softmax = self.net().output() == Softmax;
            loss += y
                .iter()
                .enumerate()
                .map(|(o, y)| match self.loss {
                    Loss::MeanSquaredError => (y - target(o)).powi(2),
                    _ if softmax => -target(o) * y.ln(),
                    // −ln σ(z) and −ln(1 − σ(z)), also where σ rounds to 1.
                    _ => target(o) * (-z[o]).exp().ln_1p() + (1.0 - target(o)) * z[o].exp().ln_1p(),
                })
                .sum::<f64>()
                / (samples * if self.loss == Loss::MeanSquaredError { y.len() } else { 1 }) as f64;
            // The class is looked for among the last layer's inputs where those are kept, and else among its outputs,
            // which may be equal in f32 where they are not in f64.
            let given = |o: usize| match softmax || self.loss == Loss::CrossEntropy {
                true => z[o],
                false => f64::from(y[o] as f32),
            };
            let best = (0..y.len()).rev().max_by(|a, b| given(*a).total_cmp(&given(*b)));
            correct += u32::from(class.is_some() && class == best);
            all.push(y);
        }
        (loss, correct, signal, all)
    }
}

/// Everything an evaluation gives, as bits.
type Outcome = (u32, u32, Vec<u32>);

fn evaluate<L: Lanes, F: Features>(lanes: L, case: &Case, features: F) -> (f32, u32, Vec<f32>) {
    let objective = case.objective();
    let samples = Samples { features, targets: case.targets() };
    objective.check(&samples).unwrap();
    let mut signal = vec![f32::NAN; case.layers.len()];
    signal[0] = objective.input_signal(lanes, &samples);
    // Whatever lies in the scratch memory may not matter.
    // Room for one tile or for a group of several.
    let mut scratch = vec![f32::NAN; case.net().scratch(L::T * (1 + samples.len() % 5))];
    let measurements = Measurements { signal: &mut signal, correct: true };
    let score = objective.evaluate(lanes, &case.parameters, &samples, &mut scratch, measurements).unwrap();
    (score.loss, score.correct, signal)
}

fn outcome<L: Lanes, F: Features>(lanes: L, case: &Case, features: F) -> Outcome {
    let (loss, correct, signal) = evaluate(lanes, case, features);
    (loss.to_bits(), correct, signal.iter().map(|s| s.to_bits()).collect())
}

/// `rows` as tiles of T; the last is filled up with `junk`.
fn tiles<const T: usize, E: Copy>(rows: &[E], width: usize, junk: E) -> Vec<E> {
    let rows = rows.chunks(width).collect::<Vec<_>>();
    let tile = |tile: &[&[E]]| {
        let at = |i: usize, t: usize| tile.get(t).map_or(junk, |row| row[i]);
        (0..width).flat_map(|i| (0..T).map(move |t| (i, t))).map(|(i, t)| at(i, t)).collect::<Vec<_>>()
    };
    rows.chunks(T).flat_map(tile).collect()
}

/// Any features, gathered before they are used: one type, so that the kernels compile once for each width.
#[derive(Clone, Copy)]
enum Any<'a> {
    Numbers(Rows<'a, f32>),
    Bytes(Rows<'a, u8>),
    TiledNumbers(Tiles<'a, f32>),
    TiledBytes(Tiles<'a, u8>),
    /// Bytes without what is 0 for a whole tile.
    Skipping(Rows<'a, u8>),
}

macro_rules! each {
    ($any:expr, $f:ident => $result:expr) => {
        match $any {
            Any::Numbers($f) => $result,
            Any::Bytes($f) | Any::Skipping($f) => $result,
            Any::TiledNumbers($f) => $result,
            Any::TiledBytes($f) => $result,
        }
    };
}

impl Features for Any<'_> {
    fn samples(&self) -> usize {
        each!(self, f => f.samples())
    }

    fn first(self, samples: usize) -> Self {
        match self {
            Any::Numbers(f) => Any::Numbers(f.first(samples)),
            Any::Bytes(f) => Any::Bytes(f.first(samples)),
            Any::Skipping(f) => Any::Skipping(f.first(samples)),
            Any::TiledNumbers(f) => Any::TiledNumbers(f.first(samples)),
            Any::TiledBytes(f) => Any::TiledBytes(f.first(samples)),
        }
    }

    fn width(&self) -> usize {
        each!(self, f => f.width())
    }

    fn scale(&self) -> f32 {
        each!(self, f => f.scale())
    }

    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        let mut tile: Vec<(usize, L::V)> = each!(self, f => f.tile(lanes, first).collect());
        if matches!(self, Any::Skipping(_)) {
            tile.retain(|(_, v)| {
                let mut all = [0.0; 16];
                lanes.store(*v, &mut all);
                all.iter().any(|x| *x != 0.0)
            });
        }
        tile.into_iter()
    }
}

/// All ways of storing the same data give the same in tiles of T.
fn same_for<const T: usize>(case: &Case, numbers: &Outcome, pixels: &Outcome) {
    let (lanes, width, samples) = (Portable::<T>, case.inputs, case.features.len() / case.inputs);
    let (rows, bytes) = (Rows::new(&case.features, width, 1.0), Rows::new(&case.bytes, width, SCALE));
    let (tiled, tiled_bytes) =
        (tiles::<T, f32>(&case.features, width, f32::NAN), tiles::<T, u8>(&case.bytes, width, 255));
    let tiled = Tiles::new(&tiled, samples, width, 1.0);
    let tiled_bytes = Tiles::new(&tiled_bytes, samples, width, SCALE);
    assert_eq!(&outcome(lanes, case, Any::Numbers(rows)), numbers, "rows, width {T}");
    assert_eq!(&outcome(lanes, case, Any::TiledNumbers(tiled)), numbers, "tiles of {T}");
    assert_eq!(&outcome(lanes, case, Any::Bytes(bytes)), pixels, "rows of bytes, width {T}");
    assert_eq!(&outcome(lanes, case, Any::TiledBytes(tiled_bytes)), pixels, "tiles of {T}, bytes");
    assert_eq!(&outcome(lanes, case, Any::Skipping(bytes)), pixels, "zeros skipped, width {T}");
}

#[track_caller]
fn near(what: &str, got: f32, wanted: f64) {
    // Rounding is 6e-8 of a sum's terms, which cancel to as little as a tenth of their size; three layers deep that
    // comes to 6e-8 times 10 to the third.
    let tolerance = 1e-4 * (1.0 + wanted.abs());
    assert!((f64::from(got) - wanted).abs() <= tolerance, "{what} is {got}, not {wanted}");
}

proptest! {
    // A failure prints its input; nothing is to be kept beside the sources.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_width_of_the_tile_does_not_show(seed: u64, samples in 1_usize..=200) {
        let case = Case::new(seed, samples);
        let numbers = outcome(Portable::<1>, &case, Any::Numbers(Rows::new(&case.features, case.inputs, 1.0)));
        let pixels = outcome(Portable::<1>, &case, Any::Bytes(Rows::new(&case.bytes, case.inputs, SCALE)));
        same_for::<1>(&case, &numbers, &pixels);
        same_for::<2>(&case, &numbers, &pixels);
        same_for::<4>(&case, &numbers, &pixels);
        same_for::<8>(&case, &numbers, &pixels);
        same_for::<16>(&case, &numbers, &pixels);
    }

    #[test]
    fn losses_are_those_of_a_plain_implementation(seed: u64, samples in 1_usize..=200) {
        let case = Case::new(seed, samples);
        let numbers = case.features.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let pixels = case.bytes.iter().map(|x| f64::from(*x) / 255.0).collect::<Vec<_>>();
        let lanes = Portable::<8>;
        let check = |features: &[f64], (loss, correct, signal): (f32, u32, Vec<f32>)| {
            let (wanted_loss, wanted_correct, wanted_signal, _) = case.plain(features);
            near("the loss", loss, wanted_loss);
            // Outputs equal but for rounding may change places, in a sample or two.
            assert!(correct.abs_diff(wanted_correct) <= 2, "{correct} correct, not {wanted_correct}");
            for (got, wanted) in signal.iter().zip(wanted_signal) {
                near("a signal", *got, wanted);
            }
        };
        check(&numbers, evaluate(lanes, &case, Any::Numbers(Rows::new(&case.features, case.inputs, 1.0))));
        check(&pixels, evaluate(lanes, &case, Any::Bytes(Rows::new(&case.bytes, case.inputs, SCALE))));
    }

    #[test]
    fn predictions_are_those_of_a_plain_implementation(seed: u64, samples in 1_usize..=40) {
        let case = Case::new(seed, samples);
        let numbers = case.features.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let (_, _, _, wanted) = case.plain(&numbers);
        let features = Rows::new(&case.features, case.inputs, 1.0);
        let mut scratch = vec![f32::NAN; case.net().scratch(8)];
        for (tile, wanted) in wanted.chunks(8).enumerate() {
            let objective = case.objective();
            let got = objective.predict(Portable::<8>, &case.parameters, &features, 8 * tile, &mut scratch).unwrap();
            prop_assert_eq!(got.len(), 8 * case.net().outputs());
            for (lane, wanted) in wanted.iter().enumerate() {
                for (output, wanted) in wanted.iter().enumerate() {
                    near("an output", got[8 * output + lane], *wanted);
                }
            }
        }
    }

    /// A host may evaluate blocks in any order, with any width, and add them up in theirs.
    #[test]
    fn blocks_add_up_to_the_evaluation(seed: u64, samples in 1_usize..=200) {
        let case = Case::new(seed, samples);
        let objective = case.objective();
        let features = Any::Numbers(Rows::new(&case.features, case.inputs, 1.0));
        let (loss, correct, _) = evaluate(Portable::<8>, &case, features);
        let samples = Samples { features, targets: case.targets() };
        let mut blocks = vec![BlockScore::default(); samples.len().div_ceil(BLOCK)];
        let mut scratch = vec![0.0; case.net().scratch(16)];
        for (block, score) in blocks.iter_mut().enumerate().rev() {
            let measurements = Measurements { signal: &mut [], correct: true };
            *score = objective.block(Portable::<16>, &case.parameters, &samples, block, &mut scratch, measurements);
        }
        let mut total = Total::default();
        blocks.iter().for_each(|block| total.add(block.loss));
        prop_assert_eq!(total.mean(objective.terms(samples.len())), loss);
        prop_assert_eq!(blocks.iter().map(|block| block.correct).sum::<u32>(), correct);
    }

    /// The first samples alone are what a progressive batch sees.
    #[test]
    fn the_first_samples_are_a_batch(seed: u64, samples in 2_usize..=100) {
        let case = Case::new(seed, samples);
        let features = Any::Numbers(Rows::new(&case.features, case.inputs, 1.0));
        let some = samples / 2;
        let wanted = outcome(Portable::<8>, &case, Any::Numbers(Rows::new(&case.features[..some * case.inputs], case.inputs, 1.0)));
        prop_assert_eq!(outcome(Portable::<8>, &case, features.first(some)), wanted.clone());
        let tiled = tiles::<8, f32>(&case.features, case.inputs, f32::NAN);
        let tiled = Any::TiledNumbers(Tiles::new(&tiled, samples, case.inputs, 1.0));
        prop_assert_eq!(outcome(Portable::<8>, &case, tiled.first(some)), wanted);
        prop_assert_eq!(features.first(samples + 9).samples(), samples);
        prop_assert_eq!(tiled.first(samples + 9).samples(), samples);
    }
}

#[test]
fn the_first_of_equal_outputs_is_the_class_found() {
    let layers = [Layer::dense(4, Linear)];
    let objective = Objective::new(Net::new(1, &layers), Loss::MeanSquaredError);
    let mut scratch = vec![0.0; objective.net().scratch(8)];
    for (outputs, best) in [([0.0; 4], 0), ([0.0, 1.0, 1.0, 0.0], 1), ([-2.0, -3.0, -1.0, -1.0], 2)] {
        for class in 0..4 {
            let samples = Samples { features: Rows::new(&[1.0_f32], 1, 1.0), targets: Targets::Classes(&[class]) };
            let parameters = [&[0.0; 4], &outputs[..]].concat();
            let measurements = Measurements { signal: &mut [], correct: true };
            let score = objective.evaluate(Portable::<8>, &parameters, &samples, &mut scratch, measurements).unwrap();
            assert_eq!(score.correct, u32::from(class == best), "{outputs:?}, class {class}");
        }
    }
}

/// One layer of weights 0 whose biases are the outputs' inputs, on one sample.
fn loss_at(loss: Loss, activation: Activation, z: &[f32], targets: Targets<'_>) -> f32 {
    let layers = [Layer::dense(z.len(), activation)];
    let objective = Objective::new(Net::new(1, &layers), loss);
    let samples = Samples { features: Rows::new(&[0.0_f32], 1, 1.0), targets };
    let parameters = [&vec![0.0; z.len()], z].concat();
    let mut scratch = vec![0.0; objective.net().scratch(8)];
    objective.evaluate(Portable::<8>, &parameters, &samples, &mut scratch, Measurements::default()).unwrap().loss
}

#[test]
fn cross_entropy_stays_finite_where_probabilities_vanish() {
    let classes = Targets::Classes(&[1]);
    assert_eq!(loss_at(Loss::CrossEntropy, Softmax, &[1000.0, -1000.0], classes), 2000.0);
    assert_eq!(loss_at(Loss::CrossEntropy, Softmax, &[-1000.0, 1000.0], classes), 0.0);
    assert_eq!(loss_at(Loss::CrossEntropy, Sigmoid, &[-500.0], Targets::Values(&[1.0])), 500.0);
    assert_eq!(loss_at(Loss::CrossEntropy, Sigmoid, &[500.0], Targets::Values(&[1.0])), 0.0);
}

#[test]
fn a_loss_of_outputs_that_are_no_numbers_is_no_number() {
    for activation in [Softmax, Sigmoid] {
        for loss in [Loss::CrossEntropy, Loss::MeanSquaredError] {
            for class in 0..3 {
                for bad in 0..3 {
                    let mut z = [0.5, -0.5, 1.0];
                    z[bad] = f32::NAN;
                    let got = loss_at(loss, activation, &z, Targets::Classes(&[class]));
                    assert!(got.is_nan(), "{loss:?} of {activation:?}, class {class}, output {bad} NaN: {got}");
                }
            }
        }
    }
}

#[test]
fn a_total_keeps_what_rounding_loses() {
    let mut total = Total::default();
    total.add(16_777_216.0);
    (0..1000).for_each(|_| total.add(1.0));
    assert_eq!(total.mean(1), 16_778_216.0);
    total.add(f32::INFINITY);
    assert_eq!(total.mean(1), f32::INFINITY);
}
