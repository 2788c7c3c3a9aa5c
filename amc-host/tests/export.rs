//! A net exported as source code is the net, to the bit: what is checked in is compiled here, and is what is exported.

#[path = "exported/net.rs"]
mod exported;

use amc_core::{Activation, Layer, Loss, Net};
use amc_host::export::rust;
use amc_host::lanes::Arithmetic;
use amc_host::model::{ActivationName, Description, LossName, Model};

/// Numbers that a decimal may lose, among ordinary ones.
fn parameters() -> Vec<f32> {
    let special =
        [0.0, -0.0, 1.0, 0.1, f32::MIN_POSITIVE, 1e-45, f32::MAX, f32::MIN, 16_777_216.0, std::f32::consts::PI];
    let not_finite = [f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7fc1_2345), f32::from_bits(0xff80_0001)];
    let ordinary = (0_u32..).map(|i| f32::from_bits(0x3d00_0000 + ((i % 2) << 31) + i * 0x0012_3457));
    special.into_iter().chain(not_finite).chain(ordinary).take(38).collect()
}

const LAYERS: [Layer; 4] = [
    Layer::dense(4, Activation::Tanh),
    Layer::dense(2, Activation::Relu),
    Layer::dense(2, Activation::Linear),
    Layer::dense(2, Activation::Sigmoid),
];

fn model() -> Model {
    let description = Description { inputs: 3, layers: LAYERS.to_vec(), loss: LossName::CrossEntropy };
    Model { description, arithmetic: Arithmetic::Fused, parameters: parameters() }
}

#[test]
fn the_file_is_what_is_exported() {
    let source = rust(&model()).expect("exported");
    assert!(source == include_str!("exported/net.rs"), "tests/exported/net.rs is not this:\n{source}");
    assert!(source.lines().all(|line| line.len() < 120));
}

#[test]
fn the_file_compiles_to_the_same_net_and_bits() {
    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&exported::PARAMETERS), bits(&parameters()));
    assert_eq!(exported::NET, Net::new(3, &LAYERS));
    assert_eq!((exported::OBJECTIVE.net(), exported::OBJECTIVE.loss()), (exported::NET, Loss::CrossEntropy));
}

#[test]
fn every_activation_and_loss_has_its_name() {
    for (output, loss, words) in [
        (ActivationName::Softmax, LossName::Mse, ["Layer::dense(2, Activation::Softmax)", "Loss::MeanSquaredError"]),
        (ActivationName::Linear, LossName::Mse, ["Layer::dense(2, Activation::Linear)", "Loss::MeanSquaredError"]),
    ] {
        let description = Description::new(&[3, 2], ActivationName::Tanh, output, loss);
        let source = rust(&Model { description, arithmetic: Arithmetic::Portable, parameters: vec![0.5; 8] });
        let source = source.expect("exported");
        assert!(words.iter().all(|word| source.contains(word)) && source.contains("portable"), "{source}");
    }
}

#[test]
fn recurrent_layers_and_normalisation_are_exported_as_their_constructors() {
    let description = Description {
        inputs: 6,
        layers: vec![
            Layer::recurrent_states(2, 4, 3, Activation::Tanh),
            Layer::recurrent(4, 5, 3, Activation::Relu),
            Layer::normalization(5, Activation::Linear),
            Layer::dense(2, Activation::Softmax),
        ],
        loss: LossName::CrossEntropy,
    };
    let count = description.objective().expect("a net").net().parameters();
    let source = rust(&Model { description, arithmetic: Arithmetic::Portable, parameters: vec![0.5; count] });
    let lines = [
        "Layer::recurrent_states(2, 4, 3, Activation::Tanh),",
        "Layer::recurrent(4, 5, 3, Activation::Relu),",
        "Layer::normalization(5, Activation::Linear),",
        "Layer::dense(2, Activation::Softmax),",
    ];
    let source = source.expect("exported");
    assert!(source.contains(&format!("    {}\n", lines.join("\n    "))), "{source}");
    assert!(source.contains("feature `layers`"), "{source}");
}
