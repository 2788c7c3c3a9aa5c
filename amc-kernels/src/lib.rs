//! The computations of `amc-core` on a host's SIMD instructions, 16 samples at a time.
//!
//! All that takes whole optimisation to be fast is here, and is here once for each instruction set and
//! [`Arithmetic`]: functions that are not generic, which choose the instruction set when they are called, the same in all of
//! a process ([`Isa`]). A crate that calls them compiles in seconds.
//!
//! [`packed`] features are what they read. [`evaluate`] has the forward passes with their losses, [`kept`] those of a
//! changed part of a net, [`draw`] Gaussian moves, [`integer`] the evaluation of integer nets.
//! Both are written over [`lanes`], where a computation of one's own can be [dispatched](lanes::dispatch), too.

mod arithmetic;
pub mod draw;
pub mod evaluate;
pub mod integer;
mod isa;
pub mod kept;
pub mod lanes;
pub mod packed;
mod scratch;

pub use amc_core::Arithmetic;
pub use arithmetic::is_available;
pub use isa::{Isa, IsaError};
pub use lanes::TILE;
pub use scratch::Scratch;
