//! Fails if training takes more stack than the trainer is allowed to.
#![no_std]
#![no_main]

use amc_firmware::golden::{IMAGES, PIXELS};
use amc_firmware::stack::depth;
use amc_firmware::trainer::{MEMORY, Memory, train};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

/// Bytes of stack.
const LIMIT: usize = 1024;

static BUFFERS: ConstStaticCell<Memory> = ConstStaticCell::new(MEMORY);
static DATA: &[u8; IMAGES * (PIXELS + 1)] = include_bytes!("../../../data/digits.u8");

#[entry]
fn main() -> ! {
    let buffers = BUFFERS.take();
    let (pixels, labels) = DATA.split_at(IMAGES * PIXELS);
    let (outcome, depth) = depth(|| train(&pixels[..100 * PIXELS], &labels[..100], 100, buffers));
    report!("stack {depth}");
    board::finish(outcome.is_some() && depth <= LIMIT)
}
