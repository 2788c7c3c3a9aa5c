//! The paper's net for MNIST trains in place, in 64 KiB of RAM, and prints what it came to: a host has to print the
//! same line.
#![no_std]
#![no_main]

use amc_cortex_m::CortexM;
use amc_firmware::paper::{self, Buffers, NET};
use amc_firmware::stack::depth;
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

const LANES: CortexM<1> = CortexM;
const SCRATCH: usize = NET.scratch(1);

/// What training needs, the chain included.
const TRAINING: usize = NET.memory(1).in_place().signal_norm().bytes();
/// Bytes for the stack: what training takes of it is measured.
const STACK: usize = 4096;
const _: () = assert!(TRAINING + STACK < 64 * 1024, "training needs more than 64 KiB of RAM");

static BUFFERS: ConstStaticCell<Buffers<SCRATCH>> = ConstStaticCell::new(Buffers::new());

#[entry]
fn main() -> ! {
    let buffers = BUFFERS.take();
    let (outcome, depth) = depth(|| paper::run(LANES, buffers));
    report!("{outcome}");
    report!("training needs {TRAINING} bytes and at most {depth} of stack");
    board::finish(outcome.after < outcome.before && depth < STACK)
}
