//! The host's tests: one program, which the crate is linked into once.

mod arrays;
mod cli;
mod export;
mod kept;
mod model;
mod tables;
