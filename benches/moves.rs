//! Times of whole moves on the paper's nets: what `amc-bench` reports, with criterion's statistics.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::path::Path;
use std::time::Duration;

use amc_core::chain::Options;
use amc_engine::train::{Batching, Initial, Method, Settings, train};
use amc_kernels::Arithmetic;
use amc_reproduce::bench::CASES;
use criterion::{Criterion, criterion_group, criterion_main};

fn moves(c: &mut Criterion) {
    let mut group = c.benchmark_group("moves");
    group.sample_size(10);
    for case in CASES.iter().filter(|case| !case.needs_files()) {
        let data = case.data(Path::new("")).expect("functions are not read from files");
        let time = |steps| {
            let settings = Settings {
                method: Method::Amc,
                options: Options::new(0.01),
                initial: Initial::Gaussian(0.01),
                signal_norm: false,
                transfer: Default::default(),
                in_place: false,
                batching: Batching::Full,
                steps,
                seed: 1,
                threads: rayon::current_num_threads(),
                arithmetic: Arithmetic::Fused,
            };
            let trained = train(&case.description(), &data, &settings, |_| {}).expect("net and data fit");
            trained.time.max(Duration::from_nanos(1))
        };
        group.bench_function(case.name, |b| b.iter_custom(time));
    }
}

criterion_group!(benches, moves);
criterion_main!(benches);
