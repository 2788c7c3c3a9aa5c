//! Parts of a net that are not trained: a body whose features a head is trained on, and selections of parameters.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{
    Activation, Body, F16, Frozen, Generator, Lanes, Layer, Measurements, Net, NetError, Objective, ObjectiveError,
    Portable, Rows, Samples, Scaled, Selection, SelectionError, Trainable, Weight, gaussian,
};
use proptest::prelude::*;
use rand_core::SeedableRng;

use super::{Case, SCALE, Stored, scaled};

use Activation::{Linear, Softmax, Tanh};
use Trainable::{All, Biases, Nothing};

const LAYERS: [Layer; 4] = [
    Layer::recurrent_states(2, 5, 3, Tanh),
    Layer::normalization(15, Linear),
    Layer::dense(4, Tanh),
    Layer::dense(3, Softmax),
];
const NET: Net<'_> = Net::new(6, &LAYERS);

#[test]
fn nets_are_split_between_layers() {
    let (body, head) = NET.split(2).unwrap();
    assert_eq!((body.inputs(), body.layers(), body.outputs()), (6, &LAYERS[..2], 15));
    assert_eq!((head.inputs(), head.layers(), head.outputs()), (15, &LAYERS[2..], 3));
    for layers in [0, 4, 5, usize::MAX] {
        assert_eq!(NET.split(layers).unwrap_err(), NetError::NoLayers);
    }
    let residual = [Layer::keep(4), Layer::dense(4, Tanh), Layer::add(4, Linear), Layer::dense(2, Tanh)];
    let net = Net::new(4, &residual);
    assert!(matches!(net.split(2), Err(NetError::Layer { layer: 0, .. })), "what is kept stays in the body");
    assert!(net.split(3).is_ok());
}

#[test]
fn what_does_not_fit_a_body_is_refused() {
    let (body, _) = NET.split(2).unwrap();
    let parameters = vec![0.1; body.parameters()];
    let needed = parameters.len();
    let error = Body::try_new(body, &parameters[1..]).unwrap_err();
    assert_eq!(error, ObjectiveError::Length { what: "parameters", needed, given: needed - 1 });
    let body = Body::try_new(body, &parameters).unwrap();
    let (rows, mut scratch, mut to) = ([0.5; 18], vec![0.0; Body::scratch(&body.net(), 2)], [0.0; 60]);
    assert_eq!(Body::numbers(&body.net(), 3, 2), to.len());
    for (samples, lanes) in [(usize::MAX, 2), (usize::MAX / 8, 1), (3, 0)] {
        assert_eq!(Body::numbers(&body.net(), samples, lanes), usize::MAX);
    }
    let features = |width, scratch: &mut [f32], to: &mut [f32]| {
        body.features(Portable::<2>, &Rows::new(&rows, width, 1.0), scratch, to).map(|_| ())
    };
    assert_eq!(features(6, &mut scratch, &mut to), Ok(()));
    assert_eq!(features(9, &mut scratch, &mut to), Err(ObjectiveError::Features { inputs: 6, features: 9 }));
    let short = |what, needed| Err(ObjectiveError::Length { what, needed, given: needed - 1 });
    let needed = scratch.len();
    assert_eq!(features(6, &mut scratch[1..], &mut to), short("scratch", needed));
    assert_eq!(features(6, &mut scratch, &mut to[1..]), short("features", 60));
}

#[test]
fn a_selection_knows_its_parameters() {
    let of = [Biases, All, Nothing, All];
    let selection = Selection::new(NET, &of);
    let sections: Vec<_> = selection.sections().map(|s| (s.start, s.weights, s.biases)).collect();
    assert_eq!(sections, [(0, 0, 5), (5, 0, 30), (35, 0, 0), (35, 12, 3)]);
    assert_eq!(selection.parameters(), 50);
    let whole: Vec<f32> = (0..NET.parameters()).map(|i| i as f32).collect();
    let mut trained = [0.0; 50];
    selection.take(&whole, &mut trained);
    // The biases behind 7 · 5 weights, all 30 of the normalisation, and the last 15.
    let wanted: Vec<_> = (35..70).chain(134..149).map(|i| i as f32).collect();
    assert_eq!(trained[..], wanted);
    let mut put = whole.clone();
    selection.put(&trained.map(|x| -x), &mut put);
    let changed: Vec<_> = put.iter().zip(&whole).filter(|(a, b)| a != b).map(|(a, _)| -a).collect();
    assert_eq!(changed, wanted);
    selection.take(&put, &mut trained);
    selection.put(&trained.map(|x| -x), &mut put);
    assert_eq!(put, whole);
    let all = Selection::all(NET);
    assert!(all.parameters() == NET.parameters() && all.sections().eq(NET.sections()));
    let error = SelectionError::Layers { needed: 4, given: 3 };
    assert_eq!(Selection::try_new(NET, &of[1..]).unwrap_err(), error);
    assert_eq!(Selection::try_new(NET, &[Nothing; 4]).unwrap_err(), SelectionError::Nothing);
}

/// λ is that of a weight's own layer, and of no other where layers between are frozen.
#[test]
fn the_signal_norm_scales_the_weights_that_are_selected() {
    let of = [All, Nothing, Biases, All];
    let selection = Selection::new(NET, &of);
    let scales = [(0.5, 7 * 5), (1.0, 5), (1.0, 4), (2.0, 4 * 3), (1.0, 3)];
    let scales: Vec<f32> = scales.iter().flat_map(|(scale, count)| std::iter::repeat_n(*scale, *count)).collect();
    let n = selection.parameters();
    assert_eq!(scales.len(), n);
    let (mut x, mut proposed, mut signal) = (vec![0.0; n], vec![0.0; n], [4.0, 9.0, 16.0, 0.25]);
    let memory = Memory::new(&mut x, &mut proposed).signal_norm_of(selection, &mut signal);
    let mut chain = Chain::new(memory, Options::new(0.5), Generator::seed_from_u64(7), 1.0).unwrap();
    let mut z = vec![0.0; n];
    gaussian::fill(Portable::<4>, &mut Generator::seed_from_u64(7), 1.0, &mut z);
    let wanted: Vec<_> = z.iter().zip(scales).map(|(z, scale)| 0.5 * scale * z).collect();
    assert_eq!(chain.propose(Portable::<4>).parameters(), wanted);
}

/// Wherever a net is split, a head makes of its body's features what the net makes of the samples: the loss and the signals of its
/// layers, to the bit.
fn a_split_does_not_show(case: &Case) -> Result<(), TestCaseError> {
    let (objective, samples) = (case.objective(), scaled(case));
    let whole = case.outcome(Portable::<4>, &samples, 3);
    for layers in 1..case.layers.len() {
        let Ok((body, head)) = objective.net().split(layers) else { continue };
        let (frozen, trained) = case.parameters.split_at(body.parameters());
        let body = Body::try_new(body, frozen).unwrap();
        let mut memory = vec![f32::NAN; Body::numbers(&body.net(), samples.len(), 4)];
        let mut scratch = vec![f32::NAN; Body::scratch(&body.net(), 4)];
        let features = body.features(Portable::<4>, &samples.features, &mut scratch, &mut memory).unwrap();
        let samples = Samples { features, targets: samples.targets };
        let head = Objective::new(head, objective.loss());
        let (mut scratch, mut signal) =
            (vec![f32::NAN; head.net().scratch(8)], vec![f32::NAN; head.net().layers().len()]);
        signal[0] = head.input_signal(Portable::<4>, &samples);
        let measurements = Measurements { signal: &mut signal, correct: false };
        let score = head.evaluate(Portable::<4>, trained, &samples, &mut scratch, measurements).unwrap();
        prop_assert_eq!(score.loss.to_bits(), whole.loss.to_bits(), "split after {} layers", layers);
        // Without weights nothing has seen the signal of a later layer's inputs.
        let signals = signal.iter().zip(&whole.signals[layers..]).zip(head.net().sections());
        for ((signal, wanted), _) in signals.filter(|(_, section)| section.weights > 0) {
            prop_assert_eq!(signal.to_bits(), wanted.to_bits());
        }
    }
    Ok(())
}

/// A body of fewer bits makes what one of the same numbers as `f32` does, up to rounding, as sums are scaled elsewhere. On any
/// lanes it has the same bits.
fn fewer_bits_are_the_same_numbers<W: Weight>(
    case: &Case,
    of: impl Fn(f32) -> W,
    frozen: impl for<'a> Fn(Scaled<'a, W>) -> Frozen<'a>,
) -> Result<(), TestCaseError> {
    let (net, samples) = (case.objective().net(), scaled(case));
    let (mut parameters, mut weights, mut others) = (case.parameters.clone(), vec![], vec![]);
    for section in net.sections() {
        let (own, rest) = parameters[section.range()].split_at_mut(section.weights);
        let scales: Vec<f32> = (0..section.neurons).map(|neuron| 0.02 + 0.003 * (neuron % 7) as f32).collect();
        for (index, weight) in own.iter_mut().enumerate() {
            let scale = scales[index % scales.len()];
            let stored = of(*weight / scale);
            weights.push(stored);
            *weight = stored.number() * scale;
        }
        others.extend_from_slice(&scales);
        others.extend_from_slice(rest);
    }
    prop_assert_eq!(Body::stored(&net), (weights.len(), others.len()));
    let same = Case { parameters, layers: case.layers.clone(), ..Case::random(0, 1) };
    let same = Case { inputs: case.inputs, features: case.features.clone(), values: case.values.clone(), ..same };
    let plain = made(Portable::<4>, &Body::try_new(net, &same.parameters).unwrap(), &samples);
    let stored = frozen(Scaled { weights: &weights, others: &others });
    let body = Body::try_stored(net, stored).unwrap();
    let few = made(Portable::<1>, &body, &samples);
    prop_assert_eq!(&bits(&few), &bits(&made(Portable::<4>, &body, &samples)));
    prop_assert_eq!(&bits(&few), &bits(&made(Portable::<16>, &body, &samples)));
    let grown = same.plain(f64::from(SCALE)).grown.max(10.0);
    for (few, plain) in few.iter().zip(&plain) {
        // 6e-8 of sums of up to 300 terms of up to 3, through four layers, and what a normalisation makes of it.
        let allowed = 1e-4 * grown / 10.0 * (1.0 + f64::from(plain.abs()));
        prop_assert!(f64::from((few - plain).abs()) <= allowed, "{} and {}", few, plain);
    }
    Ok(())
}

/// What a body makes of samples, one after another.
fn made<L: Lanes>(lanes: L, body: &Body<'_>, samples: &Samples<'_, Stored<'_>>) -> Vec<f32> {
    let (net, count) = (body.net(), samples.len());
    let mut memory = vec![f32::NAN; Body::numbers(&net, count, L::T)];
    let mut scratch = vec![f32::NAN; Body::scratch(&net, L::T)];
    body.features(lanes, &samples.features, &mut scratch, &mut memory).unwrap();
    let at = |sample: usize, unit: usize| memory[(sample / L::T * net.outputs() + unit) * L::T + sample % L::T];
    (0..count * net.outputs()).map(|i| at(i / net.outputs(), i % net.outputs())).collect()
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

fn bytes(stored: Scaled<'_, i8>) -> Frozen<'_> {
    Frozen::I8(stored)
}

fn halves(stored: Scaled<'_, F16>) -> Frozen<'_> {
    Frozen::F16(stored)
}

fn byte(x: f32) -> i8 {
    x.round().clamp(-127.0, 127.0) as i8
}

/// Truncated, of what is neither too small nor too large: any numbers do.
fn half(x: f32) -> F16 {
    let bits = x.to_bits();
    let exponent = (bits >> 23 & 0xff) as i32 - 127 + 15;
    let magnitude = if exponent <= 0 { 0 } else { (exponent.min(30) as u32) << 10 | bits >> 13 & 0x3ff };
    F16((bits >> 16 & 0x8000 | magnitude) as u16)
}

/// As `numpy.array([bits], numpy.uint16).view(numpy.float16)` has them.
#[test]
fn halves_are_numbers() {
    for (bits, number) in [
        (0x0000, 0.0),
        (0x0001, 5.960_464_5e-8),
        (0x03ff, 6.097_555e-5),
        (0x0400, 6.103_515_6e-5),
        (0x3555, 0.333_251_95),
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x7bff, 65504.0),
        (0x7c00, f32::INFINITY),
        (0xfc00, f32::NEG_INFINITY),
    ] {
        assert_eq!(F16(bits).number(), number, "{bits:04x}");
    }
    assert!(F16(0x8000).number().to_bits() == (-0.0_f32).to_bits() && F16(0x7e00).number().is_nan());
}

#[test]
fn stored_numbers_that_do_not_fit_are_refused() {
    let (weights, others) = Body::stored(&NET);
    assert_eq!((weights, others), (7 * 5 + 15 * 4 + 4 * 3, 5 + 5 + 30 + 4 + 4 + 3 + 3));
    let (weights, others) = (vec![1_i8; weights], vec![0.1; others]);
    let of = |weights, others| Body::try_stored(NET, Frozen::I8(Scaled { weights, others })).map(|_| ());
    assert_eq!(of(&weights, &others), Ok(()));
    let wrong = |what, needed, given| Err(ObjectiveError::Length { what, needed, given });
    assert_eq!(of(&weights[1..], &others), wrong("parameters", 107, 106));
    assert_eq!(of(&weights, &others[1..]), wrong("scales and biases", 54, 53));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_split_of_sequences_does_not_show(seed: u64, samples in 1_usize..=70) {
        a_split_does_not_show(&Case::random(seed, samples))?;
    }

    #[test]
    fn a_split_of_images_does_not_show(seed: u64, samples in 1_usize..=70) {
        a_split_does_not_show(&super::images::random(seed, samples))?;
    }

    #[test]
    fn a_body_of_fewer_bits_has_the_same_numbers(seed: u64, samples in 1_usize..=20) {
        for case in [Case::random(seed, samples), super::images::random(seed, samples)] {
            fewer_bits_are_the_same_numbers(&case, byte, bytes)?;
            fewer_bits_are_the_same_numbers(&case, half, halves)?;
        }
    }
}
