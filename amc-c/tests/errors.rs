//! Every status that a caller can bring about, and that nothing has changed after it.

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

/// What `amc_create` says.
fn create(case: &Case) -> Status {
    let mut memory = [const { MaybeUninit::<u64>::uninit() }; 200];
    in_memory(case, memory.as_mut_ptr().cast(), 1600)
}

fn in_memory(case: &Case, memory: *mut u8, bytes: usize) -> Status {
    let mut trainer = MaybeUninit::uninit();
    let status = case.with_setup(|setup| unsafe { amc_create(Some(setup), memory, bytes, Some(&mut trainer)) });
    assert_eq!(unsafe { trainer.assume_init() }.is_null(), status != Status::Ok);
    status
}

fn load(case: &Case, saved: &[u8]) -> Status {
    let mut memory = [const { MaybeUninit::<u64>::uninit() }; 200];
    let mut trainer = MaybeUninit::uninit();
    let status = case.with_setup(|setup| unsafe {
        amc_load(Some(setup), saved.as_ptr(), saved.len(), memory.as_mut_ptr().cast(), 1600, Some(&mut trainer))
    });
    assert_eq!(unsafe { trainer.assume_init() }.is_null(), status != Status::Ok);
    status
}

/// XOR with one thing changed.
fn xor(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case::xor();
    change(&mut case);
    case
}

fn layers(layers: &[(usize, Activation)]) -> Case {
    Case::new(2, layers)
}

#[test]
fn a_setup_that_makes_no_sense_is_refused() {
    use Activation::{Linear, Softmax, Tanh};
    let huge = usize::MAX / 2;
    let cases = [
        (xor(|_| ()), Status::Ok),
        (xor(|case| case.setup.parameters -= 1), Status::Parameters),
        (xor(|case| case.setup.parameters = 0), Status::Parameters),
        (xor(|case| case.inputs = 0), Status::NoInputs),
        (layers(&[(0, Tanh), (1, Linear)]), Status::NoUnits),
        (layers(&[(3, Softmax), (1, Linear)]), Status::Softmax),
        (layers(&[(1, Softmax)]), Status::Softmax),
        (xor(|case| case.layers[1].activation = 7), Status::Activation),
        (xor(|case| case.layers[0].units = huge), Status::TooLarge),
        (xor(|case| case.setup.parameters = huge), Status::TooLarge),
        (xor(|case| case.loss = LossKind::CrossEntropy), Status::NotProbabilities),
        (xor(|case| case.setup.sigma = 0.0), Status::Sigma),
        (xor(|case| case.setup.sigma = f32::NAN), Status::Sigma),
        (xor(|case| case.setup.epsilon = f32::INFINITY), Status::Epsilon),
        (xor(|case| case.setup.epsilon = f32::NAN), Status::Epsilon),
        (xor(|case| case.setup.temperature = -1.0), Status::Temperature),
        (xor(|case| case.setup.grid = 101), Status::Grid),
        (xor(|case| case.setup.grid = -1000), Status::Grid),
        (xor(|case| case.setup.grid = 1), Status::SigmaBelowGrid),
        (xor(|case| case.setup.flags = IN_PLACE), Status::NoGrid),
        (xor(|case| case.setup.flags = 4), Status::Flags),
        (xor(|case| case.setup.start_sigma = -1.0), Status::Start),
        (xor(|case| case.setup.start_sigma = f32::NAN), Status::Start),
        (xor(|case| case.start = vec![f32::INFINITY; 13]), Status::Start),
        (
            {
                let mut function = Case::function(&[1.0]);
                function.setup.flags = SIGNAL_NORM;
                function
            },
            Status::NoNet,
        ),
    ];
    for (index, (case, expected)) in cases.iter().enumerate() {
        assert_eq!(create(case), *expected, "case {index}");
    }
}

#[test]
fn unknown_losses_and_nets_without_layers_are_refused() {
    let layers = [Layer { units: 13, activation: 0 }];
    let setup = Case::xor().setup;
    let mut memory = [const { MaybeUninit::<u64>::uninit() }; 200];
    for (layers, layer_count, loss, expected) in [
        (layers.as_ptr(), 1, 2, Status::LossKind),
        (layers.as_ptr(), 0, 0, Status::NoLayers),
        (ptr::null(), 0, 0, Status::NoLayers),
        (ptr::null(), 1, 0, Status::Null),
        (layers.as_ptr().wrapping_byte_add(1), 1, 0, Status::Misaligned),
        (layers.as_ptr(), usize::MAX / 2, 0, Status::TooLarge),
    ] {
        let net = Net { inputs: 2, layers, layer_count, loss };
        let setup = Setup { net: &raw const net, ..setup };
        let mut trainer = MaybeUninit::uninit();
        let status = unsafe { amc_create(Some(&setup), memory.as_mut_ptr().cast(), 1600, Some(&mut trainer)) };
        assert_eq!(status, expected);
    }
}

#[test]
fn memory_is_neither_null_nor_misaligned_nor_short() {
    for case in [Case::xor(), Case::function(&[1.0; 3]), Case::function(&[1.0; 3 * RANGE])] {
        let bytes = case.bytes().unwrap();
        let mut memory = vec![u64::MAX; bytes.div_ceil(8) + 1];
        let start = memory.as_mut_ptr().cast::<u8>();
        assert_eq!(in_memory(&case, ptr::null_mut(), bytes), Status::Null);
        for off in 1..8 {
            assert_eq!(in_memory(&case, start.wrapping_add(off), bytes), Status::Misaligned);
        }
        for short in [0, 1, bytes / 2, bytes - 1] {
            assert_eq!(in_memory(&case, start, short), Status::Memory);
        }
        assert!(memory.iter().all(|word| *word == u64::MAX), "nothing was written");
        assert_eq!(in_memory(&case, start, bytes), Status::Ok);
    }
}

#[test]
fn null_is_a_status_everywhere() {
    let mut trained = Trained::new(&Case::xor());
    let setup = Case::xor().setup;
    let mut number = MaybeUninit::uninit();
    let byte = &mut 0_u8;
    for status in unsafe {
        [
            amc_bytes(None, Some(&mut MaybeUninit::uninit())),
            amc_bytes(Some(&setup), None),
            amc_create(None, byte, 1, Some(&mut MaybeUninit::uninit())),
            amc_create(Some(&setup), byte, 1, None),
            amc_load(None, byte, 1, byte, 1, Some(&mut MaybeUninit::uninit())),
            amc_load(Some(&setup), byte, 1, byte, 1, None),
            amc_load(Some(&setup), ptr::null(), 1, byte, 1, Some(&mut MaybeUninit::uninit())),
            amc_set_samples(None, Some(&Case::xor().samples())),
            amc_set_samples(trained.trainer(), None),
            amc_check_samples(None, Some(&Case::xor().samples()), None),
            amc_check_samples(trained.shared(), None, None),
            amc_check_numbers(ptr::null(), 1, None),
            amc_rescore(None, 1.0),
            amc_propose(None, Some(&mut MaybeUninit::uninit()), None),
            amc_propose(trained.trainer(), None, None),
            amc_evaluate(None, Some(&mut number)),
            amc_evaluate(trained.trainer(), None),
            amc_decide(None, 1.0, None),
            amc_step(None, None),
            amc_restart(None),
            amc_predict(None, &1.0, ptr::null(), 1.0, &mut 0.0, 1),
            amc_predict(trained.trainer(), [1.0; 2].as_ptr(), ptr::null(), 1.0, ptr::null_mut(), 1),
            amc_count(None, Some(&mut MaybeUninit::uninit())),
            amc_save(None, byte, 1, Some(&mut MaybeUninit::uninit())),
            amc_save(trained.shared(), byte, 1, None),
            amc_save(trained.shared(), ptr::null_mut(), 1000, Some(&mut MaybeUninit::uninit())),
        ]
    } {
        assert_eq!(status, Status::Null);
    }
    assert!(amc_parameters(None).is_null() && amc_loss(None).is_nan() && amc_sigma(None).is_nan());
}

#[test]
fn samples_that_do_not_fit_are_refused_and_the_old_ones_stay() {
    let mut case = Case::new(2, &[(2, Activation::Softmax)]);
    (case.numbers, case.classes, case.loss) = (vec![1.0, 0.0, 0.0, 1.0], vec![0, 1], LossKind::CrossEntropy);
    let mut trained = Trained::new(&case);
    let (loss, good) = (trained.loss(), case.samples());
    let (bytes, wrong, halves) = ([0_u8; 4], [0_u8, 2], [0.5_f32; 4]);
    let (values, beyond) = (usize::MAX / 2 + 1, isize::MAX as usize / 8 + 1);
    for (samples, expected) in [
        (Samples { count: 0, ..good }, Status::NoSamples),
        (Samples { numbers: ptr::null(), ..good }, Status::Samples),
        (Samples { bytes: bytes.as_ptr(), ..good }, Status::Samples),
        (Samples { classes: ptr::null(), ..good }, Status::Samples),
        (Samples { targets: halves.as_ptr(), ..good }, Status::Samples),
        (Samples { scale: 0.0, ..good }, Status::Scale),
        (Samples { scale: f32::NAN, ..good }, Status::Scale),
        (Samples { scale: f32::NEG_INFINITY, ..good }, Status::Scale),
        (Samples { count: 0, numbers: ptr::null(), ..good }, Status::Samples),
        (Samples { classes: wrong.as_ptr(), ..good }, Status::Class),
        (Samples { classes: ptr::null(), targets: halves.as_ptr(), ..good }, Status::Probabilities),
        (Samples { numbers: good.numbers.wrapping_byte_add(1), ..good }, Status::Misaligned),
        (Samples { count: usize::MAX, ..good }, Status::TooLarge),
        (Samples { count: values, ..good }, Status::TooLarge),
        (Samples { count: beyond, ..good }, Status::TooLarge),
    ] {
        assert_eq!(trained.check_samples(&samples).0, expected);
        assert_eq!(trained.set_samples(&samples), expected);
        assert_eq!(trained.loss(), loss);
    }
    trained.step();
    assert_eq!(trained.counters().steps, 1);
}

#[test]
fn calls_in_the_wrong_order_are_refused() {
    let mut function = Trained::new(&Case::function(&[1.0, 2.0]));
    let mut proposed = MaybeUninit::uninit();
    assert_eq!(amc_propose(function.trainer(), Some(&mut proposed), None), Status::NoLoss);
    let mut length = MaybeUninit::uninit();
    assert_eq!(unsafe { amc_save(function.shared(), ptr::null_mut(), 0, Some(&mut length)) }, Status::NoLoss);
    assert_eq!(function.rescore(f32::NAN), Status::Loss);
    assert_eq!(function.rescore(1.0), Status::Ok);
    assert_eq!(amc_decide(function.trainer(), 1.0, None), Status::NoProposal);
    assert_eq!(amc_step(function.trainer(), None), Status::NoNet);
    function.propose();
    assert_eq!(amc_evaluate(function.trainer(), Some(&mut MaybeUninit::uninit())), Status::NoNet);
    assert_eq!(function.set_samples(&Case::xor().samples()), Status::NoNet);
    assert_eq!(function.decide(f32::NAN), Decision::Rejected);

    let mut norm = Trained::without_samples(&xor(|case| case.setup.flags = SIGNAL_NORM));
    assert_eq!(norm.rescore(1.0), Status::NoSamples);
    assert_eq!(amc_step(norm.trainer(), None), Status::NoSamples);

    let mut net = Trained::new(&Case::xor());
    assert_eq!(amc_evaluate(net.trainer(), Some(&mut MaybeUninit::uninit())), Status::NoProposal);
    let row = [0.0; 2];
    let predict = |net: &mut Trained, count| {
        let mut outputs = [0.0; 2];
        unsafe { amc_predict(net.trainer(), row.as_ptr(), ptr::null(), 1.0, outputs.as_mut_ptr(), count) }
    };
    assert_eq!(predict(&mut net, 2), Status::Length);
    assert_eq!(predict(&mut net, 1), Status::Ok);
    net.propose();
    assert_eq!(predict(&mut net, 1), Status::Ok);
    assert_eq!(unsafe { amc_save(net.shared(), ptr::null_mut(), 0, Some(&mut length)) }, Status::Undecided);
}

#[test]
fn in_place_the_current_parameters_are_not_there_while_a_proposal_is_pending() {
    let case = xor(|case| (case.setup.flags, case.setup.grid) = (IN_PLACE, -20));
    let mut net = Trained::new(&case);
    let before = net.parameters().to_vec();
    let (proposed, _) = net.propose();
    assert_eq!(net.parameters(), proposed);
    let mut length = MaybeUninit::uninit();
    assert_eq!(unsafe { amc_save(net.shared(), ptr::null_mut(), 0, Some(&mut length)) }, Status::Undecided);
    let row = [0.0; 2];
    let status = unsafe { amc_predict(net.trainer(), row.as_ptr(), ptr::null(), 1.0, &mut 0.0, 1) };
    assert_eq!(status, Status::Undecided);
    assert_eq!(net.set_samples(&case.samples()), Status::Ok);
    assert_eq!(net.parameters(), before);
    net.propose();
    assert_eq!(net.restart(), Status::Ok);
    assert_eq!(net.parameters(), before);
}

#[test]
fn only_what_was_saved_is_loaded() {
    let case = Case::xor();
    let mut trained = Trained::new(&case);
    for _ in 0..50 {
        trained.step();
    }
    let saved = trained.save();
    assert_eq!(load(&case, &saved), Status::Ok);
    assert_eq!(load(&case, &saved[..saved.len() - 1]), Status::NotSaved);
    assert_eq!(load(&case, &[]), Status::NotSaved);
    for byte in 0..saved.len() {
        let mut damaged = saved.clone();
        damaged[byte] ^= 0x10;
        let expected = if (8..12).contains(&byte) { Status::Version } else { Status::NotSaved };
        assert_eq!(load(&case, &damaged), expected, "byte {byte}");
    }
    // What no trainer has, under a right checksum: the last parameter is not a number.
    let mut body = saved[..saved.len() - 4].to_vec();
    let end = body.len();
    body[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&body);
    body.extend(crc.to_le_bytes());
    assert_eq!(load(&case, &body), Status::NotSaved);

    let function = Case::function(&[0.5; 13]);
    let mut of_function = Trained::new(&function);
    assert_eq!(of_function.rescore(1.0), Status::Ok);
    for (other, expected) in [
        (xor(|case| case.layers[0].activation = Activation::Relu as u32), Status::OtherNet),
        (layers(&[(2, Activation::Tanh), (1, Activation::Linear)]), Status::OtherNet),
        (xor(|case| case.setup.sigma = 0.2), Status::OtherOptions),
        (xor(|case| case.setup.n_reset = 21), Status::OtherOptions),
        (xor(|case| case.setup.epsilon = 0.1), Status::OtherOptions),
        (xor(|case| case.setup.flags = SIGNAL_NORM), Status::OtherNet),
    ] {
        assert_eq!(load(&other, &saved), expected);
    }
    assert_eq!(load(&case, &of_function.save()), Status::OtherNet);
}
