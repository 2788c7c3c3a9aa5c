//! The memory of a chain.

use amc_core::chain::{Memory, Options, State, Stream, jump_streams, streams};
use amc_core::{Generator, Selection};
use amc_kernels::Arithmetic;
use amc_store::FormatError;
use amc_store::snapshot::{Expected, Slices, Stored};

use super::Settings;
use super::transfer::Whole;
use crate::data::pack::Batch;
use crate::evaluate::Evaluator;

/// The memory of a chain.
#[derive(Clone)]
pub(super) struct Buffers {
    parameters: Vec<f32>,
    proposed: Vec<f32>,
    centres: Vec<f32>,
    streams: Vec<Stream<Generator>>,
    signal: Option<Vec<f32>>,
    /// Room for the signals of proposals, as many.
    gathered: Vec<f32>,
}

impl Buffers {
    /// Those of all parameters `start` that are selected, rounded to the grid if there is one; and room for what the settings
    /// need. `rng` is then the chain's.
    pub fn new(selection: Selection<'_>, start: &[f32], settings: &Settings, rng: &mut Generator) -> Self {
        let Options { epsilon, grid, .. } = settings.options;
        let count = selection.parameters();
        let mut parameters = vec![0.0; count];
        selection.take(start, &mut parameters);
        if let Some(grid) = grid {
            grid.round(&mut parameters);
        }
        let proposed = vec![0.0; if settings.in_place { 0 } else { count }];
        let centres = vec![0.0; if epsilon == 0.0 { 0 } else { count }];
        let mut streams = vec![Stream::new(rng.clone()); streams(count)];
        jump_streams(rng, &mut streams);
        let signal = settings.signal_norm.then(|| vec![0.0; selection.net().layers().len()]);
        let gathered = signal.clone().unwrap_or_default();
        Self { parameters, proposed, centres, streams, signal, gathered }
    }

    /// The parameters alone.
    pub fn into_parameters(self) -> Vec<f32> {
        self.parameters
    }

    /// The parameters.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The signals of the parameters; none with the signal norm off.
    pub fn signal(&self) -> &[f32] {
        self.signal.as_deref().unwrap_or_default()
    }

    /// The loss on the first batch, whose signals are kept; of a net whose other parameters are `whole`'s.
    pub fn begin(&mut self, evaluator: &mut Evaluator<'_>, batch: &Batch<'_>, whole: &mut Whole<'_>) -> f32 {
        let signal = self.signal.as_deref_mut().unwrap_or_default();
        evaluator.score(batch, (batch.all(), &[]), whole.with(&self.parameters), signal)
    }

    /// Where a chain of the same options was when it was kept, and the state that it goes on from.
    pub fn load(
        &mut self,
        bytes: &[u8],
        arithmetic: Arithmetic,
        options: Options,
    ) -> Result<State<Generator>, FormatError> {
        let expected = Expected { arithmetic, objective: None, options: Some(options) };
        let Self { parameters, centres, streams, signal, .. } = self;
        let signal = signal.as_deref_mut().unwrap_or_default();
        Stored::parse(bytes)?.load(&expected, Slices { parameters, centres, signal, streams })
    }

    /// What a chain is lent, and the room for the signals of its proposals.
    pub fn lend<'m>(&'m mut self, selection: Selection<'m>) -> (Memory<'m, Generator>, &'m mut [f32]) {
        let Self { parameters, proposed, centres, streams, signal, gathered } = self;
        let memory = match proposed.is_empty() {
            true => Memory::in_place(parameters),
            false => Memory::new(parameters, proposed),
        };
        let memory = memory.centres(centres).streams(streams);
        let memory = match signal {
            Some(signal) => memory.signal_norm_of(selection, signal),
            None => memory,
        };
        (memory, gathered)
    }

    /// Copies where another chain is; the streams stay their own.
    pub fn copy_place(&mut self, other: &Self) {
        self.parameters.clone_from(&other.parameters);
        self.centres.clone_from(&other.centres);
        self.signal.clone_from(&other.signal);
    }
}
