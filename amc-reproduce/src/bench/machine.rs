//! The machine's limits, measured rather than looked up.

use std::hint::black_box;
use std::time::Instant;

use amc_core::Lanes;
use rayon::prelude::*;
use serde::Serialize;

use amc_kernels::Arithmetic;
use amc_kernels::lanes::{OnLanes, dispatch};

/// Multiply-adds of each of the independent sums, per run.
const ROUNDS: usize = 1 << 20;
/// Runs; the best counts, because everything that disturbs makes a run slower.
const RUNS: usize = 60;
/// Numbers that each thread reads to measure the memory: 128 MiB, far above any cache.
const NUMBERS: usize = 1 << 25;

/// What the machine can do at most.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Machine {
    /// Multiply-adds from registers, two operations each, in 10⁹ a second.
    pub gflops: f64,
    /// Reading memory, in 10⁹ bytes a second.
    pub gigabytes_per_second: f64,
}

impl Machine {
    /// Measures on all `threads` threads of the current rayon pool at once.
    pub fn measure(arithmetic: Arithmetic, threads: usize) -> Self {
        let all = |work: &(dyn Fn() -> f64 + Sync)| -> f64 {
            let run = || {
                let begun = Instant::now();
                let done: f64 = (0..threads).into_par_iter().with_max_len(1).map(|_| work()).sum();
                done / begun.elapsed().as_secs_f64() / 1e9
            };
            (0..RUNS).map(|_| run()).fold(0.0, f64::max)
        };
        let gflops = all(&|| dispatch(arithmetic, MultiplyAdds));
        let numbers = vec![1.0; NUMBERS];
        let gigabytes_per_second = all(&|| dispatch(arithmetic, Read(&numbers)));
        Self { gflops, gigabytes_per_second }
    }
}

/// Sums that do not wait for each other: enough for the latency of two units, few enough for the registers. Where sums
/// have to go to memory and back, what kernels reach is above what this measures.
struct MultiplyAdds;

impl OnLanes for MultiplyAdds {
    /// Floating-point operations done.
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> f64 {
        let start = lanes.splat(black_box(0.5));
        let (a, b) = (lanes.splat(black_box(0.25)), lanes.splat(black_box(0.5)));
        macro_rules! sums {
            ($($sum:ident)*) => {{
                $(let mut $sum = start;)*
                for _ in 0..ROUNDS {
                    $($sum = lanes.mul_add(a, b, $sum);)*
                }
                let mut total = start;
                $(total = lanes.add(total, $sum);)*
                (total, [$(stringify!($sum)),*].len())
            }};
        }
        // As many as kernels have: 16 of 32 registers of AVX-512, 12 of 16 of AVX2, 24 of 32 of NEON; 12 of 16 of SSE2.
        let (total, sums) = match L::NEURONS {
            16 => sums!(s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15),
            6 => sums!(s0 s1 s2 s3 s4 s5),
            _ => sums!(s0 s1 s2),
        };
        let mut out = [0.0; 16];
        lanes.store(total, &mut out);
        black_box(out);
        (2 * sums * ROUNDS * L::T) as f64
    }
}

struct Read<'a>(&'a [f32]);

impl OnLanes for Read<'_> {
    /// Bytes read.
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> f64 {
        let mut sums = [lanes.splat(0.0); 4];
        for numbers in self.0.chunks_exact(4 * L::T) {
            for (sum, numbers) in sums.iter_mut().zip(numbers.chunks_exact(L::T)) {
                *sum = lanes.add(*sum, lanes.load(numbers));
            }
        }
        let mut out = [0.0; 16];
        for sum in sums {
            lanes.store(sum, &mut out);
            black_box(out);
        }
        size_of_val(self.0) as f64
    }
}
