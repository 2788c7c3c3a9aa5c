//! The core's tests: one program, in which what they share is compiled once.

mod ahead;
mod batch;
mod bound;
mod chain;
#[path = "../ulp/mod.rs"]
mod ulp;

mod elementary;
#[cfg(feature = "defmt")]
mod format;
mod gaussian;
mod in_place;
mod integer;
mod kept;
#[cfg(feature = "layers")]
mod layers;
mod mixed;
mod net;
mod pending;
#[cfg(feature = "layers")]
mod recurrent;
mod replay;
mod state;
mod streams;
mod trainer;
mod whitening;
