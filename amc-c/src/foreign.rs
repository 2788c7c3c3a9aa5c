//! The caller's arrays, as slices.
#![allow(unsafe_code, reason = "C's arrays are pointers and numbers")]

use core::mem::MaybeUninit;
use core::slice;

use crate::Status;

/// `count` values at `start`; none are anywhere.
///
/// # Safety
/// There are so many, and nobody changes them while the slice is used.
pub(crate) unsafe fn array<'a, T>(start: *const T, count: usize) -> Result<&'a [T], Status> {
    check(start, count)?;
    match count {
        0 => Ok(&[]),
        // SAFETY: the pointer is neither null nor misaligned, and the caller vouches for the rest.
        _ => Ok(unsafe { slice::from_raw_parts(start, count) }),
    }
}

/// The value at `start`, if that is not null.
///
/// # Safety
/// As for [`array`].
pub(crate) unsafe fn optional<'a, T>(start: *const T) -> Result<Option<&'a T>, Status> {
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller vouches for.
    unsafe { array(start, 1) }.map(|values| values.first())
}

/// `count` values at `start`, to be changed; none are anywhere.
///
/// # Safety
/// There are so many, and nobody else uses them while the slice is used.
pub(crate) unsafe fn array_mut<'a, T>(start: *mut T, count: usize) -> Result<&'a mut [T], Status> {
    check(start, count)?;
    match count {
        0 => Ok(&mut []),
        // SAFETY: the pointer is neither null nor misaligned, and the caller vouches for the rest.
        _ => Ok(unsafe { slice::from_raw_parts_mut(start, count) }),
    }
}

/// Room for `count` values at `start`.
///
/// # Safety
/// There is so much, and nobody else uses it while the slice is used.
pub(crate) unsafe fn room<'a, T>(start: *mut T, count: usize) -> Result<&'a mut [MaybeUninit<T>], Status> {
    check(start, count)?;
    match count {
        0 => Ok(&mut []),
        // SAFETY: the pointer is neither null nor misaligned, and the caller vouches for the rest.
        _ => Ok(unsafe { slice::from_raw_parts_mut(start.cast(), count) }),
    }
}

/// Room for numbers, as zeros.
pub(crate) fn zeroed(room: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    for number in room.iter_mut() {
        number.write(0.0);
    }
    // SAFETY: all of it was written.
    unsafe { room.assume_init_mut() }
}

fn check<T>(start: *const T, count: usize) -> Result<(), Status> {
    if count == 0 {
        return Ok(());
    }
    if start.is_null() {
        return Err(Status::Null);
    }
    if !start.is_aligned() {
        return Err(Status::Misaligned);
    }
    match count.checked_mul(size_of::<T>()) {
        Some(bytes) if bytes <= isize::MAX as usize => Ok(()),
        _ => Err(Status::TooLarge),
    }
}
