//! Gradients, for the baselines that training without them is compared with: ∇U by a backward pass over tiles of
//! samples, and what gradient descent and Adam make of it.
//!
//! Samples are cut into parts, of a size that depends on their number alone, and parts are added in their order: the
//! bits do not depend on the threads.

mod dense;
mod descent;
mod inputs;
mod outputs;

use amc_core::forward::activate;
use amc_core::{Features, Lanes, Objective, Section};
use rayon::prelude::*;

pub use descent::{Optimizer, clip, norm};

use self::dense::{Dense, TILES};
use self::inputs::inputs;
use self::outputs::Outputs;
use crate::data::pack::{Batch, Packed};
use crate::lanes::{Arithmetic, OnLanes, TILE, dispatch};

/// Parts that samples are cut into, at most.
const PARTS: usize = 16;
/// Multiply-adds below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1_000_000;
/// Samples that are passed forward and then backward together.
const GROUP: usize = TILES * TILE;

/// Computes gradients; keeps the buffers between them.
pub struct Gradient<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    workers: Vec<Worker>,
    parts: Vec<Vec<f32>>,
    gradient: Vec<f32>,
}

/// One thread's memory.
struct Worker {
    /// Outputs of each layer, `[tile][unit][TILE]`.
    outputs: Vec<Vec<f32>>,
    /// ∂U/∂(a neuron's input) of the layer at hand and of the one before it, `[tile][unit][TILE]`.
    errors: [Vec<f32>; 2],
    /// Errors of the first layer's neurons in one tile, `[sample][unit]`, rows filled up with 0 to whole tiles.
    rows: Vec<f32>,
}

impl<'a> Gradient<'a> {
    /// Gradients on up to `threads` threads of the current rayon pool, for data that the objective has
    /// [checked](crate::data::Set::check).
    pub fn new(objective: Objective<'a>, arithmetic: Arithmetic, threads: usize) -> Self {
        let net = objective.net();
        let units = || net.layers().iter().map(|layer| layer.units());
        let widest = units().max().unwrap_or(0);
        let first = units().next().unwrap_or(0);
        let worker = || Worker {
            outputs: units().map(|units| vec![0.0; units * GROUP]).collect(),
            errors: [vec![0.0; widest * GROUP], vec![0.0; widest * GROUP]],
            rows: vec![0.0; TILE * first.next_multiple_of(TILE)],
        };
        let workers = std::iter::repeat_with(worker).take(threads.max(1)).collect();
        let gradient = vec![0.0; net.parameters()];
        Self { objective, arithmetic, workers, parts: Vec::new(), gradient }
    }

    /// ∇U(x) on a batch: a number for each parameter, in the order of the parameter vector.
    pub fn evaluate(&mut self, parameters: &[f32], batch: &Batch<'_>) -> &[f32] {
        let net = self.objective.net();
        let features = batch.features;
        let (samples, scale) = match features {
            Packed::U8(features) => (features.samples(), features.scale()),
            Packed::F32(features) => (features.samples(), features.scale()),
        };
        let share = samples.div_ceil(GROUP).div_ceil(PARTS).max(1) * GROUP;
        self.parts.resize_with(samples.div_ceil(share), Vec::new);
        let outputs = Outputs { objective: self.objective, targets: batch.targets, samples };
        let (multiply_adds, _) = net.operations();
        let threads = if samples * multiply_adds < PARALLEL_FROM { 1 } else { self.workers.len() };
        let at_once = self.parts.len().div_ceil(threads);
        let arithmetic = self.arithmetic;
        let work = |(index, (parts, worker)): (usize, (&mut [Vec<f32>], &mut Worker))| {
            for (part, gradient) in parts.iter_mut().enumerate() {
                gradient.clear();
                gradient.resize(parameters.len(), 0.0);
                let first = (index * at_once + part) * share;
                let range = first..(first + share).min(samples);
                dispatch(arithmetic, Part { outputs, parameters, features, scale, range, worker, gradient });
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
        for (layer, Section { start, weights, biases }) in net.sections().enumerate() {
            // A feature is its stored number times the scale.
            let scale = if layer == 0 { scale } else { 1.0 };
            let (of_weights, of_biases) = self.gradient[start..][..weights + biases].split_at_mut(weights);
            of_weights.iter_mut().for_each(|g| *g *= scale / terms);
            of_biases.iter_mut().for_each(|g| *g /= terms);
        }
        &self.gradient
    }
}

/// The gradient's sum over a part of the samples.
struct Part<'s, 'a> {
    outputs: Outputs<'s, 'a>,
    parameters: &'s [f32],
    features: Packed<'s>,
    /// What features are multiplied by.
    scale: f32,
    range: std::ops::Range<usize>,
    worker: &'s mut Worker,
    gradient: &'s mut [f32],
}

impl OnLanes for Part<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        const { assert!(L::T == TILE) };
        let Self { outputs, parameters, features, scale, range, worker, gradient } = self;
        let Worker { outputs: made, errors: [errors, before], rows } = worker;
        let net = outputs.objective.net();
        let layers = net.layers();
        let sections: Vec<Section> = net.sections().collect();
        for start in range.clone().step_by(GROUP) {
            let tiles = (range.end - start).min(GROUP).div_ceil(TILE);
            let inputs = |tile: usize| inputs(lanes, &features, start + tile * TILE);
            for (index, (section, layer)) in sections.iter().zip(layers).enumerate() {
                let dense = Dense::new(parameters, *section, tiles);
                let (given, now) = made.split_at_mut(index);
                match given.last() {
                    None => dense.forward_first(lanes, inputs, scale, &mut now[0]),
                    Some(given) => dense.forward(lanes, given, &mut now[0]),
                }
                activate(lanes, layer.activation(), &mut now[0][..tiles * layer.units() * TILE]);
            }
            if let Some(last) = made.last_mut() {
                outputs.errors(lanes, last, start, tiles, errors);
            }
            for (index, section) in sections.iter().enumerate().rev() {
                let dense = Dense::new(parameters, *section, tiles);
                let gradient = &mut gradient[section.start..][..section.weights + section.biases];
                let (of_weights, of_biases) = gradient.split_at_mut(section.weights);
                dense.add_biases(lanes, errors, of_biases);
                match index.checked_sub(1) {
                    None => dense.add_first_weights(lanes, inputs, errors, rows, of_weights),
                    Some(below) => {
                        dense.add_weights(lanes, &made[below], errors, of_weights);
                        dense.backward(lanes, layers[below].activation(), &made[below], errors, before);
                        std::mem::swap(errors, before);
                    }
                }
            }
        }
    }
}
