//! Any bytes are tensors, which may be a chain of dense layers, or refused.

#![no_main]

use amc_engine::description::ActivationName::{Linear, Tanh};
use amc_exchange::torch::{Order, parameters};
use amc_exchange::{chain, safetensors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((tensors, _)) = safetensors::read(bytes) else { return };
    if let Ok(chain::Chain { inputs, layers, .. }) = chain::chain(&tensors, Order::Names, Tanh, Linear) {
        let _ = parameters(&tensors, Order::Names, inputs, &layers);
    }
});
