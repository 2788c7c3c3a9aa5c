//! The paper made again, as a program on `amc-host`.
//!
//! [`figures`] are the paper's, with its claims beside what was found; [`gradient`] has the baselines that it compares
//! with; [`mod@bench`] times moves on its nets, beside the machine's limits.

pub mod bench;
pub mod figures;
pub mod gradient;
