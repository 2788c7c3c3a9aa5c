//! A block of the caller's memory, cut into what a trainer consists of.

use core::mem::MaybeUninit;
use core::slice;

use crate::Status;

/// What memory for a trainer is aligned to, in bytes.
pub const ALIGNMENT: usize = 8;

/// What is left of a block.
pub(crate) struct Block {
    rest: &'static mut [MaybeUninit<u8>],
}

#[allow(unsafe_code, reason = "the caller's bytes become values")]
impl Block {
    /// The block of `bytes` bytes at `start`.
    ///
    /// # Safety
    /// It belongs to what is made of it, like a trainer, for as long as that is used.
    pub unsafe fn new(start: *mut u8, bytes: usize) -> Result<Self, Status> {
        if start.is_null() {
            return Err(Status::Null);
        }
        if !start.addr().is_multiple_of(ALIGNMENT) {
            return Err(Status::Misaligned);
        }
        let bytes = bytes.min(isize::MAX as usize);
        // SAFETY: the memory is the caller's to give, and may be uninitialised.
        let rest = unsafe { slice::from_raw_parts_mut(start.cast(), bytes) };
        Ok(Self { rest })
    }

    /// Bytes that are left.
    pub fn bytes(&self) -> usize {
        self.rest.len()
    }

    /// Takes a place for a value off the front, of so many words.
    pub fn place<T>(&mut self, words: usize) -> Result<&'static mut MaybeUninit<T>, Status> {
        let place = self.take(1, MaybeUninit::uninit)?.first_mut().ok_or(Status::Fault)?;
        self.take(words * size_of::<usize>() - size_of::<T>(), || 0_u8)?;
        Ok(place)
    }

    /// Takes `count` values off the front.
    pub fn take<T>(&mut self, count: usize, mut value: impl FnMut() -> T) -> Result<&'static mut [T], Status> {
        let bytes = count.checked_mul(size_of::<T>()).ok_or(Status::TooLarge)?;
        let rest = core::mem::take(&mut self.rest);
        let (piece, rest) = rest.split_at_mut_checked(bytes).ok_or(Status::Memory)?;
        self.rest = rest;
        let start = piece.as_mut_ptr().cast::<T>();
        if !start.is_aligned() {
            return Err(Status::Fault);
        }
        for index in 0..count {
            // SAFETY: `piece` is aligned and has room for `count` values.
            unsafe { start.add(index).write(value()) };
        }
        // SAFETY: all `count` values were written, and nothing else refers to `piece`, which was taken off the block.
        Ok(unsafe { slice::from_raw_parts_mut(start, count) })
    }
}
