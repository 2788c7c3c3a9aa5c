//! The paper made again, as a program on `amc-host`.
//!
//! [`figures`] are the paper's, with its claims beside what was found; [`mod@bench`] times moves on its nets, beside the
//! machine's limits; [`methods`] compares mixed moves with the paper's; [`continual`] is about learning that goes on. The baselines by gradients are in the crate `amc_gradient`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod bench;
pub mod continual;
pub mod figures;
pub mod methods;
