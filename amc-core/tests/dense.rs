//! Chains and nets of the core as a microcontroller has it, without layers beside dense ones.
#![cfg(not(feature = "layers"))]

#[path = "core/chain.rs"]
mod chain;
#[path = "core/net.rs"]
mod net;
