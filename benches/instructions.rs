//! Instructions of kernels, counted by valgrind: a regression shows however noisy the machine is.
//!
//! valgrind knows no AVX-512, so the counts are of the AVX2 code.
#![allow(missing_docs, reason = "gungraun's macros make undocumented items")]

use std::hint::black_box;

use amc_benches::{Apply, Function, Gaussians, NUMBERS, OBJECTIVE, parameters, pixels};
use amc_core::{Generator, Measurements, Score};
use amc_engine::data::Set;
use amc_engine::data::pack::PackedSet;
use amc_engine::evaluate::Evaluator;
use amc_kernels::Arithmetic;
use amc_kernels::lanes::dispatch;
use gungraun::prelude::*;
use rand_core::SeedableRng;

#[library_benchmark]
#[bench::exp(Function::Exp)]
#[bench::ln(Function::Ln)]
#[bench::tanh(Function::Tanh)]
#[bench::sigmoid(Function::Sigmoid)]
#[bench::sin_cos(Function::SinCos)]
fn function(function: Function) -> [f32; NUMBERS] {
    let mut numbers = [0.25; NUMBERS];
    dispatch(Arithmetic::Portable, Apply(black_box(function), &mut numbers));
    numbers
}

#[library_benchmark]
fn gaussians() -> [f32; NUMBERS] {
    let mut numbers = [0.0; NUMBERS];
    dispatch(Arithmetic::Portable, Gaussians(&mut Generator::seed_from_u64(1), &mut numbers));
    numbers
}

fn prepared() -> (&'static Set, Vec<f32>) {
    (Box::leak(Box::new(pixels(1024))), parameters())
}

fn packed((set, parameters): (&'static Set, Vec<f32>)) -> (PackedSet<'static>, Evaluator<'static>, Vec<f32>) {
    (PackedSet::all(set, 1), Evaluator::new(OBJECTIVE, Arithmetic::Portable, 1), parameters)
}

#[library_benchmark]
#[bench::net_64_16_10(args = (prepared()), setup = packed)]
fn evaluation((pack, mut evaluator, parameters): (PackedSet<'static>, Evaluator<'static>, Vec<f32>)) -> Score {
    evaluator.evaluate(&parameters, &pack.batch(), Measurements::default())
}

library_benchmark_group!(name = kernels; benchmarks = function, gaussians, evaluation);
main!(library_benchmark_groups = kernels);
