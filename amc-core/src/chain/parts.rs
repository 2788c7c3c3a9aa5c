//! A move in parts, one for each range of parameters, that can be computed one after the other or all at once.

use core::slice::IterMut;

use rand_core::Rng;

use super::streams::{RANGE, Stream};
use super::{Grid, Trained};
use crate::gaussian::{BLOCK, Blocks};
use crate::lanes::Lanes;
use crate::net::Section;

/// Who computes the parts of moves.
///
/// Any [`Lanes`] do it, one part after the other. A caller with threads implements this for a type of its own: hand
/// each part to some thread, have it [work](MovePart::work) there, on lanes of one arithmetic always, and return when all
/// parts are done. Parts are [`Send`] if the generator is. The bits of the result do not depend on who computed what,
/// nor when. A part that was not computed makes a proposal that cannot be accepted.
pub trait Workers<R> {
    /// Whether it computes in functions of its own, so that what they have on the stack is there no longer than that.
    const OUTLINES: bool = false;

    /// Computes all parts.
    fn share(&mut self, parts: MoveParts<'_, R>);
}

impl<R: Rng + Clone, L: Lanes> Workers<R> for L {
    const OUTLINES: bool = L::OUTLINES;

    #[inline(always)]
    fn share(&mut self, parts: MoveParts<'_, R>) {
        match L::OUTLINES {
            true => parts.work_called(*self),
            false => parts.work(*self),
        }
    }
}

impl<R: Rng + Clone> MoveParts<'_, R> {
    // Once for all tasks, of which a chain has three.
    #[inline(never)]
    fn work_called<L: Lanes>(self, lanes: L) {
        self.work(lanes);
    }

    #[inline(always)]
    fn work<L: Lanes>(self, lanes: L) {
        for part in self {
            part.work(lanes);
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

/// The parts of a move: one for each [`RANGE`] of parameters, or the [pieces](MovePart::in_pieces) of one of them.
#[derive(Debug)]
pub struct MoveParts<'p, R> {
    task: Task,
    rules: Move<'p>,
    first: usize,
    /// Parameters of each, the last one's excepted.
    length: usize,
    parameters: &'p mut [f32],
    proposed: &'p mut [f32],
    centres: &'p mut [f32],
    own: Option<&'p mut Stream<R>>,
    streams: IterMut<'p, Stream<R>>,
}

impl<'p, R> MoveParts<'p, R> {
    /// `vectors`: parameters, proposed parameters, and centres, or none.
    pub(super) fn new(
        task: Task,
        rules: Move<'p>,
        vectors: [&'p mut [f32]; 3],
        own: &'p mut Stream<R>,
        streams: &'p mut [Stream<R>],
    ) -> Self {
        let ([parameters, proposed, centres], own, streams) = (vectors, Some(own), streams.iter_mut());
        Self { task, rules, first: 0, length: RANGE, parameters, proposed, centres, own, streams }
    }
}

/// Takes the next `length` off a vector; of one that is empty or at its end, none.
#[inline]
fn range<'p>(vector: &mut &'p mut [f32], length: usize) -> &'p mut [f32] {
    let whole = core::mem::take(vector);
    let (range, rest) = whole.split_at_mut(length.min(whole.len()));
    *vector = rest;
    range
}

impl<'p, R> Iterator for MoveParts<'p, R> {
    type Item = MovePart<'p, R>;

    #[inline]
    fn next(&mut self) -> Option<MovePart<'p, R>> {
        let stream = self.own.take().or_else(|| self.streams.next())?;
        let (first, length) = (self.first, self.length);
        self.first += length;
        Some(MovePart {
            task: self.task,
            rules: self.rules,
            first,
            parameters: range(&mut self.parameters, length),
            proposed: range(&mut self.proposed, length),
            centres: range(&mut self.centres, length),
            stream,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let parts = usize::from(self.own.is_some()) + self.streams.len();
        (parts, Some(parts))
    }
}

impl<R> ExactSizeIterator for MoveParts<'_, R> {}

/// One range of parameters, with its generator: independent of all others.
#[derive(Debug)]
#[must_use = "a part that does no work spoils the move"]
pub struct MovePart<'p, R> {
    task: Task,
    rules: Move<'p>,
    /// Index of its first parameter.
    pub(super) first: usize,
    parameters: &'p mut [f32],
    proposed: &'p mut [f32],
    centres: &'p mut [f32],
    stream: &'p mut Stream<R>,
}

impl<R: Rng + Clone> MovePart<'_, R> {
    /// Has `work` compute this part in pieces of `length` parameters, which are independent of each other: for a caller with
    /// more threads than parts. The bits are the same.
    ///
    /// Each piece but the first draws from one of `streams`, whatever these were before; `ahead` makes of a generator what it is
    /// after `length` draws. Where there are too few streams, or `length` is no multiple of [`BLOCK`], there is one piece.
    pub fn in_pieces(
        self,
        length: usize,
        streams: &mut [Stream<R>],
        ahead: impl Fn(&R) -> R,
        work: impl FnOnce(MoveParts<'_, R>),
    ) {
        let Self { task, rules, first, parameters, proposed, centres, stream } = self;
        let whole = parameters.len();
        let fits = length > 0 && length.is_multiple_of(BLOCK);
        let others = if fits { whole.div_ceil(length).saturating_sub(1) } else { 0 };
        let (length, streams) = match streams.get_mut(..others) {
            Some(streams) if others > 0 => (length, streams),
            _ => (whole, &mut [][..]),
        };
        let draws_anew = matches!(task, Task::Propose);
        let mut last = &*stream;
        for other in &mut *streams {
            let from = if draws_anew { &last.now } else { &last.before };
            *other = Stream { has_move: stream.has_move, allowed_rise: f32::NAN, ..Stream::new(ahead(from)) };
            last = other;
        }
        let own = Some(&mut *stream);
        work(MoveParts { task, rules, first, length, parameters, proposed, centres, own, streams: streams.iter_mut() });
        if let (true, Some(last)) = (draws_anew, streams.last()) {
            stream.now = last.now.clone();
            stream.allowed_rise = streams.iter().fold(stream.allowed_rise, |sum, other| sum + other.allowed_rise);
        }
    }

    /// Computes this part on `lanes`.
    #[inline(always)]
    pub fn work<L: Lanes>(self, lanes: L) {
        if L::T < 8 {
            return self.compute(lanes);
        }
        // What is wide has threads, too. Those that draw neighbouring parts would write to the same cache lines, so that each draws
        // from a copy of its own.
        let Self { task, rules, first, parameters, proposed, centres, stream } = self;
        let mut copy = stream.clone();
        MovePart { task, rules, first, parameters, proposed, centres, stream: &mut copy }.compute(lanes);
        *stream = copy;
    }

    #[inline(always)]
    fn compute<L: Lanes>(self, lanes: L) {
        let Self { task, rules, first, parameters, proposed, centres, stream } = self;
        // The state before the move is needed once at most.
        let rng = match task {
            Task::Propose => {
                stream.before = stream.now.clone();
                &mut stream.now
            }
            Task::Accept(_) | Task::Undo => {
                let has_move = core::mem::take(&mut stream.has_move);
                if let Task::Accept(epsilon) = task {
                    // In place there is nothing to copy.
                    for (x, proposed) in parameters.iter_mut().zip(&*proposed) {
                        *x = *proposed;
                    }
                    if epsilon == 0.0 {
                        return;
                    }
                } else if !has_move {
                    return;
                }
                &mut stream.before
            }
        };
        let mut finite = lanes.splat(0.0);
        let mut blocks = Blocks::new();
        let mut scales = rules.scales();
        for at in (0..parameters.len()).step_by(BLOCK) {
            let range = at..(at + BLOCK).min(parameters.len());
            let e = blocks.next(lanes, rng, range.len());
            let x = parameters.get_mut(range.clone()).unwrap_or_default();
            let mu = centres.get_mut(range.clone()).unwrap_or_default();
            scales.apply(lanes, first + at, e, mu);
            if let Some(grid) = rules.grid {
                for e in e.chunks_mut(L::T) {
                    let exact = lanes.load(e);
                    finite = lanes.mul_add(exact, lanes.splat(0.0), finite);
                    lanes.store(grid.round_move(lanes, exact), e);
                }
            }
            match task {
                Task::Propose => {
                    let to = proposed.get_mut(range).unwrap_or_default();
                    // Adds 0, or NaN once a parameter is infinite, not a number, or beyond the grid.
                    macro_rules! moved {
                        ($x:ident, $e:ident) => {{
                            let moved = lanes.add(lanes.load($x), lanes.load($e));
                            finite = match rules.grid {
                                Some(grid) => lanes.add(grid.spoil(lanes, moved), finite),
                                None => lanes.mul_add(moved, lanes.splat(0.0), finite),
                            };
                            moved
                        }};
                    }
                    if rules.in_place {
                        for (x, e) in x.chunks_mut(L::T).zip(e.chunks(L::T)) {
                            lanes.store(moved!(x, e), x);
                        }
                    } else {
                        let tiles = to.chunks_exact_mut(L::T).zip(x.chunks_exact(L::T)).zip(e.chunks_exact(L::T));
                        for ((to, x), e) in tiles {
                            lanes.store(moved!(x, e), to);
                        }
                        let whole = e.len() - e.len() % L::T;
                        if whole < e.len()
                            && let (Some(to), Some(x), Some(e)) = (to.get_mut(whole..), x.get(whole..), e.get(whole..))
                        {
                            lanes.store(moved!(x, e), to);
                        }
                    }
                }
                Task::Accept(epsilon) => {
                    for (mu, e) in mu.chunks_mut(L::T).zip(e.chunks(L::T)) {
                        let centre = lanes.load(mu);
                        let moved = lanes.mul_add(lanes.splat(epsilon), lanes.sub(lanes.load(e), centre), centre);
                        lanes.store(moved, mu);
                    }
                }
                Task::Undo => {
                    for (x, e) in x.chunks_mut(L::T).zip(e.chunks(L::T)) {
                        lanes.store(lanes.sub(lanes.load(x), lanes.load(e)), x);
                    }
                }
            }
        }
        if let Task::Propose = task {
            stream.allowed_rise = blocks.sum(lanes, finite);
            stream.has_move = true;
        }
    }
}

/// What all parts of a move share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'p> {
    pub sigma: f32,
    /// With signal norm: what is trained of the net, and the signal of each layer.
    pub norm: Option<(Trained<'p>, &'p [f32])>,
    pub grid: Option<Grid>,
    /// Whether x' overwrites x.
    pub in_place: bool,
}

/// λσ of one tile of parameters after another. The weights of a layer share it, and its biases.
struct Scales<I> {
    sigma: f32,
    /// With signal norm: the sections, and the signals of their layers.
    layers: Option<I>,
    /// Where the current piece ends, and the biases that follow it, if they do.
    ends: (usize, Option<usize>),
    scale: f32,
}

impl Move<'_> {
    #[inline(always)]
    fn scales(&self) -> Scales<impl Iterator<Item = (Section, &f32)>> {
        let layers = self.norm.map(|(trained, signal)| trained.sections().zip(signal));
        let end = if layers.is_some() { 0 } else { usize::MAX };
        Scales { sigma: self.sigma, layers, ends: (end, None), scale: self.sigma }
    }
}

impl<'s, I: Iterator<Item = (Section, &'s f32)>> Scales<I> {
    /// Makes e = μ + λσ z, Eq. (9), of numbers z, for the parameters from `start` on, which follow those asked for
    /// before. No centres stand for 0.
    #[inline(always)]
    fn apply<L: Lanes>(&mut self, lanes: L, start: usize, z: &mut [f32], centres: &[f32]) {
        let mut at = 0;
        while at < z.len() {
            let (count, scale) = self.next(lanes, start + at, z.len() - at);
            let e = z.get_mut(at..at + count).unwrap_or_default();
            match centres.get(at..at + count) {
                Some(centres) => {
                    for (e, centre) in e.chunks_mut(L::T).zip(centres.chunks(L::T)) {
                        lanes.store(lanes.mul_add(scale, lanes.load(e), lanes.load(centre)), e);
                    }
                }
                None => {
                    for e in e.chunks_mut(L::T) {
                        lanes.store(lanes.mul(scale, lanes.load(e)), e);
                    }
                }
            }
            at += count;
        }
    }

    /// λσ of the tiles from `start` on, and for how many of `wanted` parameters it holds.
    #[inline(always)]
    fn next<L: Lanes>(&mut self, lanes: L, start: usize, wanted: usize) -> (usize, L::V) {
        let left = self.ends.0.saturating_sub(start);
        let tiles = if left >= wanted { wanted } else { left - left % L::T };
        match tiles {
            0 => (wanted.min(L::T), self.cross(lanes, start)),
            _ => (tiles, lanes.splat(self.scale)),
        }
    }

    /// A tile that a piece ends before or in.
    #[cold]
    #[inline(never)]
    fn cross<L: Lanes>(&mut self, lanes: L, start: usize) -> L::V {
        if L::T == 1 {
            while start >= self.ends.0 {
                self.advance(lanes);
            }
            return lanes.splat(self.scale);
        }
        let mut scales = [0.0; 16];
        for (index, out) in (start..start + L::T).zip(&mut scales) {
            while index >= self.ends.0 {
                self.advance(lanes);
            }
            *out = self.scale;
        }
        lanes.load(&scales)
    }

    /// Goes to the next piece.
    fn advance<L: Lanes>(&mut self, lanes: L) {
        self.scale = self.sigma;
        if let Some(end) = self.ends.1.take() {
            self.ends.0 = end;
        } else if let Some((section, signal)) = self.layers.as_mut().and_then(I::next) {
            let biases = section.start + section.weights;
            self.ends = (biases, Some(biases + section.biases));
            self.scale *= lambda(lanes, *signal);
        } else {
            self.ends.0 = usize::MAX;
        }
    }
}

/// λ of a layer's weights: Eq. (17), and 0 where all their inputs vanish.
fn lambda<L: Lanes>(lanes: L, signal: f32) -> f32 {
    let mut root = [0.0];
    // All lanes have the root that `libm` has, but some have an instruction for it.
    lanes.store(lanes.sqrt(lanes.splat(signal)), &mut root);
    let [root] = root;
    if signal > 0.0 && signal.is_finite() { 1.0 / root } else { 0.0 }
}
