//! SIMD lanes for the kernels of `amc-core`: 16 samples a tile, whatever the width of the machine's registers.
//!
//! [`dispatch`] picks the [instruction set](Isa) at run time. Every one gives the same bits within one [`Arithmetic`].

#[cfg(target_arch = "x86_64")]
use amc_core::lanes::times_exp2_in_steps;
use amc_core::lanes::{Outlined, ROUND_MAGIC, SQRT_HALF_BITS};
use amc_core::{Lanes, Portable};
use pulp::{Arch, Simd, WithSimd};

use crate::isa::used;
use crate::{Arithmetic, Isa};

#[cfg(target_arch = "x86_64")]
mod scale;

/// Samples in a tile.
pub const TILE: usize = 16;

/// A computation over any lanes.
pub trait OnLanes {
    /// What it gives.
    type Output;
    /// Computes. Implementations are `#[inline(always)]`, so that they are compiled for the lanes' instruction set.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Runs `op` on the lanes that this process [uses](Isa::used).
pub fn dispatch<Op: OnLanes>(arithmetic: Arithmetic, op: Op) -> Op::Output {
    on(used().1, arithmetic, op)
}

/// [`dispatch`] on an instruction set of one's own choice; none where this machine lacks it.
pub fn dispatch_on<Op: OnLanes>(isa: Isa, arithmetic: Arithmetic, op: Op) -> Option<Op::Output> {
    Some(on(isa.arch()?, arithmetic, op))
}

fn on<Op: OnLanes>(arch: Arch, arithmetic: Arithmetic, op: Op) -> Op::Output {
    match arithmetic {
        Arithmetic::Portable => arch.dispatch(Vectorized::<Op, false>(op)),
        Arithmetic::Fused => arch.dispatch(Vectorized::<Op, true>(op)),
    }
}

struct Vectorized<Op, const FUSED: bool>(Op);

impl<Op: OnLanes, const FUSED: bool> WithSimd for Vectorized<Op, FUSED> {
    type Output = Op::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Op::Output {
        // As constants, so that what is not taken is not compiled.
        if const { S::F32_LANES == 16 } {
            self.0.run(Wide::<S, 1, FUSED>(simd))
        } else if const { S::F32_LANES == 8 } {
            self.0.run(Wide::<S, 2, FUSED>(simd))
        } else if const { S::F32_LANES == 4 } {
            self.0.run(Wide::<S, 4, FUSED>(simd))
        } else {
            scalar(self.0)
        }
    }
}

/// Without vectors there is no FMA either: both arithmetics share a copy, which is several times as large as the others.
#[inline(never)]
fn scalar<Op: OnLanes>(op: Op) -> Op::Output {
    op.run(Portable::<TILE>)
}

/// A tile of 16 samples in `K` registers.
#[derive(Clone, Copy)]
struct Wide<S, const K: usize, const FUSED: bool>(S);

/// Calls a part of a pass. Without this detour the compiler would put parts back into passes, and take far longer for
/// these than for all of the parts.
#[inline(never)]
fn called<S: Simd, Op: WithSimd<Output = ()>>(simd: S, op: Op) {
    simd.vectorize(op);
}

/// A part of a pass, on its lanes.
struct Call<L, Op>(L, Op);

impl<L, Op: Outlined<L>> WithSimd for Call<L, Op> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.1.run(self.0);
    }
}

/// Added to exponents, so that they are not negative.
const BIAS: u32 = 128;

/// An expression for each register of a tile. A macro, because closures are not always inlined, and are then not compiled
/// for the lanes' instruction set.
macro_rules! each {
    ($lanes:expr, |$k:ident| $value:expr) => {{
        let mut all = [$lanes.0.splat_f32s(0.0); K];
        let mut $k = 0;
        while $k < K {
            all[$k] = $value;
            $k += 1;
        }
        all
    }};
}

impl<S: Simd, const K: usize, const FUSED: bool> Wide<S, K, FUSED> {
    #[inline(always)]
    fn full(self, from: &[f32; TILE]) -> [S::f32s; K] {
        let (registers, _) = S::as_simd_f32s(from);
        each!(self, |k| registers[k])
    }

    #[inline(always)]
    fn write(v: [S::f32s; K], to: &mut [f32; TILE]) {
        let (registers, _) = S::as_mut_simd_f32s(to);
        for (register, v) in registers.iter_mut().zip(v) {
            *register = v;
        }
    }

    /// The exponent of a positive normal number, as [`Lanes::split`] has it, plus [`BIAS`].
    #[inline(always)]
    fn biased(self, v: S::f32s) -> S::u32s {
        let s = self.0;
        let offset = s.splat_u32s(SQRT_HALF_BITS.wrapping_sub(BIAS << 23));
        s.wrapping_dyn_shr_u32s(s.sub_u32s(s.transmute_u32s_f32s(v), offset), s.splat_u32s(23))
    }

    /// Integers below 2²³ as numbers: their bits become the mantissa of 2²³ + x.
    #[inline(always)]
    fn small(self, x: S::u32s) -> S::f32s {
        let s = self.0;
        let biased = s.transmute_f32s_u32s(s.or_u32s(x, s.splat_u32s(0x4b00_0000)));
        s.sub_f32s(biased, s.splat_f32s(8_388_608.0))
    }
}

/// The first 16 elements, with `default` where there are fewer.
#[inline(always)]
fn padded<E: Copy + Default>(from: &[E]) -> [E; TILE] {
    match from.first_chunk::<TILE>() {
        Some(all) => *all,
        None => {
            let mut all = [E::default(); TILE];
            for (to, from) in all.iter_mut().zip(from) {
                *to = *from;
            }
            all
        }
    }
}

impl<S: Simd, const K: usize, const FUSED: bool> Lanes for Wide<S, K, FUSED> {
    type V = [S::f32s; K];
    const T: usize = TILE;
    // 16 of 32 registers of AVX-512, 12 of 16 of AVX2, 24 of 32 of NEON: more sums than wait for their last term, and the
    // inputs and a weight beside them.
    const NEURONS: usize = match K {
        1 => 16,
        _ => 6,
    };

    #[inline(always)]
    fn outlined<Op: Outlined<Self>>(self, op: Op) {
        called(self.0, Call(self, op));
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [self.0.splat_f32s(x); K]
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        self.full(&padded(from))
    }

    #[inline(always)]
    fn load_u8(self, from: &[u8]) -> Self::V {
        self.full(&padded(from).map(f32::from))
    }

    #[inline(always)]
    fn load_u32(self, from: &[u32]) -> Self::V {
        let s = self.0;
        let all = padded(from);
        let (registers, _) = S::as_simd_u32s(&all);
        each!(self, |k| {
            // Both halves are exact, so only their sum is rounded.
            let high = self.small(s.wrapping_dyn_shr_u32s(registers[k], s.splat_u32s(16)));
            let low = self.small(s.and_u32s(registers[k], s.splat_u32s(0xffff)));
            s.add_f32s(s.mul_f32s(high, s.splat_f32s(65_536.0)), low)
        })
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32]) {
        if let Some(to) = to.first_chunk_mut::<TILE>() {
            Self::write(v, to);
        } else {
            let mut all = [0.0; TILE];
            Self::write(v, &mut all);
            for (to, v) in to.iter_mut().zip(all) {
                *to = v;
            }
        }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each!(self, |k| self.0.add_f32s(a[k], b[k]))
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each!(self, |k| self.0.sub_f32s(a[k], b[k]))
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each!(self, |k| self.0.mul_f32s(a[k], b[k]))
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each!(self, |k| self.0.div_f32s(a[k], b[k]))
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        let s = self.0;
        match FUSED {
            true => each!(self, |k| s.mul_add_f32s(a[k], b[k], c[k])),
            false => each!(self, |k| s.add_f32s(s.mul_f32s(a[k], b[k]), c[k])),
        }
    }

    #[inline(always)]
    fn sqrt(self, v: Self::V) -> Self::V {
        each!(self, |k| self.0.sqrt_f32s(v[k]))
    }

    #[inline(always)]
    fn select_le(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        let s = self.0;
        each!(self, |k| s.select_f32s(s.less_than_or_equal_f32s(a[k], b[k]), yes[k], no[k]))
    }

    // Where a number is NaN, the instructions give their second operand (x86) or NaN.
    #[inline(always)]
    fn at_most(self, v: Self::V, limit: Self::V) -> Self::V {
        each!(self, |k| self.0.min_f32s(limit[k], v[k]))
    }

    #[inline(always)]
    fn at_least(self, v: Self::V, limit: Self::V) -> Self::V {
        each!(self, |k| self.0.max_f32s(limit[k], v[k]))
    }

    #[inline(always)]
    fn exp2_integral(self, n: Self::V) -> Self::V {
        let s = self.0;
        each!(self, |k| {
            let low_bits = s.transmute_u32s_f32s(s.add_f32s(n[k], s.splat_f32s(ROUND_MAGIC + 127.0)));
            s.transmute_f32s_u32s(s.wrapping_dyn_shl_u32s(low_bits, s.splat_u32s(23)))
        })
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn times_exp2(self, v: Self::V, n: Self::V) -> Self::V {
        if scale::has_one::<S>() {
            // The bits of two steps, of which the first is exact.
            each!(self, |k| scale::scale(self.0, v[k], n[k]))
        } else {
            times_exp2_in_steps(self, v, n)
        }
    }

    #[inline(always)]
    fn split(self, v: Self::V) -> (Self::V, Self::V) {
        let s = self.0;
        let mantissa = each!(self, |k| {
            let shift =
                s.sub_u32s(s.wrapping_dyn_shl_u32s(self.biased(v[k]), s.splat_u32s(23)), s.splat_u32s(BIAS << 23));
            s.transmute_f32s_u32s(s.sub_u32s(s.transmute_u32s_f32s(v[k]), shift))
        });
        let exponent = each!(self, |k| s.sub_f32s(self.small(self.biased(v[k])), s.splat_f32s(BIAS as f32)));
        (mantissa, exponent)
    }
}
