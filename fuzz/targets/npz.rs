//! Any bytes are an archive of arrays, which may be a chain of dense layers, or refused.

#![no_main]

use amc_engine::description::ActivationName::{Linear, Tanh};
use amc_exchange::torch::Order;
use amc_exchange::{arrays, chain, keras};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tensors) = arrays::read(bytes.to_vec(), "a.npz") else { return };
    if let Ok(chain::Chain { inputs, layers, .. }) = chain::chain(&tensors, Order::Given, Tanh, Linear) {
        let _ = keras::parameters(&tensors, inputs, &layers);
    }
});
