//! A chain on any function: it needs no net, only a loss.

use amc_core::chain::{Chain, Memory, Options, Stream, jump_streams, streams};
use amc_core::{Generator, Portable};
use amc_engine::memory;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use rand_core::SeedableRng;

use crate::errors::refused;

/// Where a chain came to: its parameters, their loss, moves accepted, and σ.
type End<'py> = (Bound<'py, PyArray1<f32>>, f32, u64, f32);

/// Makes so many moves from `x0` on the loss that a callable gives.
#[pyfunction]
#[pyo3(signature = (loss, x0, steps, sigma, epsilon, n_reset, seed))]
#[allow(clippy::too_many_arguments)]
pub fn minimize<'py>(
    py: Python<'py>,
    loss: Bound<'py, PyAny>,
    x0: PyReadonlyArray1<'py, f32>,
    steps: u64,
    sigma: f32,
    epsilon: f32,
    n_reset: u32,
    seed: u64,
) -> PyResult<End<'py>> {
    // Each call has an array of its own, which it may keep or change. A loss beyond single precision is infinite, and rejected.
    let evaluate =
        |x: &[f32]| -> PyResult<f32> { Ok(loss.call1((PyArray1::from_slice(py, x),))?.extract::<f64>()? as f32) };
    let count = x0.as_array().len();
    // x, x', μ, and the argument and the result in Python.
    memory::check(5 * 4 * count as u64, format!("{count} parameters")).map_err(refused)?;
    let mut x: Vec<f32> = x0.as_array().iter().copied().collect();
    let mut proposed = vec![0.0; count];
    let mut centres = vec![0.0; if epsilon == 0.0 { 0 } else { count }];
    let rng = Generator::seed_from_u64(seed);
    let mut streams = vec![Stream::new(rng.clone()); streams(count)];
    jump_streams(&rng, &mut streams);
    let options = Options::new(sigma).epsilon(epsilon).n_reset(n_reset);
    options.check().map_err(refused)?;
    let first = evaluate(&x)?;
    let memory = Memory::new(&mut x, &mut proposed).centres(&mut centres).streams(&mut streams);
    let mut chain = Chain::new(memory, options, rng, first).map_err(refused)?;
    for _ in 0..steps {
        let proposal = chain.propose(Portable::<1>);
        let loss = evaluate(proposal.parameters())?;
        proposal.decide(loss);
        py.check_signals()?;
    }
    let end = PyArray1::from_slice(py, chain.parameters());
    Ok((end, chain.loss(), chain.counters().accepted, chain.sigma()))
}
