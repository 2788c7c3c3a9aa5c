// Made by `amc export --rust`. Trained in portable arithmetic.
// CRC-32 of the parameters as little-endian f32: 0d1c76ee.

// It needs the feature `layers` of amc-core.

use amc_core::{Activation, Body, F16, Frozen, Layer, Loss, Net, Objective, Scaled};

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
pub static BODY_WEIGHTS: [F16; Body::stored(&BODY).0] = [
    F16(0xbc00), F16(0xb46d), F16(0x385d), F16(0xbc00), F16(0xac5d), F16(0x39ca), F16(0xb8cd), F16(0x30c4),
    F16(0x3c00), F16(0xb800), F16(0x362f), F16(0xbc00), F16(0xb266), F16(0x3899), F16(0xbaba), F16(0x0000),
    F16(0x3aba), F16(0xb899), F16(0x3266), F16(0x3c00), F16(0xb62f), F16(0x3800), F16(0xbc00), F16(0xb0c4),
    F16(0xbc00), F16(0xa539), F16(0x3a43), F16(0xb9e5), F16(0x31e1), F16(0x3c00), F16(0xb794), F16(0x3634),
    F16(0xbbd3), F16(0xb2bd), F16(0x38bc), F16(0xba16), F16(0x2abd), F16(0x3a5e), F16(0xb859), F16(0x350d),
    F16(0x3c00), F16(0xb538),
];

/// For each layer the scales of its neurons, and what follows its weights.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static BODY_OTHERS: [f32; Body::stored(&BODY).1] = [
    0.78125, 0.734375, 0.6875, 0.625, 0.6875, 0.734375, 0.46875, -0.53125, 0.046875, 0.625, -0.375, 0.203125,
    0.78125, -0.21875, 0.359375, -0.640625, -0.0625, 0.515625, -0.484375, 0.09375, 0.671875, -0.328125, 0.25,
    -0.75, -0.171875, 0.40625, 0.59375, 0.765625, 0.71875, 0.34375, -0.65625, -0.078125,
];

/// What those behind them have learned.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static HEAD_PARAMETERS: [f32; HEAD.parameters()] = [
    0.5, -0.5, 0.078125, 0.65625, -0.34375, 0.234375, -0.765625, -0.1875,
];

/// What stays, to be asked for features.
pub const FROZEN: Frozen<'static> = Frozen::F16(Scaled { weights: &BODY_WEIGHTS, others: &BODY_OTHERS });
