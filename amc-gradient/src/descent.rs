//! What is done with a gradient.

use serde::{Deserialize, Serialize};

/// Gradient descent, Eq. (3), or Adam.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Optimizer {
    /// x ← x − α ∇U
    GradientDescent {
        /// α
        rate: f32,
    },
    /// Adam (Kingma and Ba, arXiv 1412.6980), with PyTorch's defaults β₁ = 0.9, β₂ = 0.999 and 10⁻⁸ for what the paper
    /// calls ε.
    Adam {
        /// α
        rate: f32,
        /// β₁ and β₂, each to the power of the steps made.
        powers: (f64, f64),
        /// Decaying means of the gradient and of its squares, for each parameter.
        moments: Vec<(f32, f32)>,
    },
}

const BETA: (f32, f32) = (0.9, 0.999);
const ADAM_EPSILON: f32 = 1e-8;

impl Optimizer {
    /// Gradient descent at the learning rate α.
    pub fn gradient_descent(rate: f32) -> Self {
        Self::GradientDescent { rate }
    }

    /// Adam at the learning rate α, for so many parameters.
    pub fn adam(rate: f32, parameters: usize) -> Self {
        Self::Adam { rate, powers: (1.0, 1.0), moments: vec![(0.0, 0.0); parameters] }
    }

    /// Makes a step: `gradient` is that at `parameters`, and as long.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32]) {
        match self {
            Self::GradientDescent { rate } => {
                for (x, g) in parameters.iter_mut().zip(gradient) {
                    *x -= *rate * g;
                }
            }
            Self::Adam { rate, powers, moments } => {
                // Products, because not every machine's powi rounds alike.
                *powers = (powers.0 * f64::from(BETA.0), powers.1 * f64::from(BETA.1));
                let size = (f64::from(*rate) / (1.0 - powers.0)) as f32;
                let root = (1.0 - powers.1).sqrt() as f32;
                for ((x, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                    *m = BETA.0 * *m + (1.0 - BETA.0) * g;
                    *v = BETA.1 * *v + (1.0 - BETA.1) * (g * g);
                    *x -= size * *m / (v.sqrt() / root + ADAM_EPSILON);
                }
            }
        }
    }
}

/// |∇U|, the Euclidean norm.
pub fn norm(gradient: &[f32]) -> f64 {
    gradient.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>().sqrt()
}

/// Shortens a gradient to the norm `most` if it is longer: gradient clipping.
pub fn clip(gradient: &mut [f32], most: f64) {
    let norm = norm(gradient);
    if norm > most {
        let factor = (most / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
}
