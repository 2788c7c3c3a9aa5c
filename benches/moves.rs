//! Times of whole moves on the paper's nets: what `amc-bench` reports, with criterion's statistics.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::path::Path;
use std::time::Duration;

use amc_engine::train::train;
use amc_kernels::Arithmetic;
use amc_reproduce::bench::{CASES, SIGMA};
use criterion::{Criterion, criterion_group, criterion_main};

fn moves(c: &mut Criterion) {
    let mut group = c.benchmark_group("moves");
    group.sample_size(10);
    for case in CASES.iter().filter(|case| !case.needs_files()) {
        let data = case.data(Path::new("")).expect("functions are not read from files");
        let time = |steps| {
            let settings = case.settings(SIGMA, steps, (Arithmetic::Fused, rayon::current_num_threads()));
            let trained = train(&case.description(), &data, &settings, |_| {}).expect("net and data fit");
            trained.time.max(Duration::from_nanos(1))
        };
        group.bench_function(case.name, |b| b.iter_custom(time));
    }
}

criterion_group!(benches, moves);
criterion_main!(benches);
