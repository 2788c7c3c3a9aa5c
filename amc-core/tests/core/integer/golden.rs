//! Passes and losses against `integer.py`'s.

use super::*;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|x| x.as_i64().unwrap()).collect()
}

fn small<N: TryFrom<i64, Error: std::fmt::Debug>>(value: &Value) -> Vec<N> {
    numbers(value).into_iter().map(|x| N::try_from(x).unwrap()).collect()
}

fn activation(value: &Value) -> Activation {
    match value.as_str().unwrap() {
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        "relu" => Activation::Relu,
        "linear" => Activation::Linear,
        "sign" => Activation::Sign,
        "step" => Activation::Step,
        "softmax" => Activation::Softmax,
        other => panic!("an activation that the script does not write: {other}"),
    }
}

/// `[units, activation]`, of a dense one, or `[kind, sizes.., activation]`, of one that pools without activation.
fn layer(value: &Value) -> Layer {
    let fields = value.as_array().unwrap();
    match fields[0].as_u64() {
        Some(units) => Layer::dense(units as usize, activation(&fields[1])),
        #[cfg(not(feature = "layers"))]
        None => panic!("a layer of another kind"),
        #[cfg(feature = "layers")]
        None => {
            use amc_core::{Image, Kernel};
            let number = |at: usize| fields[at].as_u64().unwrap() as usize;
            let image = |at| Image::new(number(at), number(at + 1), number(at + 2));
            let kernel = |at| Kernel::new(number(at) as u32, number(at + 1) as u32, number(at + 2) as u32);
            match fields[0].as_str().unwrap() {
                "convolution" => Layer::convolution(image(1), number(4), kernel(5), activation(&fields[8])),
                "conv1d" => Layer::conv1d(number(1), number(2), number(3), kernel(4), activation(&fields[7])),
                "max_pool" => Layer::max_pool(image(1), kernel(4)),
                "global_average" => Layer::global_average(image(1)),
                "recurrent" => Layer::recurrent(number(1), number(2), number(3), activation(&fields[4])),
                "recurrent_states" => Layer::recurrent_states(number(1), number(2), number(3), activation(&fields[4])),
                other => panic!("a kind that the script does not write: {other}"),
            }
        }
    }
}

#[test]
fn passes_and_losses_are_those_of_the_definition() {
    are_those_of("dense");
}

#[cfg(feature = "layers")]
#[test]
fn so_are_those_of_layers_of_other_kinds() {
    are_those_of("layers");
}

fn are_those_of(cases: &str) {
    let stored: Value = serde_json::from_str(include_str!("integer.json")).unwrap();
    for case in stored[cases].as_array().unwrap() {
        let layers: Vec<Layer> = case["layers"].as_array().unwrap().iter().map(layer).collect();
        let scale = |of: &Value| Scale::new(of[0].as_u64().unwrap() as u8).bias(of[1].as_u64().unwrap() as u8);
        let scales: Vec<Scale> = case["scales"].as_array().unwrap().iter().map(scale).collect();
        let inputs = case["inputs"].as_u64().unwrap() as usize;
        let most = case["most"].as_i64().unwrap() as i32;
        let net = Net::new(amc_core::Net::new(inputs, &layers), &scales, most);
        let objective = Objective::new(net).unwrap();
        let parameters: Vec<i8> = small(&case["parameters"]);
        let targets = case["targets"].as_array().unwrap();
        let classes: Vec<u8> = targets.iter().filter_map(|target| target.as_u64()).map(|class| class as u8).collect();
        let values: Vec<i16> = targets.iter().filter(|target| target.is_array()).flat_map(small).collect();
        let outputs: Vec<Vec<i64>> = case["outputs"].as_array().unwrap().iter().map(numbers).collect();
        let losses = numbers(&case["losses"]);
        for (sample, features) in case["features"].as_array().unwrap().iter().enumerate() {
            let features: Vec<i16> = small(features);
            let of = net.shape().outputs();
            let targets = match classes.is_empty() {
                true => Targets::Values(&values[sample * of..][..of]),
                false => Targets::Classes(&classes[sample..][..1]),
            };
            let samples = Samples { features: Tiles::<_, 1>::new(&features, 1, inputs), targets };
            let mut memory = Memory::new(net, 1, 0, 0);
            let mut evaluator = Serial::new(objective, Portable::<1>, samples, memory.lend()).unwrap();
            let made: Vec<i64> =
                evaluator.outputs(&parameters, &features).unwrap().iter().map(|[output]| i64::from(*output)).collect();
            assert_eq!(made, outputs[sample], "outputs of sample {sample} of {layers:?}");
            let score = evaluator.score(&samples, &parameters).unwrap();
            assert_eq!(score.loss as i64, losses[sample], "loss of sample {sample} of {layers:?}");
        }
    }
}

#[test]
fn outputs_that_are_cut_off_are_counted() {
    const WIDE: Net<'static> =
        Net::new(amc_core::Net::new(1, &[Layer::dense(1, Activation::Linear)]), &[Scale::new(0)], 1000);
    let features = [-1000_i16, 100, 258, 259];
    let samples = Samples { features: Tiles::<_, 1>::new(&features, 4, 1), targets: Targets::Values(&[0; 4]) };
    let mut memory = Memory::new(WIDE, 1, 0, 0);
    let mut evaluator = Serial::new(Objective::new(WIDE).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
    // 127 · 258 = 32,766, and the next is beyond 16 bits.
    assert_eq!(evaluator.score(&samples, &[127, 0]).unwrap().clipped, 2);
}
