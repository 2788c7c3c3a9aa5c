//! The portable way of computing what lanes compute.

use super::{Lanes, ROUND_MAGIC, SQRT_HALF_BITS};

/// `T` samples in an array: multiply, round, then add, so the bits are the same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Portable<const T: usize>;

impl<const T: usize> Portable<T> {
    #[inline(always)]
    fn zip(a: [f32; T], b: [f32; T], f: impl Fn(f32, f32) -> f32) -> [f32; T] {
        let mut out = a;
        for (a, b) in out.iter_mut().zip(b) {
            *a = f(*a, b);
        }
        out
    }

    #[inline(always)]
    fn gather<E: Copy>(from: &[E], f: impl Fn(E) -> f32) -> [f32; T] {
        let mut out = [0.0; T];
        for (out, from) in out.iter_mut().zip(from) {
            *out = f(*from);
        }
        out
    }
}

impl<const T: usize> Lanes for Portable<T> {
    type V = [f32; T];

    const T: usize = {
        assert!(matches!(T, 1 | 2 | 4 | 8 | 16), "a tile has 1, 2, 4, 8 or 16 samples");
        T
    };

    // T · NEURONS sums, T inputs and a weight have to fit 32 registers.
    const NEURONS: usize = if T >= 8 { 2 } else { 4 };

    // Of 16, a tile fills the registers of SSE2; of fewer, code is small, and compiled soon.
    const OUTLINES: bool = true;

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; T] {
        // [x; T] would stay a loop in small code.
        [0.0; T].map(|_| x)
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> [f32; T] {
        match from.first_chunk::<T>() {
            Some(v) => *v,
            None => Self::gather(from, |x| x),
        }
    }

    #[inline(always)]
    fn load_u8(self, from: &[u8]) -> [f32; T] {
        match from.first_chunk::<T>() {
            Some(v) => v.map(f32::from),
            None => Self::gather(from, f32::from),
        }
    }

    #[inline(always)]
    fn load_u32(self, from: &[u32]) -> [f32; T] {
        Self::gather(from, |x| x as f32)
    }

    #[inline(always)]
    fn store(self, v: [f32; T], to: &mut [f32]) {
        match to.first_chunk_mut::<T>() {
            Some(to) => *to = v,
            None => to.iter_mut().zip(v).for_each(|(to, v)| *to = v),
        }
    }

    #[inline(always)]
    fn tiles(self, of: &[f32]) -> impl Iterator<Item = &[f32]> + Clone {
        of.as_chunks::<T>().0.iter().map(<[f32; T]>::as_slice)
    }

    #[inline(always)]
    fn tiles_mut(self, of: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        of.as_chunks_mut::<T>().0.iter_mut().map(<[f32; T]>::as_mut_slice)
    }

    #[inline(always)]
    fn add(self, a: [f32; T], b: [f32; T]) -> [f32; T] {
        Self::zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: [f32; T], b: [f32; T]) -> [f32; T] {
        Self::zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: [f32; T], b: [f32; T]) -> [f32; T] {
        Self::zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: [f32; T], b: [f32; T]) -> [f32; T] {
        Self::zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: [f32; T], b: [f32; T], c: [f32; T]) -> [f32; T] {
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn sqrt(self, v: [f32; T]) -> [f32; T] {
        v.map(libm::sqrtf)
    }

    #[inline(always)]
    fn select_le(self, a: [f32; T], b: [f32; T], yes: [f32; T], no: [f32; T]) -> [f32; T] {
        let mut out = no;
        for (((out, a), b), yes) in out.iter_mut().zip(a).zip(b).zip(yes) {
            *out = if a <= b { yes } else { *out };
        }
        out
    }

    #[inline(always)]
    fn abs(self, v: [f32; T]) -> [f32; T] {
        v.map(f32::abs)
    }

    #[inline(always)]
    fn exp2_integral(self, n: [f32; T]) -> [f32; T] {
        n.map(|n| f32::from_bits((n + (ROUND_MAGIC + 127.0)).to_bits() << 23))
    }

    #[inline(always)]
    fn times_exp2(self, v: [f32; T], n: [f32; T]) -> [f32; T] {
        // The steps are as exact whichever of them is the larger, so that whole numbers may be halved.
        let power = |n: i32| f32::from_bits((n << 23).wrapping_add(0x3f80_0000).cast_unsigned());
        Self::zip(v, n, |v, n| {
            let n = (n + ROUND_MAGIC).to_bits().wrapping_sub(ROUND_MAGIC.to_bits()).cast_signed();
            v * power(n >> 1) * power(n - (n >> 1))
        })
    }

    #[inline(always)]
    fn split(self, v: [f32; T]) -> ([f32; T], [f32; T]) {
        let exponent = |v: f32| v.to_bits().wrapping_sub(SQRT_HALF_BITS) as i32 >> 23;
        let mantissa = |v: f32| f32::from_bits(v.to_bits().wrapping_sub((exponent(v) as u32) << 23));
        (v.map(mantissa), v.map(|v| exponent(v) as f32))
    }
}
