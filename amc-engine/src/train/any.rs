//! Moves of any kind.

use std::time::Duration;

use super::checkpoint::Checkpoint;
use super::durations::Durations;
use super::laps::Laps;
use super::mixed::MixedMoves;
use super::moves::AmcMoves;
use super::population::Population;
use super::{Progress, Trained};
use crate::data::pack::PackedSet;
use crate::evaluate::Work;

/// Moves over batches of data.
pub enum Moves<'m, 'a> {
    /// Those of the paper's chain.
    Amc(Box<AmcMoves<'m, 'a>>),
    /// Mixed ones.
    Mixed(Box<MixedMoves<'m, 'a>>),
    /// Those of several chains.
    Population(Box<Population<'a, 'm>>),
}

impl<'a> Moves<'_, 'a> {
    /// Makes a move, or moves of each chain of a population up to its next exchange or look.
    ///
    /// # Errors
    /// Where ranks look ahead or exchange chains, and one of them has gone or is not at the same place.
    pub fn make(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Amc(moves) => _ = moves.make()?,
            Self::Mixed(moves) => moves.make(),
            Self::Population(moves) => moves.make()?,
        }
        Ok(())
    }

    /// Makes a move, and says where its time went; of mixed moves and of populations, nothing is known.
    ///
    /// # Errors
    /// Those of [`make`](Self::make).
    pub fn make_timed(&mut self) -> anyhow::Result<Option<Laps>> {
        match self {
            Self::Amc(moves) => moves.make_timed().map(Some),
            Self::Mixed(_) | Self::Population(_) => {
                self.make()?;
                Ok(None)
            }
        }
    }

    /// What was computed so far.
    pub fn work(&self) -> Work {
        match self {
            Self::Amc(moves) => moves.work(),
            Self::Mixed(moves) => moves.work(),
            Self::Population(moves) => moves.work(),
        }
    }

    /// Checks that the chain is the same on all ranks, if there are several.
    ///
    /// # Errors
    /// On all ranks, where one of them has another one.
    pub fn compare(&self) -> anyhow::Result<()> {
        let (team, checksum) = match self {
            Self::Amc(moves) => (moves.team(), moves.checksum()),
            Self::Mixed(moves) => (moves.share().map(|share| share.team()), moves.checksum()),
            Self::Population(moves) => (moves.team(), moves.checksum()),
        };
        let Some(team) = team else { return Ok(()) };
        Ok(team.agree("the chain", checksum?)?)
    }

    /// Where it stands: what a run of the same settings goes on from.
    pub fn checkpoint(&mut self) -> anyhow::Result<Checkpoint> {
        match self {
            Self::Amc(moves) => moves.checkpoint(),
            Self::Mixed(moves) => moves.checkpoint(),
            Self::Population(moves) => moves.kept(),
        }
    }

    /// Where training stands.
    pub fn progress<'t>(&'t mut self, test: Option<&'t PackedSet<'t>>) -> Progress<'t, 'a> {
        match self {
            Self::Amc(moves) => moves.progress(test),
            Self::Mixed(moves) => moves.progress(test),
            Self::Population(moves) => moves.progress(test),
        }
    }

    /// The result of training that ends here, after moves of these durations.
    pub fn end(self, test: Option<&PackedSet<'_>>, time: Duration, steps: &Durations) -> Trained {
        let end = match self {
            Self::Amc(moves) => moves.end(),
            Self::Mixed(moves) => moves.end(),
            Self::Population(moves) => moves.end(),
        };
        end.measure(test, time, steps)
    }
}
