//! A net exported as source code is the net, to the bit: what is checked in is compiled here, and is what is exported.

#[path = "exported/net.rs"]
mod exported;
#[path = "exported/layers.rs"]
mod exported_layers;

use amc_core::{Activation, Image, Kernel, Layer, Loss, Net};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_host::export::rust;
use amc_host::model::Model;
use amc_kernels::Arithmetic;

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
    let description = Description::unnamed(3, LAYERS.to_vec(), LossName::CrossEntropy);
    Model { description, arithmetic: Arithmetic::Fused, parameters: parameters(), schema: None, classes: Vec::new() }
}

#[test]
fn the_file_is_what_is_exported() {
    let source = rust(&model(), None).expect("exported");
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
        let source = rust(
            &Model {
                description,
                arithmetic: Arithmetic::Portable,
                parameters: vec![0.5; 8],
                schema: None,
                classes: Vec::new(),
            },
            None,
        );
        let source = source.expect("exported");
        assert!(words.iter().all(|word| source.contains(word)) && source.contains("portable"), "{source}");
    }
}

#[test]
fn what_a_layer_is_made_of_is_imported() {
    let layers = vec![Layer::conv1d(8, 2, 3, Kernel::new(4, 2, 0), Activation::Relu)];
    let description = Description::unnamed(16, layers, LossName::Mse);
    let source = rust(
        &Model {
            description,
            arithmetic: Arithmetic::Portable,
            parameters: vec![0.5; 27],
            schema: None,
            classes: Vec::new(),
        },
        None,
    );
    let source = source.expect("exported");
    assert!(source.contains("use amc_core::{Activation, Kernel, Layer, Loss, Net, Objective};"), "{source}");
    assert!(source.contains("Layer::conv1d(8, 2, 3, Kernel::new(4, 2, 0), Activation::Relu),"), "{source}");
}

const IMAGE: Image = Image::new(4, 6, 1);
const FILTERED: Image = Image::new(2, 3, 2);

/// Every kind of layer.
const KINDS: [Layer; 14] = [
    Layer::convolution(IMAGE, 2, Kernel::new(3, 1, 1), Activation::Relu),
    Layer::max_pool(Image::new(4, 6, 2), Kernel::new(2, 2, 0)),
    Layer::keep(12),
    Layer::convolution(FILTERED, 2, Kernel::new(1, 1, 0), Activation::Linear),
    Layer::swap(12),
    Layer::normalization(12, Activation::Linear),
    Layer::add(12, Activation::Relu),
    Layer::recurrent_states(2, 2, 6, Activation::Tanh),
    Layer::global_average(FILTERED),
    Layer::recurrent(1, 3, 2, Activation::Sigmoid),
    Layer::gru(1, 2, 3),
    Layer::dense(4, Activation::Tanh),
    Layer::normalization(4, Activation::Tanh),
    Layer::dense(2, Activation::Softmax),
];

#[test]
fn every_kind_of_layer_is_exported_and_compiles_to_itself() {
    let description = Description::unnamed(IMAGE.numbers(), KINDS.to_vec(), LossName::Mse);
    let count = description.objective().expect("a net").net().parameters();
    let parameters: Vec<f32> = (0..count).map(|i| i as f32 / 64.0).collect();
    let model = Model {
        description,
        arithmetic: Arithmetic::Portable,
        parameters: parameters.clone(),
        schema: None,
        classes: Vec::new(),
    };
    let source = rust(&model, None).expect("exported");
    assert!(source == include_str!("exported/layers.rs"), "tests/exported/layers.rs is not this:\n{source}");
    assert!(source.contains("feature `layers`"), "{source}");
    assert_eq!(exported_layers::NET, Net::new(IMAGE.numbers(), &KINDS));
    assert_eq!(exported_layers::PARAMETERS[..], parameters[..]);
    assert_eq!(exported_layers::OBJECTIVE.loss(), Loss::MeanSquaredError);
}
