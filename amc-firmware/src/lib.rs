//! What the programs share: the board's way to report, and the digits that they learn.
#![no_std]

// The critical section of a single core.
use cortex_m as _;

#[cfg(feature = "probe")]
#[path = "board/probe.rs"]
pub mod board;
#[cfg(not(feature = "probe"))]
#[path = "board/qemu.rs"]
pub mod board;

#[path = "board/boot.rs"]
mod boot;
#[cfg(feature = "semihosting")]
#[path = "board/ram_flash.rs"]
pub mod ram_flash;

pub mod anomaly;
pub mod cart_pole;
pub mod digits_int8;
pub mod drift;
#[cfg(feature = "layers")]
pub mod filters_int8;
#[cfg(feature = "layers")]
pub mod frozen;
pub mod golden;
pub mod integers;
#[cfg(feature = "layers")]
pub mod kinds;
pub mod logits;
pub mod mixed;
pub mod mnist_int8;
pub mod paper;
pub mod stack;
#[cfg(feature = "semihosting")]
pub mod timer;
pub mod trainer;
pub mod widths;
pub mod xor;

/// Prints a line, in the manner of `println!`.
#[macro_export]
macro_rules! report {
    ($($format:tt)*) => {
        $crate::board::print(::core::format_args!($($format)*))
    };
}
