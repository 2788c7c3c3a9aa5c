//! The host's tests: one program, which the crate is linked into once.

mod arrays;
mod cli;
mod exchange;
mod export;
mod export_c;
mod export_c99;
mod export_frozen;
mod export_integer;
mod kept;
mod model;
mod on_a_device;
mod tables;
