//! The hyperparameters of aMC (Sec. III A).

/// The hyperparameters of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Options {
    /// σ₀, the initial scale of moves, above 0.
    pub sigma: f32,
    /// ε, the rate at which the centres μ follow accepted moves; finite, may be negative; 0 leaves them at 0.
    pub epsilon: f32,
    /// n_s, the consecutive rejections after which σ is reduced and μ set to 0; 0 stands for never.
    pub n_reset: u32,
    /// T, the temperature, in units of the loss; 0 accepts no rise of the loss.
    pub temperature: f32,
}

/// A hyperparameter out of its range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OptionsError {
    /// σ₀ is not a positive finite number.
    #[error("sigma is {0}: the initial step size has to be a finite number above 0")]
    Sigma(f32),
    /// ε is not finite.
    #[error("epsilon is {0}: it has to be a finite number")]
    Epsilon(f32),
    /// T is negative or not finite.
    #[error("temperature is {0}: it has to be a finite number, 0 or above")]
    Temperature(f32),
}

impl Options {
    /// Metropolis Monte Carlo at T = 0 (Sec. II A): ε = 0, n_s infinite.
    pub const fn new(sigma: f32) -> Self {
        Self { sigma, epsilon: 0.0, n_reset: 0, temperature: 0.0 }
    }

    /// With ε.
    #[must_use]
    pub const fn epsilon(self, epsilon: f32) -> Self {
        Self { epsilon, ..self }
    }

    /// With n_s; 0 stands for never.
    #[must_use]
    pub const fn n_reset(self, n_reset: u32) -> Self {
        Self { n_reset, ..self }
    }

    /// With temperature T.
    #[must_use]
    pub const fn temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    /// Whether every hyperparameter is in its range.
    pub fn check(&self) -> Result<(), OptionsError> {
        if !(self.sigma.is_finite() && self.sigma > 0.0) {
            return Err(OptionsError::Sigma(self.sigma));
        }
        if !self.epsilon.is_finite() {
            return Err(OptionsError::Epsilon(self.epsilon));
        }
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return Err(OptionsError::Temperature(self.temperature));
        }
        Ok(())
    }
}
