//! Who makes a run's moves.

use std::sync::Arc;

use super::population::Chains;
use super::{Settings, ahead, check, memory};
use crate::data::Data;
use crate::description::Description;
use crate::ranks::Team;

/// Who makes a run's moves.
#[derive(Clone, Copy, Debug, Default)]
pub enum By<'t> {
    /// One chain. Ranks, if they share the samples, evaluate each move together.
    #[default]
    Chain,
    /// One chain, whose next moves ranks evaluate at once, each another one as if all before it were rejected. They come to the
    /// bits of one machine. Each has all samples.
    Ahead(&'t Arc<Team>),
    /// Several chains, dealt out to the ranks, if there are several. Each has all samples.
    Chains(&'t Chains, Option<&'t Arc<Team>>),
}

impl<'t> By<'t> {
    /// The ranks that make the moves of these samples, if there are several.
    pub(super) fn team(self, data: &'t Data) -> Option<&'t Arc<Team>> {
        match self {
            Self::Chain => data.train.share().map(|share| share.team()),
            Self::Ahead(team) => Some(team),
            Self::Chains(_, team) => team,
        }
    }

    /// The ranks that look ahead, if they do.
    pub(super) fn ahead(self) -> Option<&'t Arc<Team>> {
        if let Self::Ahead(team) = self { Some(team) } else { None }
    }

    /// Checks all that can be known before the first evaluation: that training with these settings is possible so.
    pub fn check(self, description: &Description, data: &Data, settings: &Settings) -> anyhow::Result<()> {
        check(description, data, settings)?;
        let objective = description.objective()?;
        match self {
            Self::Chain => Ok(()),
            Self::Ahead(_) => {
                ahead::check(data, settings)?;
                Ok(memory::check_beside(objective, data, settings, (1, 0))?)
            }
            Self::Chains(chains, team) => chains.check(objective, data, settings, team.map_or(1, |team| team.count())),
        }
    }
}
