//! Training by adaptive Metropolis Monte Carlo on a host: the chain of `amc-core` over data in memory, evaluated on threads
//! with the bits of one.
//!
//! The modules stand in the order of the data's way: the [`ranks`] that share it, if several processes do, [`data`], the
//! [`description`] of a net, the [`memory`] that a run takes, [`evaluate`] and [`train`]; [`integer`] has the same
//! for integer nets. What they compute with is in the crate `amc_kernels`; files and the command line are those of
//! `amc_host`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod crew;
pub mod ranks;

pub mod data;
pub mod description;
pub mod memory;

pub mod evaluate;

pub mod train;

pub mod integer;

/// Every checksum here: CRC-32 as zlib and gzip have it.
pub const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
