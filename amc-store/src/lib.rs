#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// The bytes, the same in a file and in flash.
mod blob;
mod description;
mod error;
mod scaling;

// What is kept.
pub mod model;
pub mod snapshot;

// Where a device keeps it.
pub mod flash;

#[cfg(feature = "defmt")]
mod format;

pub use amc_core::Arithmetic;
pub use description::Description;
pub use error::FormatError;
