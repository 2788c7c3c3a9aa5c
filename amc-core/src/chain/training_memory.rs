//! The memory that training takes, known when the program is compiled.

use super::{Chain, Stream, streams};
use crate::Generator;
use crate::net::Net;

/// What the training of a net needs to have in memory, the samples and the stack not counted.
///
/// ```
/// use amc_core::{Activation, Layer, Net};
///
/// const NET: Net = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
/// // Tiles of 2 samples, momentum, signal norm, and one copy of the parameters.
/// const TRAINING: usize = NET.memory(2).centres().signal_norm().in_place().bytes();
/// assert!(TRAINING < 11 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TrainingMemory {
    /// Numbers: N current parameters.
    pub parameters: usize,
    /// Numbers: N proposed parameters, unless they are proposed in place.
    pub proposed: usize,
    /// Numbers: N centres, where ε differs from 0.
    pub centres: usize,
    /// Numbers: with signal norm, one a layer for the current parameters, and one for those being evaluated.
    pub signals: usize,
    /// Generators beside the chain's own.
    pub streams: usize,
    /// Numbers: scratch memory of an evaluation.
    pub scratch: usize,
    layers: usize,
}

impl Net<'_> {
    /// What training needs with `samples` samples (those of at least one tile) in the net together, ε = 0, no signal
    /// norm, and two copies of the parameters.
    pub const fn memory(&self, samples: usize) -> TrainingMemory {
        let parameters = self.parameters();
        TrainingMemory {
            parameters,
            proposed: parameters,
            centres: 0,
            signals: 0,
            streams: streams(parameters),
            scratch: self.scratch(samples),
            layers: self.layers().len(),
        }
    }
}

impl TrainingMemory {
    /// With proposals in place.
    #[must_use]
    pub const fn in_place(self) -> Self {
        Self { proposed: 0, ..self }
    }

    /// With centres: ε differs from 0.
    #[must_use]
    pub const fn centres(self) -> Self {
        Self { centres: self.parameters, ..self }
    }

    /// With signal norm.
    #[must_use]
    pub const fn signal_norm(self) -> Self {
        Self { signals: 2 * self.layers, ..self }
    }

    /// Numbers of the block that [`cut`](TrainingMemory::cut) takes: all but the generators; `usize::MAX` where that is too many to
    /// tell.
    pub const fn numbers(&self) -> usize {
        let numbers = self.parameters.saturating_add(self.proposed).saturating_add(self.centres);
        numbers.saturating_add(self.signals).saturating_add(self.scratch)
    }

    /// All of it in bytes, and the chain itself, with the default [`Generator`]; `usize::MAX` where that is too much to
    /// tell.
    pub const fn bytes(&self) -> usize {
        self.bytes_with::<Generator>()
    }

    /// [`bytes`](TrainingMemory::bytes) with generators of another type.
    pub const fn bytes_with<R>(&self) -> usize {
        let streams = self.streams.saturating_mul(size_of::<Stream<R>>());
        self.numbers().saturating_mul(4).saturating_add(streams).saturating_add(size_of::<Chain<'_, R>>())
    }
}
