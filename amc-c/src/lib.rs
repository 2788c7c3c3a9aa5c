//! `amc-core` for C firmware: `include/amc.h` is made from what is public here, and README.md tells how to link it.
//!
//! A trainer lies in one block of the caller's memory. Everything that C hands over is checked, as far as it can be,
//! and answered with a [`Status`]; nothing panics.
#![no_std]
#![deny(missing_docs)]

// A host has a panic handler in its standard library.
#[cfg(not(target_os = "none"))]
extern crate std;

// What C says, in C's types.
mod samples;
mod scaling;
mod setup;
mod status;

// The only modules with unsafe blocks: the caller's memory, as slices.
mod block;
mod foreign;
mod frozen;

// What is done with it.
mod body;
mod chained;
mod check;
mod create;
mod evaluator;
mod feed;
mod lanes;
mod learner;
mod method;
mod mixed;
mod predict;
mod trainer;

// The functions that C calls.
mod api;
mod learner_api;

pub use api::*;
pub use block::ALIGNMENT;
pub use body::{BODY_WORDS, Body};
pub use create::{LAYER_NUMBERS, RANGE, STREAM_BYTES, TRAINER_WORDS};
pub use frozen::{Frozen, Stored, amc_f16, amc_f32, amc_i8};
pub use learner::{LEARNER_WORDS, Learner, LearnerSetup};
pub use learner_api::*;
pub use method::Method;
pub use mixed::{MIXED_LAYER_NUMBERS, MIXED_LAYER_WORDS, MIXED_WORDS, amc_mixed};
pub use samples::Samples;
pub use scaling::Scaling;
pub use setup::{Activation, IN_PLACE, Layer, LossKind, Net, SIGNAL_NORM, Setup};
pub use status::Status;
pub use trainer::{Counters, Decision, Trainer};

/// Never called: the linker drops it. Something has to be named.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
