//! Gated recurrent units: what is refused, sizes, a plain implementation in `f64`, and numbers that are none.

use amc_core::{Gru, Layer, Loss, Net, NetError, Objective, ObjectiveError, Portable};

use super::{Activation, Case};

#[test]
fn gated_units_that_do_not_fit_are_refused() {
    let refused = |inputs, layers: &[Layer]| Net::try_new(inputs, layers).unwrap_err();
    let (gru, states, max) = (Layer::gru, Layer::gru_states, usize::MAX);
    assert_eq!(refused(6, &[gru(2, 0, 3)]), NetError::NoUnits { layer: 0 });
    assert_eq!(refused(6, &[gru(2, 4, 2)]), NetError::Inputs { layer: 0, takes: 4, given: 6 });
    assert_eq!(refused(6, &[states(2, 2, 0)]), NetError::Inputs { layer: 0, takes: 0, given: 6 });
    assert_eq!(refused(6, &[gru(2, 4, 3), gru(4, 4, 3)]), NetError::Inputs { layer: 1, takes: 12, given: 4 });
    assert_eq!(refused(max, &[gru(max, 1, 1)]), NetError::TooLarge { layer: 0 });
    assert_eq!(refused(6, &[gru(2, max / 3, 3)]), NetError::TooLarge { layer: 0 });
    // Two states and three sums have to fit: 5 · units · 256.
    assert_eq!(refused(1, &[gru(1, max / 1024, 1)]), NetError::TooLarge { layer: 0 });
    let long = max / 1024;
    assert_eq!(refused(long, &[states(1, 256, long)]), NetError::TooLarge { layer: 0 });
    assert!(Net::try_new(long, &[gru(1, 256, long)]).is_ok());
    let net = [states(2, 4, 3), gru(4, 5, 3)];
    let objective = |loss| Objective::try_new(Net::new(6, &net), loss);
    assert_eq!(objective(Loss::CrossEntropy).unwrap_err(), ObjectiveError::NotProbabilities);
    assert!(objective(Loss::MeanSquaredError).is_ok());
}

#[test]
fn sizes_of_gated_units_are_counted() {
    let layers = [Layer::gru_states(2, 5, 9), Layer::gru(5, 6, 9), Layer::dense(3, Activation::Linear)];
    let net = Net::new(18, &layers);
    let sections = net.sections().map(|s| (s.start, s.weights, s.biases, s.initial_fan_in)).collect::<Vec<_>>();
    assert_eq!(sections, [(0, 7 * 15, 20, 5), (125, 11 * 18, 24, 6), (347, 6 * 3, 3, 6)]);
    assert_eq!((net.parameters(), net.outputs(), layers[0].units(), layers[1].units()), (368, 3, 45, 6));
    assert_eq!(net.operations(), (9 * (7 * 15 + 11 * 18) + 6 * 3, 9 * (15 + 18) + 3));
    assert_eq!(net.scratch(4), 2 * (45 + 15) * 4 + 3 * 16);
    assert_eq!(Objective::new(net, Loss::MeanSquaredError).gathers_from(), 0);
    // The memory for a last state does not grow with the steps.
    let scratch = |steps| Net::new(2 * steps, &[Layer::gru(2, 6, steps)]).scratch(4);
    assert_eq!((scratch(1), scratch(10_000)), (scratch(10_000), 2 * (2 + 3) * 6 * 4 + 16));
}

/// What a layer makes of `y`. Gives the signal, or none for another kind.
pub fn plain(layer: &Layer, y: &mut Vec<f64>, mut parameters: impl Iterator<Item = f64>) -> Option<f64> {
    let Layer::Gru(Gru { inputs, units, steps, every }) = *layer else { return None };
    let mut take = |count: usize| parameters.by_ref().take(count).collect::<Vec<_>>();
    let (w, v) = (take(inputs * 3 * units), take(units * 3 * units));
    let (b, c) = (take(3 * units), take(units));
    let sum = |weights: &[f64], numbers: &[f64], neuron: usize| {
        numbers.iter().enumerate().map(|(i, s)| weights[i * 3 * units + neuron] * s).sum::<f64>()
    };
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let (mut state, mut made, mut signal) = (vec![0.0; units], vec![], 0.0);
    for x in y.chunks(inputs) {
        signal += x.iter().chain(&state).map(|s| s * s).sum::<f64>() / steps as f64;
        let next = |unit: usize| {
            let gate = |g: usize| sigmoid(sum(&w, x, g) + b[g] + sum(&v, &state, g));
            let (r, z, n) = (gate(unit), gate(units + unit), 2 * units + unit);
            let n = (sum(&w, x, n) + b[n] + r * (sum(&v, &state, n) + c[unit])).tanh();
            (1.0 - z) * n + z * state[unit]
        };
        state = (0..units).map(next).collect();
        made.extend_from_slice(&state);
    }
    *y = if every { made } else { state };
    Some(signal)
}

fn case(layers: Vec<Layer>, inputs: usize, samples: usize) -> Case {
    let numbers = |count: usize| (0..count).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
    let net = Net::new(inputs, &layers);
    let (parameters, values) = (numbers(net.parameters()), numbers(samples * net.outputs()));
    let loss = Loss::MeanSquaredError;
    Case { inputs, layers, loss, parameters, features: numbers(samples * inputs), classes: None, values }
}

#[test]
fn the_last_state_is_the_last_of_all_states() {
    let outputs = |layer| {
        let case = case(vec![layer], 3 * 8, 9);
        case.outcome(Portable::<4>, &case.samples(), 2).outputs.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let (last, all) = (outputs(Layer::gru(3, 5, 8)), outputs(Layer::gru_states(3, 5, 8)));
    for (last, all) in last.chunks_exact(5).zip(all.chunks_exact(8 * 5)) {
        assert_eq!(last, &all[7 * 5..]);
    }
}

/// Shut by large biases, a gate keeps the state before, or none of it.
#[test]
fn gates_shut() {
    let mut case = case(vec![Layer::gru(2, 3, 4)], 2 * 4, 5);
    let biases = (2 + 3) * 3 * 3;
    // z = 1: the state stays what it begins from.
    case.parameters[biases + 3..][..3].fill(200.0);
    assert!(case.outcome(Portable::<8>, &case.samples(), 1).outputs.iter().all(|h| *h == 0.0));
    // z = 0 and r = 0: no state before has a part in the last.
    case.parameters[biases..][..6].fill(-200.0);
    let outputs = case.outcome(Portable::<8>, &case.samples(), 1).outputs;
    case.features.chunks_exact_mut(2 * 4).for_each(|sample| sample[..2 * 3].fill(0.5));
    assert_eq!(case.outcome(Portable::<8>, &case.samples(), 1).outputs, outputs);
    case.features.chunks_exact_mut(2 * 4).for_each(|sample| sample[2 * 3..].fill(0.5));
    assert_ne!(case.outcome(Portable::<8>, &case.samples(), 1).outputs, outputs);
}

/// A feature or a parameter that is no number shows in the loss, and in no other sample.
#[test]
fn what_is_no_number_shows() {
    let layers = || vec![Layer::gru_states(2, 3, 4), Layer::gru(3, 5, 4)];
    let good = case(layers(), 2 * 4, 6);
    let good = good.outcome(Portable::<4>, &good.samples(), 1).outputs;
    let mut bad = case(layers(), 2 * 4, 6);
    bad.features[3 * 2 * 4] = f32::NAN;
    let outcome = bad.outcome(Portable::<4>, &bad.samples(), 1);
    assert!(outcome.loss.is_nan());
    for (sample, (bad, good)) in outcome.outputs.chunks(5).zip(good.chunks(5)).enumerate() {
        assert!(if sample == 3 { bad.iter().all(|h| h.is_nan()) } else { bad == good }, "{sample}: {bad:?}");
    }
    let count = bad.parameters.len();
    for parameter in 0..count {
        let mut bad = case(layers(), 2 * 4, 6);
        bad.parameters[parameter] = f32::NAN;
        assert!(bad.outcome(Portable::<4>, &bad.samples(), 1).loss.is_nan(), "{parameter}");
    }
}
