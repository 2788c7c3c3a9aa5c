//! v · 2ⁿ by the one instruction that AVX-512 has for it, of which pulp has none.

#![expect(
    unsafe_code,
    reason = "an instruction of its own is called, and what registers are is told by a type's identity"
)]

use core::any::TypeId;
use core::arch::x86_64::{__m512, _mm512_scalef_ps};
use core::mem::transmute_copy;

use pulp::Simd;
use pulp::x86::V4;

/// Whether vectors have it.
#[inline(always)]
pub(super) fn has_one<S: Simd>() -> bool {
    TypeId::of::<S>() == TypeId::of::<V4>()
}

/// v · 2ⁿ for integral n, rounded once; where vectors [have](has_one) no instruction for it, v.
#[inline(always)]
pub(super) fn scale<S: Simd>(_: S, v: S::f32s, n: S::f32s) -> S::f32s {
    if !has_one::<S>() {
        return v;
    }
    // SAFETY: S is V4: a value of it proves that the machine has AVX-512F, and its `f32s` are 16 numbers, as `__m512` is.
    unsafe {
        let scaled = _mm512_scalef_ps(transmute_copy::<S::f32s, __m512>(&v), transmute_copy::<S::f32s, __m512>(&n));
        transmute_copy::<__m512, S::f32s>(&scaled)
    }
}
