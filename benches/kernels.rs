//! Times of each kernel, in both arithmetics.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use amc_benches::{Apply, Function, Gaussians, NUMBERS, OBJECTIVE, parameters, pixels};
use amc_core::{Generator, Measurements};
use amc_engine::data::pack::PackedSet;
use amc_engine::evaluate::Evaluator;
use amc_kernels::Arithmetic;
use amc_kernels::lanes::dispatch;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_core::SeedableRng;

const ARITHMETICS: [(&str, Arithmetic); 2] = [("portable", Arithmetic::Portable), ("fused", Arithmetic::Fused)];

fn functions(c: &mut Criterion) {
    let mut group = c.benchmark_group("functions");
    group.throughput(Throughput::Elements(NUMBERS as u64));
    for (name, arithmetic) in ARITHMETICS {
        for function in [Function::Exp, Function::Ln, Function::Tanh, Function::Sigmoid, Function::SinCos] {
            let mut numbers = [0.25; NUMBERS];
            group.bench_function(BenchmarkId::new(format!("{function:?}"), name), |b| {
                b.iter(|| {
                    numbers.fill(0.25);
                    dispatch(arithmetic, Apply(function, &mut numbers));
                });
            });
        }
        let (mut rng, mut numbers) = (Generator::seed_from_u64(1), vec![0.0; NUMBERS]);
        group.bench_function(BenchmarkId::new("Gaussian", name), |b| {
            b.iter(|| dispatch(arithmetic, Gaussians(&mut rng, &mut numbers)));
        });
    }
}

fn evaluations(c: &mut Criterion) {
    let mut group = c.benchmark_group("evaluation");
    let (set, parameters) = (pixels(1024), parameters());
    let pack = PackedSet::all(&set, 1);
    group.throughput(Throughput::Elements(pack.len() as u64));
    for (name, arithmetic) in ARITHMETICS {
        let mut evaluator = Evaluator::new(OBJECTIVE, arithmetic, 1);
        group.bench_function(BenchmarkId::new("64-16-10", name), |b| {
            b.iter(|| evaluator.evaluate(&parameters, &pack.batch(), Measurements::default()));
        });
    }
}

criterion_group!(kernels, functions, evaluations);
criterion_main!(kernels);
