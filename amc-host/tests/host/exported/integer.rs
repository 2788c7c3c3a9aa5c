// Made by `amc export --rust`: an integer net, which takes i8.
// CRC-32 of the parameters as bytes: eb766876.

use amc_core::integer::{Net, Scale};
use amc_core::{Activation, Layer};

/// The layers.
#[rustfmt::skip]
pub const SHAPE: amc_core::Net<'static> = amc_core::Net::new(3, &[
    Layer::dense(4, Activation::Tanh),
    Layer::dense(2, Activation::Softmax),
]);

/// The net: its layers, what their sums are divided by, and how large inputs and weights can be.
#[rustfmt::skip]
pub const NET: Net<'static> = match Net::new(SHAPE, &[
    Scale::new(4).bias(6),
    Scale::new(2).bias(7),
], 127).with_limit(127) {
    Ok(net) => net,
    Err(_) => panic!("no such limit"),
};

/// What it has learned.
#[rustfmt::skip]
pub static PARAMETERS: [i8; NET.parameters()] = [
    -127, -79, -9, 83, -58, 78, -19, -94, 108, 77, 68, 81, 116, -82, -3, 98, -34, 111, 23, -43, -87, -109,
    -109, -87, -43, 23,
];

/// Offset and scale of each input: the net takes (x − offset) · scale, rounded to the nearest integer and cut off at ±127. In their order:
/// a
/// b
/// c
#[rustfmt::skip]
pub static INPUT_SCALING: [[f32; 2]; 3] = [
    [0.5, 20.0], [-3.0, 0.25], [0.0, 32.0],
];

/// What the outputs stand for.
#[rustfmt::skip]
pub static CLASSES: [&str; 2] = [
    "no", "yes",
];
