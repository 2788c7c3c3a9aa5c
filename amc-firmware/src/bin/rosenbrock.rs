//! Minimises Rosenbrock's function, Eq. (6): a chain needs no net, only a loss.
#![no_std]
#![no_main]

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Generator, Portable};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

const MOVES: u64 = 3000;
const REPORT_EVERY: u64 = 300;

static PARAMETERS: ConstStaticCell<[f32; 2]> = ConstStaticCell::new([-2.0, 2.0]);
static PROPOSED: ConstStaticCell<[f32; 2]> = ConstStaticCell::new([0.0; 2]);
static CENTRES: ConstStaticCell<[f32; 2]> = ConstStaticCell::new([0.0; 2]);

/// (1 − x)² + 100 (y − x²)²
fn f(at: &[f32]) -> f32 {
    let &[x, y] = at else { return f32::NAN };
    let (a, b) = (1.0 - x, y - x * x);
    a * a + 100.0 * b * b
}

#[entry]
fn main() -> ! {
    let parameters = PARAMETERS.take();
    let first = f(parameters);
    let memory = Memory::new(parameters, PROPOSED.take()).centres(CENTRES.take());
    let options = Options::new(0.1).epsilon(0.1).n_reset(20);
    let mut chain = Chain::new(memory, options, Generator::seed_from_u64(1), first).expect("the buffers fit");
    loop {
        let steps = chain.counters().steps;
        if steps.is_multiple_of(REPORT_EVERY)
            && let &[x, y] = chain.parameters()
        {
            report!("step {steps:4}: x = {x:9.6}, y = {y:9.6}, f = {:.3e}", chain.loss());
        }
        if steps == MOVES {
            break;
        }
        let proposal = chain.propose(Portable::<1>);
        let loss = f(proposal.parameters());
        proposal.decide(loss);
    }
    board::finish(chain.loss() <= 1e-3)
}
