//! What is no integer net, or does not fit one.

use super::*;
use amc_core::integer::Error;

fn net(inputs: usize, layers: &[Layer], scales: &[Scale], most: i32) -> Result<(), Error> {
    Net::try_new(amc_core::Net::new(inputs, layers), scales, most).map(|_| ())
}

#[test]
fn sums_that_could_overflow_are_refused_and_the_largest_others_are_exact() {
    let layers = [Layer::dense(1, Activation::Linear)];
    // 127 · (n · 32,768 + 2⁷) < 2³¹
    const MOST: usize = 516;
    assert_eq!(net(MOST, &layers, &[Scale::new(0)], 32_768), Ok(()));
    let refused = net(MOST + 1, &layers, &[Scale::new(0)], 32_768);
    assert_eq!(refused, Err(Error::TooWide { layer: 0, inputs: MOST + 1, most: 32_768 }));
    let behind = [Layer::dense(200_000, Activation::Tanh), Layer::dense(1, Activation::Linear)];
    let refused = net(1, &behind, &[Scale::new(0); 2], 1);
    assert_eq!(refused, Err(Error::TooWide { layer: 1, inputs: 200_000, most: 127 }));

    let scales = [Scale::new(0)];
    let net = Net::new(amc_core::Net::new(MOST, &layers), &scales, 32_768);
    let features = [i16::MIN; MOST];
    let samples = Samples { features: Tiles::<_, 1>::new(&features, 1, MOST), targets: Targets::Values(&[0]) };
    let mut memory = Memory::new(net, 1, 0, 0);
    let mut evaluator = Serial::new(Objective::new(net).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
    let sum = -127 * (32_768 * MOST as i64 + 128);
    assert_eq!(i64::from(evaluator.outputs(&[127; MOST + 1], &features).unwrap()[0][0]), sum + 2 * 127 * 128);
}

#[test]
fn what_is_no_integer_net_is_refused_by_name() {
    let layers = [Layer::dense(2, Activation::Softmax)];
    assert_eq!(net(1, &layers, &[], 1), Err(Error::Scales { needed: 1, given: 0 }));
    assert_eq!(net(1, &layers, &[Scale::new(25)], 1), Err(Error::Shift { layer: 0, shift: 25 }));
    assert_eq!(net(1, &layers, &[Scale::new(0).bias(31)], 1), Err(Error::Shift { layer: 0, shift: 31 }));
    assert_eq!(NET.with_limit(0), Err(Error::Limit(0)));
    assert_eq!(NET.with_limit(-128), Err(Error::Limit(-128)));
    let (layers, scales) = ([Layer::dense(2, Activation::Tanh)], [Scale::new(0)]);
    let tanh = Net::new(amc_core::Net::new(1, &layers), &scales, 1);
    assert_eq!(Objective::new(tanh), Err(Error::Output));
    let layers = [Layer::dense((1 << 16) + 1, Activation::Softmax)];
    let many = Net::new(amc_core::Net::new(1, &layers), &scales, 1);
    assert_eq!(Objective::new(many), Err(Error::Outputs((1 << 16) + 1)));
    // No weight is within such a limit: what it is taken for is said by `with_limit`.
    assert_eq!(Scale::fit(64, 7, -1, Activation::Tanh), Scale::fit(64, 7, 1, Activation::Tanh));
}

#[cfg(feature = "layers")]
#[test]
fn a_kind_without_integer_pass_is_refused() {
    for layer in [Layer::gru(1, 2, 3), Layer::normalization(3, Activation::Tanh), Layer::keep(3)] {
        let layers = [layer, Layer::dense(2, Activation::Softmax)];
        assert_eq!(net(3, &layers, &[Scale::new(0); 2], 1), Err(Error::Kind { layer: 0 }));
    }
}

#[cfg(feature = "layers")]
#[test]
fn sums_of_windows_states_and_means_that_could_overflow_are_refused() {
    use amc_core::{Image, Kernel};
    // As of a dense layer of as many inputs as a window has: 516 = 4 · 129.
    let filters =
        |channels| [Layer::convolution(Image::new(9, 9, channels), 1, Kernel::new(2, 1, 0), Activation::Linear)];
    let scales = [Scale::new(0)];
    assert_eq!(net(81 * 129, &filters(129), &scales, 32_768), Ok(()));
    let refused = Err(Error::TooWide { layer: 0, inputs: 520, most: 32_768 });
    assert_eq!(net(81 * 130, &filters(130), &scales, 32_768), refused);
    let along = |channels| [Layer::conv1d(9, channels, 1, Kernel::new(4, 1, 0), Activation::Linear)];
    assert_eq!(net(9 * 129, &along(129), &scales, 32_768), Ok(()));
    assert_eq!(net(9 * 130, &along(130), &scales, 32_768), refused);
    // 127 · (515 · 32,768 + n · 127 + 2⁷) < 2³¹
    let states = |units| [Layer::recurrent(515, units, 2, Activation::Linear)];
    assert_eq!(net(1030, &states(265), &scales, 32_768), Ok(()));
    let refused = Err(Error::TooWide { layer: 0, inputs: 515 + 266, most: 32_768 });
    assert_eq!(net(1030, &states(266), &scales, 32_768), refused);
    // Where inputs are multiplied: 127 · ((32 · 32,768 + 2³) · 2⁴ + n · 127) < 2³¹
    let states = |units| [Layer::recurrent(32, units, 2, Activation::Linear)];
    let small = [Scale::new(0).bias(3)];
    assert_eq!(net(64, &states(1039), &small, 32_768), Ok(()));
    let refused = Err(Error::TooWide { layer: 0, inputs: 32 + 1040, most: 32_768 });
    assert_eq!(net(64, &states(1040), &small, 32_768), refused);
    let mean = |rows| [Layer::global_average(Image::new(rows, 1, 1))];
    assert_eq!(net(65_535, &mean(65_535), &scales, 32_768), Ok(()));
    let refused = Err(Error::TooWide { layer: 0, inputs: 65_536, most: 32_768 });
    assert_eq!(net(65_536, &mean(65_536), &scales, 32_768), refused);
}

#[test]
fn data_and_memory_that_do_not_fit_are_refused() {
    let (rows, classes) = data();
    let objective = Objective::new(NET).unwrap();
    let refused = |features: &[i8], width: usize, targets: Targets<'_>| {
        let samples = Samples { features: Tiles::<_, 1>::new(features, features.len() / width, width), targets };
        Serial::new(objective, Portable::<1>, samples, Memory::new(NET, 1, 0, 0).lend()).err()
    };
    let length = |what, needed, given| Some(Error::Length { what, needed, given });
    assert_eq!(refused(&rows, INPUTS, Targets::Classes(&classes)), None);
    assert_eq!(refused(&[], INPUTS, Targets::Classes(&[])), Some(Error::NoSamples));
    assert_eq!(refused(&rows, 3, Targets::Classes(&classes)), length("features of a sample", INPUTS, 3));
    assert_eq!(refused(&rows, INPUTS, Targets::Classes(&classes[1..])), length("targets", SAMPLES, SAMPLES - 1));
    assert_eq!(refused(&rows, INPUTS, Targets::Values(&[0; SAMPLES])), Some(Error::Targets));
    let mut unknown = classes.clone();
    unknown[9] = 3;
    let error = Error::Class { sample: 9, class: 3, outputs: 3 };
    assert_eq!(refused(&rows, INPUTS, Targets::Classes(&unknown)), Some(error));
    let mut large = rows.clone();
    large[4 * INPUTS + 2] = -128;
    let error = Error::Input { sample: 4, feature: 2, value: -128, most: 127 };
    assert_eq!(refused(&large, INPUTS, Targets::Classes(&classes)), Some(error));

    // The same in a tile of four.
    let large = tiled::<4>(&large, INPUTS);
    let samples =
        Samples { features: Tiles::<_, 4>::new(&large, SAMPLES, INPUTS), targets: Targets::Classes(&classes) };
    let mut memory = Memory::new(NET, 4, 0, 0);
    assert_eq!(Serial::new(objective, Portable::<4>, samples, memory.lend()).err(), Some(error));
    let mut memory = Memory::new(NET, 1, 0, 0);
    let short = Serial::new(objective, Portable::<4>, samples, memory.lend()).err();
    assert_eq!(short, Some(error), "data are looked at first");
}
