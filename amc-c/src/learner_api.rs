//! What C calls of a learner.
#![allow(unsafe_code, reason = "functions have C's names, and those that are given arrays trust the caller")]

use core::mem::MaybeUninit;
use core::ptr;

use crate::api::{plan, status, tell};
use crate::block::Block;
use crate::foreign::{array, optional, room};
use crate::learner::LearnerPlan;
use crate::{Counters, Learner, LearnerSetup, Status};

/// # Safety
/// That of [`amc_learner_bytes`].
unsafe fn learner_plan(setup: Option<&LearnerSetup>) -> Result<LearnerPlan<'_>, Status> {
    let setup = setup.ok_or(Status::Null)?;
    // SAFETY: the setup's pointers are as its documentation demands.
    let trainer = unsafe { optional(setup.trainer) }?.ok_or(Status::Null)?;
    // SAFETY: the same.
    Ok(LearnerPlan { setup, plan: unsafe { plan(trainer) }? })
}

/// How many bytes of memory a learner needs; `AMC_LEARNER_BYTES` tells it when you compile.
///
/// # Safety
/// The setups' pointers are NULL or to as much as their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_learner_bytes(
    setup: Option<&LearnerSetup>,
    bytes: Option<&mut MaybeUninit<usize>>,
) -> Status {
    status(|| {
        // SAFETY: as demanded here.
        let needed = unsafe { learner_plan(setup) }?.bytes()?;
        bytes.ok_or(Status::Null)?.write(needed);
        Ok(())
    })
}

/// Creates a learner in `bytes` bytes of `memory`, aligned to `AMC_ALIGNMENT`; or makes `*learner` NULL. It starts from
/// `start`, or from parameters that are drawn, and has no samples.
///
/// # Safety
/// As for `amc_learner_bytes`; and the memory is the learner's until it is no longer used. There is nothing to free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_learner_create(
    setup: Option<&LearnerSetup>,
    memory: *mut u8,
    bytes: usize,
    learner: Option<&mut MaybeUninit<*mut Learner>>,
) -> Status {
    status(|| {
        let learner = learner.ok_or(Status::Null)?.write(ptr::null_mut());
        // SAFETY: as demanded here.
        let (plan, block) = unsafe { (learner_plan(setup)?, Block::new(memory, bytes)?) };
        *learner = plan.learner(block, None)?;
        Ok(())
    })
}

/// Creates a learner that goes on from what `amc_learner_save` wrote with the same setup: `length` bytes of `saved`, which
/// needs no alignment. `start`, `start_sigma` and `seed` are not used. It has no samples.
///
/// # Safety
/// As for `amc_learner_create`; `saved` is not in `memory`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_learner_load(
    setup: Option<&LearnerSetup>,
    saved: *const u8,
    length: usize,
    memory: *mut u8,
    bytes: usize,
    learner: Option<&mut MaybeUninit<*mut Learner>>,
) -> Status {
    status(|| {
        let learner = learner.ok_or(Status::Null)?.write(ptr::null_mut());
        // SAFETY: as demanded here.
        let (plan, saved) = unsafe { (learner_plan(setup)?, array(saved, length)?) };
        // SAFETY: the same.
        let block = unsafe { Block::new(memory, bytes) }?;
        *learner = plan.learner(block, Some(saved))?;
        Ok(())
    })
}

/// Takes a sample into the window, in place of the oldest: the net's inputs, and what it should make of them. A bad one is
/// counted, left out and changes nothing else: the status tells why, `AMC_STATUS_FEATURE`, `AMC_STATUS_TARGET` (a number is
/// infinite or not a number), `AMC_STATUS_LIMIT` or `AMC_STATUS_PROBABILITIES`.
///
/// # Safety
/// The arrays are as long as the net's inputs and outputs. They are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_learner_push(
    learner: Option<&mut Learner>,
    features: *const f32,
    targets: *const f32,
) -> Status {
    status(|| {
        let Learner { inner, widths: (inputs, outputs) } = learner.ok_or(Status::Null)?;
        // SAFETY: as demanded here.
        let (features, targets) = unsafe { (array(features, *inputs)?, array(targets, *outputs)?) };
        inner.push(features, targets).map_err(|error| Status::of_sample(error, *inputs))
    })
}

/// Learns for a slice of at most `multiply_adds` multiply-adds, but a piece of work at least: the draw of a move, or the
/// evaluation of 64 samples. An activation counts as 8, and a number that is drawn as 16. `spent`, which may be NULL, is
/// how many it was; 0 while there are no samples.
#[unsafe(no_mangle)]
pub extern "C" fn amc_learner_slice(
    learner: Option<&mut Learner>,
    multiply_adds: usize,
    spent: Option<&mut MaybeUninit<usize>>,
) -> Status {
    status(|| {
        tell(spent, learner.ok_or(Status::Null)?.inner.slice(multiply_adds));
        Ok(())
    })
}

/// The most multiply-adds of a piece of work on the samples that are there; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn amc_learner_largest_piece(learner: Option<&Learner>) -> usize {
    learner.map_or(0, |learner| learner.inner.largest_piece())
}

/// Computes what the net makes of `features`, at any time between slices. `outputs` has room for `count` numbers: the
/// units of the last layer.
///
/// # Safety
/// The arrays are as long as the net's inputs, and `count`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_learner_predict(
    learner: Option<&mut Learner>,
    features: *const f32,
    outputs: *mut f32,
    count: usize,
) -> Status {
    status(|| {
        let Learner { inner, widths: (inputs, units) } = learner.ok_or(Status::Null)?;
        if count != *units {
            return Err(Status::Length);
        }
        // SAFETY: as demanded here.
        let (features, outputs) = unsafe { (array(features, *inputs)?, room(outputs, count)?) };
        if features.iter().any(|x| !x.is_finite()) {
            return Err(Status::Feature);
        }
        outputs.fill(MaybeUninit::new(0.0));
        // SAFETY: it has just been filled.
        inner.predict(features, unsafe { outputs.assume_init_mut() }).map_err(|_| Status::Fault)
    })
}

/// Whether the loss has come down far enough since the last save: 1, or 0. Then a move that is under way ends.
#[unsafe(no_mangle)]
pub extern "C" fn amc_learner_due(learner: Option<&mut Learner>) -> u32 {
    learner.map_or(0, |learner| matches!(learner.inner.due(), Ok(Some(_))).into())
}

/// Writes all that `amc_learner_load` needs to `buffer`, and how many bytes that are to `length`; `AMC_SAVED_BYTES` are
/// enough. Where `size`, the bytes of room, is too small, nothing is written but `length`, and the status is
/// `AMC_STATUS_LENGTH`. While the window is not full, or the loss on its samples not known, the status is
/// `AMC_STATUS_NO_LOSS`. A move that is under way ends.
///
/// # Safety
/// The buffer has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_learner_save(
    learner: Option<&mut Learner>,
    buffer: *mut u8,
    size: usize,
    length: Option<&mut MaybeUninit<usize>>,
) -> Status {
    status(|| {
        let (learner, length) = (learner.ok_or(Status::Null)?, length.ok_or(Status::Null)?.write(0));
        let snapshot = learner.inner.snapshot()?.ok_or(Status::NoLoss)?;
        *length = snapshot.length()?;
        if size < *length {
            return Err(Status::Length);
        }
        // SAFETY: as demanded here.
        let buffer = unsafe { room(buffer, *length) }?;
        buffer.fill(MaybeUninit::new(0));
        // SAFETY: it has just been filled.
        snapshot.write(unsafe { buffer.assume_init_mut() })?;
        learner.inner.saved();
        Ok(())
    })
}

/// The net's parameters; NULL for NULL. They stay where they are, and change when a move is accepted.
#[unsafe(no_mangle)]
pub extern "C" fn amc_learner_parameters(learner: Option<&Learner>) -> *const f32 {
    learner.map_or(ptr::null(), |learner| learner.inner.parameters().as_ptr())
}

/// The loss of the parameters on the samples of the window as it was when they were last evaluated; not a number for
/// NULL, and the largest number before the first sample.
#[unsafe(no_mangle)]
pub extern "C" fn amc_learner_loss(learner: Option<&Learner>) -> f32 {
    learner.map_or(f32::NAN, |learner| learner.inner.progress().loss)
}

/// The counters, and the bad samples so far; `left_out` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn amc_learner_count(
    learner: Option<&Learner>,
    counters: Option<&mut MaybeUninit<Counters>>,
    left_out: Option<&mut MaybeUninit<u32>>,
) -> Status {
    status(|| {
        let learner = learner.ok_or(Status::Null)?;
        counters.ok_or(Status::Null)?.write(learner.inner.progress().counters.into());
        tell(left_out, learner.inner.left_out());
        Ok(())
    })
}
