//! Memory asked for ahead of need.

#![expect(unsafe_code, reason = "the instruction takes a pointer")]

use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::fours::Four;

/// Bytes of a line of a cache.
const LINE: usize = 64;

/// Has fours brought into the first-level cache.
#[inline(always)]
pub fn prefetch(fours: &[Four]) {
    for line in fours.as_flattened().as_flattened().chunks(LINE) {
        // SAFETY: all machines with AVX2 have the instruction, and it changes nothing but what is in caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
    }
}
