//! The last layer's errors: derivatives of the loss by its neurons' inputs, or by a recurrent layer's states.

use amc_core::activation::softmax;
use amc_core::{Activation, Lanes, Layer, Loss, Objective, Targets};

use super::dense::slope;
use amc_kernels::TILE;

/// What the net's outputs are compared with.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'s, 'a> {
    pub objective: Objective<'a>,
    pub targets: Targets<'s>,
    pub samples: usize,
}

impl Outputs<'_, '_> {
    /// The errors of `tiles` tiles from sample `start` on, from `outputs` (which holds inputs where the activation is
    /// softmax, and is overwritten). Those of a last tile's missing samples are 0.
    #[inline(always)]
    pub fn errors<L: Lanes>(&self, lanes: L, outputs: &mut [f32], start: usize, tiles: usize, errors: &mut [f32]) {
        let units = self.objective.net().outputs();
        let each = outputs.chunks_exact_mut(units * TILE).zip(errors.chunks_exact_mut(units * TILE));
        for (tile, (outputs, errors)) in each.take(tiles).enumerate() {
            let first = start + tile * TILE;
            self.tile(lanes, outputs, first, errors);
            let valid = (self.samples - first).min(TILE);
            if valid < TILE {
                errors.chunks_exact_mut(TILE).for_each(|errors| errors[valid..].fill(0.0));
            }
        }
    }

    #[inline(always)]
    fn tile<L: Lanes>(&self, lanes: L, outputs: &mut [f32], first: usize, errors: &mut [f32]) {
        let net = self.objective.net();
        let activation = match net.layers().last() {
            // Its own backward pass takes the errors of states.
            Some(Layer::Recurrent(_)) => Activation::Linear,
            _ => net.output(),
        };
        if activation == Activation::Softmax {
            softmax(lanes, outputs, outputs.len() / TILE);
        }
        let two = lanes.splat(2.0);
        let mut mean = lanes.splat(0.0);
        for (unit, (output, error)) in outputs.chunks_exact(TILE).zip(errors.chunks_exact_mut(TILE)).enumerate() {
            let output = lanes.load(output);
            let difference = lanes.sub(output, self.target(lanes, first, unit));
            let derivative = match (self.objective.loss(), activation) {
                // With softmax or sigmoid, what the activation's derivative multiplies is divided by it.
                (Loss::CrossEntropy, _) => difference,
                (_, Activation::Softmax) => lanes.mul(two, difference),
                (_, activation) => lanes.mul(lanes.mul(two, difference), slope(lanes, activation, output)),
            };
            mean = lanes.mul_add(derivative, output, mean);
            lanes.store(derivative, error);
        }
        if (self.objective.loss(), activation) == (Loss::MeanSquaredError, Activation::Softmax) {
            // With g the derivatives by the probabilities p, those by the inputs are p_k (g_k − Σ g p).
            for (output, error) in outputs.chunks_exact(TILE).zip(errors.chunks_exact_mut(TILE)) {
                let excess = lanes.sub(lanes.load(error), mean);
                lanes.store(lanes.mul(lanes.load(output), excess), error);
            }
        }
    }

    /// What an output should be, for the samples from `first` on.
    #[inline(always)]
    fn target<L: Lanes>(&self, lanes: L, first: usize, unit: usize) -> L::V {
        let units = self.objective.net().outputs();
        let mut wanted = [0.0; TILE];
        match self.targets {
            Targets::Classes(classes) => {
                for (wanted, class) in wanted.iter_mut().zip(classes.get(first..).unwrap_or_default()) {
                    *wanted = f32::from(u8::from(usize::from(*class) == unit));
                }
            }
            Targets::Values(values) => {
                let rows = values.get(first * units..).unwrap_or_default().chunks_exact(units);
                for (wanted, row) in wanted.iter_mut().zip(rows) {
                    *wanted = row[unit];
                }
            }
        }
        lanes.load(&wanted)
    }
}
