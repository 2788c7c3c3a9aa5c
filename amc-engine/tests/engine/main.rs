//! The engine's tests: one program, which the crate is linked into once.

mod ahead;
mod evaluate;
mod integer;
mod pack;
mod population;
mod ranks;
mod recurrent;
mod transfer;
