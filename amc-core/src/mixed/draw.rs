//! Drawing a move into the parameters.

use rand_core::Rng;

use super::arm::{Arm, MoveKind, below, exp2, log2};
use super::statistics::{Place, lambda, variance};
use super::whitening::whiten;
use crate::gaussian::{BLOCK, Blocks, uniform};
use crate::lanes::Lanes;
use crate::net::Net;
use crate::part::Part;

/// β, by how much biases move where a sum moves by 1.
const BIAS: f32 = 0.6;

/// How far a move goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    /// σ
    pub sigma: f32,
    /// The share by which the weights that move become smaller.
    pub contraction: f32,
}

impl Size {
    /// Of numbers to start with.
    pub(super) const fn of_start(sigma: f32) -> Self {
        Self { sigma, contraction: 0.0 }
    }

    /// One move in two contracts by σ²: without the samples, weights would come to rest where the sums that they make have a
    /// standard deviation of about 1 (a preconditioned Crank–Nicolson proposal).
    pub(super) fn of_move<R: Rng>(sigma: f32, rng: &mut R) -> Self {
        Self { sigma, contraction: if below(rng, 2) == 0 { 0.0 } else { (sigma * sigma).min(1.0) } }
    }

    /// In a recurrent layer nothing contracts: at every step states would become smaller, and no longer last.
    fn at(self, place: Place) -> Self {
        Self { contraction: if place.states > 0 { 0.0 } else { self.contraction }, ..self }
    }
}

/// Which part of the net an arm is to change.
pub(super) fn choose_part<R: Rng>(net: Net<'_>, arm: &Arm, rng: &mut R) -> Part {
    match arm.kind {
        MoveKind::Net => Part::Net,
        MoveKind::Neuron | MoveKind::Weights => {
            Part::Neuron { layer: arm.layer, unit: below(rng, net.neurons(arm.layer).max(1)) }
        }
    }
}

/// Adds a move to the parameters of a part.
pub(super) fn draw<L: Lanes, R: Rng + Clone>(
    lanes: L,
    net: Net<'_>,
    (kind, part): (MoveKind, Part),
    size: Size,
    statistics: &[f32],
    parameters: &mut [f32],
    rng: &mut R,
) {
    match part {
        Part::Neuron { layer, unit } => {
            let Some(place) = net.places().nth(layer) else { return };
            let size = size.at(place);
            match kind {
                MoveKind::Weights => some_weights(lanes, place, unit, size, statistics, parameters, rng),
                _ => neuron(lanes, place, unit, size, statistics, parameters, rng),
            }
        }
        _ => net.places().for_each(|place| layer(lanes, place, size.at(place), statistics, parameters, rng)),
    }
}

// Inlined: compiled here, what they have in common with a chain's moves would be shared with these, where it is larger than
// what a small trainer makes of it.

/// λ of a neuron that moves all its weights.
#[inline]
pub(super) fn scale(place: Place, statistics: &[f32]) -> f32 {
    let (means, squares) = place.inputs(statistics);
    lambda(means.iter().zip(squares).map(|(mean, square)| variance(*mean, *square)).sum())
}

/// Moves a weight and contracts it; gives by how much it is another.
#[inline]
fn change(weight: &mut f32, by: f32, contraction: f32) -> f32 {
    let by = by - contraction * *weight;
    *weight += by;
    by
}

fn neuron<L: Lanes, R: Rng>(
    lanes: L,
    place: Place,
    unit: usize,
    Size { sigma, contraction }: Size,
    statistics: &[f32],
    parameters: &mut [f32],
    rng: &mut R,
) {
    let whitening = place.whitening(statistics);
    let by = if whitening.is_some() { sigma } else { sigma * scale(place, statistics) };
    let (means, _) = place.inputs(statistics);
    let (mut blocks, mut taken_back) = (Blocks::new(), 0.0);
    let mut index = place.start + unit;
    for means in means.chunks(BLOCK) {
        let normals = blocks.next(lanes, rng, means.len());
        if let Some(factor) = whitening {
            whiten(factor, normals);
        }
        for (normal, mean) in normals.iter().zip(means) {
            if let Some(weight) = parameters.get_mut(index) {
                taken_back += mean * change(weight, by * *normal, contraction);
            }
            index += place.neurons;
        }
    }
    bias(lanes, place, unit, (sigma, taken_back), parameters, rng);
}

/// n^u of a neuron's n weights, u uniform: a few as often as many.
fn some_weights<L: Lanes, R: Rng + Clone>(
    lanes: L,
    place: Place,
    unit: usize,
    Size { sigma, contraction }: Size,
    statistics: &[f32],
    parameters: &mut [f32],
    rng: &mut R,
) {
    let (means, squares) = place.inputs(statistics);
    let count = exp2(uniform(rng) * log2(place.fan_in as f32)) as usize;
    let count = count.min(place.fan_in).max(1);
    // The same inputs are chosen twice: λ is not known before all of them are.
    let mut again = rng.clone();
    let mut sum = 0.0;
    for _ in 0..count {
        let input = below(rng, place.fan_in);
        if let (Some(mean), Some(square)) = (means.get(input), squares.get(input)) {
            sum += variance(*mean, *square);
        }
    }
    let by = sigma * lambda(sum);
    let (mut blocks, mut taken_back) = (Blocks::new(), 0.0);
    for first in (0..count).step_by(BLOCK) {
        for normal in blocks.next(lanes, rng, (count - first).min(BLOCK)) {
            let input = below(&mut again, place.fan_in);
            let weight = parameters.get_mut(place.start + input * place.neurons + unit);
            if let (Some(weight), Some(mean)) = (weight, means.get(input)) {
                taken_back += mean * change(weight, by * *normal, contraction);
            }
        }
    }
    bias(lanes, place, unit, (sigma, taken_back), parameters, rng);
}

/// The bias of a neuron, if it has one, which takes back what its weights do to the mean of their inputs.
fn bias<L: Lanes, R: Rng>(
    lanes: L,
    place: Place,
    unit: usize,
    (sigma, taken_back): (f32, f32),
    parameters: &mut [f32],
    rng: &mut R,
) {
    if unit < place.biases {
        let normal = Blocks::new().next(lanes, rng, 1).first().copied().unwrap_or(0.0);
        if let Some(bias) = parameters.get_mut(place.start + place.fan_in * place.neurons + unit) {
            *bias += sigma * BIAS * normal - taken_back;
        }
    }
}

/// All that a layer has.
pub(super) fn layer<L: Lanes, R: Rng>(
    lanes: L,
    place: Place,
    Size { sigma, contraction }: Size,
    statistics: &[f32],
    parameters: &mut [f32],
    rng: &mut R,
) {
    let by = sigma * scale(place, statistics);
    let (means, _) = place.inputs(statistics);
    let mut blocks = Blocks::new();
    let (weights, count) = (place.start, place.fan_in * place.neurons);
    let Some(parameters) = parameters.get_mut(weights..weights + count + place.biases) else { return };
    let Some((weights, biases)) = parameters.split_at_mut_checked(count) else { return };
    for biases in biases.chunks_mut(BLOCK) {
        let normals = blocks.next(lanes, rng, biases.len());
        biases.iter_mut().zip(normals).for_each(|(bias, normal)| *bias += sigma * BIAS * *normal);
    }
    for (weights, mean) in weights.chunks_mut(place.neurons.max(1)).zip(means) {
        for (chunk, weights) in weights.chunks_mut(BLOCK).enumerate() {
            let normals = blocks.next(lanes, rng, weights.len());
            let biases = biases.get_mut(chunk * BLOCK..).unwrap_or_default();
            let mut biases = biases.iter_mut();
            for (weight, normal) in weights.iter_mut().zip(normals) {
                let by = change(weight, by * *normal, contraction);
                if let Some(bias) = biases.next() {
                    *bias -= by * mean;
                }
            }
        }
    }
}
