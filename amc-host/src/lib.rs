//! Trains neural nets by adaptive Metropolis Monte Carlo on a host: data sets from files, model files, and what the command
//! `amc` does.
//!
//! The modules stand in the order of the data's way: [`data`], then what is kept of training on it: [`model`] files, what they
//! [`predict`] and how well by their [`metrics`], [`import`] from other toolchains, [`export`] for them and as source code, with
//! scalings [folded](fold) into them or not, nets in integers by [`quantise`], training
//! that [begins](transfer) at one, and the [`output`] of a run. [`cli`] is the command line, and [`console`] what it says.
//! Training is in the crate `amc_engine`, nets of other toolchains in `amc_exchange`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod data;

pub mod export;
pub mod fold;
pub mod import;
pub mod metrics;
pub mod model;
pub mod output;
pub mod predict;
pub mod quantise;
pub mod transfer;
pub mod whole_file;

pub mod cli;
pub mod console;
