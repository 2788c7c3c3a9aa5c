//! The samples that moves are judged on: all of them, or batches by a policy of [`batch`](crate::batch).

use rand_core::Rng;

use crate::Generator;
use crate::batch::{Minibatch, Progressive};
use crate::samples::{Element, Features, Rows, Samples, Targets};
use crate::window::{Balanced, Reservoir, Window};

/// Samples, and the batch of them that is current. [`Samples`] are one batch, all of them; so is a
/// [`Window`], a [`Reservoir`] or a [`Balanced`] window, whatever it holds. What an image does not use costs it no flash.
pub trait Batches {
    /// How the batch keeps features.
    type Features<'b>: Features
    where
        Self: 'b;

    /// Whether [`accepted`](Batches::accepted) has a use for the number of samples that are right.
    const COUNTS: bool = false;

    /// The current batch.
    fn samples(&self) -> Samples<'_, Self::Features<'_>>;

    /// Changes the batch before a move; says whether it did.
    #[inline(always)]
    fn next(&mut self) -> bool {
        false
    }

    /// A move was accepted, with so many samples right; says whether the batch has changed.
    #[inline(always)]
    fn accepted(&mut self, correct: u32) -> bool {
        let _ = correct;
        false
    }

    /// The current parameters' loss, `before`, is `now` on samples that have changed; says whether the chain is to
    /// [restart](crate::chain::Chain::restart).
    #[inline(always)]
    fn scored(&mut self, before: f32, now: f32) -> bool {
        let _ = (before, now);
        false
    }
}

/// Full batch.
impl<F: Features + Copy> Batches for Samples<'_, F> {
    type Features<'b>
        = F
    where
        Self: 'b;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, F> {
        *self
    }
}

/// Full batch, where the caller keeps it: a small device's stack holds it once.
impl<F: Features + Copy> Batches for &Samples<'_, F> {
    type Features<'b>
        = F
    where
        Self: 'b;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, F> {
        **self
    }
}

/// Batches where the caller keeps them: a window is larger than a small device's stack.
impl<B: Batches> Batches for &mut B {
    type Features<'b>
        = B::Features<'b>
    where
        Self: 'b;

    const COUNTS: bool = B::COUNTS;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, Self::Features<'_>> {
        B::samples(self)
    }

    #[inline(always)]
    fn next(&mut self) -> bool {
        B::next(self)
    }

    #[inline(always)]
    fn accepted(&mut self, correct: u32) -> bool {
        B::accepted(self, correct)
    }

    #[inline(always)]
    fn scored(&mut self, before: f32, now: f32) -> bool {
        B::scored(self, before, now)
    }
}

/// Full batch, of what the window holds.
impl<const N: usize, const FEATURES: usize, const TARGETS: usize> Batches for Window<N, FEATURES, TARGETS> {
    type Features<'b> = Rows<'b, f32>;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Window::samples(self)
    }
}

/// Full batch, of what the reservoir holds.
impl<const N: usize, const FEATURES: usize, const TARGETS: usize> Batches for Reservoir<N, FEATURES, TARGETS> {
    type Features<'b> = Rows<'b, f32>;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Reservoir::samples(self)
    }
}

/// Full batch, of what the window holds.
impl<const N: usize, const CLASSES: usize, const FEATURES: usize> Batches for Balanced<N, CLASSES, FEATURES> {
    type Features<'b> = Rows<'b, f32>;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Balanced::samples(self)
    }
}

/// A batch that doubles when it is learned, by [`Progressive`]: the first so many samples.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GrowingBatch<'s, F> {
    all: Samples<'s, F>,
    policy: Progressive,
}

impl<'s, F: Features + Copy> GrowingBatch<'s, F> {
    /// Begins with the `first` samples; [`Progressive::FIRST`] is the paper's number. Targets have to be classes: of
    /// other ones none is right, and the batch stays.
    pub fn new(all: Samples<'s, F>, first: usize) -> Self {
        Self { all, policy: Progressive::new(first, all.len()) }
    }
}

impl<F: Features + Copy> Batches for GrowingBatch<'_, F> {
    type Features<'b>
        = F
    where
        Self: 'b;

    const COUNTS: bool = true;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, F> {
        self.all.first(self.policy.size())
    }

    fn accepted(&mut self, correct: u32) -> bool {
        self.policy.update(correct)
    }
}

/// Room for the targets of a batch.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TargetsMut<'m> {
    /// A class for each sample.
    Classes(&'m mut [u8]),
    /// The outputs of each sample, `[sample][output]`.
    Values(&'m mut [f32]),
}

impl TargetsMut<'_> {
    fn len(&self) -> usize {
        match self {
            TargetsMut::Classes(room) => room.len(),
            TargetsMut::Values(room) => room.len(),
        }
    }
}

/// Why random batches cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RandomBatchError {
    /// A batch has no sample, or more than there are.
    #[error("a batch of {size} is to be drawn from {samples} samples")]
    Size {
        /// Samples in a batch.
        size: usize,
        /// Samples.
        samples: usize,
    },
    /// Room of another length than a batch takes, or for another kind of targets.
    #[error("{what}: {needed} are needed, but there are {given}")]
    Length {
        /// What there is room for.
        what: &'static str,
        /// Numbers needed.
        needed: usize,
        /// Numbers given.
        given: usize,
    },
}

/// A new random batch for every move, by [`Minibatch`]: samples are copied to where they lie together.
#[derive(Debug)]
pub struct RandomBatch<'m, E, R = Generator> {
    all: Samples<'m, Rows<'m, E>>,
    subsets: Minibatch<'m>,
    rng: R,
    rows: &'m mut [E],
    targets: TargetsMut<'m>,
}

impl<'m, E: Element, R: Rng> RandomBatch<'m, E, R> {
    /// Batches of `size` of `all` samples, of which the first is drawn at once. `rng` is another than the chain's, so that
    /// batches and moves do not change each other: for the default generator what
    /// [`long_jump`](Generator::long_jump) makes of the chain's. The memory: `order` has as many numbers as there are
    /// samples, `rows` those of `size` samples, and `targets` theirs.
    ///
    /// # Errors
    /// Where it has not.
    pub fn new(
        all: Samples<'m, Rows<'m, E>>,
        size: usize,
        rng: R,
        order: &'m mut [u32],
        rows: &'m mut [E],
        targets: TargetsMut<'m>,
    ) -> Result<Self, RandomBatchError> {
        let samples = all.len();
        if size == 0 || size > samples {
            return Err(RandomBatchError::Size { size, samples });
        }
        let of_batch = match (all.targets, &targets) {
            (Targets::Classes(_), TargetsMut::Classes(_)) => size,
            (Targets::Values(values), TargetsMut::Values(_)) => values.len() / samples * size,
            (Targets::Classes(_), _) => 0,
            (Targets::Values(_), _) => 0,
        };
        let lengths = [
            ("order of samples", samples, order.len()),
            ("features of a batch", size.saturating_mul(all.features.width()), rows.len()),
            ("targets of a batch", of_batch, targets.len()),
        ];
        match lengths.into_iter().find(|(_, needed, given)| needed != given) {
            Some((what, needed, given)) => Err(RandomBatchError::Length { what, needed, given }),
            None => {
                let mut batch = Self { all, subsets: Minibatch::new(size, order), rng, rows, targets };
                batch.draw();
                Ok(batch)
            }
        }
    }

    fn draw(&mut self) {
        let Self { all, subsets, rng, rows, targets } = self;
        let width = all.features.width().max(1);
        let drawn = subsets.draw(rng);
        for (row, sample) in rows.chunks_exact_mut(width).zip(drawn) {
            copy(all.features.row(*sample as usize), row);
        }
        match (all.targets, targets) {
            (Targets::Classes(from), TargetsMut::Classes(to)) => {
                for (class, sample) in to.iter_mut().zip(drawn) {
                    copy(from.get(*sample as usize..).unwrap_or_default(), core::slice::from_mut(class));
                }
            }
            (Targets::Values(from), TargetsMut::Values(to)) => {
                let outputs = to.len() / drawn.len().max(1);
                for (row, sample) in to.chunks_exact_mut(outputs.max(1)).zip(drawn) {
                    copy(from.get(*sample as usize * outputs..).unwrap_or_default(), row);
                }
            }
            _ => {}
        }
    }
}

/// As much as there is room for.
fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

impl<E: Element, R: Rng> Batches for RandomBatch<'_, E, R> {
    type Features<'b>
        = Rows<'b, E>
    where
        Self: 'b;

    #[inline(always)]
    fn samples(&self) -> Samples<'_, Rows<'_, E>> {
        let Self { all, rows, targets, .. } = self;
        let targets = match targets {
            TargetsMut::Classes(classes) => Targets::Classes(classes),
            TargetsMut::Values(values) => Targets::Values(values),
        };
        Samples { features: Rows::new(rows, all.features.width(), all.features.scale()), targets }
    }

    fn next(&mut self) -> bool {
        self.draw();
        true
    }
}
