//! Ranks that look ahead: each evaluates another move of one chain, and they come to the bits of one machine.
//!
//! After a rejection all is known of a chain but the next move's loss. So of K ranks the first evaluates the next move, the second
//! the one that comes after it if that is rejected, and so on. The first of them that is accepted is made by all, after the
//! rejections before it; what was evaluated behind it was in vain. A round of K evaluations at once is (1 − (1 − a)^K) / a moves
//! on average, where a share a of moves is accepted. Every rank has all samples.

use std::sync::Arc;

use amc_core::chain::{Chain, Decision, Proposal};
use amc_core::trainer::{Evaluate, Trainer};
use amc_core::{Generator, Score, Selection};
use anyhow::{Context, ensure};

use super::buffers::Buffers;
use super::moves::Run;
use super::threads::Threads;
use super::{Batching, Method, Settings};
use crate::data::Data;
use crate::ranks::{RanksError, Team};

/// What is known of the moves to come, and who finds it out.
pub(super) struct Ahead<'m> {
    team: Arc<Team>,
    scout: Chain<'m, Generator>,
    /// Room for the signals of the scout's proposals.
    gathered: &'m mut [f32],
    /// Moves that will be rejected.
    rejections: usize,
    /// The one after these, if it will be accepted.
    accepted: Option<Told>,
}

/// What a rank has found of a move that is accepted.
#[derive(Clone, Debug)]
pub(super) struct Told {
    loss: f32,
    correct: u32,
    signal: Vec<f32>,
}

impl Told {
    /// Its score, whose signals take the place of these.
    pub fn take(self, signal: &mut [f32]) -> Score {
        signal.iter_mut().zip(self.signal).for_each(|(to, from)| *to = from);
        Score { loss: self.loss, correct: self.correct }
    }
}

/// What a rank says of its move, in words of as many bytes whatever it says: at which move it begins to look ahead, and at what loss;
/// and whether its own is accepted, and what was found if it is.
struct Said {
    steps: u64,
    loss: f32,
    found: Option<Told>,
}

impl Said {
    /// As it is sent, where moves have so many signals.
    fn bytes(&self, signals: usize) -> Vec<u8> {
        let Self { steps, loss, found } = self;
        let nothing = Told { loss: 0.0, correct: 0, signal: vec![0.0; signals] };
        let told = found.as_ref().unwrap_or(&nothing);
        let begin = steps.to_le_bytes().into_iter().chain(loss.to_le_bytes()).chain([u8::from(found.is_some())]);
        let numbers = told.loss.to_le_bytes().into_iter().chain(told.correct.to_le_bytes());
        begin.chain(numbers).chain(told.signal.iter().flat_map(|x| x.to_le_bytes())).collect()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (steps, bytes) = bytes.split_first_chunk()?;
        let (loss, bytes) = bytes.split_first_chunk()?;
        let (is_found, bytes) = bytes.split_first()?;
        let (of_move, bytes) = bytes.split_first_chunk()?;
        let (correct, bytes) = bytes.split_first_chunk()?;
        let signal = bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let told = Told { loss: f32::from_le_bytes(*of_move), correct: u32::from_le_bytes(*correct), signal };
        let found = (*is_found != 0).then_some(told);
        Some(Self { steps: u64::from_le_bytes(*steps), loss: f32::from_le_bytes(*loss), found })
    }
}

/// Checks that ranks can look ahead.
pub(super) fn check(data: &Data, settings: &Settings) -> anyhow::Result<()> {
    ensure!(data.train.share().is_none(), "ranks that look ahead have all samples, and these are shared");
    ensure!(settings.method == Method::Amc, "ranks look ahead by moves of one kind: mixed moves are not among them");
    let is_mini = matches!(settings.batching, Batching::Mini(_));
    ensure!(!is_mini, "ranks look ahead on one batch: train on all samples, or progressively");
    Ok(())
}

impl<'m> Ahead<'m> {
    /// Looks ahead of the chain, whose options these are, with buffers like its own.
    pub fn new(
        team: &Arc<Team>,
        chain: &Chain<'_, Generator>,
        selection: Selection<'m>,
        buffers: &'m mut Buffers,
    ) -> anyhow::Result<Self> {
        let (memory, gathered) = buffers.lend(selection);
        let scout = Chain::resume(memory, *chain.options(), chain.state()?)?;
        Ok(Self { team: Arc::clone(team), scout, gathered, rejections: 0, accepted: None })
    }

    /// The ranks.
    pub fn team(&self) -> &Arc<Team> {
        &self.team
    }

    /// Makes the next move, of which all ranks ask if nothing is known.
    pub fn make(&mut self, trainer: &mut Trainer<'m, Run<'m, '_>>) -> anyhow::Result<Decision> {
        if self.rejections == 0 && self.accepted.is_none() {
            self.look(trainer)?;
        }
        let (chain, run, _) = trainer.parts();
        if self.rejections > 0 {
            self.rejections -= 1;
            return Ok(chain.pass(run.workers()));
        }
        run.told = self.accepted.take();
        Ok(trainer.step())
    }

    /// Evaluates this rank's move, and hears of the others'.
    fn look(&mut self, trainer: &mut Trainer<'m, Run<'m, '_>>) -> anyhow::Result<()> {
        let Self { team, scout, gathered, .. } = self;
        let (chain, run, _) = trainer.parts();
        let threads = run.workers();
        scout.follow(chain)?;
        for _ in 0..team.rank() {
            scout.pass(threads);
        }
        // The inputs' signal stays what it is.
        gathered.copy_from_slice(chain.signal());
        let found = evaluate(scout.propose(threads), run, gathered);
        let said = Said { steps: chain.counters().steps, loss: chain.loss(), found };
        let all = team.gather_alike(&said.bytes(gathered.len()))?;
        self.rejections = all.len();
        for (rank, bytes) in all.iter().enumerate() {
            let Said { steps, loss, found } = Said::read(bytes).context("ranks of different programs")?;
            if (steps, loss.to_bits()) != (said.steps, said.loss.to_bits()) {
                return Err(RanksError::Apart { rank: team.rank(), call: said.steps }.into());
            }
            if found.is_some() {
                (self.rejections, self.accepted) = (rank, found);
                break;
            }
        }
        Ok(())
    }
}

/// What a move comes to, if it is accepted.
fn evaluate(proposal: Proposal<'_, '_, Generator, Threads>, run: &mut Run<'_, '_>, signal: &mut [f32]) -> Option<Told> {
    let bound = proposal.bound();
    let score = run.evaluate_within(bound, proposal.parameters(), signal)?;
    let is_accepted = score.loss <= bound && score.loss.is_finite();
    is_accepted.then(|| Told { loss: score.loss, correct: score.correct, signal: signal.to_vec() })
}
