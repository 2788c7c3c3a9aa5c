//! Integer nets as source code: Rust for `amc-core`, and C99 that needs no library.

mod c99;
mod pass;
mod rust;

pub use self::c99::c99;
pub use self::rust::rust;
