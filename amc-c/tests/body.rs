//! Layers that are not trained: what they make of a sample has the bits of the core, however their weights are stored, and what makes
//! no sense is refused.

#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "it stands in for C; what pointers are to is live, or must not be read"
)]

use std::mem::MaybeUninit;
use std::ptr;

use amc::*;
use amc_core::{F16, Portable, Rows, Scaled};

const NOT_FINITE: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// What is given to create a body, and to ask it: of three layers, unless it is changed.
#[derive(Clone)]
struct Call {
    inputs: usize,
    layers: Vec<Layer>,
    loss: u32,
    weights: Weights,
    others: Vec<f32>,
    /// Bytes of the body's memory, and of that to compute in; both begin so many behind an aligned place.
    bytes: (usize, usize),
    off: (usize, usize),
    numbers: Vec<f32>,
    scale: f32,
    count: usize,
}

#[derive(Clone)]
enum Weights {
    F32(Vec<f32>),
    F16(Vec<u16>),
    I8(Vec<i8>),
}

/// Numbers between -1 and 1 that repeat late.
fn number(i: usize) -> f32 {
    (i * 37 % 101) as f32 / 50.5 - 1.0
}

/// Bits of a half float, of any size, but finite.
fn half(i: usize) -> u16 {
    (i * 2731 % 0x3c00) as u16 | (i as u16 % 2) << 15
}

/// What `AMC_BODY_BYTES` and `AMC_FEATURES_BYTES` give; `tests/sizes.c` compares them.
fn bytes(inputs: usize, layers: &[Layer]) -> (usize, usize) {
    let widest = layers.iter().map(|layer| layer.units).max().unwrap_or(0);
    let numbers = 2 * inputs.max(widest + (LAYER_NUMBERS - 2) / 2 * layers.len());
    ((BODY_WORDS + 2 * layers.len()) * size_of::<usize>(), numbers * size_of::<f32>())
}

impl Call {
    /// With weights of so many bits.
    fn of(bits: u32, inputs: usize, layers: &[(usize, Activation)]) -> Self {
        let (mut weights, mut units, mut fan_in) = (0, 0, inputs);
        for (own, _) in layers {
            (weights, units, fan_in) = (weights + fan_in * own, units + own, *own);
        }
        let layers: Vec<_> =
            layers.iter().map(|&(units, activation)| Layer { units, activation: activation as u32 }).collect();
        let (weights, others) = match bits {
            32 => (Weights::F32((0..weights + units).map(number).collect()), 0),
            16 => (Weights::F16((0..weights).map(half).collect()), 2 * units),
            _ => (Weights::I8((0..weights).map(|i| (i * 37 % 255) as u8 as i8).collect()), 2 * units),
        };
        Self {
            inputs,
            loss: LossKind::MeanSquaredError as u32,
            weights,
            others: (0..others).map(|i| number(i + 7) / 64.0).collect(),
            bytes: bytes(inputs, &layers),
            off: (0, 0),
            numbers: (0..inputs).map(|i| number(i + 3) * 2.0).collect(),
            scale: 1.0,
            count: layers.last().map_or(0, |layer| layer.units),
            layers,
        }
    }

    fn three(bits: u32) -> Self {
        Self::of(bits, 6, &[(13, Activation::Tanh), (5, Activation::Relu), (4, Activation::Softmax)])
    }

    fn frozen(&self) -> Frozen {
        let (stored, weights, weight_count) = match &self.weights {
            Weights::F32(weights) => (&raw const amc_f32, weights.as_ptr().cast(), weights.len()),
            Weights::F16(weights) => (&raw const amc_f16, weights.as_ptr().cast(), weights.len()),
            Weights::I8(weights) => (&raw const amc_i8, weights.as_ptr().cast(), weights.len()),
        };
        let others = if self.others.is_empty() { ptr::null() } else { self.others.as_ptr() };
        Frozen { stored, weights, weight_count, others, other_count: self.others.len() }
    }

    fn net(&self) -> Net {
        Net { inputs: self.inputs, layers: self.layers.as_ptr(), layer_count: self.layers.len(), loss: self.loss }
    }

    /// The status of creating the body; if it is there, that of asking it, with the features.
    fn made(&self) -> (Status, Option<(Status, Vec<f32>)>) {
        self.made_of(&self.net(), &self.frozen())
    }

    fn made_of(&self, net: &Net, frozen: &Frozen) -> (Status, Option<(Status, Vec<f32>)>) {
        // A word behind, which nobody writes.
        let memory = |bytes: usize| vec![u64::MAX; bytes.div_ceil(8) + 1];
        let (mut own, mut scratch) = (memory(self.bytes.0), memory(self.bytes.1));
        let place = |memory: &mut Vec<u64>, off: usize| memory.as_mut_ptr().cast::<u8>().wrapping_add(off);
        let mut body = MaybeUninit::new(ptr::dangling_mut::<Body>());
        let start = place(&mut own, self.off.0);
        let created = unsafe { amc_body_create(net, frozen, start, self.bytes.0, Some(&mut body)) };
        let body = unsafe { body.assume_init() };
        assert_eq!(body.is_null(), created != Status::Ok);
        let asked = (created == Status::Ok).then(|| {
            let (body, bytes, mut features) = (unsafe { body.as_ref() }, self.bytes.1, vec![7.0; self.count]);
            let (numbers, to) = (self.numbers.as_ptr(), features.as_mut_ptr());
            let start = place(&mut scratch, self.off.1);
            let status =
                unsafe { amc_body_features(body, numbers, ptr::null(), self.scale, start, bytes, to, self.count) };
            assert!(status == Status::Ok || features.iter().all(|y| *y == 7.0));
            (status, features)
        });
        assert_eq!((own.last(), scratch.last()), (Some(&u64::MAX), Some(&u64::MAX)), "written beyond the memory");
        (created, asked)
    }

    /// The features of the core.
    fn wanted(&self) -> Vec<f32> {
        use amc_core::Activation::{Linear, Relu, Softmax, Tanh};
        let of = [Linear, Tanh, Relu, amc_core::Activation::Sigmoid, Softmax];
        let layer = |layer: &Layer| amc_core::Layer::dense(layer.units, of[layer.activation as usize]);
        let layers: Vec<_> = self.layers.iter().map(layer).collect();
        let net = amc_core::Net::try_new(self.inputs, &layers).unwrap();
        let (others, halves): (&[f32], Vec<F16>);
        others = &self.others;
        let frozen = match &self.weights {
            Weights::F32(all) => amc_core::Frozen::F32(all),
            Weights::F16(weights) => {
                halves = weights.iter().map(|bits| F16(*bits)).collect();
                amc_core::Frozen::F16(Scaled { weights: &halves, others })
            }
            Weights::I8(weights) => amc_core::Frozen::I8(Scaled { weights, others }),
        };
        let body = amc_core::Body::try_stored(net, frozen).unwrap();
        let (mut scratch, mut to) = (vec![0.0; amc_core::Body::scratch(&net, 1)], vec![0.0; net.outputs()]);
        let rows = Rows::new(&self.numbers, self.inputs, self.scale);
        body.features(Portable::<1>, &rows, &mut scratch, &mut to).unwrap();
        to
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// The status of creating a body that is not made.
fn refused(bits: u32, change: impl FnOnce(&mut Call)) -> Status {
    let mut call = Call::three(bits);
    change(&mut call);
    call.made().0
}

/// The status of asking a body that is made.
fn not_asked(change: impl FnOnce(&mut Call)) -> Status {
    let mut call = Call::three(8);
    change(&mut call);
    call.made().1.expect("a body").0
}

#[test]
fn features_have_the_bits_of_the_core() {
    use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};
    let nets = [
        (6, &[(13, Tanh), (5, Relu), (4, Softmax)][..]),
        (3, &[(1, Linear)]),
        // Inputs are more than what a layer needs.
        (200, &[(7, Sigmoid)]),
        (2, &[(40, Relu), (40, Tanh)]),
    ];
    for (inputs, layers) in nets {
        for stored in [32, 16, 8] {
            for scale in [1.0, -0.3] {
                let call = Call { scale, ..Call::of(stored, inputs, layers) };
                let (status, asked) = call.made();
                let (asked, features) = asked.expect("a body");
                assert_eq!((status, asked), (Status::Ok, Status::Ok));
                let wanted = call.wanted();
                assert_eq!(bits(&features), bits(&wanted), "{inputs} inputs, {layers:?}, {stored} bits");
                assert!(layers.last() == Some(&(4, Softmax)) || wanted.iter().any(|y| *y != 0.0));
            }
        }
    }
}

#[test]
fn bytes_are_numbers_times_the_scale() {
    let call = Call { scale: 1.0 / 255.0, numbers: vec![0.0, 255.0, 3.0, 128.0, 77.0, 1.0], ..Call::three(8) };
    let bytes: Vec<u8> = call.numbers.iter().map(|x| *x as u8).collect();
    let (mut own, mut scratch) = ([0_u64; 32], [0_u64; 64]);
    let (net, frozen, mut body, mut features) = (call.net(), call.frozen(), MaybeUninit::uninit(), [0.0; 4]);
    let made = unsafe { amc_body_create(&net, &frozen, own.as_mut_ptr().cast(), 256, Some(&mut body)) };
    assert_eq!(made, Status::Ok);
    let body = unsafe { body.assume_init().as_ref() };
    let ask = |numbers: *const f32, bytes: *const u8, features: &mut [f32; 4], scratch: &mut [u64; 64]| unsafe {
        let memory = scratch.as_mut_ptr().cast();
        amc_body_features(body, numbers, bytes, call.scale, memory, 512, features.as_mut_ptr(), 4)
    };
    assert_eq!(ask(ptr::null(), bytes.as_ptr(), &mut features, &mut scratch), Status::Ok);
    assert_eq!(bits(&features), bits(&call.wanted()));
    assert_eq!(ask(ptr::null(), ptr::null(), &mut features, &mut scratch), Status::Samples);
    assert_eq!(ask(call.numbers.as_ptr(), bytes.as_ptr(), &mut features, &mut scratch), Status::Samples);
}

#[test]
fn a_body_that_makes_no_sense_is_refused() {
    let linear = |units| Layer { units, activation: Activation::Linear as u32 };
    for bits in [32, 16, 8] {
        assert_eq!(refused(bits, |_| ()), Status::Ok);
        assert_eq!(refused(bits, |call| call.loss = 77), Status::Ok, "a body has no loss");
        assert_eq!(refused(bits, |call| call.inputs = 0), Status::NoInputs);
        assert_eq!(refused(bits, |call| call.inputs = 5), Status::Parameters);
        assert_eq!(refused(bits, |call| call.layers.clear()), Status::NoLayers);
        assert_eq!(refused(bits, |call| call.layers[1].units = 0), Status::NoUnits);
        assert_eq!(refused(bits, |call| call.layers[1].units = 6), Status::Parameters);
        assert_eq!(refused(bits, |call| call.layers[1].activation = 7), Status::Activation);
        assert_eq!(refused(bits, |call| call.layers[0].activation = Activation::Softmax as u32), Status::Softmax);
        assert_eq!(refused(bits, |call| call.layers = vec![linear(usize::MAX / 2); 3]), Status::TooLarge);
        for bytes in 0..bytes(6, &[linear(1); 3]).0 {
            assert_eq!(refused(bits, |call| call.bytes.0 = bytes), Status::Memory);
        }
        for off in 1..8 {
            assert_eq!(refused(bits, |call| call.off.0 = off), Status::Misaligned);
        }
    }
    for others in [vec![], vec![0.5; 43], vec![0.5; 45]] {
        assert_eq!(refused(8, |call| call.others = others.clone()), Status::Parameters);
        assert_eq!(refused(16, |call| call.others = others), Status::Parameters);
    }
    assert_eq!(refused(32, |call| call.others = vec![0.5]), Status::Parameters);
    for weights in [vec![], vec![1; 162], vec![1; 164]] {
        let halves = weights.iter().map(|_: &i8| 1).collect();
        let floats = vec![0.5; weights.len() + 22];
        assert_eq!(refused(8, |call| call.weights = Weights::I8(weights)), Status::Parameters);
        assert_eq!(refused(16, |call| call.weights = Weights::F16(halves)), Status::Parameters);
        assert_eq!(refused(32, |call| call.weights = Weights::F32(floats)), Status::Parameters);
    }
}

#[test]
fn parameters_that_are_not_finite_are_refused() {
    for bad in NOT_FINITE {
        for place in 0..44 {
            assert_eq!(refused(8, |call| call.others[place] = bad), Status::NotFinite);
            assert_eq!(refused(16, |call| call.others[place] = bad), Status::NotFinite);
        }
    }
    for place in [0, 77, 162, 184] {
        for bad in NOT_FINITE {
            let spoil = |call: &mut Call| {
                if let Weights::F32(all) = &mut call.weights {
                    all[place] = bad;
                }
            };
            assert_eq!(refused(32, spoil), Status::NotFinite);
        }
        // Infinite, and not a number; the largest that there is.
        for (half, expected) in [
            (0x7c00, Status::NotFinite),
            (0xfc00, Status::NotFinite),
            (0x7c01, Status::NotFinite),
            (0xfbff, Status::Ok),
        ] {
            let spoil = |call: &mut Call| {
                if let Weights::F16(weights) = &mut call.weights {
                    weights[place.min(162)] = half;
                }
            };
            assert_eq!(refused(16, spoil), expected);
        }
    }
}

#[test]
fn a_sample_that_makes_no_sense_is_refused() {
    assert_eq!(not_asked(|_| ()), Status::Ok);
    for count in [0, 3, 5] {
        assert_eq!(not_asked(|call| call.count = count), Status::Length);
    }
    for bytes in 0..bytes(6, &Call::three(8).layers).1 {
        assert_eq!(not_asked(|call| call.bytes.1 = bytes), Status::Memory);
    }
    for off in 1..8 {
        assert_eq!(not_asked(|call| call.off.1 = off), Status::Misaligned);
    }
    for bad in NOT_FINITE {
        for place in 0..6 {
            assert_eq!(not_asked(|call| call.numbers[place] = bad), Status::Feature);
        }
        assert_eq!(not_asked(|call| call.scale = bad), Status::Scale);
    }
    assert_eq!(not_asked(|call| call.scale = 0.0), Status::Scale);
}

#[test]
fn null_and_what_is_not_aligned_are_statuses() {
    let call = Call::three(16);
    let (net, frozen) = (call.net(), call.frozen());
    let created = |change: &dyn Fn(&mut Net, &mut Frozen)| {
        let (mut net, mut frozen) = (net, frozen);
        change(&mut net, &mut frozen);
        call.made_of(&net, &frozen).0
    };
    assert_eq!(created(&|_, _| ()), Status::Ok);
    assert_eq!(created(&|net, _| net.layers = ptr::null()), Status::Null);
    assert_eq!(created(&|_, frozen| frozen.stored = ptr::null()), Status::Null);
    assert_eq!(created(&|_, frozen| frozen.weights = ptr::null()), Status::Null);
    assert_eq!(created(&|_, frozen| frozen.others = ptr::null()), Status::Null);
    assert_eq!(created(&|_, frozen| frozen.weights = frozen.weights.wrapping_byte_add(1)), Status::Misaligned);
    assert_eq!(created(&|_, frozen| frozen.others = frozen.others.wrapping_byte_add(2)), Status::Misaligned);
    assert_eq!(created(&|_, frozen| frozen.weight_count = usize::MAX), Status::TooLarge);

    let (mut own, mut scratch, mut features) = ([0_u64; 32], [0_u64; 64], [0.0; 4]);
    let (own, scratch, to): (_, _, *mut f32) =
        (own.as_mut_ptr().cast(), scratch.as_mut_ptr().cast(), features.as_mut_ptr());
    let (mut body, x) = (MaybeUninit::uninit(), call.numbers.as_ptr());
    let none = [
        unsafe { amc_body_create(ptr::null(), &frozen, own, 256, Some(&mut body)) },
        unsafe { amc_body_create(&net, ptr::null(), own, 256, Some(&mut body)) },
        unsafe { amc_body_create(&net, &frozen, ptr::null_mut(), 256, Some(&mut body)) },
        unsafe { amc_body_create(&net, &frozen, own, 256, None) },
        unsafe { amc_body_features(None, x, ptr::null(), 1.0, scratch, 512, to, 4) },
    ];
    assert_eq!(none, [Status::Null; 5]);
    assert!(unsafe { body.assume_init() }.is_null());
    assert_eq!(unsafe { amc_body_create(&net, &frozen, own, 256, Some(&mut body)) }, Status::Ok);
    let body = unsafe { body.assume_init().as_ref() };
    let none = [unsafe { amc_body_features(body, x, ptr::null(), 1.0, ptr::null_mut(), 512, to, 4) }, unsafe {
        amc_body_features(body, x, ptr::null(), 1.0, scratch, 512, ptr::null_mut(), 4)
    }];
    assert_eq!(none, [Status::Null; 2]);
}
