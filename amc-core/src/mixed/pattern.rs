//! Pattern moves: after many accepted moves, further along the way from where they began (Hooke and Jeeves 1961).
//!
//! From x, with g = x − b, the loss is found at x + t g for t = L, 2 L, 4 L … as long as it falls, then where the parabola
//! through the last three points is lowest. The best of them is kept. b itself is t = −1.

use rand_core::Rng;

use super::arm::exp2;
use crate::gaussian::uniform;

/// Cost between pattern moves, in whole passes: from the first to this many octaves more, at random.
const LEAST_COST: f32 = 20.0;
const OCTAVES: f32 = 5.0;
/// What L is kept within.
const LEAST: f32 = 0.25;
const MOST: f32 = 100.0;
/// A t beyond is no minimum.
const FARTHEST: f32 = 1e4;
/// What a parabola's minimum has to be away from the best point, of the width that it spans.
const APART: f32 = 0.02;

/// A point of the line: t, and the loss there.
pub(super) type Point = (f32, f32);

/// When the next pattern move is due, and how far it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pattern {
    /// L
    pub(super) step: f32,
    /// The loss at b; infinite where it is not known.
    pub(super) base_loss: f32,
    /// Cost since the last pattern move, in whole passes, and at which the next is due.
    pub(super) spent: f32,
    pub(super) due: f32,
    /// Moves accepted since.
    pub(super) accepted: u32,
}

impl Pattern {
    pub(super) fn new(loss: f32) -> Self {
        Self { step: 1.0, base_loss: loss, spent: 0.0, due: LEAST_COST, accepted: 0 }
    }

    /// Counts a move.
    pub(super) fn count(&mut self, cost: f32, is_accepted: bool) {
        self.spent += cost;
        self.accepted += u32::from(is_accepted);
    }

    pub(super) fn is_due(&self) -> bool {
        self.accepted > 1 && self.spent > self.due
    }

    /// Begins anew from where the parameters are, after a line whose best point is at `best`, if any is better than t = 0.
    pub(super) fn end<R: Rng>(&mut self, best: Option<f32>, loss: f32, rng: &mut R) {
        self.step = match best {
            Some(t) => (1.2 * t.abs()).max(0.25 * self.step).min(4.0 * self.step),
            None => 0.5 * self.step,
        }
        .clamp(LEAST, MOST);
        let due = LEAST_COST * exp2(OCTAVES * uniform(rng));
        *self = Self { step: self.step, base_loss: loss, spent: 0.0, due, accepted: 0 };
    }
}

/// A search along a line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Line {
    /// The last three points, t ascending.
    points: [Point; 3],
    best: Point,
    /// Where the loss is looked for next.
    t: f32,
    is_parabola: bool,
}

impl Line {
    /// From t = 0, where the loss is this.
    pub(super) fn new(pattern: &Pattern, loss: f32) -> Self {
        let points = [(-1.0, pattern.base_loss), (-1.0, pattern.base_loss), (0.0, loss)];
        Self { points, best: (0.0, loss), t: pattern.step, is_parabola: false }
    }

    /// Where the loss is looked for.
    pub(super) fn t(&self) -> f32 {
        self.t
    }

    /// The best point, if it is not t = 0.
    pub(super) fn best(&self) -> Option<f32> {
        (self.best.0 != 0.0).then_some(self.best.0)
    }

    /// Learns the loss at t; says whether there is another t to look at.
    pub(super) fn found(&mut self, loss: f32) -> bool {
        let is_better = loss < self.best.1;
        if is_better {
            self.best = (self.t, loss);
        }
        if self.is_parabola {
            return false;
        }
        let [_, first, second] = self.points;
        self.points = [first, second, (self.t, loss)];
        if is_better {
            self.t *= 2.0;
            return self.t <= FARTHEST;
        }
        self.is_parabola = true;
        match self.minimum() {
            Some(t) => {
                self.t = t;
                true
            }
            None => false,
        }
    }

    /// Where the parabola through the last three points is lowest, if that is between them and apart from the best.
    fn minimum(&self) -> Option<f32> {
        let [a, b, c] = self.points;
        let (ab, bc) = ((b.1 - a.1) / (b.0 - a.0), (c.1 - b.1) / (c.0 - b.0));
        let curvature = (bc - ab) / (c.0 - a.0);
        let t = 0.5 * (a.0 + b.0) - 0.5 * ab / curvature;
        // Where a loss is not finite, no comparison holds.
        (curvature > 0.0 && t > a.0 && t < c.0 && (t - self.best.0).abs() > APART * (c.0 - a.0)).then_some(t)
    }
}
