//! The memory that training by mixed moves takes, known when the program is compiled.

use super::{Arm, Mixed};
use crate::Generator;
use crate::kept::KeptLayer;
use crate::net::Net;

/// What training by mixed moves needs to have in memory, the samples and the stack not counted.
///
/// ```
/// use amc_core::{Activation, Layer, Net};
///
/// const NET: Net = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
/// // Tiles of 4 samples, with numbers kept of 400 samples, and with those of a block alone.
/// assert!(NET.mixed_memory(4, 400).bytes() < 67 * 1024);
/// assert!(NET.mixed_memory(4, 64).bytes() < 27 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MixedTrainingMemory {
    /// Numbers: N current parameters; what a move has changed and where pattern moves begin are as many each.
    pub parameters: usize,
    /// Numbers: the statistics of the layers' inputs.
    pub statistics: usize,
    /// Numbers: what is kept of all samples.
    pub kept: usize,
    /// Numbers: a neuron's new sums.
    pub fresh: usize,
    /// Numbers: a neuron's parameters.
    pub column: usize,
    /// Numbers: scratch memory of an evaluation.
    pub scratch: usize,
    /// Arms.
    pub arms: usize,
    /// Layers.
    pub layers: usize,
}

impl Net<'_> {
    /// What training by mixed moves needs with tiles of `tile` samples, where numbers are kept of `samples` samples. With more
    /// samples than these nothing is kept, and those of a block, 64, are enough.
    pub const fn mixed_memory(&self, tile: usize, samples: usize) -> MixedTrainingMemory {
        let padded = if tile == 0 { 0 } else { samples.div_ceil(tile).saturating_mul(tile) };
        MixedTrainingMemory {
            parameters: self.parameters(),
            statistics: self.statistics(),
            kept: self.kept().saturating_mul(padded),
            fresh: padded,
            column: self.column(),
            scratch: self.scratch(tile),
            arms: self.arms(),
            layers: self.layers().len(),
        }
    }
}

impl MixedTrainingMemory {
    /// Numbers of the block that [`cut`](MixedTrainingMemory::cut) takes; `usize::MAX` where that is too many to tell.
    pub const fn numbers(&self) -> usize {
        let numbers = self.parameters.saturating_mul(3).saturating_add(self.statistics).saturating_add(self.kept);
        numbers.saturating_add(self.fresh).saturating_add(self.column).saturating_add(self.scratch)
    }

    /// All of it in bytes, and the moves' state itself, with the default [`Generator`]; `usize::MAX` where that is too much to
    /// tell.
    pub const fn bytes(&self) -> usize {
        let numbers = self.numbers().saturating_mul(size_of::<f32>());
        let arms = self.arms.saturating_mul(size_of::<Arm>());
        let layers = self.layers.saturating_mul(size_of::<KeptLayer>());
        numbers.saturating_add(arms).saturating_add(layers).saturating_add(size_of::<Mixed<'_, Generator>>())
    }
}
