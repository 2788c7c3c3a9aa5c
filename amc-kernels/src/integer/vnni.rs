//! Two instructions of AVX-512 that pulp has proofs of, but no functions for.

#![expect(
    unsafe_code,
    reason = "an instruction of its own is called where its machine is proved, not by the compiler's features"
)]

use core::arch::x86_64::{__m512i, _mm512_dpbusd_epi32, _mm512_permutex2var_epi8};

use pulp::core_arch::x86::{Avx512vbmi, Avx512vnni};

/// Adds to each sum the products of four bytes, of which one factor has no sign; the sums wrap.
#[inline(always)]
pub fn add_fours(_: Avx512vnni, sums: __m512i, unsigned: __m512i, signed: __m512i) -> __m512i {
    // SAFETY: the token proves that the machine has the instruction.
    unsafe { _mm512_dpbusd_epi32(sums, unsigned, signed) }
}

/// Bytes of two registers by their numbers, of which the lowest 7 bits count.
#[inline(always)]
pub fn pick(_: Avx512vbmi, low: __m512i, numbers: __m512i, high: __m512i) -> __m512i {
    // SAFETY: the token proves that the machine has the instruction.
    unsafe { _mm512_permutex2var_epi8(low, numbers, high) }
}
