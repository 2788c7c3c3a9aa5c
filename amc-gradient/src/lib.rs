//! Gradients, for the baselines that training without them is compared with: ∇U by a backward pass over tiles of
//! samples, and what gradient descent and Adam make of it.
//!
//! Samples are cut into parts, of a size that depends on their number alone, and parts are added in their order: the
//! bits do not depend on the threads.

// The layers, backward.
mod dense;
mod gru;
mod images;
mod normalization;
mod products;
mod recurrent;
mod windows;

// A group of samples, forward and backward.
mod group;
mod outputs;
mod places;

mod descent;

use amc_core::{Features, Layer, Objective, Section};
use rayon::prelude::*;

pub use descent::{Optimizer, clip, norm};

use self::group::{Part, Worker};
use self::outputs::Outputs;
use self::places::{Place, places, tiles_of_a_group};
use amc_kernels::evaluate::PackedSamples;
use amc_kernels::lanes::dispatch;
use amc_kernels::{Arithmetic, TILE};

/// Parts that samples are cut into, at most.
const PARTS: usize = 16;
/// Multiply-adds below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1_000_000;

/// Computes gradients; keeps the buffers between them.
pub struct Gradient<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    places: Vec<Place>,
    /// Tiles of a group.
    tiles: usize,
    workers: Vec<Worker>,
    parts: Vec<Vec<f32>>,
    gradient: Vec<f32>,
}

impl<'a> Gradient<'a> {
    /// Gradients on up to `threads` threads of the current rayon pool, for data that the objective has
    /// [checked](Objective::check).
    pub fn new(objective: Objective<'a>, arithmetic: Arithmetic, threads: usize) -> Self {
        let net = objective.net();
        let places = places(net);
        let tiles = tiles_of_a_group(&places);
        let workers = std::iter::repeat_with(|| Worker::new(&places, tiles)).take(threads.max(1)).collect();
        let gradient = vec![0.0; net.parameters()];
        Self { objective, arithmetic, places, tiles, workers, parts: Vec::new(), gradient }
    }

    /// ∇U(x) on a batch: a number for each parameter, in the order of the parameter vector.
    pub fn evaluate(&mut self, parameters: &[f32], samples: &PackedSamples<'_>) -> &mut [f32] {
        let net = self.objective.net();
        let (features, targets, samples) = (samples.features, samples.targets, samples.len());
        let scale = features.scale();
        let group = self.tiles * TILE;
        let share = samples.div_ceil(group).div_ceil(PARTS).max(1) * group;
        self.parts.resize_with(samples.div_ceil(share), Vec::new);
        let outputs = Outputs { objective: self.objective, targets, samples };
        let (multiply_adds, _) = net.operations();
        let threads = if samples * multiply_adds < PARALLEL_FROM { 1 } else { self.workers.len() };
        let at_once = self.parts.len().div_ceil(threads);
        let (arithmetic, places, tiles) = (self.arithmetic, &self.places[..], self.tiles);
        let work = |(index, (parts, worker)): (usize, (&mut [Vec<f32>], &mut Worker))| {
            for (part, gradient) in parts.iter_mut().enumerate() {
                gradient.clear();
                gradient.resize(parameters.len(), 0.0);
                let first = (index * at_once + part) * share;
                let range = first..(first + share).min(samples);
                let part = Part { outputs, places, tiles, parameters, features, scale, range, worker, gradient };
                dispatch(arithmetic, part);
            }
        };
        let shared = self.parts.chunks_mut(at_once).zip(&mut self.workers).enumerate();
        match threads {
            1 => shared.for_each(work),
            _ => shared.collect::<Vec<_>>().into_par_iter().with_max_len(1).for_each(work),
        }

        self.gradient.fill(0.0);
        for part in &self.parts {
            for (sum, part) in self.gradient.iter_mut().zip(part) {
                *sum += *part;
            }
        }
        let terms = self.objective.terms(samples) as f32;
        for (index, place) in self.places.iter().enumerate() {
            let Section { start, weights, biases, .. } = place.section;
            // A dense layer takes features as they are stored: each is to be multiplied by the scale.
            let scale = if index == 0 && matches!(place.layer, Layer::Dense(_)) { scale } else { 1.0 };
            let (of_weights, of_biases) = self.gradient[start..][..weights + biases].split_at_mut(weights);
            of_weights.iter_mut().for_each(|g| *g *= scale / terms);
            of_biases.iter_mut().for_each(|g| *g /= terms);
        }
        &mut self.gradient
    }
}
