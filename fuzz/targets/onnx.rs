//! Any bytes are a graph that is a net, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = amc_exchange::onnx::read(bytes) {
        assert!(read.parameters.len() <= 4 * bytes.len());
    }
});
