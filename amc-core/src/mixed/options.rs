//! Mixed moves as a value, beside the paper's [options](crate::chain::Options).

use super::{MixedError, check_temperature};

/// Where mixed moves begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Begin {
    /// At parameters of their own, [drawn](super::start) for the samples.
    #[default]
    Drawn,
    /// At those that the memory holds.
    Given,
}

/// All that can be chosen of mixed moves: nothing that has to be tuned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MixedOptions {
    /// T, in units of the loss; 0 or above.
    pub temperature: f32,
    /// Where they begin.
    pub begin: Begin,
}

impl MixedOptions {
    /// At T = 0, from parameters that are drawn.
    pub const fn new() -> Self {
        Self { temperature: 0.0, begin: Begin::Drawn }
    }

    /// At a temperature.
    #[must_use]
    pub const fn temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    /// From parameters that are given.
    #[must_use]
    pub const fn given(self) -> Self {
        Self { begin: Begin::Given, ..self }
    }

    /// Checks them.
    ///
    /// # Errors
    /// For a temperature that is negative or not finite.
    pub fn check(&self) -> Result<(), MixedError> {
        check_temperature(self.temperature)
    }
}
