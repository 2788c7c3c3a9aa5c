//! Trains neural nets by adaptive Metropolis Monte Carlo on a host: data sets, parallel evaluation with the bits of
//! one thread, and what the command `amc` does.
//!
//! The modules stand in the order of the data's way: [`data`], the [`memory`] it takes,
//! [`evaluate`] and [`train`], then what is kept of it: [`model`] files, what they [`predict`] and how well by their [`metrics`],
//! [`export`] as source code, with scalings [folded](fold) into them or not, and the [`output`] of a run. [`cli`] is the command line, and [`console`] what it says. What they compute with is in the crate `amc_kernels`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod data;
pub mod memory;

pub mod evaluate;

pub mod train;

pub mod export;
pub mod fold;
pub mod metrics;
pub mod model;
pub mod output;
pub mod predict;
pub mod whole_file;

pub mod cli;
pub mod console;

/// Every checksum here: CRC-32 as zlib and gzip have it.
pub const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
