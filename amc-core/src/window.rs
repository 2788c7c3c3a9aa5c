//! Windows of a stream of samples: what a device that is out in the field learns from. A [`Window`] holds the newest, a
//! [`Reservoir`] a random sample of all, and a [`Balanced`] window as many of each class.

mod balanced;
mod reservoir;

pub use balanced::Balanced;
pub use reservoir::Reservoir;

use heapless::HistoryBuf;

use crate::samples::{Rows, Samples, Targets};

/// Why a sample was left out of a window.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WindowError {
    /// A feature or target is infinite or not a number.
    #[error("number {index} of the sample is {value}: features and targets have to be finite")]
    NotFinite {
        /// Its place, features first, then targets.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// It is of no class that there is.
    #[error("the sample is of class {class}, but there are {classes} classes, from 0")]
    Class {
        /// The class.
        class: u8,
        /// Classes.
        classes: usize,
    },
}

fn check_finite(features: &[f32], targets: &[f32]) -> Result<(), WindowError> {
    match features.iter().chain(targets).enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(WindowError::NotFinite { index, value: *value }),
        None => Ok(()),
    }
}

/// The last `N` samples, at least one, of `FEATURES` numbers and `TARGETS` target values each; a new one takes the oldest
/// one's place.
#[derive(Debug)]
pub struct Window<const N: usize, const FEATURES: usize, const TARGETS: usize> {
    features: HistoryBuf<[f32; FEATURES], N>,
    targets: HistoryBuf<[f32; TARGETS], N>,
}

impl<const N: usize, const FEATURES: usize, const TARGETS: usize> Window<N, FEATURES, TARGETS> {
    /// An empty window.
    pub const fn new() -> Self {
        Self { features: HistoryBuf::new(), targets: HistoryBuf::new() }
    }

    /// Adds a sample; one that holds a number that is not finite is refused, and changes nothing.
    pub fn push(&mut self, features: [f32; FEATURES], targets: [f32; TARGETS]) -> Result<(), WindowError> {
        check_finite(&features, &targets)?;
        self.features.write(features);
        self.targets.write(targets);
        Ok(())
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
            features: Rows::new(self.features.as_slice().as_flattened(), FEATURES, 1.0),
            targets: Targets::Values(self.targets.as_slice().as_flattened()),
        }
    }
}

impl<const N: usize, const FEATURES: usize, const TARGETS: usize> Default for Window<N, FEATURES, TARGETS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize, const FEATURES: usize, const TARGETS: usize> defmt::Format for Window<N, FEATURES, TARGETS> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Window of {} samples", self.len());
    }
}
