//! Methods that train a net: aMC, gradient descent, Adam.

use serde::Serialize;

use amc_engine::train::Batching;

/// What trains a net.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Adaptive Metropolis Monte Carlo; with ε = 0, n_s = 0 (never) and no signal norm, Metropolis Monte Carlo.
    Amc { sigma: f64, epsilon: f64, n_reset: u32, signal_norm: bool, batching: Batching },
    /// Gradient descent, Eq. (3).
    GradientDescent { rate: f64, steps: Steps },
    /// Adam.
    Adam { rate: f64, steps: Steps },
}

/// What the steps of a gradient are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Steps {
    /// The norm that a gradient is clipped to.
    pub clip: Option<f64>,
    /// Samples of a minibatch; all where there is none.
    pub batch: Option<usize>,
}

impl Method {
    /// Metropolis Monte Carlo.
    pub fn metropolis(sigma: f64) -> Self {
        Self::Amc { sigma, epsilon: 0.0, n_reset: 0, signal_norm: false, batching: Batching::Full }
    }

    /// Gradient descent on all samples.
    pub fn gradient_descent(rate: f64) -> Self {
        Self::GradientDescent { rate, steps: Steps::default() }
    }

    /// Adam on all samples.
    pub fn adam(rate: f64) -> Self {
        Self::Adam { rate, steps: Steps::default() }
    }

    /// Whether it takes a gradient.
    pub fn has_gradient(&self) -> bool {
        matches!(self, Self::GradientDescent { .. } | Self::Adam { .. })
    }

    /// The samples of a step.
    pub fn batching(&self) -> Batching {
        match *self {
            Self::Amc { batching, .. } => batching,
            Self::GradientDescent { steps, .. } | Self::Adam { steps, .. } => {
                steps.batch.map_or(Batching::Full, Batching::Mini)
            }
        }
    }

    /// What it is called in files and on the screen.
    pub fn name(&self) -> String {
        match *self {
            Self::Amc { sigma, epsilon: 0.0, n_reset: 0, signal_norm: false, batching: Batching::Full } => {
                format!("MC sigma {sigma}")
            }
            Self::Amc { sigma, epsilon, n_reset, signal_norm, batching } => {
                let norm = if signal_norm { " signal norm" } else { "" };
                let batch = match batching {
                    Batching::Full => String::new(),
                    Batching::Mini(size) => format!(" batch {size}"),
                    Batching::Progressive => " progressive".into(),
                };
                format!("aMC sigma {sigma} epsilon {epsilon} n_s {n_reset}{norm}{batch}")
            }
            Self::GradientDescent { rate, steps } => format!("GD rate {rate}{}", steps.name()),
            Self::Adam { rate, steps } => format!("Adam rate {rate}{}", steps.name()),
        }
    }
}

impl Steps {
    fn name(&self) -> String {
        let clip = self.clip.map(|most| format!(" clip {most}"));
        let batch = self.batch.map(|size| format!(" batch {size}"));
        clip.unwrap_or_default() + &batch.unwrap_or_default()
    }
}
