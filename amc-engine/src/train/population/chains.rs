//! Of how many chains a population is, and what of them is refused.

use amc_core::chain::Options;
use amc_core::{Objective, Trainable};
use anyhow::ensure;

use crate::data::Data;
use crate::train::{Batching, Method, Settings, memory};

/// A run is looked at whenever so many moves were made, if exchanges are rarer: it may have to end.
pub(super) const LOOK: u64 = 1000;

/// Of how many chains a population is, and what passes between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Chains {
    /// Chains, from 1.
    pub count: usize,
    /// Moves that each makes between two exchanges, from 1.
    pub every: u64,
    /// The chains' temperatures, if neighbours swap them: above 0 and rising. Of none, the better half is copied.
    pub ladder: Vec<f32>,
}

impl Chains {
    /// Moves between two looks at a run of them, at most.
    pub fn stride(&self) -> u64 {
        self.every.min(LOOK)
    }

    /// Checks that there are such chains, and that they can be trained so on `ranks` ranks.
    pub(in crate::train) fn check(
        &self,
        objective: Objective<'_>,
        data: &Data,
        settings: &Settings,
        ranks: usize,
    ) -> anyhow::Result<()> {
        let Self { count, every, ladder } = self;
        ensure!(*count > 0 && *every > 0, "a population has at least one chain, and a move between two exchanges");
        ensure!(ladder.is_empty() || ladder.len() == *count, "{} temperatures are of {count} chains", ladder.len());
        let is_rising = ladder.windows(2).all(|pair| pair[0] < pair[1]);
        let are_warm = ladder.iter().all(|t| t.is_finite() && *t > 0.0);
        ensure!(is_rising && are_warm, "the temperatures of a ladder are above 0, and rise: {ladder:?} do not");
        ensure!(data.train.share().is_none(), "the ranks of a population have all samples, and these are shared");
        ensure!(
            settings.method == Method::Amc,
            "a population is of the paper's chains: mixed moves are not made by one"
        );
        ensure!(settings.batching == Batching::Full, "the chains of a population move on all samples");
        let is_whole = settings.transfer.trainable.iter().all(|of| *of == Trainable::All);
        ensure!(is_whole, "the chains of a population move all parameters: freeze whole layers in front, or none");
        // All chains as they are collected, as they are put together, in a file, and as that is written; and as other ranks tell
        // of them.
        let copies = count.saturating_mul(if ranks > 1 { 5 } else { 4 });
        // One more, to hear of others.
        Ok(memory::check_beside(objective, data, settings, (count.div_ceil(ranks.max(1)), copies))?)
    }

    /// A chain's, at a rung of the ladder.
    pub(super) fn options(&self, settings: &Settings, rung: usize) -> Options {
        let temperature = self.ladder.get(rung).copied().unwrap_or(settings.options.temperature);
        Options { temperature, ..settings.options }
    }
}
