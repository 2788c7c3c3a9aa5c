//! Means and mean squares of the inputs of each layer, which scale moves: the centred signal norm; and beside them what whitens moves.
//!
//! A weight moves in units of λ = (Σ (q − m²) + η Σ q + c)^(−1/2), the sums over a neuron's inputs: then its sum moves by σ in
//! standard deviation over the samples. The bias takes back what the weights do to the mean of the inputs. (Eq. 17 of the
//! paper has Σ q alone.)

use super::whitening::{Products, factor, whitening};
use crate::kept::KeptLayer;
use crate::lanes::Lanes;
use crate::layer::Layer;
use crate::layer::kind::Shape;
use crate::net::{Net, Section};
use crate::samples::Features;

/// η
const ETA: f32 = 0.01;
/// c
const LEAST: f32 = 0.03;

/// Where a layer's parameters and statistics are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// The first weight.
    pub start: usize,
    /// Weights of a neuron.
    pub fan_in: usize,
    /// Those of them, the last ones, that are the state before.
    pub states: usize,
    pub neurons: usize,
    /// Parameters behind the weights, of which the first are a bias of each neuron.
    pub biases: usize,
    /// Where the means of its inputs begin; as many mean squares follow, and what whitens its moves.
    at: usize,
    /// Numbers that whiten its moves.
    whitening: usize,
}

impl Net<'_> {
    /// Numbers that are known of its layers' inputs: mean and mean square of each, and of a dense layer of 2 to 32 inputs a
    /// factor of their covariance, which whitens its neurons' moves.
    pub const fn statistics(&self) -> usize {
        let (mut layer, mut numbers, mut width) = (0, 0, self.inputs());
        while layer < self.layers().len() {
            let shape = self.layers()[layer].shape(width);
            numbers += 2 * shape.fan_in;
            if self.layers()[layer].has_sums() {
                numbers += whitening(shape.fan_in);
            }
            width = shape.outputs;
            layer += 1;
        }
        numbers
    }

    /// The places of the layers, one for each.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + Clone {
        self.sections().zip(self.layers()).scan(0, |next, (section, layer)| {
            let Shape { neurons, states, .. } = layer.shape(0);
            let neurons = if section.weights == 0 { 0 } else { neurons };
            let fan_in = section.weights.checked_div(neurons).unwrap_or(0);
            let (at, Section { start, biases, .. }) = (*next, section);
            let whitening = if layer.has_sums() { whitening(fan_in) } else { 0 };
            *next += 2 * fan_in + whitening;
            Some(Place { start, fan_in, states, neurons, biases, at, whitening })
        })
    }
}

impl Place {
    /// Means and mean squares of its inputs.
    pub(super) fn inputs<'s>(&self, statistics: &'s [f32]) -> (&'s [f32], &'s [f32]) {
        let inputs = statistics.get(self.at..self.at + 2 * self.fan_in).unwrap_or_default();
        inputs.split_at(inputs.len() / 2)
    }

    /// What whitens its moves, if they are.
    pub(super) fn whitening<'s>(&self, statistics: &'s [f32]) -> Option<&'s [f32]> {
        let start = self.at + 2 * self.fan_in;
        statistics.get(start..start + self.whitening).filter(|factor| !factor.is_empty())
    }

    /// All that is known of its inputs: means, mean squares, and what whitens its moves.
    fn all<'s>(&self, statistics: &'s mut [f32]) -> Option<(&'s mut [f32], &'s mut [f32], &'s mut [f32])> {
        let all = statistics.get_mut(self.at..self.at + 2 * self.fan_in + self.whitening)?;
        let (means, behind) = all.split_at_mut_checked(self.fan_in)?;
        let (squares, whitening) = behind.split_at_mut_checked(self.fan_in)?;
        Some((means, squares, whitening))
    }
}

/// What an input adds to the variance of a sum: q − m² + η q.
pub(super) fn variance(mean: f32, square: f32) -> f32 {
    (square - mean * mean).max(0.0) + ETA * square
}

/// λ, of the sum of the inputs' variances.
pub(super) fn lambda(variance: f32) -> f32 {
    let root = libm::sqrtf(variance + LEAST);
    if root.is_finite() { 1.0 / root } else { 0.0 }
}

/// Gathers statistics of a net's layers, block after block of some of the samples.
#[derive(Debug)]
pub struct Gather<'a> {
    net: Net<'a>,
    statistics: &'a mut [f32],
    /// The first layer whose inputs are looked at.
    from: usize,
    samples: usize,
}

impl<'a> Gather<'a> {
    /// Into [`Net::statistics`] numbers, of which those of the layers before `from` stay.
    pub fn new(net: Net<'a>, statistics: &'a mut [f32], from: usize) -> Self {
        let at = net.places().nth(from).map_or(statistics.len(), |place| place.at);
        statistics.iter_mut().skip(at).for_each(|number| *number = 0.0);
        Self { net, statistics, from, samples: 0 }
    }

    /// Adds the `samples` samples from `first` on, of which `kept` are the numbers in tiles of `T`: layer by layer, their
    /// outputs are the next one's inputs. A layer whose weights are used at several positions takes all of its inputs together.
    pub fn add<L: Lanes>(
        &mut self,
        lanes: L,
        layers: &[KeptLayer],
        kept: &[f32],
        features: &impl Features,
        (first, samples): (usize, usize),
    ) {
        let Self { net, statistics, from, .. } = self;
        self.samples += samples;
        let scale = features.scale();
        for (index, (place, layer)) in net.places().zip(net.layers()).enumerate().skip(*from) {
            let Some((means, squares, products)) = place.all(statistics) else { continue };
            let mut sums = Sums { is_each: layer.has_sums(), means, squares, products: Products::new(products) };
            let is_one_by_one = !sums.is_each || sums.products.are_summed();
            let before = index.checked_sub(1).and_then(|before| layers.get(before));
            let (outputs, units) =
                before.map_or((&[][..], 0), |before| before.outputs_of(kept, samples.next_multiple_of(L::T)));
            for tile in (0..samples).step_by(L::T) {
                let valid = (samples - tile).min(L::T);
                // Of one sum the terms are in an order that does not depend on tiles: sample by sample.
                let lanes_together = if is_one_by_one { 1 } else { valid.max(1) };
                for lane in (0..valid).step_by(lanes_together) {
                    let range = lane..lane + lanes_together;
                    if before.is_some() {
                        let outputs = outputs.get(tile * units..).unwrap_or_default();
                        for (unit, numbers) in outputs.chunks_exact(L::T).take(units).enumerate() {
                            sums.add(unit, numbers.get(range.clone()).unwrap_or_default());
                        }
                    } else {
                        for (unit, v) in features.tile(lanes, first + tile) {
                            let mut numbers = [0.0; 16];
                            lanes.store(lanes.mul(v, lanes.splat(scale)), &mut numbers);
                            sums.add(unit, numbers.get(range.clone()).unwrap_or_default());
                        }
                    }
                    sums.products.add();
                }
            }
        }
    }

    /// Makes means of the sums.
    pub fn end(self) {
        let Self { net, statistics, from, samples } = self;
        let mut given = net.inputs();
        for (index, (place, layer)) in net.places().zip(net.layers()).enumerate() {
            if let (true, Some((means, squares, products))) = (index >= from, place.all(statistics)) {
                Self::mean(layer, (means, squares), given, samples);
                factor(products, means, squares, samples);
                // What has overflowed: its λ is next to 0, and a state with it can be gone on from.
                let all = means.iter_mut().chain(squares);
                all.filter(|number| !number.is_finite()).for_each(|number| *number = f32::MAX);
            }
            given = layer.units();
        }
    }

    fn mean(layer: &Layer, (means, squares): (&mut [f32], &mut [f32]), given: usize, samples: usize) {
        let each = 1.0 / samples.max(1) as f32;
        if layer.has_sums() {
            means.iter_mut().chain(squares).for_each(|sum| *sum *= each);
        } else {
            let square = squares.first().copied().unwrap_or(0.0) * each / given.max(1) as f32;
            means.fill(0.0);
            squares.fill(square);
        }
    }
}

/// The sums of a layer's inputs.
struct Sums<'s> {
    /// Whether each input has its own.
    is_each: bool,
    means: &'s mut [f32],
    squares: &'s mut [f32],
    products: Products<'s>,
}

impl Sums<'_> {
    /// Adds the numbers of an input, one sample after the other.
    fn add(&mut self, unit: usize, numbers: &[f32]) {
        let unit = if self.is_each { unit } else { 0 };
        if let (Some(mean), Some(square)) = (self.means.get_mut(unit), self.squares.get_mut(unit)) {
            for number in numbers {
                *mean += number;
                *square += number * number;
                self.products.set(unit, *number);
            }
        }
    }
}
