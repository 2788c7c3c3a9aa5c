//! Nets that have learned elsewhere: they predict from parameters without a trainer, of numbers that are scaled.

#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "it stands in for C; what pointers are to is live, or must not be read"
)]

#[path = "c/mod.rs"]
mod c;

use std::mem::MaybeUninit;
use std::ptr;

use amc::*;
use c::{Case, Trained};

const NOT_FINITE: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// What is given to `amc_net_predict` beside the net: XOR's, unless it is changed.
#[derive(Clone)]
struct Call {
    parameters: Vec<f32>,
    row: Vec<f32>,
    bytes: usize,
    /// Bytes from an aligned place.
    off: usize,
    count: usize,
}

/// What `AMC_PREDICT_BYTES` gives; `tests/sizes.c` compares them.
fn bytes(layers: usize, widest: usize) -> usize {
    layers * (2 * size_of::<usize>() + (LAYER_NUMBERS - 2) * size_of::<f32>()) + 2 * widest * size_of::<f32>()
}

impl Call {
    fn of(case: &Case) -> Self {
        let widest = case.layers.iter().map(|layer| layer.units).max().unwrap_or(0).min(1 << 20);
        let count = case.layers.last().map_or(0, |layer| layer.units).min(1 << 20);
        let parameters = (0..case.setup.parameters).map(|i| (i * 7 % 11) as f32 / 8.0 - 0.5).collect();
        Self { parameters, row: vec![0.5; case.inputs], bytes: bytes(case.layers.len(), widest), off: 0, count }
    }

    /// The status, and the outputs, of which none is written where it is refused.
    fn predict(&self, case: &Case) -> (Status, Vec<f32>) {
        let mut memory = vec![u64::MAX; self.bytes.div_ceil(8) + 1];
        let place = memory.as_mut_ptr().cast::<u8>().wrapping_add(self.off);
        let mut outputs = vec![7.0; self.count];
        let status = case.with_setup(|setup| unsafe {
            let Self { parameters, row, bytes, count, .. } = self;
            let (x, n) = (parameters.as_ptr(), parameters.len());
            amc_net_predict(setup.net, x, n, row.as_ptr(), place, *bytes, outputs.as_mut_ptr(), *count)
        });
        assert!(status == Status::Ok || outputs.iter().all(|y| *y == 7.0));
        assert_eq!(memory.last(), Some(&u64::MAX), "written beyond the memory");
        (status, outputs)
    }
}

fn refused(case: &Case, change: impl FnOnce(&mut Call)) -> Status {
    let mut call = Call::of(case);
    change(&mut call);
    call.predict(case).0
}

#[test]
fn it_answers_as_the_trainer_that_learned_the_parameters_does() {
    use Activation::{Linear, Relu, Sigmoid, Sign, Softmax, Step, Tanh};
    let steps = [(4, Sign), (3, Step), (2, Linear)];
    for layers in [&[(3, Tanh), (1, Linear)][..], &[(4, Softmax)], &[(2, Relu), (5, Sigmoid), (3, Tanh)], &steps] {
        let mut case = Case::new(2, layers);
        let call = Call { row: vec![-0.75, 1.25], ..Call::of(&case) };
        case.start = call.parameters.clone();
        let mut trained = Trained::without_samples(&case);
        let mut wanted = vec![0.0; call.count];
        let (row, to) = (call.row.as_ptr(), wanted.as_mut_ptr());
        let status = unsafe { amc_predict(trained.trainer(), row, ptr::null(), 1.0, to, call.count) };
        assert_eq!(status, Status::Ok);
        assert!(wanted.iter().any(|y| *y != 0.0));
        assert_eq!(call.predict(&case), (Status::Ok, wanted));
    }
}

#[test]
fn a_net_that_makes_no_sense_is_refused() {
    use Activation::{Linear, Softmax, Tanh};
    let net = |inputs, layers: &[(usize, Activation)]| Case::new(inputs, layers);
    let changed = |change: fn(&mut Case)| {
        let mut case = Case::xor();
        change(&mut case);
        case
    };
    for (case, expected) in [
        (Case::xor(), Status::Ok),
        (net(0, &[(1, Linear)]), Status::NoInputs),
        (net(2, &[(0, Tanh), (1, Linear)]), Status::NoUnits),
        (net(2, &[(3, Softmax), (1, Linear)]), Status::Softmax),
        (net(2, &[(1, Softmax)]), Status::Softmax),
        (changed(|case| case.layers[1].activation = 7), Status::Activation),
        (changed(|case| case.layers[0].units = usize::MAX / 2), Status::TooLarge),
        (changed(|case| case.layers[0].units = usize::MAX / 8), Status::TooLarge),
        (changed(|case| case.layers[0].units = usize::MAX / 64), Status::Memory),
        (changed(|case| case.loss = LossKind::CrossEntropy), Status::NotProbabilities),
    ] {
        assert_eq!(Call::of(&case).predict(&case).0, expected, "{:?}", case.layers);
    }
    assert_eq!(Call::of(&Case::xor()).predict(&Case::function(&[])).0, Status::Null);
}

#[test]
fn layers_that_are_not_there_and_unknown_losses_are_refused() {
    let layers = [Layer { units: 1, activation: 0 }];
    let (mut memory, mut output, numbers) = ([0_u64; 64], 7.0, [0.5; 3]);
    for (inputs, layers, layer_count, loss, expected) in [
        (2, layers.as_ptr(), 1, 0, Status::Ok),
        (2, layers.as_ptr(), 1, 2, Status::LossKind),
        (2, layers.as_ptr(), 0, 0, Status::NoLayers),
        (2, ptr::null(), 0, 0, Status::NoLayers),
        (2, ptr::null(), 1, 0, Status::Null),
        (2, layers.as_ptr().wrapping_byte_add(1), 1, 0, Status::Misaligned),
        (2, layers.as_ptr(), usize::MAX / 2, 0, Status::TooLarge),
        (usize::MAX / 2, layers.as_ptr(), 1, 0, Status::TooLarge),
    ] {
        let net = Net { inputs, layers, layer_count, loss };
        let x = numbers.as_ptr();
        let status = unsafe { amc_net_predict(&net, x, 3, x, memory.as_mut_ptr().cast(), 512, &mut output, 1) };
        assert_eq!(status, expected);
    }
}

#[test]
fn arrays_that_do_not_fit_the_net_are_refused() {
    let xor = Case::xor();
    assert_eq!(refused(&xor, |call| call.parameters.truncate(12)), Status::Parameters);
    assert_eq!(refused(&xor, |call| call.parameters.push(0.0)), Status::Parameters);
    assert_eq!(refused(&xor, |call| call.parameters.clear()), Status::Parameters);
    assert_eq!(refused(&xor, |call| call.count = 0), Status::Length);
    assert_eq!(refused(&xor, |call| call.count = 2), Status::Length);
    for bytes in 0..bytes(2, 3) {
        assert_eq!(refused(&xor, |call| call.bytes = bytes), Status::Memory);
    }
    for off in 1..8 {
        assert_eq!(refused(&xor, |call| call.off = off), Status::Misaligned);
    }
    for bad in NOT_FINITE {
        for place in 0..2 {
            assert_eq!(refused(&xor, |call| call.row[place] = bad), Status::Feature);
        }
    }
    let (status, outputs) = Call { row: vec![1e38; 2], parameters: vec![1e3; 13], ..Call::of(&xor) }.predict(&xor);
    assert!(status == Status::Ok && outputs[0].is_finite(), "units saturate");
}

#[test]
fn null_is_a_status() {
    let numbers = [0.0; 13];
    let x = numbers.as_ptr();
    let (mut memory, mut outputs) = ([0_u64; 64], [0.0; 2]);
    let (m, y, pairs) = (memory.as_mut_ptr().cast(), outputs.as_mut_ptr(), [Scaling { offset: 0.0, scale: 1.0 }]);
    let all = Case::xor().with_setup(|setup| unsafe {
        [
            amc_net_predict(ptr::null(), x, 13, x, m, 512, y, 1),
            amc_net_predict(setup.net, ptr::null(), 13, x, m, 512, y, 1),
            amc_net_predict(setup.net, x, 13, ptr::null(), m, 512, y, 1),
            amc_net_predict(setup.net, x, 13, x, ptr::null_mut(), 512, y, 1),
            amc_net_predict(setup.net, x, 13, x, m, 512, ptr::null_mut(), 1),
            amc_scale(ptr::null(), 1, y, 1),
            amc_scale(pairs.as_ptr(), 1, ptr::null_mut(), 1),
            amc_unscale(ptr::null(), 1, y, 1),
            amc_unscale(pairs.as_ptr(), 1, ptr::null_mut(), 1),
        ]
    });
    assert_eq!(all, [Status::Null; 9]);
}

const PAIRS: [Scaling; 2] = [Scaling { offset: 1013.25, scale: 0.1 }, Scaling { offset: -3.0, scale: -0.7 }];

type Scale = unsafe extern "C" fn(*const Scaling, usize, *mut f32, usize) -> Status;

fn call(scale: Scale, pairs: &[Scaling], numbers: &mut [f32]) -> Status {
    unsafe { scale(pairs.as_ptr(), pairs.len(), numbers.as_mut_ptr(), numbers.len()) }
}

#[test]
fn rows_are_scaled_and_unscaled_in_place() {
    let measured = [998.7, 2.9, 1020.1, -8.25, 0.0, 0.0];
    for rows in 0..=3 {
        let mut numbers = measured[..2 * rows].to_vec();
        assert_eq!(call(amc_scale, &PAIRS, &mut numbers), Status::Ok);
        for (taken, x) in numbers.chunks(2).zip(measured.chunks(2)) {
            assert_eq!(taken, [(x[0] - 1013.25) * 0.1, (x[1] + 3.0) * -0.7]);
        }
        let given = numbers.clone();
        assert_eq!(call(amc_unscale, &PAIRS, &mut numbers), Status::Ok);
        for (found, y) in numbers.chunks(2).zip(given.chunks(2)) {
            assert_eq!(found, [y[0] / 0.1 + 1013.25, y[1] / -0.7 - 3.0]);
        }
    }
    let mut far = [f32::MAX, 0.0];
    let wide = [Scaling { offset: 0.0, scale: 10.0 }; 2];
    assert_eq!((call(amc_scale, &wide, &mut far), far[0]), (Status::Ok, f32::INFINITY));
}

#[test]
fn what_cannot_be_scaled_is_refused_unchanged() {
    let of = |offset, scale| Scaling { offset, scale };
    for scale in [amc_scale as Scale, amc_unscale] {
        let refused = |pairs: &[Scaling], numbers: &[f32]| {
            let mut given = numbers.to_vec();
            let status = call(scale, pairs, &mut given);
            assert!(given.iter().zip(numbers).all(|(a, b)| a.to_bits() == b.to_bits()));
            status
        };
        for count in [1, 3, 5] {
            assert_eq!(refused(&PAIRS, &vec![2.0; count]), Status::Length);
        }
        assert_eq!((refused(&[], &[2.0]), refused(&[], &[])), (Status::Length, Status::Ok));
        for bad in NOT_FINITE {
            assert_eq!(refused(&[PAIRS[0], of(bad, 1.0)], &[2.0, 3.0]), Status::Scale);
            assert_eq!(refused(&[PAIRS[0], of(1.0, bad)], &[2.0, 3.0]), Status::Scale);
            for place in 0..4 {
                let mut numbers = [2.0; 4];
                numbers[place] = bad;
                assert_eq!(refused(&PAIRS, &numbers), Status::NotFinite);
                let mut index = MaybeUninit::uninit();
                let status = unsafe { amc_check_numbers(numbers.as_ptr(), 4, Some(&mut index)) };
                assert_eq!((status, unsafe { index.assume_init() }), (Status::NotFinite, place));
            }
        }
        assert_eq!(refused(&[PAIRS[0], of(1.0, 0.0)], &[2.0, 3.0]), Status::Scale);
        let mut numbers = [2.0; 4];
        let (pairs, to) = (PAIRS.as_ptr(), numbers.as_mut_ptr());
        let wrong = unsafe {
            [
                scale(pairs.wrapping_byte_add(1), 1, to, 1),
                scale(pairs, 1, to.wrapping_byte_add(1), 1),
                scale(pairs, usize::MAX / 4, to, 4),
                scale(pairs, 1, to, usize::MAX / 2),
            ]
        };
        assert_eq!(wrong, [Status::Misaligned, Status::Misaligned, Status::TooLarge, Status::TooLarge]);
        assert_eq!(numbers, [2.0; 4]);
    }
}
