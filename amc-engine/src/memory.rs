//! Whether there is the memory that a run needs, asked before any of it is taken: a system that promises more than it has
//! ends the program when that is used, and a failed allocation aborts it.

use std::io::{self, Read};

use indicatif::BinaryBytes;
use sysinfo::System;

/// There is not as much memory as is needed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} needs {} of memory, but {} can be had", BinaryBytes(*needed), BinaryBytes(*free))]
pub struct MemoryError {
    /// What for.
    pub what: String,
    /// Bytes needed.
    pub needed: u64,
    /// Bytes that can be had.
    pub free: u64,
}

/// Checks that `needed` bytes can be had, for what is called `what`.
pub fn check(needed: u64, what: impl Into<String>) -> Result<(), MemoryError> {
    check_within(needed, free(), what)
}

/// All that there is to read of what is called `what`. Memory is asked for as it is needed: a packed file may hold a
/// thousand times its size.
pub fn read_to_end(mut from: impl Read, what: &str) -> Result<io::Result<Vec<u8>>, MemoryError> {
    let mut all = Vec::new();
    loop {
        let wanted = (all.len() as u64).max(1 << 20);
        check(wanted, what)?;
        match from.by_ref().take(wanted).read_to_end(&mut all) {
            Ok(0) => return Ok(Ok(all)),
            Ok(_) => (),
            Err(error) => return Ok(Err(error)),
        }
    }
}

fn check_within(needed: u64, free: Option<u64>, what: impl Into<String>) -> Result<(), MemoryError> {
    let free = free.unwrap_or(u64::MAX);
    if needed > free {
        return Err(MemoryError { what: what.into(), needed, free });
    }
    // A limit of this process, or a system that promises no more than it has.
    let reserved = usize::try_from(needed).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    if reserved { Ok(()) } else { Err(MemoryError { what: what.into(), needed, free: largest(needed) }) }
}

/// Bytes that can be had without ending a program: those available in memory, or within the limit of its control group,
/// and free swap space. `None` where the system does not tell.
fn free() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let (mut memory, mut swap) = (system.available_memory(), system.free_swap());
    if memory == 0 {
        return None;
    }
    if let Some(limits) = system.cgroup_limits() {
        memory = memory.min(limits.total_memory.saturating_sub(limits.rss));
        swap = swap.min(limits.free_swap);
    }
    Some(memory.saturating_add(swap))
}

/// The largest part of `needed` bytes, halved again and again, that can be reserved.
fn largest(needed: u64) -> u64 {
    let mut bytes = needed / 2;
    while bytes > 0 && usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_err()) {
        bytes /= 2;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{MemoryError, check, check_within, free};

    #[test]
    fn what_is_there_may_be_had_and_not_a_byte_more() {
        assert_eq!(check_within(1 << 20, Some(1 << 20), "a net"), Ok(()));
        let error = check_within((1 << 20) + 1, Some(1 << 20), "a net").expect_err("too much");
        assert_eq!(error, MemoryError { what: "a net".into(), needed: (1 << 20) + 1, free: 1 << 20 });
        let text = MemoryError { what: "a net".into(), needed: 3 << 40, free: 5 << 29 }.to_string();
        assert_eq!(text, "a net needs 3.00 TiB of memory, but 2.50 GiB can be had");
    }

    #[test]
    fn what_no_machine_has_is_refused_where_the_system_does_not_tell() {
        for needed in [1 << 62, u64::MAX] {
            assert!(check_within(needed, None, "a net").is_err());
        }
        assert_eq!(check_within(1 << 20, None, "a net"), Ok(()));
    }

    #[test]
    fn this_system_tells() {
        let free = free().expect("told");
        assert!((1 << 20..1 << 50).contains(&free), "{free}");
        assert!(check(free.saturating_mul(2), "a net").is_err());
    }
}
