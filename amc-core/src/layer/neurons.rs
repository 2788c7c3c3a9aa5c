//! Neurons: weighted sums of inputs, the kernel of all layers that have weights.
//!
//! A layer runs over its inputs in panels, over its neurons in register blocks, and over the tiles innermost: a
//! panel's weights come from the nearest cache for all tiles but the first. A sample's own sum still runs over its
//! inputs in their order, so none of this changes a bit.

use crate::lanes::{Lanes, Outlined, Stored, Sums};
use crate::samples::{FeatureKernel, Features};

/// Inputs in a panel: for 4 tiles of 16 samples and a block of up to 16 neurons, 20 KiB of activations and weights, which the
/// nearest cache holds.
pub(crate) const PANEL: usize = 64;

/// Repeats a statement for `$j` in 0 .. `$J`, written out: in a loop the sums would live in memory.
macro_rules! neurons {
    ($J:ident, |$j:ident| $do:block) => {
        neurons!($J, |$j| $do, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($J:ident, |$j:ident| $do:block, $($n:literal)*) => {$(
        if $n < $J {
            const $j: usize = $n;
            $do
        }
    )*};
}

/// The inputs of a layer, with their numbers, for each of some tiles.
pub(crate) trait Inputs<L: Lanes> {
    /// Whether a tile has all inputs, from the first on.
    const ALL: bool = false;

    fn tile(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone;

    /// All of them, if they are stored, `[tile][input][T]` or in rows, and the numbers from a tile to the next.
    #[inline(always)]
    fn stored(&self) -> Option<(Stored<'_>, usize)> {
        None
    }
}

impl<L: Lanes, I: Iterator<Item = (usize, L::V)> + Clone, C: Fn(usize) -> I> Inputs<L> for C {
    #[inline(always)]
    fn tile(&self, _: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        self(tile)
    }
}

/// Neurons over one panel of their inputs.
#[derive(Clone, Copy)]
pub(crate) struct Neurons<'a> {
    /// The panel's weights, `[input][units]`.
    pub(crate) weights: &'a [f32],
    pub(crate) biases: &'a [f32],
    /// What inputs are to be multiplied by.
    pub(crate) scale: f32,
    /// Whether this is the first panel.
    pub(crate) begins: bool,
    /// Whether this is the last panel.
    pub(crate) ends: bool,
}

impl<'a> Neurons<'a> {
    /// Adds this panel to the neurons' inputs, `[tile][unit][T]`. Inputs have their numbers in the panel; if they may be
    /// `SPARSE`, those that the lanes want to skip are skipped.
    #[inline(always)]
    pub(crate) fn run<L: Lanes, I: Inputs<L>, const SPARSE: bool>(&self, lanes: L, inputs: I, outputs: &mut [f32]) {
        if let Some((inputs, stride)) = inputs.stored() {
            let Self { weights, biases, begins, .. } = *self;
            let end = self.ends.then_some(self.scale);
            if lanes.sums(&Sums { weights, biases, inputs, stride, sparse: SPARSE, begins, end }, outputs) {
                return;
            }
        }
        match L::OUTLINES {
            true => self.called::<L, I, SPARSE>(lanes, inputs, outputs),
            false => self.inlined::<L, I, SPARSE>(lanes, inputs, outputs),
        }
    }

    #[inline(never)]
    fn called<L: Lanes, I: Inputs<L>, const SPARSE: bool>(&self, lanes: L, inputs: I, outputs: &mut [f32]) {
        self.inlined::<L, I, SPARSE>(lanes, inputs, outputs);
    }

    #[inline(always)]
    fn inlined<L: Lanes, I: Inputs<L>, const SPARSE: bool>(&self, lanes: L, inputs: I, outputs: &mut [f32]) {
        let units = self.biases.len();
        let width = units * L::T;
        if width == 0 {
            return;
        }
        let mut unit = 0;
        macro_rules! blocks_of {
            ($($j:literal)*) => {$(
                // As many as the lanes keep together, and of what is left over powers of two.
                if $j == L::NEURONS || $j < L::NEURONS && usize::is_power_of_two($j) {
                    while units - unit >= $j {
                        for (tile, outputs) in outputs.chunks_exact_mut(width).enumerate() {
                            let outputs = outputs.get_mut(unit * L::T..).unwrap_or_default();
                            self.block::<L, I, $j, SPARSE>(lanes, unit, inputs.tile(lanes, tile), outputs);
                        }
                        unit += $j;
                    }
                }
            )*};
        }
        blocks_of!(16 8 6 4 2 1);
    }

    #[inline(always)]
    fn block<L: Lanes, I: Inputs<L>, const J: usize, const SPARSE: bool>(
        &self,
        lanes: L,
        unit: usize,
        inputs: impl Iterator<Item = (usize, L::V)>,
        outputs: &mut [f32],
    ) {
        let units = self.biases.len();
        let weights = self.weights.get(unit..).unwrap_or_default();
        let biases = self.biases.get(unit..).and_then(|biases| biases.first_chunk::<J>());
        let (Some(biases), Some(outputs)) = (biases, outputs.get_mut(..J * L::T)) else { return };
        let mut sums = [lanes.splat(0.0); J];
        if !self.begins {
            neurons!(J, |N| { sums[N] = lanes.load(&outputs[N * L::T..]) });
        }
        macro_rules! add {
            ($input:ident, $row:expr) => {
                if SPARSE && lanes.skips($input) {
                    continue;
                }
                let Some(row) = $row.and_then(|row: &[f32]| row.first_chunk::<J>()) else { break };
                neurons!(J, |N| { sums[N] = lanes.mul_add(lanes.splat(row[N]), $input, sums[N]) });
            };
        }
        if I::ALL && L::T < 8 {
            // No place of a row to compute, which is a fourth of what there is to do for a few sums.
            let mut rows = self.weights.chunks_exact(units.max(1));
            for (_, input) in inputs {
                let row = rows.next();
                add!(input, row.and_then(|row| row.get(unit..)));
            }
        } else {
            for (i, input) in inputs {
                add!(input, weights.get(i * units..));
            }
        }
        if self.ends {
            let scale = lanes.splat(self.scale);
            neurons!(J, |N| { sums[N] = lanes.mul_add(sums[N], scale, lanes.splat(biases[N])) });
        }
        neurons!(J, |N| { lanes.store(sums[N], &mut outputs[N * L::T..]) });
    }
}

/// A tile of activations, `[unit][T]`, as inputs.
#[inline(always)]
pub(crate) fn activations<L: Lanes>(lanes: L, tile: &[f32]) -> impl Iterator<Item = (usize, L::V)> + Clone {
    tile.chunks_exact(L::T).map(move |unit| lanes.load(unit)).enumerate()
}

/// Σ S² over a tile's units, the quantity averaged in Eq. (17), for each lane.
#[inline(always)]
pub(crate) fn signal<L: Lanes>(lanes: L, inputs: impl Iterator<Item = (usize, L::V)>) -> L::V {
    let mut sum = lanes.splat(0.0);
    for (_, s) in inputs {
        sum = lanes.mul_add(s, s, sum);
    }
    sum
}

/// One neuron over tiles of inputs, `[tile][input][T]`: several tiles together, since each sum waits for its last term.
pub(crate) struct OneNeuron<'a> {
    pub(crate) given: &'a [f32],
    pub(crate) weights: &'a [f32],
    pub(crate) bias: f32,
    /// What it makes, `[tile][T]`.
    pub(crate) sums: &'a mut [f32],
}

impl<L: Lanes> Outlined<L> for OneNeuron<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { given, weights, bias, sums: to } = self;
        const TOGETHER: usize = 4;
        let tile = weights.len() * L::T;
        let mut groups = given.chunks_exact((TOGETHER * tile).max(1));
        let mut to = to.chunks_mut(TOGETHER * L::T);
        for (given, to) in groups.by_ref().zip(to.by_ref()) {
            // In halves, which need no look at lengths.
            let (ab, cd) = given.split_at(given.len() / 2);
            let ((a, b), (c, d)) = (ab.split_at(ab.len() / 2), cd.split_at(cd.len() / 2));
            let mut sums = [lanes.splat(0.0); TOGETHER];
            let ab = a.chunks_exact(L::T).zip(b.chunks_exact(L::T));
            let cd = c.chunks_exact(L::T).zip(d.chunks_exact(L::T));
            for (((a, b), (c, d)), weight) in ab.zip(cd).zip(weights) {
                let weight = lanes.splat(*weight);
                sums[0] = lanes.mul_add(weight, lanes.load(a), sums[0]);
                sums[1] = lanes.mul_add(weight, lanes.load(b), sums[1]);
                sums[2] = lanes.mul_add(weight, lanes.load(c), sums[2]);
                sums[3] = lanes.mul_add(weight, lanes.load(d), sums[3]);
            }
            for (sum, to) in sums.into_iter().zip(to.chunks_exact_mut(L::T)) {
                lanes.store(lanes.mul_add(sum, lanes.splat(1.0), lanes.splat(bias)), to);
            }
        }
        let rest = groups.remainder();
        for (given, to) in rest.chunks_exact(tile.max(1)).zip(to.flat_map(|to| to.chunks_exact_mut(L::T))) {
            let mut sum = lanes.splat(0.0);
            for (input, weight) in given.chunks_exact(L::T).zip(weights) {
                sum = lanes.mul_add(lanes.splat(*weight), lanes.load(input), sum);
            }
            lanes.store(lanes.mul_add(sum, lanes.splat(1.0), lanes.splat(bias)), to);
        }
    }
}

/// Terms up to which two tiles' sums are made together: longer ones keep a core busy, and of many samples two streams are read worse
/// than one.
const SHORT: usize = 128;

/// One neuron over the features of the samples from `first` on: two tiles together, likewise, where they are [short](SHORT).
pub(crate) struct OneFirst<'a> {
    pub(crate) weights: &'a [f32],
    pub(crate) bias: f32,
    pub(crate) first: usize,
    /// What it makes, `[tile][T]`.
    pub(crate) sums: &'a mut [f32],
}

impl<L: Lanes> FeatureKernel<L> for OneFirst<'_> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { weights, bias, mut first, sums } = self;
        let (scale, bias) = (lanes.splat(features.scale()), lanes.splat(bias));
        for to in sums.chunks_mut(2 * L::T) {
            let (one, other) = to.split_at_mut(to.len().min(L::T));
            let (mut inputs, mut others) = (features.tile(lanes, first), features.tile(lanes, first + L::T));
            let (mut sum, mut other_sum) = (lanes.splat(0.0), lanes.splat(0.0));
            let together = inputs.size_hint().0.min(others.size_hint().0);
            if together <= SHORT && !other.is_empty() {
                for _ in 0..together {
                    sum = next_added(lanes, weights, &mut inputs, sum);
                    other_sum = next_added(lanes, weights, &mut others, other_sum);
                }
            }
            lanes.store(lanes.mul_add(all_added(lanes, weights, inputs, sum), scale, bias), one);
            if !other.is_empty() {
                lanes.store(lanes.mul_add(all_added(lanes, weights, others, other_sum), scale, bias), other);
            }
            first += 2 * L::T;
        }
    }
}

/// A sum with the next of its terms.
#[inline(always)]
fn next_added<L: Lanes>(
    lanes: L,
    weights: &[f32],
    inputs: &mut impl Iterator<Item = (usize, L::V)>,
    sum: L::V,
) -> L::V {
    match inputs.next().and_then(|(input, x)| Some((weights.get(input)?, x))) {
        Some((weight, x)) => lanes.mul_add(lanes.splat(*weight), x, sum),
        None => sum,
    }
}

/// A sum with all terms that are left.
#[inline(always)]
fn all_added<L: Lanes>(lanes: L, weights: &[f32], inputs: impl Iterator<Item = (usize, L::V)>, mut sum: L::V) -> L::V {
    for (input, x) in inputs {
        let Some(weight) = weights.get(input) else { break };
        sum = lanes.mul_add(lanes.splat(*weight), x, sum);
    }
    sum
}
