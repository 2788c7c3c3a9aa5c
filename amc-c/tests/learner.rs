//! A learner, called as C calls it.
#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "it stands in for C; all pointers are to live values, and lengths are theirs"
)]

#[path = "c/mod.rs"]
mod c;

use std::mem::MaybeUninit;
use std::ptr;

use amc::*;
use c::Case;

const WINDOW: usize = 70;

/// Room of the alignment demanded.
struct Memory(Vec<u64>, usize);

impl Memory {
    fn of(bytes: usize) -> Self {
        Self(vec![u64::MAX; bytes.div_ceil(8)], bytes)
    }

    fn start(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

fn case() -> Case {
    Case::new(2, &[(4, Activation::Tanh), (1, Activation::Linear)])
}

fn with<T>(case: &Case, change: impl FnOnce(&mut LearnerSetup), call: impl FnOnce(&LearnerSetup) -> T) -> T {
    case.with_setup(|trainer| {
        let mut setup = LearnerSetup { trainer, window: WINDOW, limit: 4.0, surprise: 0.0, improved: 0.0 };
        change(&mut setup);
        call(&setup)
    })
}

fn bytes(setup: &LearnerSetup) -> usize {
    let mut bytes = MaybeUninit::uninit();
    assert_eq!(unsafe { amc_learner_bytes(Some(setup), Some(&mut bytes)) }, Status::Ok);
    unsafe { bytes.assume_init() }
}

fn create<'m>(setup: &LearnerSetup, memory: &'m mut Memory) -> Result<&'m mut Learner, Status> {
    let (mut learner, bytes) = (MaybeUninit::uninit(), memory.1);
    match unsafe { amc_learner_create(Some(setup), memory.start(), bytes, Some(&mut learner)) } {
        Status::Ok => Ok(unsafe { &mut *learner.assume_init() }),
        status => {
            assert!(unsafe { learner.assume_init() }.is_null());
            Err(status)
        }
    }
}

fn load<'m>(setup: &LearnerSetup, saved: &[u8], memory: &'m mut Memory) -> Result<&'m mut Learner, Status> {
    let (mut learner, bytes) = (MaybeUninit::uninit(), memory.1);
    let (start, length) = (saved.as_ptr(), saved.len());
    match unsafe { amc_learner_load(Some(setup), start, length, memory.start(), bytes, Some(&mut learner)) } {
        Status::Ok => Ok(unsafe { &mut *learner.assume_init() }),
        status => Err(status),
    }
}

fn push(learner: &mut Learner, features: [f32; 2], target: f32) -> Status {
    unsafe { amc_learner_push(Some(learner), features.as_ptr(), &target) }
}

fn predict(learner: &mut Learner, features: [f32; 2]) -> f32 {
    let mut output = f32::NAN;
    assert_eq!(unsafe { amc_learner_predict(Some(learner), features.as_ptr(), &mut output, 1) }, Status::Ok);
    output
}

fn count(learner: &Learner) -> (u64, u32) {
    let (mut counters, mut left_out) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    assert_eq!(amc_learner_count(Some(learner), Some(&mut counters), Some(&mut left_out)), Status::Ok);
    unsafe { (counters.assume_init().steps, left_out.assume_init()) }
}

fn save(learner: &mut Learner) -> Result<Vec<u8>, Status> {
    let (mut saved, mut length) = (vec![0; 1000], MaybeUninit::uninit());
    match unsafe { amc_learner_save(Some(learner), saved.as_mut_ptr(), 1000, Some(&mut length)) } {
        Status::Ok => {
            saved.truncate(unsafe { length.assume_init() });
            Ok(saved)
        }
        status => Err(status),
    }
}

fn sample(time: usize) -> ([f32; 2], f32) {
    let (x, y) = ((time as f32 / 7.3).sin(), (time as f32 / 3.1).cos());
    ([x, y], 0.6 * x - 0.3 * y)
}

fn learn(learner: &mut Learner, times: core::ops::Range<usize>, slices: usize) {
    for time in times {
        let (features, target) = sample(time);
        assert_eq!(push(learner, features, target), Status::Ok);
        for _ in 0..slices {
            let mut spent = MaybeUninit::uninit();
            assert_eq!(amc_learner_slice(Some(learner), 0, Some(&mut spent)), Status::Ok);
            assert!((1..=amc_learner_largest_piece(Some(learner))).contains(&unsafe { spent.assume_init() }));
        }
    }
}

#[test]
fn it_learns_is_saved_and_goes_on() {
    let case = case();
    with(
        &case,
        |_| (),
        |setup| {
            let (mut first, mut second) = (Memory::of(bytes(setup)), Memory::of(bytes(setup)));
            let learner = create(setup, &mut first).unwrap();
            learn(learner, 0..WINDOW - 1, 20);
            assert_eq!((amc_learner_due(Some(learner)), save(learner)), (0, Err(Status::NoLoss)), "not full");
            learn(learner, WINDOW - 1..600, 20);
            assert!(amc_learner_loss(Some(learner)) < 0.01);
            assert_eq!(amc_learner_due(Some(learner)), 1);
            let saved = save(learner).unwrap();
            assert_eq!(amc_learner_due(Some(learner)), 0);

            let again = load(setup, &saved, &mut second).unwrap();
            let (features, target) = sample(1000);
            assert_eq!(predict(again, features).to_bits(), predict(learner, features).to_bits());
            assert!((predict(again, features) - target).abs() < 0.2);
            assert_eq!(count(again).0, count(learner).0);
            let steps = count(again).0;
            learn(again, 600..700, 5);
            assert!(count(again).0 > steps);
            let damaged: Vec<u8> = saved.iter().map(|byte| byte ^ 1).collect();
            assert_eq!(load(setup, &damaged, &mut Memory::of(bytes(setup))).unwrap_err(), Status::NotSaved);
        },
    );
}

#[test]
fn bad_samples_are_left_out_by_name() {
    let case = case();
    with(
        &case,
        |_| (),
        |setup| {
            let mut memory = Memory::of(bytes(setup));
            let learner = create(setup, &mut memory).unwrap();
            assert_eq!(push(learner, [f32::NAN, 0.0], 0.0), Status::Feature);
            assert_eq!(push(learner, [0.0, f32::INFINITY], 0.0), Status::Feature);
            assert_eq!(push(learner, [0.0, 0.0], f32::NEG_INFINITY), Status::Target);
            assert_eq!(push(learner, [0.0, 4.1], 0.0), Status::Limit);
            assert_eq!(push(learner, [0.0, 4.0], 0.0), Status::Ok);
            assert_eq!(count(learner), (0, 4));
            let mut output = 0.0;
            let nan = [f32::NAN, 0.0];
            assert_eq!(unsafe { amc_learner_predict(Some(learner), nan.as_ptr(), &mut output, 1) }, Status::Feature);
            assert_eq!(unsafe { amc_learner_predict(Some(learner), nan.as_ptr(), &mut output, 2) }, Status::Length);
        },
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let case = case();
    let status = |case: &Case, change: fn(&mut LearnerSetup), short: usize| {
        let size = with(case, |_| (), bytes) - short;
        with(case, change, |setup| create(setup, &mut Memory::of(size)).map(|_| ()))
    };
    assert_eq!(status(&case, |_| (), 0), Ok(()));
    assert_eq!(status(&case, |_| (), 1), Err(Status::Memory));
    assert_eq!(status(&case, |setup| setup.window = 0, 0), Err(Status::Window));
    assert_eq!(status(&case, |setup| setup.window += 1, 0), Err(Status::Memory));
    assert_eq!(status(&case, |setup| setup.window = usize::MAX, 0), Err(Status::TooLarge));
    assert_eq!(status(&case, |setup| setup.limit = f32::NAN, 0), Err(Status::Window));
    assert_eq!(status(&case, |setup| setup.surprise = -1.0, 0), Err(Status::Window));
    assert_eq!(status(&case, |setup| setup.improved = -0.5, 0), Err(Status::Window));
    assert_eq!(status(&case, |setup| setup.trainer = ptr::null(), 0), Err(Status::Null));
    for flag in [IN_PLACE, SIGNAL_NORM] {
        let mut case = case.clone();
        (case.setup.flags, case.setup.grid) = (flag, -20);
        assert_eq!(status(&case, |_| (), 0), Err(Status::Flags));
    }
    let function = Case::function(&[1.0]);
    let refused = with(&function, |_| (), |setup| create(setup, &mut Memory::of(4096)).map(|_| ()));
    assert_eq!(refused, Err(Status::NoNet));
}
