//! Integer nets on a host: [`amc_core::integer`] over data in memory, evaluated on threads.
//!
//! Sums are exact, so neither tiles nor threads nor what is kept change a bit.

mod data;
mod evaluate;
mod memory;
mod net;
mod train;

pub use self::data::{Cut, INPUT, NotFinite, Set, TARGET};
pub use self::evaluate::{Buffers, Evaluator, outputs};
pub use self::memory::check_evaluation;
pub use self::net::{Description, Inputs};
pub use self::train::{Moves, Settings, Trained, score, train_on};
