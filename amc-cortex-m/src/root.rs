//! The square root: `VSQRT.F32` where there is an FPU. It is correctly rounded, as `Lanes` demands, and 1 instruction
//! against the 52 of integer code.

#[cfg(fpu)]
#[inline(always)]
#[allow(unsafe_code, reason = "the core library has no square root, and stable Rust no intrinsic for it")]
pub(crate) fn sqrt<const T: usize>(v: [f32; T]) -> [f32; T] {
    v.map(|x| {
        let mut bits = x.to_bits();
        // SAFETY: a target with the hard-float ABI has an FPU, all of which have these instructions. They change the
        // two registers named; the flags that they may raise in FPSCR nobody reads.
        unsafe {
            core::arch::asm!(
                "vmov s0, {0}",
                "vsqrt.f32 s0, s0",
                "vmov {0}, s0",
                inout(reg) bits,
                out("s0") _,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        f32::from_bits(bits)
    })
}

#[cfg(not(fpu))]
#[inline(always)]
pub(crate) fn sqrt<const T: usize>(v: [f32; T]) -> [f32; T] {
    amc_core::Lanes::sqrt(amc_core::Portable::<T>, v)
}
