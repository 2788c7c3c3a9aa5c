//! A net that goes on learning in the field: from a window of the newest samples, in slices short enough for a deadline,
//! between which it predicts.

use amc_core::chain::{Chain, ChainError, Memory, Options, State};
use amc_core::sums::{BLOCK, Total, ceiling};
use amc_core::window::Window;
use amc_core::{Activation, Gather, Generator, Layer, Loss, Net, Objective, Rows, gaussian};
use amc_cortex_m::CortexM;
use rand_core::SeedableRng;

use crate::drift::Sample;

/// The net: a reading and a temperature in, a pressure out.
pub const NET: Net<'static> = Net::new(2, &[Layer::dense(8, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
/// The net and its loss.
pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
/// The chain's hyperparameters.
pub const OPTIONS: Options = Options::new(0.05).n_reset(50);

/// Samples that are learned from: the newest so many.
const WINDOW: usize = 4 * BLOCK;
/// Numbers beyond this are not the sensor's.
const LIMIT: f32 = 4.0;
/// The loss of new samples over that of the old ones from which σ starts anew.
const SURPRISE: f32 = 2.0;

type Lanes = CortexM<4>;
const LANES: Lanes = CortexM;

/// Numbers of scratch memory that [`predict`] needs.
pub const SCRATCH: usize = NET.scratch(4);

/// The memory of a learner, window and chain not included.
#[derive(Debug)]
pub struct Buffers {
    /// The current parameters.
    pub parameters: [f32; NET.parameters()],
    proposed: [f32; NET.parameters()],
    scratch: [f32; SCRATCH],
}

impl Buffers {
    /// All zero.
    pub const fn new() -> Self {
        Self { parameters: [0.0; NET.parameters()], proposed: [0.0; NET.parameters()], scratch: [0.0; SCRATCH] }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

/// What the next slice goes on with.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// U(x) of the current parameters, of which these blocks are summed: the window has changed.
    Score { block: usize, total: Total },
    /// A move.
    Propose,
    /// U(x') of the suspended move, of which these blocks are summed.
    Evaluate { block: usize, total: Total },
}

impl Work {
    fn score_all() -> Self {
        Self::Score { block: 0, total: Total::default() }
    }
}

/// The pressure that the net with these parameters gives; NaN where lengths do not fit.
pub fn predict(parameters: &[f32], features: [f32; 2], scratch: &mut [f32]) -> f32 {
    let rows = Rows::new(&features, 2, 1.0);
    let outputs = OBJECTIVE.predict(LANES, parameters, &rows, 0, scratch);
    outputs.ok().and_then(|outputs| outputs.first().copied()).unwrap_or(f32::NAN)
}

/// A chain over a window of samples.
#[derive(Debug)]
pub struct Learner<'b> {
    window: Window<WINDOW, 2, 1>,
    chain: Chain<'b, Generator>,
    scratch: &'b mut [f32],
    work: Work,
    left_out: u32,
}

impl<'b> Learner<'b> {
    /// One that goes on from `state`, of which the buffers hold the parameters, or else knows nothing.
    ///
    /// # Errors
    /// Where no chain was ever in this state.
    pub fn new(buffers: &'b mut Buffers, state: Option<State<Generator>>) -> Result<Self, ChainError> {
        let Buffers { parameters, proposed, scratch } = buffers;
        let chain = match state {
            Some(state) => Chain::resume(Memory::new(parameters, proposed), OPTIONS, state)?,
            None => {
                let mut rng = Generator::seed_from_u64(1);
                gaussian::fill(LANES, &mut rng, 0.3, parameters);
                // No sample was seen: any loss will be better.
                Chain::new(Memory::new(parameters, proposed), OPTIONS, rng, f32::MAX)?
            }
        };
        Ok(Self { window: Window::new(), chain, scratch, work: Work::score_all(), left_out: 0 })
    }

    /// Takes a sample into the window, in place of the oldest; a bad one is counted and left out.
    ///
    /// A move that was being evaluated ends here: its sums are of the old window.
    pub fn push(&mut self, sample: Sample) {
        let Sample { features, target } = sample;
        let in_range = features.iter().chain(&target).all(|number| number.abs() <= LIMIT);
        if !in_range || self.window.push(features, target).is_err() {
            self.left_out += 1;
            return;
        }
        drop(self.chain.pending(LANES));
        self.work = Work::score_all();
    }

    /// Works for one slice: at most a block of [`BLOCK`] samples is evaluated, and a move decided.
    pub fn slice(&mut self) {
        if self.window.is_empty() {
            return;
        }
        self.work = match self.work {
            Work::Score { block, total } => self.score(block, total),
            Work::Propose => {
                self.chain.propose(LANES).suspend();
                Work::Evaluate { block: 0, total: Total::default() }
            }
            Work::Evaluate { block, total } => self.evaluate(block, total),
        };
    }

    fn score(&mut self, block: usize, mut total: Total) -> Work {
        let samples = self.window.samples();
        total.add(
            OBJECTIVE.block(LANES, self.chain.parameters(), &samples, block, self.scratch, Gather::default()).loss,
        );
        if (block + 1) * BLOCK < self.window.len() {
            return Work::Score { block: block + 1, total };
        }
        let (before, now) = (self.chain.loss(), total.mean(OBJECTIVE.terms(self.window.len())));
        // Finite samples and parameters may still overflow; then the old loss stays, and any move that is finite.
        if self.chain.rescore(now).is_ok() && now > SURPRISE * before {
            self.chain.restart();
        }
        Work::Propose
    }

    fn evaluate(&mut self, block: usize, mut total: Total) -> Work {
        let Some(proposal) = self.chain.pending(LANES) else { return Work::Propose };
        let (samples, terms) = (self.window.samples(), OBJECTIVE.terms(self.window.len()));
        total.add(OBJECTIVE.block(LANES, proposal.parameters(), &samples, block, self.scratch, Gather::default()).loss);
        if total.exceeds(ceiling(proposal.bound(), terms)) {
            proposal.reject();
        } else if (block + 1) * BLOCK < self.window.len() {
            proposal.suspend();
            return Work::Evaluate { block: block + 1, total };
        } else {
            proposal.decide(total.mean(terms));
        }
        Work::Propose
    }

    /// The pressure at a reading and a temperature, at any time between slices.
    pub fn predict(&mut self, features: [f32; 2]) -> f32 {
        predict(self.chain.parameters(), features, self.scratch)
    }

    /// The chain.
    pub fn chain(&self) -> &Chain<'b, Generator> {
        &self.chain
    }

    /// The chain as it can be stored: a suspended move ends. None while the window is not full, or its loss not known.
    pub fn at_rest(&mut self) -> Option<&Chain<'b, Generator>> {
        if self.window.len() < WINDOW || matches!(self.work, Work::Score { .. }) {
            return None;
        }
        drop(self.chain.pending(LANES));
        self.work = Work::Propose;
        Some(&self.chain)
    }

    /// Bad samples so far.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }
}
