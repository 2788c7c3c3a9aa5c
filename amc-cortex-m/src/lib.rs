//! Lanes for Cortex-M cores: the bits of [`Portable`], in fewer instructions where the core has an FPU.
//!
//! [`CortexM`] is used wherever `amc-core` takes lanes. Without an FPU, and on a host, it is `Portable` itself.
//!
//! # Why not in fused arithmetic
//! A multiply-add of portable arithmetic is one instruction of these cores already: `VMLA.F32` rounds the product, and then the
//! sum. The compiler takes it for `thumbv7em-none-eabihf` and `thumbv8m.main-none-eabihf`. Told of a core, as by `-C
//! target-cpu=cortex-m4`, it takes `VMUL.F32` and `VADD.F32` instead, to the same bits.
//!
//! `VFMA.F32`, which rounds once, would be one instruction as well, and save none. Stable Rust has no intrinsic for it on these
//! targets, and its `asm!` takes no numbers in registers of an FPU without double precision: up to eight more instructions
//! would carry them to and fro.
//!
//! # Sums of neurons
//! With an FPU they are assembly (`src/sums.rs`): one `VLDM` loads a row of weights, where the compiler takes a `VLDR` for each, and a
//! whole pass takes a third fewer instructions or more.
//!
//! # Losses
//! So are exponentials of four logits at once (`src/softmax.rs`), and what else a move of one neuron mostly consists of
//! (`src/products.rs`, `src/sums/rows.rs`): mixed moves take two fifths fewer.
//!
//! # Proposals
//! So are Gaussians, by four pairs at once (`src/normals.rs`), and the sums and products that make moves of them: a number takes 43
//! instructions instead of 55. Counts of instructions are what QEMU tells; cycles on a
//! board were not measured. By Arm's table of the Cortex-M4 a multiply-add is three cycles, and each register that `VLDM` loads one.
#![no_std]

mod dot;
#[cfg(dual_multiply)]
mod dual;
#[cfg(fpu)]
mod four;
#[cfg(fpu)]
mod normals;
#[cfg(fpu)]
mod products;
mod root;
#[cfg(fpu)]
mod softmax;
#[cfg(fpu)]
mod sums;

use amc_core::{Lanes, Portable};

/// `T` samples in the registers of an FPU, and `SUMS` sums of neurons: 16 is fastest, and 2 gives the smallest code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CortexM<const T: usize, const SUMS: usize = 16>;

/// Hands an operation on to [`Portable`].
macro_rules! portable {
    ($($name:ident($($a:ident: $t:ty),*) -> $r:ty;)*) => {$(
        #[inline(always)]
        fn $name(self, $($a: $t),*) -> $r {
            Portable::<T>.$name($($a),*)
        }
    )*};
}

impl<const T: usize, const SUMS: usize> Lanes for CortexM<T, SUMS> {
    type V = [f32; T];

    const T: usize = <Portable<T> as Lanes>::T;

    const NEURONS: usize = if SUMS > T { SUMS / T } else { 1 };

    // Of four samples it costs an instruction in a hundred, and saves two fifths of a training's flash.
    const OUTLINES: bool = true;

    #[cfg(fpu)]
    const NORMALS: usize = if SUMS == 16 { 4 } else { 0 };

    portable! {
        splat(x: f32) -> [f32; T];
        load(from: &[f32]) -> [f32; T];
        load_u8(from: &[u8]) -> [f32; T];
        load_u32(from: &[u32]) -> [f32; T];
        store(v: [f32; T], to: &mut [f32]) -> ();
        add(a: [f32; T], b: [f32; T]) -> [f32; T];
        sub(a: [f32; T], b: [f32; T]) -> [f32; T];
        mul(a: [f32; T], b: [f32; T]) -> [f32; T];
        div(a: [f32; T], b: [f32; T]) -> [f32; T];
        mul_add(a: [f32; T], b: [f32; T], c: [f32; T]) -> [f32; T];
        select_le(a: [f32; T], b: [f32; T], yes: [f32; T], no: [f32; T]) -> [f32; T];
        abs(v: [f32; T]) -> [f32; T];
        exp2_integral(n: [f32; T]) -> [f32; T];
        times_exp2(v: [f32; T], n: [f32; T]) -> [f32; T];
        split(v: [f32; T]) -> ([f32; T], [f32; T]);
    }

    #[inline(always)]
    fn tiles(self, of: &[f32]) -> impl Iterator<Item = &[f32]> + Clone {
        Portable::<T>.tiles(of)
    }

    #[inline(always)]
    fn tiles_mut(self, of: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        Portable::<T>.tiles_mut(of)
    }

    #[inline(always)]
    fn sqrt(self, v: [f32; T]) -> [f32; T] {
        root::sqrt(v)
    }

    #[inline(always)]
    fn limit(self, v: [f32; T], low: f32, high: f32) -> [f32; T] {
        let nearest = if -low < high { -low } else { high };
        v.map(|x| {
            // Nearly all are so small, and one look tells it.
            if x.abs() <= nearest {
                return x;
            }
            core::hint::cold_path();
            let [x] = Portable::<1>.limit([x], low, high);
            x
        })
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn sums(self, of: &amc_core::lanes::Sums<'_>, to: &mut [f32]) -> bool {
        SUMS == 16 && sums::run::<T>(of, to)
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn copy(self, from: &[f32], to: &mut [f32]) {
        match SUMS {
            16 => products::copy(from, to),
            _ => Portable::<T>.copy(from, to),
        }
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn squares(self, numbers: &[f32]) -> [f32; T] {
        match (SUMS, T) {
            (16, 1) => [products::squares_of_one(numbers); T],
            (16, 4) => {
                let sums = products::squares_of_four(numbers.as_chunks().0);
                core::array::from_fn(|lane| sums[lane % 4])
            }
            _ => Portable::<T>.squares(numbers),
        }
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn corrected(self, weights: &[f32], by: [f32; T], sums: &[f32], to: &mut [f32]) {
        if SUMS == 16 && T == 4 {
            let by = core::array::from_fn(|lane| by[lane % T]);
            return products::corrected(weights, &by, sums.as_chunks().0, to.as_chunks_mut().0);
        }
        Portable::<T>.corrected(weights, by, sums, to);
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn scaled(self, scale: [f32; T], z: &mut [f32], centres: Option<&[f32]>) {
        if SUMS == 16 && T == 4 {
            let scale = core::array::from_fn(|lane| scale[lane % T]);
            return products::scaled(&scale, z, centres);
        }
        Portable::<T>.scaled(scale, z, centres);
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn moved(self, x: &[f32], e: &[f32], to: &mut [f32], finite: [f32; T]) -> [f32; T] {
        if SUMS == 16 && T == 4 {
            let mut sums = core::array::from_fn(|lane| finite[lane % T]);
            products::moved(x, e, to, &mut sums);
            return core::array::from_fn(|lane| sums[lane % 4]);
        }
        Portable::<T>.moved(x, e, to, finite)
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn normals(self, radii: &mut [f32], angles: &mut [f32]) {
        normals::make(radii.as_chunks_mut().0, angles.as_chunks_mut().0);
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn exponentials(self, logits: &mut [f32]) -> Option<([f32; T], [f32; T])> {
        (SUMS == 16 && matches!(T, 1 | 4)).then(|| softmax::exponentials(logits))
    }

    #[cfg(fpu)]
    #[inline(always)]
    fn softmax(self, logits: &mut [f32], units: usize) -> bool {
        let has_own = SUMS == 16 && matches!(T, 1 | 4);
        if has_own {
            softmax::softmax::<T>(logits, units);
        }
        has_own
    }

    #[inline(always)]
    fn skips(self, v: [f32; T]) -> bool {
        // Four samples are rarely 0 together, and then the look costs more than it saves.
        T == 1 && v.iter().all(|v| *v == 0.0)
    }
}
