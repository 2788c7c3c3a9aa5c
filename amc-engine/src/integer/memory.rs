//! The memory that integer nets need, told before it is taken.

use amc_core::integer::Net;

use super::data::Set;
use super::evaluate::bytes;
use crate::memory::{self, MemoryError};

fn what(net: Net<'_>) -> String {
    format!("an integer net of {} parameters", indicatif::HumanCount(net.parameters() as u64))
}

/// Checks that there is memory for training.
pub(super) fn check_training(net: Net<'_>, train: &Set, test: Option<&Set>, threads: usize) -> Result<(), MemoryError> {
    let test = test.map_or(0, |test| bytes(net, test, threads, false));
    // The parameters, what a move has changed, and a copy in the end.
    let all = bytes(net, train, threads, true).saturating_add(test).saturating_add(3 * net.parameters() as u64);
    memory::check(all, what(net))
}

/// Checks that there is memory for measuring a net on one thread.
///
/// # Errors
/// Where there is not.
pub fn check_evaluation(net: Net<'_>, set: &Set) -> Result<(), MemoryError> {
    let outputs = (set.len() as u64).saturating_mul(8 * net.shape().outputs() as u64);
    memory::check(bytes(net, set, 1, false).saturating_add(outputs), what(net))
}
