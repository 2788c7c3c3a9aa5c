//! What C calls: pointers are checked, and the work is the trainer's.
#![allow(unsafe_code, reason = "functions have C's names, and those that are given arrays trust the caller")]

mod body;
mod net;

use core::mem::MaybeUninit;
use core::ptr;

use amc_core::Targets;

use crate::block::Block;
use crate::check::{check, first_not_finite};
use crate::create::Plan;
use crate::feed::Feed;
use crate::foreign::{array, optional, room};
use crate::{Counters, Decision, Samples, Setup, Status, Trainer, create};

pub use body::{amc_body_create, amc_body_features};
pub use net::{amc_net_predict, amc_scale, amc_unscale};

/// What a fallible function tells C.
pub(crate) fn status(done: impl FnOnce() -> Result<(), Status>) -> Status {
    match done() {
        Ok(()) => Status::Ok,
        Err(status) => status,
    }
}

/// Writes what C wants to know.
pub(crate) fn tell<T>(to: Option<&mut MaybeUninit<T>>, value: T) {
    if let Some(to) = to {
        to.write(value);
    }
}

/// # Safety
/// That of [`amc_bytes`].
pub(crate) unsafe fn plan(setup: &Setup) -> Result<Plan<'_>, Status> {
    // SAFETY: the setup's pointers are as its documentation demands.
    unsafe {
        let net = match optional(setup.net)? {
            Some(net) => Some((net, array(net.layers, net.layer_count)?)),
            None => None,
        };
        let start = if setup.start.is_null() { None } else { Some(array(setup.start, setup.parameters)?) };
        Ok(Plan { setup, net, start, method: optional(setup.method)? })
    }
}

/// How many bytes of memory a trainer needs; `AMC_NET_BYTES`, `AMC_FUNCTION_BYTES` and `AMC_MIXED_BYTES` tell it when you
/// compile.
///
/// # Safety
/// The setup's pointers are NULL or to as much as its fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_bytes(setup: Option<&Setup>, bytes: Option<&mut MaybeUninit<usize>>) -> Status {
    status(|| {
        // SAFETY: as demanded here.
        let needed = unsafe { plan(setup.ok_or(Status::Null)?) }?.trainer_bytes()?;
        bytes.ok_or(Status::Null)?.write(needed);
        Ok(())
    })
}

/// Creates a trainer in `bytes` bytes of `memory`, aligned to `AMC_ALIGNMENT`; or makes `*trainer` NULL. It has no
/// loss yet: `amc_set_samples` or `amc_rescore` comes next.
///
/// # Safety
/// As for `amc_bytes`; and the memory is the trainer's until it is no longer used. There is nothing to free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_create(
    setup: Option<&Setup>,
    memory: *mut u8,
    bytes: usize,
    trainer: Option<&mut MaybeUninit<*mut Trainer>>,
) -> Status {
    status(|| {
        let trainer = trainer.ok_or(Status::Null)?.write(ptr::null_mut());
        // SAFETY: as demanded here.
        let (plan, block) = unsafe { (plan(setup.ok_or(Status::Null)?)?, Block::new(memory, bytes)?) };
        *trainer = create::create(&plan, block)?;
        Ok(())
    })
}

/// Creates a trainer that goes on, bit for bit, from what `amc_save` wrote with the same setup: `length` bytes of
/// `saved`, which needs no alignment. `start`, `start_sigma` and `seed` are not used. With a net, `amc_set_samples`
/// comes next.
///
/// # Safety
/// As for `amc_create`; `saved` is not in `memory`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_load(
    setup: Option<&Setup>,
    saved: *const u8,
    length: usize,
    memory: *mut u8,
    bytes: usize,
    trainer: Option<&mut MaybeUninit<*mut Trainer>>,
) -> Status {
    status(|| {
        let trainer = trainer.ok_or(Status::Null)?.write(ptr::null_mut());
        // SAFETY: as demanded here.
        let (plan, saved) = unsafe { (plan(setup.ok_or(Status::Null)?)?, array(saved, length)?) };
        // SAFETY: the same.
        let block = unsafe { Block::new(memory, bytes) }?;
        *trainer = create::load(&plan, saved, block)?;
        Ok(())
    })
}

/// Sets the samples that a net learns, checks them, and computes the loss of the current parameters. Call it again
/// when they have changed. A proposal that is undecided is dropped, also where that loss is not finite.
///
/// # Safety
/// The arrays are as long as `count`, the net's inputs and outputs say, and stay as they are while the trainer uses
/// them. The struct itself is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_set_samples(trainer: Option<&mut Trainer>, samples: Option<&Samples>) -> Status {
    status(|| {
        let (trainer, samples) = (trainer.ok_or(Status::Null)?, samples.ok_or(Status::Null)?);
        let objective = trainer.objective()?;
        // SAFETY: as demanded here.
        let samples = unsafe { data(objective.net(), samples) }?;
        check(&objective, &samples).map_err(|(status, _)| status)?;
        trainer.set_samples(samples)
    })
}

/// Checks samples as `amc_set_samples` does, but for `AMC_STATUS_SIGNAL` and `AMC_STATUS_LOSS`, and changes nothing.
/// `index`, which may be NULL, tells where they are refused: with `AMC_STATUS_FEATURE` the index in `numbers`,
/// `AMC_STATUS_TARGET` in `targets`, `AMC_STATUS_CLASS` in `classes`, `AMC_STATUS_PROBABILITIES` that of the sample's
/// first target; otherwise it is 0.
///
/// # Safety
/// The arrays are as long as `count`, the net's inputs and outputs say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_check_samples(
    trainer: Option<&Trainer>,
    samples: Option<&Samples>,
    index: Option<&mut MaybeUninit<usize>>,
) -> Status {
    let mut place = 0;
    let done = status(|| {
        let (trainer, samples) = (trainer.ok_or(Status::Null)?, samples.ok_or(Status::Null)?);
        let objective = trainer.objective()?;
        // SAFETY: as demanded here.
        let samples = unsafe { data(objective.net(), samples) }?;
        check(&objective, &samples).map_err(|(status, index)| {
            place = index;
            status
        })
    });
    tell(index, place);
    done
}

/// Checks `count` numbers that are to be features, targets or parameters to start from: all have to be finite. `index`,
/// which may be NULL, tells the first that is not, with `AMC_STATUS_NOT_FINITE`; otherwise it is 0.
///
/// # Safety
/// There are `count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_check_numbers(
    numbers: *const f32,
    count: usize,
    index: Option<&mut MaybeUninit<usize>>,
) -> Status {
    // SAFETY: as demanded here.
    let first = unsafe { array(numbers, count) }.map(first_not_finite);
    tell(index, first.ok().flatten().unwrap_or(0));
    status(|| match first? {
        Some(_) => Err(Status::NotFinite),
        None => Ok(()),
    })
}

/// The samples' arrays, as long as the net demands.
///
/// # Safety
/// That of [`amc_check_samples`].
unsafe fn data<'a>(net: amc_core::Net<'_>, samples: &Samples) -> Result<amc_core::Samples<'a, Feed<'a>>, Status> {
    let count = samples.count;
    let values = count.checked_mul(net.outputs()).ok_or(Status::TooLarge)?;
    // SAFETY: as demanded here.
    let features = unsafe { feed(count, net.inputs(), samples.numbers, samples.bytes, samples.scale) }?;
    let targets = match (samples.targets.is_null(), samples.classes.is_null()) {
        // SAFETY: as demanded here.
        (false, true) => Targets::Values(unsafe { array(samples.targets, values) }?),
        // SAFETY: as demanded here.
        (true, false) => Targets::Classes(unsafe { array(samples.classes, count) }?),
        _ => return Err(Status::Samples),
    };
    Ok(amc_core::Samples { features, targets })
}

/// # Safety
/// That of [`array`], for whichever pointer is not null.
unsafe fn feed<'a>(
    samples: usize,
    width: usize,
    numbers: *const f32,
    bytes: *const u8,
    scale: f32,
) -> Result<Feed<'a>, Status> {
    if scale == 0.0 || !scale.is_finite() {
        return Err(Status::Scale);
    }
    let count = samples.checked_mul(width).ok_or(Status::TooLarge)?;
    let (none, no_bytes): (&[f32], &[u8]) = (&[], &[]);
    let (numbers, bytes) = match (numbers.is_null(), bytes.is_null()) {
        // SAFETY: as demanded here.
        (false, true) => (unsafe { array(numbers, count) }?, no_bytes),
        // SAFETY: as demanded here.
        (true, false) => (none, unsafe { array(bytes, count) }?),
        _ => return Err(Status::Samples),
    };
    Ok(Feed { numbers, bytes, samples, width, scale })
}

/// Tells the loss of the current parameters, a finite number: before the first proposal of a function of your own, and
/// when that function has changed. A proposal that is undecided is dropped.
#[unsafe(no_mangle)]
pub extern "C" fn amc_rescore(trainer: Option<&mut Trainer>, loss: f32) -> Status {
    status(|| trainer.ok_or(Status::Null)?.rescore(loss))
}

/// Makes a proposal: its N `parameters` stay where they are until the next call that decides it, drops it or makes
/// another. `bound`, which may be NULL, is the largest loss that will be accepted: evaluation may stop above it. An
/// undecided proposal is dropped.
#[unsafe(no_mangle)]
pub extern "C" fn amc_propose(
    trainer: Option<&mut Trainer>,
    parameters: Option<&mut MaybeUninit<*const f32>>,
    bound: Option<&mut MaybeUninit<f32>>,
) -> Status {
    status(|| {
        let (trainer, parameters) = (trainer.ok_or(Status::Null)?, parameters.ok_or(Status::Null)?);
        let (proposed, largest) = trainer.propose()?;
        parameters.write(proposed);
        tell(bound, largest);
        Ok(())
    })
}

/// Computes the net's loss of the proposal on the samples.
#[unsafe(no_mangle)]
pub extern "C" fn amc_evaluate(trainer: Option<&mut Trainer>, loss: Option<&mut MaybeUninit<f32>>) -> Status {
    status(|| {
        let (trainer, loss) = (trainer.ok_or(Status::Null)?, loss.ok_or(Status::Null)?);
        loss.write(trainer.evaluate()?);
        Ok(())
    })
}

/// Decides the proposal, whose loss is `loss`: it is accepted if that is at most the bound. A loss that is infinite or
/// not a number is rejected. `decision` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn amc_decide(
    trainer: Option<&mut Trainer>,
    loss: f32,
    decision: Option<&mut MaybeUninit<Decision>>,
) -> Status {
    status(|| {
        tell(decision, trainer.ok_or(Status::Null)?.decide(loss)?);
        Ok(())
    })
}

/// Proposes, evaluates the net, and decides. It stops as soon as the proposal is certain to be rejected; the outcome
/// is that of the three calls, to the bit. `decision` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn amc_step(trainer: Option<&mut Trainer>, decision: Option<&mut MaybeUninit<Decision>>) -> Status {
    status(|| {
        tell(decision, trainer.ok_or(Status::Null)?.step()?);
        Ok(())
    })
}

/// Sets sigma to its initial value, and centres to 0: for samples that have become more. A proposal that is undecided
/// is dropped.
#[unsafe(no_mangle)]
pub extern "C" fn amc_restart(trainer: Option<&mut Trainer>) -> Status {
    status(|| trainer.ok_or(Status::Null)?.restart())
}

/// Computes the outputs that the net with the current parameters gives for one sample: `numbers` or `bytes`, the other
/// NULL, times `scale`, as in `amc_samples`. `outputs` has room for `count` numbers: the units of the last layer. They
/// are infinite or not numbers where finite features are so large that the net's sums overflow.
///
/// # Safety
/// The arrays are as long as the net's inputs, and `count`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_predict(
    trainer: Option<&mut Trainer>,
    numbers: *const f32,
    bytes: *const u8,
    scale: f32,
    outputs: *mut f32,
    count: usize,
) -> Status {
    status(|| {
        let trainer = trainer.ok_or(Status::Null)?;
        let inputs = trainer.objective()?.net().inputs();
        // SAFETY: as demanded here.
        let (features, outputs) = unsafe { (feed(1, inputs, numbers, bytes, scale)?, room(outputs, count)?) };
        match first_not_finite(features.numbers) {
            Some(_) => Err(Status::Feature),
            None => trainer.predict(&features, outputs),
        }
    })
}

/// The N current parameters; NULL for NULL. They stay where they are, and change when a proposal is accepted. With
/// `AMC_IN_PLACE` and an undecided proposal they are the proposed ones.
#[unsafe(no_mangle)]
pub extern "C" fn amc_parameters(trainer: Option<&Trainer>) -> *const f32 {
    trainer.map_or(ptr::null(), Trainer::parameters)
}

/// The loss of the current parameters; not a number before it is known, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn amc_loss(trainer: Option<&Trainer>) -> f32 {
    trainer.map_or(f32::NAN, Trainer::loss)
}

/// The current scale of moves, of mixed moves the mean over their kinds; not a number for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn amc_sigma(trainer: Option<&Trainer>) -> f32 {
    trainer.map_or(f32::NAN, Trainer::sigma)
}

/// The counters.
#[unsafe(no_mangle)]
pub extern "C" fn amc_count(trainer: Option<&Trainer>, counters: Option<&mut MaybeUninit<Counters>>) -> Status {
    status(|| {
        counters.ok_or(Status::Null)?.write(trainer.ok_or(Status::Null)?.counters());
        Ok(())
    })
}

/// Writes all that `amc_load` needs to `buffer`, and how many bytes that are to `length`; `AMC_SAVED_BYTES` are enough.
/// Where `size`, the bytes of room, is too small, nothing is written but `length`, and the status is
/// `AMC_STATUS_LENGTH`. While a proposal is undecided nothing is saved.
///
/// # Safety
/// The buffer has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_save(
    trainer: Option<&Trainer>,
    buffer: *mut u8,
    size: usize,
    length: Option<&mut MaybeUninit<usize>>,
) -> Status {
    status(|| {
        let (trainer, length) = (trainer.ok_or(Status::Null)?, length.ok_or(Status::Null)?.write(0));
        let snapshot = trainer.snapshot()?;
        *length = snapshot.length()?;
        if size < *length {
            return Err(Status::Length);
        }
        // SAFETY: as demanded here.
        let buffer = unsafe { room(buffer, *length) }?;
        buffer.fill(MaybeUninit::new(0));
        // SAFETY: it has just been filled.
        snapshot.write(unsafe { buffer.assume_init_mut() })?;
        Ok(())
    })
}
