//! What a population goes on from.

use amc_core::Generator;
use amc_store::snapshot::KeptGenerator;
use anyhow::{Context, ensure};
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::{Population, Swaps};

/// Bytes that a stored chain takes beside its own, at most, and a population beside its chains.
const BESIDE: usize = 100;

/// Where a population stands.
#[derive(Serialize, Deserialize)]
struct Stored {
    made: u64,
    meetings: u64,
    swaps: Swaps,
    generator: [u8; 16],
    /// Each chain's rung, and what [`bytes_of`](crate::train::checkpoint::bytes_of) gives of it.
    chains: Vec<(usize, Vec<u8>)>,
}

impl Population<'_, '_> {
    /// Where all chains stand: what a population of the same settings goes on from, on any number of ranks.
    pub fn checkpoint(&mut self) -> anyhow::Result<Vec<u8>> {
        let own = self.bytes(|_| true)?;
        let mut all = self.tell(own)?;
        all.sort_by_key(|(number, _)| *number);
        let length = all.iter().map(|(_, bytes)| bytes.len() + BESIDE).sum::<usize>() + BESIDE;
        let chains = all.into_iter().zip(&self.stands).map(|((_, bytes), stand)| (stand.rung, bytes)).collect();
        let Self { made, meetings, swaps, generator, .. } = self;
        let (made, meetings, swaps, generator) = (*made, *meetings, *swaps, KeptGenerator::state(generator));
        let stored = Stored { made, meetings, swaps, generator, chains };
        Ok(postcard::to_extend(&stored, Vec::with_capacity(length))?)
    }

    /// Goes on from where a population of the same settings stood.
    pub fn resume(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let stored: Stored = postcard::from_bytes(bytes).context("what was kept of a population is damaged")?;
        let (then, now) = (stored.chains.len(), self.chains.count);
        ensure!(then == now, "{then} chains were kept, and there are {now}");
        let rungs: Vec<usize> = stored.chains.iter().map(|(rung, _)| *rung).collect();
        let mut sorted = rungs.clone();
        sorted.sort_unstable();
        ensure!(sorted.into_iter().eq(0..now), "what was kept of a population is damaged");
        for member in &mut self.members {
            let (rung, bytes) = &stored.chains[member.number];
            let options = self.chains.options(self.settings, *rung);
            member.state = member.buffers.load(bytes, self.settings.arithmetic, options)?;
        }
        let Stored { made, meetings, swaps, generator, .. } = stored;
        (self.made, self.meetings, self.swaps) = (made, meetings, swaps);
        self.generator = Generator::from_seed(generator);
        self.meet(rungs)?;
        self.hear(&[])
    }
}
