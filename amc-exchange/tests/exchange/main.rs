//! The crate's tests: one program.

mod graphs;
mod nets;

mod hostile;
mod names;
mod normalization;
mod parity;
mod refused;
mod written;

/// What asks for more at once aborts: files here have some kilobytes, and nothing is to be many times that.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 64 << 20);
