//! The memory of a training, lent by the caller.

use crate::chain::{Stream, TrainingMemory};
use crate::mixed::{Arm, MixedMemory, MixedTrainingMemory, SerialMemory};
use crate::{Generator, KeptLayer};

/// A block of memory is shorter than [`TrainingMemory::numbers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("training needs memory of {needed} numbers, but there are {given}")]
pub struct BuffersError {
    /// Numbers needed.
    pub needed: usize,
    /// Numbers given.
    pub given: usize,
}

/// The memory of a training: one block that is [cut](TrainingMemory::cut), or slices of the caller's own.
#[derive(Debug)]
pub struct Buffers<'m, R = Generator> {
    /// N current parameters: training begins with what they hold.
    pub parameters: &'m mut [f32],
    /// N proposed parameters; empty: they are proposed in place, which needs a [grid](crate::chain::Options::grid) that
    /// the parameters lie on.
    pub proposed: &'m mut [f32],
    /// N centres; may be empty where ε is 0.
    pub centres: &'m mut [f32],
    /// A number a layer: the signals of the current parameters. Not used without signal norm, where it may be empty.
    pub signal: &'m mut [f32],
    /// As many: the signals of the proposed parameters.
    pub gathered: &'m mut [f32],
    /// [`Net::scratch`](crate::Net::scratch) numbers.
    pub scratch: &'m mut [f32],
    /// Generators beside the chain's own: [`streams`](crate::chain::streams) of them, for nets beyond
    /// [`RANGE`](crate::chain::RANGE) parameters.
    pub streams: &'m mut [Stream<R>],
}

impl<'m, R> Buffers<'m, R> {
    /// With generators for a large net.
    #[must_use]
    pub fn streams(self, streams: &'m mut [Stream<R>]) -> Self {
        Self { streams, ..self }
    }
}

impl TrainingMemory {
    /// Cuts a block of [`numbers`](TrainingMemory::numbers) into what training needs; generators come
    /// [beside it](Buffers::streams).
    ///
    /// # Errors
    /// If it is too short.
    pub fn cut<'m, R>(&self, memory: &'m mut [f32]) -> Result<Buffers<'m, R>, BuffersError> {
        let mut piece = pieces(memory, self.numbers());
        Ok(Buffers {
            parameters: piece(self.parameters)?,
            proposed: piece(self.proposed)?,
            centres: piece(self.centres)?,
            signal: piece(self.signals / 2)?,
            gathered: piece(self.signals / 2)?,
            scratch: piece(self.scratch)?,
            streams: &mut [],
        })
    }
}

/// The memory of a training by mixed moves, lent by the caller.
#[derive(Debug)]
pub struct MixedBuffers<'m> {
    /// Of the moves. With [`Begin::Given`](crate::mixed::Begin) training begins with the parameters that it holds.
    pub moves: MixedMemory<'m>,
    /// Of the evaluations.
    pub evaluations: SerialMemory<'m>,
}

impl MixedTrainingMemory {
    /// Cuts a block of [`numbers`](MixedTrainingMemory::numbers) into what training needs; there are as many arms and layers
    /// beside it as are said here.
    ///
    /// # Errors
    /// If it is too short.
    pub fn cut<'m>(
        &self,
        memory: &'m mut [f32],
        arms: &'m mut [Arm],
        layers: &'m mut [KeptLayer],
    ) -> Result<MixedBuffers<'m>, BuffersError> {
        let mut piece = pieces(memory, self.numbers());
        let (parameters, undo, base) = (piece(self.parameters)?, piece(self.parameters)?, piece(self.parameters)?);
        let statistics = piece(self.statistics)?;
        let (kept, fresh) = (piece(self.kept)?, piece(self.fresh)?);
        let (column, scratch) = (piece(self.column)?, piece(self.scratch)?);
        Ok(MixedBuffers {
            moves: MixedMemory { parameters, undo, base, arms, statistics },
            evaluations: SerialMemory { layers, kept, fresh, column, scratch },
        })
    }
}

/// Takes pieces off a block that has to have so many numbers in all.
#[inline(always)]
fn pieces<'m>(memory: &'m mut [f32], needed: usize) -> impl FnMut(usize) -> Result<&'m mut [f32], BuffersError> {
    let error = BuffersError { needed, given: memory.len() };
    let mut rest = memory;
    move |count| {
        let (piece, left) = core::mem::take(&mut rest).split_at_mut_checked(count).ok_or(error)?;
        rest = left;
        Ok(piece)
    }
}
