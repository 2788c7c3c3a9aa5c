//! How far each parameter goes in a move.

use super::{Grid, Trained};
use crate::lanes::Lanes;
use crate::net::Section;

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
pub(super) struct Scales<I> {
    sigma: f32,
    /// With signal norm: the sections, and the signals of their layers.
    layers: Option<I>,
    /// Where the current piece ends, and the biases that follow it, if they do.
    ends: (usize, Option<usize>),
    scale: f32,
}

impl Move<'_> {
    /// The scales of the parameters, from the first on.
    #[inline(always)]
    pub fn scales(&self) -> Scales<impl Iterator<Item = (Section, &f32)>> {
        let layers = self.norm.map(|(trained, signal)| trained.sections().zip(signal));
        let end = if layers.is_some() { 0 } else { usize::MAX };
        Scales { sigma: self.sigma, layers, ends: (end, None), scale: self.sigma }
    }
}

impl<'s, I: Iterator<Item = (Section, &'s f32)>> Scales<I> {
    /// Makes e = μ + λσ z, Eq. (9), of numbers z, for the parameters from `start` on, which follow those asked for
    /// before. No centres stand for 0.
    #[inline(always)]
    pub fn apply<L: Lanes>(&mut self, lanes: L, start: usize, z: &mut [f32], centres: Option<&[f32]>) {
        let mut at = 0;
        while at < z.len() {
            let (count, scale) = self.next(lanes, start + at, z.len() - at);
            if L::T >= 8 && count == z.len() {
                // A length that the compiler may know.
                return lanes.scaled(scale, z, centres);
            }
            let centres = centres.and_then(|centres| centres.get(at..at + count));
            lanes.scaled(scale, z.get_mut(at..at + count).unwrap_or_default(), centres);
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
