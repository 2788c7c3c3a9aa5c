#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// The memory that the caller lends, and the samples in it.
mod memory;
mod window;

// What learns from them.
mod learner;

pub use learner::{Learner, LearnerError, Rules};
pub use memory::{Memory, Size};
pub use window::{SampleError, Window};
