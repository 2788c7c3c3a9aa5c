//! Layers beside dense ones in a model's header.

use amc_core::{Activation, Layer, Loss, Net, Objective};
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
    let model = Model { objective, arithmetic: Arithmetic::Portable, parameters: &parameters };
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

/// A net whose sizes take all of their bytes in the header, as far as a net can have them.
#[test]
fn limits_are_enough() {
    let layers = [Layer::recurrent(1, 1, usize::MAX / 8 - 1, Activation::Tanh)];
    let objective = Objective::new(Net::new(usize::MAX / 8 - 1, &layers), Loss::MeanSquaredError);
    let model = Model { objective, arithmetic: Arithmetic::Fused, parameters: &[0.5; 3] };
    assert!(model.length().unwrap() <= length_limit(&objective.net()));
}
