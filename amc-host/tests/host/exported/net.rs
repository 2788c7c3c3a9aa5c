// Made by `amc export --rust`. Trained in fused arithmetic.
// CRC-32 of the parameters as little-endian f32: fa110b99.

use amc_core::{Activation, Layer, Loss, Net, Objective};

/// The net.
#[rustfmt::skip]
pub const NET: Net<'static> = Net::new(3, &[
    Layer::dense(4, Activation::Tanh),
    Layer::dense(2, Activation::Relu),
    Layer::dense(2, Activation::Linear),
    Layer::dense(2, Activation::Sigmoid),
]);

/// The net, and the loss it was trained on.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);

/// What it has learned.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub static PARAMETERS: [f32; NET.parameters()] = [
    0.0, -0.0, 1.0, 0.1, 1.1754944e-38, 1e-45, 3.4028235e38, -3.4028235e38, 16777216.0, 3.1415927,
    f32::from_bits(0x7f800000), f32::from_bits(0xff800000), f32::from_bits(0x7fc12345),
    f32::from_bits(0xff800001), 0.03125, -0.035694446, 0.040138893, -0.04458334, 0.049027786, -0.053472232,
    0.05791668, -0.062361125, 0.07111114, -0.080000035, 0.08888893, -0.09777782, 0.106666714, -0.11555561,
    0.1244445, -0.14166678, 0.15944457, -0.17722236, 0.19500014, -0.21277793, 0.23055571, -0.2483335,
    0.28222257, -0.31777814,
];
