// Made by `amc export --rust`. Trained in portable arithmetic.
// CRC-32 of the parameters as little-endian f32: 0d1c76ee.

// It needs the feature `layers` of amc-core.

use amc_core::{Activation, Frozen, Layer, Loss, Net, Objective};

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

/// What they have learned.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static BODY_PARAMETERS: [f32; BODY.parameters()] = [
    -0.78125, -0.203125, 0.375, -0.625, -0.046875, 0.53125, -0.46875, 0.109375, 0.6875, -0.3125, 0.265625,
    -0.734375, -0.15625, 0.421875, -0.578125, 0.0, 0.578125, -0.421875, 0.15625, 0.734375, -0.265625, 0.3125,
    -0.6875, -0.109375, 0.46875, -0.53125, 0.046875, 0.625, -0.375, 0.203125, 0.78125, -0.21875, 0.359375,
    -0.640625, -0.0625, 0.515625, -0.484375, 0.09375, 0.671875, -0.328125, 0.25, -0.75, -0.171875, 0.40625,
    -0.59375, -0.015625, 0.5625, -0.4375, 0.140625, 0.71875, -0.28125, 0.296875, -0.703125, -0.125, 0.453125,
    -0.546875, 0.03125, 0.609375, -0.390625, 0.1875, 0.765625, -0.234375, 0.34375, -0.65625, -0.078125,
];

/// What those behind them have learned.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static HEAD_PARAMETERS: [f32; HEAD.parameters()] = [
    0.5, -0.5, 0.078125, 0.65625, -0.34375, 0.234375, -0.765625, -0.1875,
];

/// What stays, to be asked for features.
pub const FROZEN: Frozen<'static> = Frozen::F32(&BODY_PARAMETERS);
