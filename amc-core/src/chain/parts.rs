//! A move in parts, one for each range of parameters, that can be computed one after the other or all at once.

use core::slice::IterMut;

use rand_core::Rng;

use super::Grid;
use super::scales::Move;
use super::streams::{RANGE, Stream, numbers};
use crate::gaussian::{BLOCK, Bits, Blocks};
use crate::lanes::Lanes;

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
        if L::T >= 8 {
            return self.work_from(lanes, |generator, _| generator);
        }
        let Self { task, rules, first, parameters, proposed, centres, stream } = self;
        let Some(generator) = stream.begin(task, (&mut *parameters, &*proposed)) else { return };
        let rise = compute(lanes, task, rules, first, [parameters, proposed, centres], generator);
        stream.end(task, rise);
    }

    /// [`work`](MovePart::work) with the numbers that `source` makes of the part's generator, and of how many the part takes: those
    /// that the generator gives. It becomes what the generator is after them.
    #[inline(always)]
    pub fn work_from<L: Lanes, B: Bits + Into<R>>(self, lanes: L, source: impl FnOnce(R, usize) -> B) {
        let Self { task, rules, first, parameters, proposed, centres, stream } = self;
        let Some(generator) = stream.begin(task, (&mut *parameters, &*proposed)) else { return };
        // What is wide has threads, too. Those that draw neighbouring parts would write to the same cache lines, so that each draws
        // from a copy of its own.
        let mut bits = source(generator.clone(), numbers(parameters.len()));
        let rise = compute(lanes, task, rules, first, [parameters, proposed, centres], &mut bits);
        *generator = bits.into();
        stream.end(task, rise);
    }
}

impl<R: Clone> Stream<R> {
    /// The generator that a task draws from, if it draws; of parameters and proposed ones, accepted ones become current.
    #[inline(always)]
    fn begin(&mut self, task: Task, (parameters, proposed): (&mut [f32], &[f32])) -> Option<&mut R> {
        // The state before the move is needed once at most.
        match task {
            Task::Propose => {
                self.before = self.now.clone();
                Some(&mut self.now)
            }
            Task::Accept(_) | Task::Undo => {
                let has_move = core::mem::take(&mut self.has_move);
                if let Task::Accept(epsilon) = task {
                    // In place there is nothing to copy.
                    for (x, proposed) in parameters.iter_mut().zip(proposed) {
                        *x = *proposed;
                    }
                    if epsilon == 0.0 {
                        return None;
                    }
                } else if !has_move {
                    return None;
                }
                Some(&mut self.before)
            }
        }
    }

    /// Notes by how much the loss may rise with a move that was drawn.
    #[inline(always)]
    fn end(&mut self, task: Task, rise: f32) {
        if let Task::Propose = task {
            self.allowed_rise = rise;
            self.has_move = true;
        }
    }
}

/// Does a task for the parameters from `first` on: parameters, proposed ones and centres. By how much the loss may rise: 0, or NaN
/// once a parameter is infinite, not a number, or beyond the grid.
#[inline(always)]
fn compute<L: Lanes, B: Bits>(
    lanes: L,
    task: Task,
    rules: Move<'_>,
    first: usize,
    [parameters, proposed, centres]: [&mut [f32]; 3],
    bits: &mut B,
) -> f32 {
    let mut finite = lanes.splat(0.0);
    let mut blocks = Blocks::new();
    let mut scales = rules.scales();
    macro_rules! block {
        ($at:expr, $length:expr) => {{
            let range = $at..$at + $length;
            let e = blocks.next(lanes, bits, $length);
            let x = parameters.get_mut(range.clone()).unwrap_or_default();
            let mu = centres.get_mut(range.clone());
            scales.apply(lanes, first + $at, e, mu.as_deref());
            if let Some(grid) = rules.grid {
                for e in e.chunks_mut(L::T) {
                    let exact = lanes.load(e);
                    finite = lanes.mul_add(exact, lanes.splat(0.0), finite);
                    lanes.store(grid.round_move(lanes, exact), e);
                }
            }
            match task {
                Task::Propose if rules.in_place => {
                    for (x, e) in x.chunks_mut(L::T).zip(e.chunks(L::T)) {
                        lanes.store(moved(lanes, rules.grid, x, e, &mut finite), x);
                    }
                }
                Task::Propose => {
                    let to = proposed.get_mut(range).unwrap_or_default();
                    // Apart, so that there is no look at it for each tile.
                    if rules.grid.is_none() {
                        finite = lanes.moved(x, e, to, finite);
                    } else {
                        for ((to, x), e) in to.chunks_mut(L::T).zip(x.chunks(L::T)).zip(e.chunks(L::T)) {
                            lanes.store(moved(lanes, rules.grid, x, e, &mut finite), to);
                        }
                    }
                }
                Task::Accept(epsilon) => {
                    let mu = mu.unwrap_or_default();
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
        }};
    }
    let mut at = 0;
    if L::T >= 8 {
        // Blocks whose length the compiler knows.
        while parameters.len() - at >= BLOCK {
            block!(at, BLOCK);
            at += BLOCK;
        }
    }
    for at in (at..parameters.len()).step_by(BLOCK) {
        block!(at, (parameters.len() - at).min(BLOCK));
    }
    blocks.sum(lanes, finite)
}

/// A tile of x', which adds 0 to `finite`, or NaN once a parameter is infinite, not a number, or beyond the grid.
#[inline(always)]
fn moved<L: Lanes>(lanes: L, grid: Option<Grid>, x: &[f32], e: &[f32], finite: &mut L::V) -> L::V {
    let moved = lanes.add(lanes.load(x), lanes.load(e));
    *finite = match grid {
        Some(grid) => lanes.add(grid.spoil(lanes, moved), *finite),
        None => lanes.mul_add(moved, lanes.splat(0.0), *finite),
    };
    moved
}
