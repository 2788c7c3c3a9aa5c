#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// All that such a machine is told: constants beyond its usize are cast, so that they are no errors of their own.
#[cfg(target_pointer_width = "16")]
compile_error!("amc-core needs a usize of 32 bits: it counts samples, parameters and terms of sums beyond 65,535");

// The same bits everywhere need floats that every operation rounds to 32 bits.
#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("amc-core needs SSE2 on x86, as the targets called i686 have it: x87 rounds floats in another way");

// How a tile of samples computes.
mod arithmetic;
pub mod elementary;
pub mod lanes;

// Data, and the batches drawn from them.
pub mod batch;
mod samples;
pub mod window;

// The layers, the net of them and its forward pass, the loss, and its mean over the samples.
pub mod activation;
mod body;
mod forward;
mod kept;
pub mod layer;
mod loss;
mod net;
mod objective;
mod part;
mod score;
pub mod sums;
#[cfg(feature = "layers")]
mod trainable;

// The chain that trains it.
pub mod chain;
pub mod gaussian;
pub mod mixed;

// The same without floating-point numbers.
pub mod integer;

// The loop over all of them.
pub mod trainer;

pub use activation::Activation;
pub use arithmetic::Arithmetic;
pub use body::{Body, F16, Frozen, Scaled, Weight};
pub use kept::{KeptLayer, KeptTask};
pub use lanes::{Lanes, Portable};
pub use layer::*;
pub use loss::Loss;
pub use net::{Net, NetError, Section};
pub use objective::{Objective, ObjectiveError};
pub use part::{Cost, Part};
pub use samples::{Element, FeatureKernel, Features, Rows, Samples, Targets, Tiles};
pub use score::{BlockScore, Collect, Measurements, Request, SampleValue, Score};
#[cfg(feature = "layers")]
pub use trainable::{Selection, SelectionError, Trainable};

/// The generator used where nothing speaks for another: 16 bytes of state and 32-bit operations only. Any generator of
/// `rand_core` that can be cloned serves.
pub use rand_xoshiro::Xoshiro128PlusPlus as Generator;
