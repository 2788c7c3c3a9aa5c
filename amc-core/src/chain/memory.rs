//! What the caller lends a chain.

use super::parts::{MoveParts, Task};
use super::scales::Move;
use super::streams::{Stream, streams};
use super::{ChainError, Options, Trained};
use crate::Generator;
use crate::net::Net;

/// The memory of a chain, lent by the caller: static buffers on a device, vectors on a host.
#[derive(Debug)]
pub struct Memory<'m, R = Generator> {
    pub(super) parameters: &'m mut [f32],
    pub(super) proposed: &'m mut [f32],
    pub(super) centres: &'m mut [f32],
    pub(super) streams: &'m mut [Stream<R>],
    signal_norm: Option<SignalNorm<'m>>,
    /// Whether x' overwrites x.
    pub(super) in_place: bool,
}

/// Where the signal norm's λ come from.
#[derive(Debug)]
struct SignalNorm<'m> {
    trained: Trained<'m>,
    signal: &'m mut [f32],
}

impl<'m, R> Memory<'m, R> {
    /// N current parameters, which the chain starts from, and as many for the proposed ones.
    pub const fn new(parameters: &'m mut [f32], proposed: &'m mut [f32]) -> Self {
        Self { parameters, proposed, centres: &mut [], streams: &mut [], signal_norm: None, in_place: false }
    }

    /// N current parameters and nothing else: the proposed ones overwrite them, and a move that is not accepted is
    /// drawn once more and taken back, exactly. For this the options need a [`Grid`](super::Grid), on which the
    /// parameters lie. The chain is, bit for bit, the one that two copies give on the same grid.
    ///
    /// A [`Proposal`](super::Proposal) that is [suspended](super::Proposal::suspend), or leaked, is taken back when the
    /// next is made; until then [`Chain::parameters`](super::Chain::parameters) are the proposed ones.
    pub const fn in_place(parameters: &'m mut [f32]) -> Self {
        Self { in_place: true, ..Self::new(parameters, &mut []) }
    }

    /// N centres μ as well: ε may differ from 0. They start at 0, whatever they hold.
    #[must_use]
    pub fn centres(self, centres: &'m mut [f32]) -> Self {
        Self { centres, ..self }
    }

    /// The generators of all parameters beyond the first [`RANGE`](super::RANGE): exactly [`streams`]`(N)`, each
    /// independent of the others and of the chain's own, as [`jump_streams`](super::jump_streams) makes them.
    #[must_use]
    pub fn streams(self, streams: &'m mut [Stream<R>]) -> Self {
        Self { streams, ..self }
    }

    /// Signal norm on (Sec. III B): the weights of layer l are moved by λ_l σ, with λ_l = `signal[l]`^(−1/2), Eq. (17).
    /// `signal` holds a number for each layer of `net`, as an evaluation at the current parameters gathers them.
    #[must_use]
    pub fn signal_norm(self, net: Net<'m>, signal: &'m mut [f32]) -> Self {
        #[allow(clippy::useless_conversion, reason = "without the feature `layers` all of a net is trained")]
        self.signal_norm_of(net.into(), signal)
    }

    /// [`signal_norm`](Memory::signal_norm) of a chain that moves what is selected of a net alone, which takes the feature
    /// `layers`. `signal` holds a number for each layer of the net, frozen or not.
    #[must_use]
    pub fn signal_norm_of(self, trained: Trained<'m>, signal: &'m mut [f32]) -> Self {
        Self { signal_norm: Some(SignalNorm { trained, signal }), ..self }
    }

    /// Whether everything is there, of the right length, and the parameters are ones to start from.
    pub(super) fn check(&self, options: &Options) -> Result<(), ChainError> {
        let needed = self.parameters.len();
        let same = |what, given| match given == needed {
            true => Ok(()),
            false => Err(ChainError::Length { what, needed, given }),
        };
        match (self.in_place, options.grid) {
            (true, None) => return Err(ChainError::NoGrid),
            (true, Some(_)) => {}
            (false, _) => same("proposed", self.proposed.len())?,
        }
        if options.epsilon != 0.0 {
            if self.centres.is_empty() && needed > 0 {
                return Err(ChainError::NoCentres);
            }
            same("centres", self.centres.len())?;
        }
        if let Some(SignalNorm { trained, signal }) = &self.signal_norm {
            same("the net of the signal norm", trained.parameters())?;
            let (needed, given) = (trained.layers().len(), signal.len());
            if needed != given {
                return Err(ChainError::Length { what: "signal", needed, given });
            }
        }
        let (needed, given) = (streams(needed), self.streams.len());
        if needed != given {
            return Err(ChainError::Streams { needed, given });
        }
        if let Some(index) = self.parameters.iter().position(|x| !x.is_finite()) {
            let value = self.parameters.get(index).copied().unwrap_or(f32::NAN);
            return Err(ChainError::Parameter { index, value });
        }
        if let Some(grid) = options.grid {
            let off = |(_, x): &(usize, &f32)| grid.nearest(**x).to_bits() != x.to_bits();
            if let Some((index, value)) = self.parameters.iter().enumerate().find(off) {
                return Err(ChainError::OffGrid { index, value: *value, step: grid.step() });
            }
        }
        Ok(())
    }

    pub(super) fn keep_signal(&mut self, signal: &[f32]) {
        if let Some(norm) = &mut self.signal_norm {
            for (kept, signal) in norm.signal.iter_mut().zip(signal) {
                *kept = *signal;
            }
        }
    }

    /// The signals of the signal norm, or none.
    pub(super) fn signal(&self) -> &[f32] {
        self.signal_norm.as_ref().map_or(&[], |norm| &*norm.signal)
    }

    /// The same, to be overwritten.
    pub(super) fn signal_mut(&mut self) -> &mut [f32] {
        self.signal_norm.as_mut().map_or(&mut [], |norm| &mut *norm.signal)
    }

    /// Whether some part of a move that `own` and the streams gave is neither kept nor taken back.
    pub(super) fn has_any_move(&self, own: &Stream<R>) -> bool {
        own.has_move || self.streams.iter().any(|stream| stream.has_move)
    }

    /// The current parameters, or x' while a move is pending in place.
    pub(super) fn proposed(&self) -> &[f32] {
        if self.in_place { self.parameters } else { self.proposed }
    }

    /// The parts of a task for moves of scale `sigma`.
    // Once for all tasks.
    #[inline(never)]
    pub(super) fn parts<'p>(
        &'p mut self,
        own: &'p mut Stream<R>,
        task: Task,
        options: &Options,
        sigma: f32,
    ) -> MoveParts<'p, R> {
        let Self { parameters, proposed, centres, streams, signal_norm, in_place } = self;
        let norm = signal_norm.as_ref().map(|norm| (norm.trained, &*norm.signal));
        let rules = Move { sigma, norm, grid: options.grid, in_place: *in_place };
        MoveParts::new(task, rules, [parameters, proposed, centres], own, streams)
    }
}
