//! Layers beside dense ones in a model's header.

use amc_core::{Activation, Image, Kernel, Layer, Loss, Net, Objective};
use amc_store::model::{Model, Stored, length_limit};
use amc_store::{Arithmetic, FormatError};

#[test]
fn every_kind_of_layer_is_read() {
    let layers = [
        Layer::recurrent_states(2, 300, 9, Activation::Relu),
        Layer::recurrent(300, 4, 9, Activation::Tanh),
        Layer::normalization(4, Activation::Sigmoid),
        Layer::dense(3, Activation::Softmax),
    ];
    let objective = Objective::new(Net::new(18, &layers), Loss::CrossEntropy);
    let parameters = vec![0.5; objective.net().parameters()];
    let mut bytes = vec![0; length_limit(&objective.net())];
    let model = Model::new(objective, Arithmetic::Portable, &parameters);
    let length = model.write(&mut bytes).unwrap();
    let stored = Stored::parse(&bytes[..length]).unwrap();
    assert!(stored.description().layers().eq(layers));
    assert_eq!(stored.check(&objective), Ok(()));
    // Kinds and fields keep their numbers: they are in files. A size of 300 takes two bytes.
    let kinds = [1, 2, 0xac, 2, 9, 2, 1, 1, 0xac, 2, 4, 9, 1, 0, 2, 4, 3, 0, 3, 4];
    assert!(bytes.windows(kinds.len()).any(|window| window == kinds));

    let others = [Layer::recurrent_states(2, 300, 9, Activation::Tanh), layers[1], layers[2], layers[3]];
    let (given, stored_as) = (others[0], layers[0]);
    let other = Objective::new(Net::new(18, &others), Loss::CrossEntropy);
    assert_eq!(stored.check(&other), Err(FormatError::Layer { layer: 0, stored: stored_as, given }));
}

#[test]
fn layers_of_images_are_read() {
    let (image, kernel) = (Image::new(5, 150, 2), Kernel::new(3, 2, 1));
    let smaller = image.through(kernel, 4);
    let layers = [
        Layer::max_pool(image, Kernel::new(3, 1, 1)),
        Layer::keep(1500),
        Layer::convolution(image, 4, kernel, Activation::Relu),
        Layer::swap(1500),
        Layer::convolution(image, 4, Kernel::new(1, 2, 0), Activation::Linear),
        Layer::add(900, Activation::Tanh),
        Layer::global_average(smaller),
    ];
    let objective = Objective::new(Net::new(1500, &layers), Loss::MeanSquaredError);
    let parameters = vec![0.5; objective.net().parameters()];
    let mut bytes = vec![0; length_limit(&objective.net())];
    let model = Model::new(objective, Arithmetic::Portable, &parameters);
    let length = model.write(&mut bytes).unwrap();
    let stored = Stored::parse(&bytes[..length]).unwrap();
    assert!(stored.description().layers().eq(layers));
    assert_eq!(stored.check(&objective), Ok(()));
    // Kinds and fields keep their numbers: they are in files. Sizes from 128 on take two bytes.
    let kinds = [
        &[4, 5, 0x96, 1, 2, 3, 1, 1][..],
        &[6, 0xdc, 11],
        &[3, 5, 0x96, 1, 2, 4, 3, 2, 1, 2],
        &[7, 0xdc, 11],
        &[3, 5, 0x96, 1, 2, 4, 1, 2, 0, 0],
        &[8, 0x84, 7, 1],
        &[5, 3, 75, 4],
    ]
    .concat();
    assert!(bytes.windows(kinds.len()).any(|window| window == kinds));
}

#[test]
fn layers_of_sequences_are_read() {
    let layers = [
        Layer::conv1d(300, 2, 4, Kernel::new(5, 3, 1), Activation::Relu),
        Layer::gru_states(4, 200, 100),
        Layer::gru(200, 3, 100),
    ];
    let objective = Objective::new(Net::new(600, &layers), Loss::MeanSquaredError);
    let parameters = vec![0.5; objective.net().parameters()];
    let mut bytes = vec![0; length_limit(&objective.net())];
    let model = Model::new(objective, Arithmetic::Portable, &parameters);
    let length = model.write(&mut bytes).unwrap();
    let stored = Stored::parse(&bytes[..length]).unwrap();
    assert!(stored.description().layers().eq(layers));
    // Kinds and fields keep their numbers: they are in files.
    let kinds = [9, 0xac, 2, 2, 4, 5, 3, 1, 2, 10, 4, 0xc8, 1, 100, 1, 10, 0xc8, 1, 3, 100, 0];
    assert!(bytes.windows(kinds.len()).any(|window| window == kinds));
}

/// A net whose sizes take all of their bytes in the header, as far as a net can have them.
#[test]
fn limits_are_enough() {
    let layers = [Layer::recurrent(1, 1, usize::MAX / 8 - 1, Activation::Tanh)];
    let objective = Objective::new(Net::new(usize::MAX / 8 - 1, &layers), Loss::MeanSquaredError);
    let model = Model::new(objective, Arithmetic::Fused, &[0.5; 3]);
    assert!(model.length().unwrap() <= length_limit(&objective.net()));
    let layers = [Layer::gru(1, 1, usize::MAX / 8 - 1)];
    let objective = Objective::new(Net::new(usize::MAX / 8 - 1, &layers), Loss::MeanSquaredError);
    let model = Model::new(objective, Arithmetic::Fused, &[0.5; 10]);
    assert!(model.length().unwrap() <= length_limit(&objective.net()));

    let long = Image::new(usize::MAX / 256, 1, 1);
    let largest = Kernel::new(u32::MAX, u32::MAX, u32::MAX - 1);
    for layer in [Layer::max_pool(long, largest), Layer::global_average(long), Layer::keep(long.rows)] {
        let layers = [layer];
        let objective = Objective::new(Net::new(long.rows, &layers), Loss::MeanSquaredError);
        let model = Model::new(objective, Arithmetic::Fused, &[]);
        assert!(model.length().unwrap() <= length_limit(&objective.net()), "{layer:?}");
    }
    let layers = [Layer::convolution(long, 1, Kernel::new(1, u32::MAX, 0), Activation::Relu)];
    let objective = Objective::new(Net::new(long.rows, &layers), Loss::MeanSquaredError);
    let model = Model::new(objective, Arithmetic::Fused, &[0.5; 2]);
    assert!(model.length().unwrap() <= length_limit(&objective.net()));
    let layers = [Layer::conv1d(long.rows, 1, 1, Kernel::new(1, u32::MAX, 0), Activation::Relu)];
    let objective = Objective::new(Net::new(long.rows, &layers), Loss::MeanSquaredError);
    let model = Model::new(objective, Arithmetic::Fused, &[0.5; 2]);
    assert!(model.length().unwrap() <= length_limit(&objective.net()));
}
