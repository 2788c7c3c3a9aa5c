// Made by `amc export --rust`. Trained in portable arithmetic.
// CRC-32 of the parameters as little-endian f32: dfd083d7.

// It needs the feature `layers` of amc-core.

use amc_core::{Activation, Image, Kernel, Layer, Loss, Net, Objective};

/// The net.
#[rustfmt::skip]
pub const NET: Net<'static> = Net::new(24, &[
    Layer::convolution(Image::new(4, 6, 1), 2, Kernel::new(3, 1, 1), Activation::Relu),
    Layer::max_pool(Image::new(4, 6, 2), Kernel::new(2, 2, 0)),
    Layer::keep(12),
    Layer::convolution(Image::new(2, 3, 2), 2, Kernel::new(1, 1, 0), Activation::Linear),
    Layer::swap(12),
    Layer::normalization(12, Activation::Linear),
    Layer::add(12, Activation::Relu),
    Layer::recurrent_states(2, 2, 6, Activation::Tanh),
    Layer::global_average(Image::new(2, 3, 2)),
    Layer::recurrent(1, 3, 2, Activation::Sigmoid),
    Layer::gru(1, 2, 3),
    Layer::dense(4, Activation::Tanh),
    Layer::normalization(4, Activation::Tanh),
    Layer::dense(2, Activation::Softmax),
]);

/// The net, and the loss it was trained on.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

/// What it has learned.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static PARAMETERS: [f32; NET.parameters()] = [
    0.0, 0.015625, 0.03125, 0.046875, 0.0625, 0.078125, 0.09375, 0.109375, 0.125, 0.140625, 0.15625, 0.171875,
    0.1875, 0.203125, 0.21875, 0.234375, 0.25, 0.265625, 0.28125, 0.296875, 0.3125, 0.328125, 0.34375,
    0.359375, 0.375, 0.390625, 0.40625, 0.421875, 0.4375, 0.453125, 0.46875, 0.484375, 0.5, 0.515625, 0.53125,
    0.546875, 0.5625, 0.578125, 0.59375, 0.609375, 0.625, 0.640625, 0.65625, 0.671875, 0.6875, 0.703125,
    0.71875, 0.734375, 0.75, 0.765625, 0.78125, 0.796875, 0.8125, 0.828125, 0.84375, 0.859375, 0.875,
    0.890625, 0.90625, 0.921875, 0.9375, 0.953125, 0.96875, 0.984375, 1.0, 1.015625, 1.03125, 1.046875,
    1.0625, 1.078125, 1.09375, 1.109375, 1.125, 1.140625, 1.15625, 1.171875, 1.1875, 1.203125, 1.21875,
    1.234375, 1.25, 1.265625, 1.28125, 1.296875, 1.3125, 1.328125, 1.34375, 1.359375, 1.375, 1.390625,
    1.40625, 1.421875, 1.4375, 1.453125, 1.46875, 1.484375, 1.5, 1.515625, 1.53125, 1.546875, 1.5625,
    1.578125, 1.59375, 1.609375, 1.625, 1.640625, 1.65625, 1.671875, 1.6875, 1.703125, 1.71875, 1.734375,
    1.75, 1.765625, 1.78125, 1.796875, 1.8125, 1.828125, 1.84375, 1.859375, 1.875, 1.890625, 1.90625,
    1.921875, 1.9375, 1.953125, 1.96875, 1.984375, 2.0, 2.015625, 2.03125,
];
