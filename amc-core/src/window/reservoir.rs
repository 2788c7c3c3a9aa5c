//! A sample of all there ever was: what a device that is not to forget learns from.

use heapless::Vec;
use rand_core::Rng;

use super::{WindowError, check_finite};
use crate::samples::{Rows, Samples, Targets};

/// A number from 0 to `below` − 1, for `below` above 0.
///
/// Lemire's multiplication without the rejection: none is off by more than `below` · 2⁻⁶⁴ of its chance, a part in 10¹⁰
/// after 10⁹ samples.
pub(super) fn choose<R: Rng>(rng: &mut R, below: u64) -> usize {
    ((u128::from(rng.next_u64()) * u128::from(below)) >> 64) as usize
}

/// A uniform random sample of all samples ever pushed: `N` of them, of `FEATURES` numbers and `TARGETS` target values
/// each, every one of which is there with the same chance. By algorithm R of J. S. Vitter, *Random Sampling with a
/// Reservoir*, ACM Trans. Math. Softw. 11 (1985) 37.
#[derive(Debug)]
pub struct Reservoir<const N: usize, const FEATURES: usize, const TARGETS: usize> {
    features: Vec<[f32; FEATURES], N>,
    targets: Vec<[f32; TARGETS], N>,
    seen: u64,
}

impl<const N: usize, const FEATURES: usize, const TARGETS: usize> Reservoir<N, FEATURES, TARGETS> {
    /// An empty reservoir.
    pub const fn new() -> Self {
        Self { features: Vec::new(), targets: Vec::new(), seen: 0 }
    }

    /// Offers a sample; says whether it was taken in: always while there is room, and then with chance `N` over the
    /// [samples seen](Reservoir::seen), in place of any other. Only then a number of 64 bits is drawn. One that holds a
    /// number that is not finite is refused, and changes nothing.
    pub fn push<R: Rng>(
        &mut self,
        features: [f32; FEATURES],
        targets: [f32; TARGETS],
        rng: &mut R,
    ) -> Result<bool, WindowError> {
        check_finite(&features, &targets)?;
        self.seen = self.seen.saturating_add(1);
        if self.features.push(features).is_ok() {
            return Ok(self.targets.push(targets).is_ok());
        }
        let place = choose(rng, self.seen);
        let (Some(old), Some(target)) = (self.features.get_mut(place), self.targets.get_mut(place)) else {
            return Ok(false);
        };
        (*old, *target) = (features, targets);
        Ok(true)
    }

    /// Samples offered so far that were not refused.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Samples held.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether none are held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples, in the order of their places, which is not that of their age.
    pub fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Samples {
            features: Rows::new(self.features.as_flattened(), FEATURES, 1.0),
            targets: Targets::Values(self.targets.as_flattened()),
        }
    }
}

impl<const N: usize, const FEATURES: usize, const TARGETS: usize> Default for Reservoir<N, FEATURES, TARGETS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize, const FEATURES: usize, const TARGETS: usize> defmt::Format for Reservoir<N, FEATURES, TARGETS> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Reservoir of {} of {} samples", self.len(), self.seen);
    }
}
