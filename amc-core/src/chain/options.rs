//! The hyperparameters of aMC (Sec. III A).

use super::Grid;

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
    /// The grid of parameters and moves, if they are to lie on one; in place they have to.
    pub grid: Option<Grid>,
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
    /// A grid's step is 2 to a power out of range.
    #[error("the grid's step is 2 to the power of {0}: use a power from -100 to 100")]
    Grid(i8),
    /// σ₀ is below the grid's step: moves would mostly be 0.
    #[error("sigma is {sigma}: on a grid of {step} the initial step size has to be at least that")]
    SigmaBelowGrid {
        /// σ₀
        sigma: f32,
        /// g
        step: f32,
    },
}

impl Options {
    /// Metropolis Monte Carlo at T = 0 (Sec. II A): ε = 0, n_s infinite.
    pub const fn new(sigma: f32) -> Self {
        Self { sigma, epsilon: 0.0, n_reset: 0, temperature: 0.0, grid: None }
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

    /// With parameters and moves on a grid.
    #[must_use]
    pub const fn grid(self, grid: Grid) -> Self {
        Self { grid: Some(grid), ..self }
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
        match self.grid {
            Some(grid) if self.sigma < grid.step() => {
                Err(OptionsError::SigmaBelowGrid { sigma: self.sigma, step: grid.step() })
            }
            _ => Ok(()),
        }
    }
}
