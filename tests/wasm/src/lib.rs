//! The golden chain in WebAssembly: a host has to come to the same.
//!
//! ```sh
//! rustup target add wasm32-unknown-unknown
//! cargo build --release --target wasm32-unknown-unknown
//! node run.mjs target/wasm32-unknown-unknown/release/amc_wasm.wasm   # hash=b22d8bf6 loss_bits=3d103f17
//! ```

#[path = "../../../amc-firmware/src/golden.rs"]
mod golden;

use amc_core::Portable;
use golden::{Golden, MOVES, Memory};

/// The hash of the chain's last parameters, in the upper half, and the bits of its last loss.
#[allow(unsafe_code, reason = "the name that a page calls it by is given by an unsafe attribute")]
// SAFETY: nothing else in the module has the name.
#[unsafe(no_mangle)]
pub extern "C" fn chain() -> u64 {
    let Golden { hash, loss_bits, .. } = golden::run(Portable::<4>, &mut Memory::new(), MOVES);
    u64::from(hash) << 32 | u64::from(loss_bits)
}
