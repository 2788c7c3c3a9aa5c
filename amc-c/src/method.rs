//! Methods beside the paper's chain. A program links what it names: nothing here refers to one of them.

use core::fmt;
use core::mem::MaybeUninit;

use amc_core::Objective;
use amc_core::trainer::Progress;

use crate::Status;
use crate::block::Block;
use crate::create::Plan;
use crate::evaluator::Batch;
use crate::feed::Feed;
use crate::trainer::{Decision, Trainer};

/// What makes the moves of a trainer. There is nothing in it for C: `amc_mixed` is one.
pub struct Method {
    /// Bytes of a trainer.
    pub(crate) bytes: fn(&Plan<'_>) -> Result<usize, Status>,
    /// A new trainer in a block.
    pub(crate) create: fn(&Plan<'_>, Block) -> Result<&'static mut Trainer, Status>,
}

/// What a trainer does by such a method. Not `Debug`, whose code every image would hold.
pub(crate) trait Moves {
    fn objective(&self) -> Objective<'static>;
    fn set_samples(&mut self, samples: Batch) -> Result<(), Status>;
    fn step(&mut self) -> Result<Decision, Status>;
    fn predict(&mut self, features: &Feed<'_>, outputs: &mut [MaybeUninit<f32>]) -> Result<(), Status>;
    fn parameters(&self) -> *const f32;
    fn progress(&self) -> Progress;
}

impl fmt::Debug for dyn Moves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Moves")
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Method")
    }
}
