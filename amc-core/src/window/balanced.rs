//! As many samples of each class: what a class that is not seen for long is not forgotten by.

use heapless::Vec;
use rand_core::Rng;

use super::reservoir::choose;
use super::{WindowError, check_finite};
use crate::samples::{Rows, Samples, Targets};

/// `N / CLASSES` samples of each class, of `FEATURES` numbers each: a new one takes the place of one of its own class,
/// whatever came of the others. What is left of `N / CLASSES` stays free. There are at most 256 classes.
///
/// [`push`](Balanced::push) keeps a class's newest samples, [`push_sampled`](Balanced::push_sampled) a uniform random
/// sample of all there were of it: the caller uses one of the two.
#[derive(Debug)]
pub struct Balanced<const N: usize, const CLASSES: usize, const FEATURES: usize> {
    features: Vec<[f32; FEATURES], N>,
    classes: Vec<u8, N>,
    seen: [u64; CLASSES],
}

impl<const N: usize, const CLASSES: usize, const FEATURES: usize> Balanced<N, CLASSES, FEATURES> {
    /// Places of a class.
    pub const SHARE: usize = match N.checked_div(CLASSES) {
        Some(share) => share,
        None => 0,
    };

    /// An empty window.
    pub const fn new() -> Self {
        Self { features: Vec::new(), classes: Vec::new(), seen: [0; CLASSES] }
    }

    /// Adds a sample, in place of the oldest of its class where that has its share; one that holds a number that is not
    /// finite, or is of no class, is refused, and changes nothing.
    pub fn push(&mut self, features: [f32; FEATURES], class: u8) -> Result<(), WindowError> {
        let before = self.count(&features, class)?;
        // Places of a class are filled in the order of their numbers, and again in that order.
        self.put(features, class, before.checked_rem(Self::SHARE as u64).unwrap_or(0) as usize);
        Ok(())
    }

    /// Offers a sample; says whether it was taken in: always while its class has not its share, and then with the chance
    /// of a [`Reservoir`](super::Reservoir) of its class. One that holds a number that is not finite, or is of no class, is
    /// refused, and changes nothing.
    pub fn push_sampled<R: Rng>(
        &mut self,
        features: [f32; FEATURES],
        class: u8,
        rng: &mut R,
    ) -> Result<bool, WindowError> {
        let before = self.count(&features, class)?;
        let place = if before < Self::SHARE as u64 { before as usize } else { choose(rng, before.saturating_add(1)) };
        Ok(self.put(features, class, place))
    }

    /// Counts a sample that is good, and says how many of its class there were before.
    fn count(&mut self, features: &[f32; FEATURES], class: u8) -> Result<u64, WindowError> {
        check_finite(features, &[])?;
        let error = WindowError::Class { class, classes: CLASSES };
        let seen = self.seen.get_mut(usize::from(class)).ok_or(error)?;
        let before = *seen;
        *seen = before.saturating_add(1);
        Ok(before)
    }

    /// Puts a sample into a place of its class, by its number among these; says whether there is such a place.
    fn put(&mut self, features: [f32; FEATURES], class: u8, place: usize) -> bool {
        if place >= Self::SHARE {
            return false;
        }
        let mut of_class = self.features.iter_mut().zip(&self.classes).filter(|(_, of)| **of == class);
        match of_class.nth(place) {
            Some((old, _)) => {
                *old = features;
                true
            }
            None => self.features.push(features).is_ok() && self.classes.push(class).is_ok(),
        }
    }

    /// Samples of a class offered so far that were not refused; none of a class that there is not.
    pub fn seen(&self, class: u8) -> u64 {
        self.seen.get(usize::from(class)).copied().unwrap_or(0)
    }

    /// Samples held.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether none are held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples, in the order of their places, which is that in which classes filled their shares.
    pub fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Samples {
            features: Rows::new(self.features.as_flattened(), FEATURES, 1.0),
            targets: Targets::Classes(&self.classes),
        }
    }
}

impl<const N: usize, const CLASSES: usize, const FEATURES: usize> Default for Balanced<N, CLASSES, FEATURES> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize, const CLASSES: usize, const FEATURES: usize> defmt::Format for Balanced<N, CLASSES, FEATURES> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Balanced window of {} samples", self.len());
    }
}
