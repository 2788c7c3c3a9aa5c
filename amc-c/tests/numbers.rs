//! Numbers that are not finite are refused where they come in, and named; those that are too large spoil nothing.

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

/// What there is to see of a trainer, bit for bit.
fn state(trained: &Trained) -> (Vec<u32>, u32, u32, Counters) {
    let parameters = trained.parameters().iter().map(|x| x.to_bits()).collect();
    (parameters, trained.loss().to_bits(), trained.sigma().to_bits(), trained.counters())
}

fn check_numbers(numbers: &[f32]) -> (Status, usize) {
    let mut index = MaybeUninit::uninit();
    let status = unsafe { amc_check_numbers(numbers.as_ptr(), numbers.len(), Some(&mut index)) };
    (status, unsafe { index.assume_init() })
}

/// What `amc_predict` says of one sample of XOR; outputs that are refused are not written.
fn predict(trained: &mut Trained, row: &[f32; 2], scale: f32) -> Status {
    let mut output = 7.0;
    let status = unsafe { amc_predict(trained.trainer(), row.as_ptr(), ptr::null(), scale, &mut output, 1) };
    assert!(status == Status::Ok || output == 7.0);
    status
}

/// XOR with signal norm.
fn signal_norm() -> Case {
    let mut case = Case::xor();
    case.setup.flags = SIGNAL_NORM;
    case
}

/// A line through the origin, at 0, whose loss overflows with any move.
fn steep() -> Case {
    let mut case = Case::new(1, &[(1, Activation::Linear)]);
    (case.start, case.numbers, case.targets) = (vec![0.0; 2], vec![1e38, -1e38], vec![0.0; 2]);
    case
}

#[test]
fn a_sample_that_is_not_finite_is_named_and_the_proposal_stays() {
    let mut trained = Trained::new(&Case::xor());
    let before = state(&trained);
    let (proposed, _) = trained.propose();
    for bad in NOT_FINITE {
        for place in 0..12 {
            let mut case = Case::xor();
            *case.numbers.iter_mut().chain(&mut case.targets).nth(place).unwrap() = bad;
            let expected = if place < 8 { (Status::Feature, place) } else { (Status::Target, place - 8) };
            assert_eq!(trained.check_samples(&case.samples()), expected, "{bad} at {place}");
            assert_eq!(trained.set_samples(&case.samples()), expected.0, "{bad} at {place}");
            assert_eq!(state(&trained), before);
        }
    }
    assert_eq!(trained.check_samples(&Case::xor().samples()), (Status::Ok, 0));
    let mut other = Trained::new(&Case::xor());
    assert_eq!(other.propose().0, proposed);
    let (a, b) = (trained.evaluate(), other.evaluate());
    assert_eq!(trained.decide(a), other.decide(b));
    assert_eq!(state(&trained), state(&other));
}

#[test]
fn the_first_of_several_samples_is_named() {
    let trained = Trained::new(&Case::xor());
    let mut case = Case::xor();
    (case.targets[0], case.numbers[6], case.numbers[5]) = (f32::NAN, f32::INFINITY, f32::NAN);
    assert_eq!(trained.check_samples(&case.samples()), (Status::Feature, 5));
}

#[test]
fn a_class_without_an_output_and_targets_that_are_no_probabilities_name_their_sample() {
    let mut case = Case::new(1, &[(3, Activation::Softmax)]);
    (case.numbers, case.classes, case.loss) = (vec![0.0, 1.0, 2.0, 3.0], vec![0, 1, 2, 0], LossKind::CrossEntropy);
    let trained = Trained::new(&case);
    case.classes[2] = 3;
    assert_eq!(trained.check_samples(&case.samples()), (Status::Class, 2));
    case.classes.clear();
    case.targets = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.5];
    assert_eq!(trained.check_samples(&case.samples()), (Status::Probabilities, 9));
    case.targets[10] = f32::NAN;
    assert_eq!(trained.check_samples(&case.samples()), (Status::Target, 10));
}

#[test]
fn a_row_to_predict_and_its_scale_are_finite() {
    let mut trained = Trained::new(&Case::xor());
    for bad in NOT_FINITE {
        assert_eq!(predict(&mut trained, &[bad, 0.0], 1.0), Status::Feature);
        assert_eq!(predict(&mut trained, &[0.0, bad], 1.0), Status::Feature);
        assert_eq!(predict(&mut trained, &[0.0, 1.0], bad), Status::Scale);
    }
    assert_eq!(predict(&mut trained, &[0.0, 1.0], 0.0), Status::Scale);
    assert_eq!(predict(&mut trained, &[0.0, 1.0], 1.0), Status::Ok);
}

#[test]
fn outputs_of_any_count_but_the_nets_are_refused_unread() {
    let mut trained = Trained::new(&Case::xor());
    let row = [0.0; 2];
    for (count, expected) in [(0, Status::Length), (usize::MAX, Status::TooLarge), (1 << 61, Status::TooLarge)] {
        let mut output = 7.0;
        let status = unsafe { amc_predict(trained.trainer(), row.as_ptr(), ptr::null(), 1.0, &mut output, count) };
        assert_eq!((status, output), (expected, 7.0));
    }
}

#[test]
fn counts_whose_products_wrap_around_to_nothing_are_too_large() {
    let wraps = usize::MAX / 4 + 1;
    let (numbers, bytes, classes) = ([0.0; 4], [0_u8; 1], [0_u8; 1]);
    let mut wide = Case::new(4, &[(1, Activation::Linear)]);
    (wide.numbers, wide.targets) = (numbers.to_vec(), vec![0.0]);
    let by_class = Samples { count: wraps, targets: ptr::null(), classes: classes.as_ptr(), ..wide.samples() };
    let mut narrow = Case::new(1, &[(4, Activation::Linear)]);
    (narrow.bytes, narrow.targets) = (bytes.to_vec(), numbers.to_vec());
    let of_bytes = Samples { count: wraps, ..narrow.samples() };
    for (case, samples) in [(&wide, by_class), (&narrow, of_bytes)] {
        let mut trained = Trained::new(case);
        assert_eq!(trained.check_samples(&samples), (Status::TooLarge, 0));
        assert_eq!(trained.set_samples(&samples), Status::TooLarge);
    }
}

#[test]
fn the_parameter_to_start_from_that_is_not_finite_is_found() {
    for bad in NOT_FINITE {
        let mut start = vec![0.5; 13];
        start[11] = bad;
        let mut memory = [const { MaybeUninit::<u64>::uninit() }; 200];
        let mut trainer = MaybeUninit::uninit();
        let mut case = Case::xor();
        case.start = start;
        let status = case.with_setup(|setup| unsafe {
            amc_create(Some(setup), memory.as_mut_ptr().cast(), 1600, Some(&mut trainer))
        });
        assert_eq!(status, Status::Start);
        assert_eq!(check_numbers(&case.start), (Status::NotFinite, 11));
        assert_eq!(check_numbers(&case.start[..11]), (Status::Ok, 0));
    }
    assert_eq!(check_numbers(&[]), (Status::Ok, 0));
    assert_eq!(unsafe { amc_check_numbers([1.0].as_ptr(), usize::MAX, None) }, Status::TooLarge);
    assert_eq!(unsafe { amc_check_numbers([f32::NAN].as_ptr(), 1, None) }, Status::NotFinite);
}

#[test]
fn moves_whose_loss_overflows_are_rejected() {
    for (temperature, flags) in [(0.0, 0), (3e38, 0), (0.0, IN_PLACE)] {
        let mut case = steep();
        (case.setup.temperature, case.setup.flags) = (temperature, flags);
        case.setup.grid = if flags == IN_PLACE { -20 } else { 0 };
        let mut trained = Trained::new(&case);
        assert_eq!(trained.loss(), 0.0);
        for _ in 0..50 {
            assert_ne!(trained.step(), Decision::Accepted);
            trained.propose();
            let loss = trained.evaluate();
            assert!(!loss.is_finite());
            assert_ne!(trained.decide(loss), Decision::Accepted);
        }
        assert_eq!((trained.parameters(), trained.loss()), (&[0.0; 2][..], 0.0));
        let counters = trained.counters();
        assert_eq!((counters.steps, counters.accepted), (100, 0));
        assert_eq!(state(&trained.saved_and_loaded(&case)), state(&trained));
    }
}

#[test]
fn a_prediction_that_overflows_is_no_error() {
    let mut case = steep();
    (case.start, case.numbers) = (vec![1e3; 2], vec![1.0, 2.0]);
    assert_eq!(Trained::new(&case).predict(&[3e38]), [f32::INFINITY]);
}

#[test]
fn samples_whose_loss_overflows_leave_no_trace() {
    for case in [Case::xor(), signal_norm()] {
        let (mut trained, mut other) = (Trained::new(&case), Trained::new(&case));
        let mut far = case.clone();
        // Another mean square than before, and no loss.
        far.numbers.iter_mut().for_each(|x| *x *= 100.0);
        far.targets = vec![1e38; 4];
        for _ in 0..20 {
            assert_eq!(trained.check_samples(&far.samples()), (Status::Ok, 0));
            assert_eq!(trained.set_samples(&far.samples()), Status::Loss);
            assert_eq!(trained.step(), other.step());
            assert_eq!(state(&trained), state(&other));
        }
    }
}

#[test]
fn with_signal_norm_the_mean_square_of_features_neither_overflows_nor_vanishes() {
    let case = signal_norm();
    let (mut trained, mut other) = (Trained::new(&case), Trained::new(&case));
    let bytes = [1_u8; 8];
    let good = case.samples();
    let with = |numbers: &[f32; 8]| Samples { numbers: numbers.as_ptr(), ..good };
    let of_bytes = |scale| Samples { numbers: ptr::null(), bytes: bytes.as_ptr(), scale, ..good };
    for samples in [
        with(&[1e20; 8]),
        with(&[1e38; 8]),
        with(&[1e-30; 8]),
        Samples { scale: 1e25, ..good },
        Samples { scale: 1e-25, ..good },
        of_bytes(1e20),
        of_bytes(1e-25),
    ] {
        assert_eq!(trained.set_samples(&samples), Status::Signal, "{samples:?}");
        assert_eq!(trained.step(), other.step());
        assert_eq!(state(&trained), state(&other));
    }
    // Inputs that are all 0 are no fault: there is nothing to learn from them.
    assert_eq!(trained.set_samples(&with(&[0.0; 8])), Status::Ok);
    assert_eq!(trained.set_samples(&of_bytes(1.0 / 255.0)), Status::Ok);
    // Without it, a net whose units saturate takes them.
    assert_eq!(Trained::new(&Case::xor()).set_samples(&with(&[1e20; 8])), Status::Ok);
}
