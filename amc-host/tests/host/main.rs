//! The host's tests: one program, which the crate is linked into once.

mod arrays;
mod cli;
mod evaluate;
mod export;
mod export_c;
mod kept;
mod on_a_device;
mod pack;
mod recurrent;
mod tables;
