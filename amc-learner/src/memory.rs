//! The memory of a learner, lent by the caller.

use amc_core::Net;
use amc_core::chain::TrainingMemory;
use amc_core::trainer::{Buffers, BuffersError};

use crate::Window;

/// How much memory a learner needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Size {
    training: TrainingMemory,
    inputs: usize,
    outputs: usize,
    window: usize,
}

/// A learner's memory, cut into what it consists of.
#[derive(Debug)]
pub struct Memory<'m> {
    /// The training's, without room for signals: a saved chain is loaded to its parameters and centres.
    pub training: Buffers<'m>,
    /// Empty, of the newest samples.
    pub window: Window<'m>,
}

impl Size {
    /// For this net, with tiles of `tile` samples, that learns from the newest `window` samples.
    pub const fn new(net: &Net<'_>, tile: usize, window: usize) -> Self {
        Self { training: net.memory(tile), inputs: net.inputs(), outputs: net.outputs(), window }
    }

    /// With centres: ε differs from 0.
    #[must_use]
    pub const fn centres(self) -> Self {
        Self { training: self.training.centres(), ..self }
    }

    const fn of_window(&self) -> [usize; 2] {
        [self.window.saturating_mul(self.inputs), self.window.saturating_mul(self.outputs)]
    }

    /// Numbers of memory, the learner itself not included; `usize::MAX` where that is too many to tell.
    pub const fn numbers(&self) -> usize {
        let [features, targets] = self.of_window();
        self.training.numbers().saturating_add(features).saturating_add(targets)
    }

    /// Cuts a block of [`numbers`](Size::numbers). A net of more than [`RANGE`](amc_core::chain::RANGE) parameters needs
    /// generators [beside it](Buffers::streams).
    ///
    /// # Errors
    /// If it is too short.
    pub fn cut<'m>(&self, memory: &'m mut [f32]) -> Result<Memory<'m>, BuffersError> {
        let error = BuffersError { needed: self.numbers(), given: memory.len() };
        let [features, targets] = self.of_window();
        let (features, rest) = memory.split_at_mut_checked(features).ok_or(error)?;
        let (targets, rest) = rest.split_at_mut_checked(targets).ok_or(error)?;
        let training = self.training.cut(rest).map_err(|_| error)?;
        Ok(Memory { training, window: Window::new(features, targets, self.inputs, self.outputs) })
    }
}
