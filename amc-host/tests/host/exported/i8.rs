// Made by `amc export --rust`. Trained in portable arithmetic.
// CRC-32 of the parameters as little-endian f32: 0d1c76ee.

// It needs the feature `layers` of amc-core.

use amc_core::{Activation, Body, Frozen, Layer, Loss, Net, Objective, Scaled};

/// The net.
#[rustfmt::skip]
pub const NET: Net<'static> = Net::new(6, &[
    Layer::gru_states(2, 2, 3),
    Layer::normalization(6, Activation::Tanh),
    Layer::dense(3, Activation::Tanh),
    Layer::dense(2, Activation::Softmax),
]);

/// The net, and the loss it was trained on.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);

const PARTS: (Net<'static>, Net<'static>) = match NET.split(3) {
    Ok(parts) => parts,
    Err(_) => panic!("NET has other layers"),
};
/// The layers that stay as they are.
pub const BODY: Net<'static> = PARTS.0;
/// Those behind them.
pub const HEAD: Net<'static> = PARTS.1;

/// Their weights.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static BODY_WEIGHTS: [i8; Body::stored(&BODY).0] = [
    -127, -35, 69, -127, -9, 92, -76, 19, 127, -64, 49, -127, -25, 73, -107, 0, 107, -73, 25, 127, -49, 64,
    -127, -19, -127, -3, 99, -94, 23, 127, -60, 49, -124, -27, 75, -97, 7, 101, -69, 40, 127, -41,
];

/// For each layer the scales of its neurons, and what follows its weights.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static BODY_OTHERS: [f32; Body::stored(&BODY).1] = [
    0.0061515747, 0.0057824804, 0.005413386, 0.00492126, 0.005413386, 0.0057824804, 0.46875, -0.53125,
    0.046875, 0.625, -0.375, 0.203125, 0.78125, -0.21875, 0.359375, -0.640625, -0.0625, 0.515625, -0.484375,
    0.09375, 0.671875, -0.328125, 0.25, -0.75, -0.171875, 0.40625, 0.004675197, 0.006028543, 0.005659449,
    0.34375, -0.65625, -0.078125,
];

/// What those behind them have learned.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static HEAD_PARAMETERS: [f32; HEAD.parameters()] = [
    0.5, -0.5, 0.078125, 0.65625, -0.34375, 0.234375, -0.765625, -0.1875,
];

/// What stays, to be asked for features.
pub const FROZEN: Frozen<'static> = Frozen::I8(Scaled { weights: &BODY_WEIGHTS, others: &BODY_OTHERS });
