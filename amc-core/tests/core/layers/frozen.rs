//! Parts of a net that are not trained: a body whose features a head is trained on, and selections of parameters.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{
    Activation, Body, Generator, Layer, Measurements, Net, NetError, Objective, ObjectiveError, Portable, Rows,
    Samples, Selection, SelectionError, Trainable, gaussian,
};
use proptest::prelude::*;
use rand_core::SeedableRng;

use super::{Case, scaled};

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
    let (rows, mut scratch, mut to) = ([0.5; 18], vec![0.0; body.net().scratch(2)], [0.0; 60]);
    assert_eq!(body.numbers(3, 2), to.len());
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
        let mut memory = vec![f32::NAN; body.numbers(samples.len(), 4)];
        let mut scratch = vec![f32::NAN; body.net().scratch(4)];
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
}
