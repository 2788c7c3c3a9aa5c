//! The crate's tests: one program.

mod nets;

mod parity;
