//! The same net in integers and in floats, on the same samples: a whole evaluation, and a change of a neuron's weights.

use std::path::Path;

use amc_core::integer::{Change, Changes, Evaluate};
use amc_core::{Activation, Generator, Layer, Measurements, Part};
use amc_engine::data::pack::PackedSet;
use amc_engine::data::{self, Data};
use amc_engine::evaluate::Evaluator;
use amc_engine::evaluate::kept::KeptEvaluator;
use amc_engine::integer::{self, Buffers, Set};
use amc_host::data::idx;
use amc_host::data::integers::in_units;
use amc_kernels::{Arithmetic, draw};
use rand_core::SeedableRng;
use serde::Serialize;

use super::time;

/// Weights that a change is of: what moves of a trained net come to, more or less.
const CHANGED: u16 = 8;

/// A net in both kinds of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Its name.
    pub name: &'static str,
    sizes: &'static [usize],
    /// Whether the samples are MNIST's, and not the digits that come with the program.
    pub needs_files: bool,
    runs: u64,
}

/// The nets that are compared.
pub const PAIRS: [Pair; 3] = [
    Pair { name: "digits", sizes: &[64, 16, 10], needs_files: false, runs: 2000 },
    Pair { name: "digits-128", sizes: &[64, 128, 128, 10], needs_files: false, runs: 200 },
    Pair { name: "mnist", sizes: &[784, 16, 16, 10], needs_files: true, runs: 20 },
];

/// What a net took, in milliseconds, medians.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The net.
    pub net: &'static str,
    /// Its samples.
    pub samples: usize,
    /// A whole evaluation in floats, and one in integers.
    pub whole_ms: (f64, f64),
    /// For each layer, all samples where a neuron is another, from what is kept: in floats with all of its weights changed, in
    /// integers with up to 8.
    pub neuron_ms: Vec<(f64, f64)>,
}

impl Pair {
    fn layers(&self) -> Vec<Layer> {
        let last = self.sizes.len() - 2;
        let activation = |layer| if layer == last { Activation::Softmax } else { Activation::Tanh };
        self.sizes[1..].iter().enumerate().map(|(layer, units)| Layer::dense(*units, activation(layer))).collect()
    }

    /// Measures it; MNIST is read from `data_dir`.
    ///
    /// # Errors
    /// Where the files cannot be read.
    pub fn compare(&self, data_dir: &Path, arithmetic: Arithmetic, threads: usize) -> anyhow::Result<Compared> {
        let data = if self.needs_files { idx::load(data_dir)? } else { data::digits() };
        let (whole, neurons) = self.floats(&data, arithmetic, threads)?;
        let (integer_whole, integer_neurons) = self.integers(&data, threads)?;
        Ok(Compared {
            net: self.name,
            samples: data.train.len(),
            whole_ms: (whole, integer_whole),
            neuron_ms: neurons.into_iter().zip(integer_neurons).collect(),
        })
    }

    fn floats(&self, data: &Data, arithmetic: Arithmetic, threads: usize) -> anyhow::Result<(f64, Vec<f64>)> {
        let loss = amc_engine::description::LossName::CrossEntropy;
        let description = amc_engine::description::Description::unnamed(self.sizes[0], self.layers(), loss);
        let objective = description.objective()?;
        let pack = PackedSet::all(&data.train, threads);
        let batch = pack.batch();
        let mut parameters = vec![0.0; objective.net().parameters()];
        draw::fill(arithmetic, &mut Generator::seed_from_u64(1), 0.1, &mut parameters);
        let mut evaluator = Evaluator::new(objective, arithmetic, threads);
        let whole = time(self.runs, || {
            evaluator.evaluate(&parameters, &batch, Measurements::default());
        });
        let mut kept = KeptEvaluator::new(objective, arithmetic, threads, (batch.samples.len(), batch.samples.len()));
        kept.keep(&parameters, Part::Net, &batch, false);
        let neuron = |layer| {
            let part = Part::Neuron { layer, unit: 3 };
            let mut proposed = parameters.clone();
            objective.net().indices(part).for_each(|index| proposed[index] += 0.01);
            time(self.runs, || {
                kept.propose(f32::INFINITY, &proposed, part, &batch);
            })
        };
        Ok((whole, (0..self.sizes.len() - 1).map(neuron).collect()))
    }

    fn integers(&self, data: &Data, threads: usize) -> anyhow::Result<(f64, Vec<f64>)> {
        let (data, _, inputs) = in_units(data, None)?;
        let set = Set::ordered(&data.train, inputs)?;
        let description =
            integer::Description::fit(self.sizes[0], (inputs, set.root_mean_square()), self.layers(), i8::MAX);
        let objective = description.objective()?;
        let net = objective.net();
        let mut parameters = vec![0; net.parameters()];
        net.draw(&mut parameters, &mut Generator::seed_from_u64(1));
        let mut buffers = Buffers::new(net, &set, threads, false);
        let mut evaluator = integer::Evaluator::new(objective, &set, &mut buffers)?;
        let whole = time(self.runs, || {
            evaluator.begin(&parameters);
        });
        let mut buffers = Buffers::new(net, &set, threads, true);
        let mut evaluator = integer::Evaluator::new(objective, &set, &mut buffers)?;
        evaluator.begin(&parameters);
        let mut start = 0;
        let neuron = |layer: usize| {
            let inputs = self.sizes[layer];
            let row = start + 3 * inputs;
            start += (inputs + 1) * self.sizes[layer + 1];
            let mut proposed = parameters.clone();
            let changed = CHANGED.min(inputs as u16);
            let input = |i: u16| (usize::from(i) * inputs / usize::from(changed)) as u16;
            let by = |i: u16| i as i16 % 4 + 1;
            let changes = (0..changed).map(|i| (input(i), by(i))).collect();
            (0..changed).for_each(|i| proposed[row + usize::from(input(i))] += by(i) as i8);
            let change = Change { layer, unit: 3, inputs: Changes::Some(changes) };
            time(self.runs, || {
                evaluator.propose(u64::MAX, &proposed, &change);
            })
        };
        Ok((whole, (0..self.sizes.len() - 1).map(neuron).collect()))
    }
}
