//! A move in parts, one for each range of parameters, that can be computed one after the other or all at once.

use core::slice::{ChunksMut, IterMut};

use rand_core::Rng;

use super::Grid;
use super::streams::{RANGE, Stream};
use crate::gaussian::{BLOCK, block};
use crate::lanes::Lanes;
use crate::net::Net;

/// Who computes the parts of moves.
///
/// Any [`Lanes`] do it, one part after the other. A caller with threads implements this for a type of its own: hand
/// each part to some thread, have it [work](Part::work) there, on lanes of one arithmetic always, and return when all
/// parts are done. Parts are [`Send`] if the generator is. The bits of the result do not depend on who computed what,
/// nor when. A part that was not computed makes a proposal that cannot be accepted.
pub trait Crew<R> {
    /// Computes all parts.
    fn share(&mut self, parts: Parts<'_, R>);
}

impl<R: Rng + Clone, L: Lanes> Crew<R> for L {
    #[inline(always)]
    fn share(&mut self, parts: Parts<'_, R>) {
        for part in parts {
            part.work(*self);
        }
    }
}

/// What is to be done with a move.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Draw it, and write x' = x + e.
    Propose,
    /// Keep x', and move the centres by Eq. (10) with this ε, for which e is drawn again.
    Accept(f32),
    /// Draw it again, and take it back: x = x' − e, where x' has overwritten x.
    Undo,
}

/// The parts of a move: one for each [`RANGE`] of parameters.
#[derive(Debug)]
pub struct Parts<'p, R> {
    task: Task,
    rules: Move<'p>,
    first: usize,
    parameters: ChunksMut<'p, f32>,
    proposed: ChunksMut<'p, f32>,
    centres: ChunksMut<'p, f32>,
    own: Option<&'p mut Stream<R>>,
    streams: IterMut<'p, Stream<R>>,
}

impl<'p, R> Parts<'p, R> {
    /// `vectors`: parameters, proposed parameters, and centres, or none.
    pub(super) fn new(
        task: Task,
        rules: Move<'p>,
        vectors: [&'p mut [f32]; 3],
        own: &'p mut Stream<R>,
        streams: &'p mut [Stream<R>],
    ) -> Self {
        let [parameters, proposed, centres] = vectors.map(|vector| vector.chunks_mut(RANGE));
        Self { task, rules, first: 0, parameters, proposed, centres, own: Some(own), streams: streams.iter_mut() }
    }
}

impl<'p, R> Iterator for Parts<'p, R> {
    type Item = Part<'p, R>;

    #[inline]
    fn next(&mut self) -> Option<Part<'p, R>> {
        let stream = self.own.take().or_else(|| self.streams.next())?;
        let first = self.first;
        self.first += RANGE;
        Some(Part {
            task: self.task,
            rules: self.rules,
            first,
            parameters: self.parameters.next().unwrap_or_default(),
            proposed: self.proposed.next().unwrap_or_default(),
            centres: self.centres.next().unwrap_or_default(),
            stream,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let parts = usize::from(self.own.is_some()) + self.streams.len();
        (parts, Some(parts))
    }
}

impl<R> ExactSizeIterator for Parts<'_, R> {}

/// One range of parameters, with its generator: independent of all others.
#[derive(Debug)]
#[must_use = "a part that does no work spoils the move"]
pub struct Part<'p, R> {
    task: Task,
    rules: Move<'p>,
    /// Index of its first parameter.
    pub(super) first: usize,
    parameters: &'p mut [f32],
    proposed: &'p mut [f32],
    centres: &'p mut [f32],
    stream: &'p mut Stream<R>,
}

impl<R: Rng + Clone> Part<'_, R> {
    /// Computes this part on `lanes`.
    #[inline(always)]
    pub fn work<L: Lanes>(self, lanes: L) {
        let Self { task, rules, first, parameters, proposed, centres, stream } = self;
        let mut rng = match task {
            Task::Propose => {
                stream.before = stream.now.clone();
                stream.now.clone()
            }
            Task::Accept(_) | Task::Undo => {
                let drawn = core::mem::take(&mut stream.drawn);
                if let Task::Accept(epsilon) = task {
                    // In place there is nothing to copy.
                    for (x, proposed) in parameters.iter_mut().zip(&*proposed) {
                        *x = *proposed;
                    }
                    if epsilon == 0.0 {
                        return;
                    }
                } else if !drawn {
                    return;
                }
                stream.before.clone()
            }
        };
        let mut finite = lanes.splat(0.0);
        let mut z = [0.0; BLOCK];
        let mut scale = BlockScales::new(rules.pieces());
        let mut at = 0;
        while at < parameters.len() {
            let n = (parameters.len() - at).min(BLOCK);
            block(lanes, &mut rng, &mut z, n);
            let scale = scale.of(first + at, n);
            let tiles = scale.chunks(L::T).zip(z.chunks(L::T));
            for (offset, (scale, z)) in (0..n).step_by(L::T).zip(tiles) {
                let from = at + offset;
                let x = parameters.get_mut(from..).unwrap_or_default();
                let mu = centres.get_mut(from..).unwrap_or_default();
                // e = μ + λσ z, Eq. (9).
                let centre = lanes.load(mu);
                let mut e = lanes.mul_add(lanes.load(scale), lanes.load(z), centre);
                if let Some(grid) = rules.grid {
                    finite = lanes.mul_add(e, lanes.splat(0.0), finite);
                    e = grid.round_move(lanes, e);
                }
                match task {
                    Task::Propose => {
                        let moved = lanes.add(lanes.load(x), e);
                        // Adds 0, or NaN once a parameter is infinite, not a number, or beyond the grid.
                        finite = match rules.grid {
                            Some(grid) => lanes.add(grid.spoil(lanes, moved), finite),
                            None => lanes.mul_add(moved, lanes.splat(0.0), finite),
                        };
                        let to = if rules.in_place { x } else { proposed.get_mut(from..).unwrap_or_default() };
                        lanes.store(moved, to);
                    }
                    Task::Accept(epsilon) => {
                        let moved = lanes.mul_add(lanes.splat(epsilon), lanes.sub(e, centre), centre);
                        lanes.store(moved, mu);
                    }
                    Task::Undo => lanes.store(lanes.sub(lanes.load(x), e), x),
                }
            }
            at += BLOCK;
        }
        if let Task::Propose = task {
            let mut ends = [0.0; 16];
            lanes.store(finite, &mut ends);
            stream.poison = ends.iter().fold(0.0, |sum, end| sum + end);
            stream.drawn = true;
            stream.now = rng;
        }
    }
}

/// What all parts of a move share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'p> {
    pub sigma: f32,
    /// With signal norm: the net, and the signal of each layer.
    pub norm: Option<(Net<'p>, &'p [f32])>,
    pub grid: Option<Grid>,
    /// Whether x' overwrites x.
    pub in_place: bool,
}

impl<'p> Move<'p> {
    /// Pieces of the parameter vector that share λσ, as ends and λσ: weights and biases of each layer in turn.
    fn pieces(self) -> impl Iterator<Item = (usize, f32)> + use<'p> {
        let sigma = self.sigma;
        let layers = self.norm.into_iter().flat_map(|(net, signal)| net.sections().zip(signal));
        let pieces = layers.flat_map(move |(section, signal)| {
            let biases = section.start + section.weights;
            [(biases, lambda(*signal) * sigma), (biases + section.biases, sigma)]
        });
        pieces.chain(core::iter::once((usize::MAX, sigma)))
    }
}

/// λ of a layer's weights: Eq. (17), and 0 where all their inputs vanish.
fn lambda(signal: f32) -> f32 {
    if signal > 0.0 && signal.is_finite() { 1.0 / libm::sqrtf(signal) } else { 0.0 }
}

/// λσ of the parameters of one block after another.
struct BlockScales<I> {
    pieces: I,
    /// The current piece.
    end: usize,
    scale: f32,
    block: [f32; BLOCK],
    /// Up to here, `block` holds for every block.
    uniform_until: usize,
}

impl<I: Iterator<Item = (usize, f32)>> BlockScales<I> {
    fn new(pieces: I) -> Self {
        Self { pieces, end: 0, scale: 0.0, block: [0.0; BLOCK], uniform_until: 0 }
    }

    /// λσ of the `n` parameters from `start` on; at most `BLOCK`, after those of the block before.
    #[inline(always)]
    fn of(&mut self, start: usize, n: usize) -> &[f32] {
        if start + n > self.uniform_until {
            self.cross(start, n);
        }
        self.block.get(..n).unwrap_or_default()
    }

    /// Fills the block where a piece ends. Without lanes: it needs to be there once only.
    #[inline(never)]
    fn cross(&mut self, start: usize, n: usize) {
        for (index, out) in (start..start + n).zip(&mut self.block) {
            while index >= self.end {
                (self.end, self.scale) = self.pieces.next().unwrap_or((usize::MAX, self.scale));
            }
            *out = self.scale;
        }
        // Only a block filled from one piece serves the next block, too.
        let uniform = self.block.iter().all(|scale| *scale == self.scale);
        self.uniform_until = if uniform { self.end } else { 0 };
    }
}
