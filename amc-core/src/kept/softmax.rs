//! Losses of classes by a softmax, where of its inputs one or none is another than what is kept.
//!
//! With e_k = exp(z_k − m) of a sample of class y let T = Σ e_k and Q = Σ e_k² over k ≠ y. Cross-entropy is
//! ln(T + e_y) + m − z_y, and the squared error (T² + Q) / (T + e_y)². Where m, T, e_y and one more number are kept of each sample,
//! another z_k costs two exponentials: what it was is taken out of the sums, what it is goes into them. That rounds otherwise than a
//! whole pass.

use crate::activation::exponentials;
use crate::elementary::exp;
use crate::lanes::{Lanes, Outlined};
use crate::loss::{Loss, TileTargets, class_error, cross_entropy, equal, ln_sum, looks_up, put_own, take_own};

/// Numbers that are kept of a sample.
pub(super) const NUMBERS: usize = 4;

/// Outputs from which on they are: fewer exponentials are found anew.
pub(super) const FROM: usize = 4;

/// How far above m an input counts as what it is: beyond, its exponential is all of the sum.
const HIGHEST: f32 = 40.0;

/// What is kept of a tile.
struct Terms<V> {
    /// m, the largest input.
    largest: V,
    /// T
    others: V,
    /// e_y
    own: V,
    /// Q, or z_y for cross-entropy.
    last: V,
}

impl<V: Copy> Terms<V> {
    #[inline(always)]
    fn load<L: Lanes<V = V>>(lanes: L, from: &[f32]) -> Self {
        let (largest, from) = from.split_at_checked(L::T).unwrap_or_default();
        let (others, from) = from.split_at_checked(L::T).unwrap_or_default();
        let (own, last) = from.split_at_checked(L::T).unwrap_or_default();
        Self { largest: lanes.load(largest), others: lanes.load(others), own: lanes.load(own), last: lanes.load(last) }
    }

    #[inline(always)]
    fn store<L: Lanes<V = V>>(self, lanes: L, to: &mut [f32]) {
        let Self { largest, others, own, last } = self;
        for (to, number) in to.chunks_exact_mut(L::T).zip([largest, others, own, last]) {
            lanes.store(number, to);
        }
    }
}

/// (T, e_y, Q) of a tile's e; where e_y are looked up, 0 is left in their places.
#[inline(always)]
fn sums<L: Lanes>(lanes: L, e: &mut [f32], classes: &[u8]) -> (L::V, L::V, L::V) {
    let zero = lanes.splat(0.0);
    let (mut others, mut own, mut squares) = (zero, zero, zero);
    if looks_up::<L>() {
        own = take_own(lanes, e, classes);
        for e in lanes.tiles(e) {
            others = lanes.add(others, lanes.load(e));
        }
        return (others, own, lanes.squares(e));
    }
    let class = lanes.load_u8(classes);
    for (output, e) in e.chunks_exact(L::T).enumerate() {
        let (this, e) = (lanes.splat(output as f32), lanes.load(e));
        let other = equal(lanes, class, this, zero, e);
        own = equal(lanes, class, this, e, own);
        others = lanes.add(others, other);
        squares = lanes.mul_add(other, other, squares);
    }
    (others, own, squares)
}

/// What is left of a sum by rounding, which is not negative: early rejection counts on that.
#[inline(always)]
fn rest<L: Lanes>(lanes: L, sum: L::V) -> L::V {
    let zero = lanes.splat(0.0);
    lanes.select_le(sum, zero, zero, sum)
}

/// (T² + Q) / (T + e_y)²
#[inline(always)]
fn squared_error<L: Lanes>(lanes: L, (others, own, squares): (L::V, L::V, L::V)) -> L::V {
    let sum = lanes.add(others, own);
    lanes.div(lanes.mul_add(others, others, squares), lanes.mul(sum, sum))
}

/// Finds losses, the bits of a whole pass, and what is kept.
pub(super) struct Keep<'t> {
    pub(super) loss: Loss,
    /// The softmax's inputs, `[tile][output][T]`; then each tile's losses, in the place of its first output.
    pub(super) inputs: &'t mut [f32],
    /// Outputs of a sample.
    pub(super) width: usize,
    pub(super) classes: &'t [u8],
    /// `[tile][number][T]`
    pub(super) to: &'t mut [f32],
}

impl<L: Lanes> Outlined<L> for Keep<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { loss, inputs, width, classes, to } = self;
        let tiles = inputs.chunks_exact_mut((width * L::T).max(1)).zip(to.chunks_exact_mut(NUMBERS * L::T));
        for (tile, (inputs, to)) in tiles.enumerate() {
            let classes = classes.get(tile * L::T..).unwrap_or_default();
            let (found, terms) = match loss {
                Loss::CrossEntropy => {
                    let found = cross_entropy(lanes, inputs, TileTargets::Classes(classes));
                    let (others, own, _) = sums(lanes, inputs, classes);
                    (found.loss, Terms { largest: found.largest, others, own, last: found.target })
                }
                Loss::MeanSquaredError => {
                    let (largest, sum) = exponentials(lanes, inputs);
                    let (others, own, squares) = sums(lanes, inputs, classes);
                    if looks_up::<L>() {
                        put_own(lanes, own, inputs, classes);
                    }
                    for e in lanes.tiles_mut(inputs) {
                        lanes.store(lanes.div(lanes.load(e), sum), e);
                    }
                    let found = class_error(lanes, inputs, classes);
                    (found, Terms { largest, others, own, last: squares })
                }
            };
            terms.store(lanes, to);
            lanes.store(found, inputs);
        }
    }
}

/// Finds squared errors, with one division for all outputs of a sample.
pub(super) struct SquaredErrors<'t> {
    /// As of [`Keep`].
    pub(super) inputs: &'t mut [f32],
    pub(super) width: usize,
    pub(super) classes: &'t [u8],
}

impl<L: Lanes> Outlined<L> for SquaredErrors<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { inputs, width, classes } = self;
        for (tile, inputs) in inputs.chunks_exact_mut((width * L::T).max(1)).enumerate() {
            exponentials(lanes, inputs);
            let found = sums(lanes, inputs, classes.get(tile * L::T..).unwrap_or_default());
            lanes.store(squared_error(lanes, found), inputs);
        }
    }
}

/// Finds losses where one input is another.
pub(super) struct OneInput<'t> {
    pub(super) loss: Loss,
    /// Which it is, and how many there are.
    pub(super) unit: usize,
    pub(super) width: usize,
    /// The inputs that are kept, `[tile][output][T]`.
    pub(super) inputs: &'t [f32],
    /// What else is, `[tile][number][T]`.
    pub(super) kept: &'t [f32],
    pub(super) classes: &'t [u8],
    /// What the input is now, `[tile][T]`, and where losses go.
    pub(super) fresh: &'t [f32],
    pub(super) to: &'t mut [f32],
}

impl<L: Lanes> Outlined<L> for OneInput<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { loss, unit, width, inputs, kept, classes, fresh, to } = self;
        let this = lanes.splat(unit as f32);
        let before = inputs.chunks_exact((width * L::T).max(1)).zip(kept.chunks_exact(NUMBERS * L::T));
        let now = fresh.chunks_exact(L::T).zip(to.chunks_exact_mut(L::T));
        for (tile, ((inputs, kept), (fresh, to))) in before.zip(now).enumerate() {
            let class = lanes.load_u8(classes.get(tile * L::T..).unwrap_or_default());
            let Terms { largest, others, own, last } = Terms::load(lanes, kept);
            let (was, is) = (lanes.load(inputs.get(unit * L::T..).unwrap_or_default()), lanes.load(fresh));
            let above = lanes.sub(is, largest);
            let counted = lanes.at_most(above, lanes.splat(HIGHEST));
            let (was, e) = (exp(lanes, lanes.sub(was, largest)), exp(lanes, counted));
            let moved = lanes.add(rest(lanes, lanes.sub(others, was)), e);
            let others = equal(lanes, class, this, others, moved);
            let own = equal(lanes, class, this, e, own);
            let found = match loss {
                Loss::CrossEntropy => {
                    let beyond = lanes.add(lanes.sub(above, counted), largest);
                    let target = equal(lanes, class, this, is, last);
                    let sum = lanes.add(others, own);
                    let sum = lanes.at_least(sum, lanes.splat(f32::MIN_POSITIVE));
                    rest(lanes, lanes.add(ln_sum(lanes, sum), lanes.sub(beyond, target)))
                }
                Loss::MeanSquaredError => {
                    let moved = lanes.mul_add(e, e, rest(lanes, lanes.sub(last, lanes.mul(was, was))));
                    let squares = equal(lanes, class, this, last, moved);
                    squared_error(lanes, (others, own, squares))
                }
            };
            lanes.store(found, to);
        }
    }
}
