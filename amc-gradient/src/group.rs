//! A group of samples, passed forward and then backward through all layers.

use std::ops::Range;

use amc_core::activation::activate;
use amc_core::lanes::Outlined;
use amc_core::{Image, Kernel, Lanes, Layer, Section, layer};

use super::dense::{Dense, FirstRoom, FirstTiles, multiply_by_slopes};
use super::gru::Gru;
use super::outputs::Outputs;
use super::places::Place;
use super::recurrent::Recurrent;
use super::windows::Window;
use super::{gru, images, normalization, recurrent};
use amc_kernels::TILE;
use amc_kernels::lanes::OnLanes;
use amc_kernels::packed::PackedFeatures;

/// One thread's memory. All numbers are `[tile][unit][TILE]`.
pub(super) struct Worker {
    /// The net's inputs, where the first layer is not dense.
    inputs: Vec<f32>,
    /// Outputs of each layer, and behind them what else it has in memory while it makes them.
    made: Vec<Vec<f32>>,
    /// The same of all states, of each recurrent layer that gives the last one only.
    states: Vec<Vec<f32>>,
    /// ∂U/∂(a number) of the outputs of the layer at hand, and of what it is given.
    errors: [Vec<f32>; 2],
    /// The same of what is kept.
    kept: Vec<f32>,
    first: FirstRoom,
    recurrent: recurrent::Room,
    gru: gru::Room,
    images: images::Room,
}

impl Worker {
    /// Memory for groups of `tiles` tiles.
    pub fn new(places: &[Place], tiles: usize) -> Self {
        let room = |units: usize| vec![0.0; units * tiles * TILE];
        let dense = |place: &Place| matches!(place.layer, Layer::Dense(_));
        let first = places.first();
        let inputs = first.filter(|first| !dense(first)).map_or(0, |first| first.width);
        let widest = places.iter().map(|place| place.layer.units()).max().unwrap_or(0).max(inputs);
        let keeps = places.iter().any(|place| matches!(place.layer, Layer::Keep(_)));
        Self {
            inputs: room(inputs),
            made: places
                .iter()
                .map(|place| room(if place.gives_the_last_state() { place.layer.units() } else { place.room() }))
                .collect(),
            states: places
                .iter()
                .map(|place| room(if place.gives_the_last_state() { place.room() } else { 0 }))
                .collect(),
            errors: [room(widest), room(widest)],
            kept: room(if keeps { widest } else { 0 }),
            first: FirstRoom::default(),
            recurrent: recurrent::Room::default(),
            gru: gru::Room::default(),
            images: images::Room::default(),
        }
    }
}

/// The gradient's sum over a part of the samples.
pub(super) struct Part<'s, 'a> {
    pub outputs: Outputs<'s, 'a>,
    pub places: &'s [Place],
    /// Tiles of a group.
    pub tiles: usize,
    pub parameters: &'s [f32],
    pub features: PackedFeatures<'s>,
    /// What features are multiplied by.
    pub scale: f32,
    /// The samples.
    pub range: Range<usize>,
    pub worker: &'s mut Worker,
    pub gradient: &'s mut [f32],
}

impl OnLanes for Part<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        const { assert!(L::T == TILE) };
        for start in self.range.clone().step_by(self.tiles * TILE) {
            let tiles = (self.range.end - start).div_ceil(TILE).min(self.tiles);
            lanes.outlined(Forward { part: &mut self, start, tiles });
            if let Some(last) = self.worker.made.last_mut() {
                self.outputs.errors(lanes, last, start, tiles, &mut self.worker.errors[0]);
            }
            lanes.outlined(Backward { part: &mut self, start, tiles });
        }
    }
}

/// The pass of a group forward, as a function of its own.
struct Forward<'p, 's, 'a> {
    part: &'p mut Part<'s, 'a>,
    start: usize,
    tiles: usize,
}

impl<L: Lanes> Outlined<L> for Forward<'_, '_, '_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        self.part.forward(lanes, self.start, self.tiles);
    }
}

/// The pass of a group backward, as a function of its own.
struct Backward<'p, 's, 'a> {
    part: &'p mut Part<'s, 'a>,
    start: usize,
    tiles: usize,
}

impl<L: Lanes> Outlined<L> for Backward<'_, '_, '_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        self.part.backward(lanes, self.start, self.tiles);
    }
}

impl Part<'_, '_> {
    #[inline(always)]
    fn forward<L: Lanes>(&mut self, lanes: L, start: usize, tiles: usize) {
        let Self { places, parameters, features, scale, .. } = *self;
        let Worker { inputs: net_inputs, made, states, .. } = &mut *self.worker;
        let features = FirstTiles { features, first: start };
        for (index, place) in places.iter().enumerate() {
            let all = tiles * place.layer.units() * TILE;
            let (earlier, now) = made.split_at_mut(index);
            let with_room = &mut now[0];
            let now = &mut with_room[..all];
            if let Layer::Dense(layer) = place.layer {
                let dense = Dense::new(parameters, place.section, tiles);
                match earlier.last() {
                    None => dense.forward_first(lanes, &features, scale, now),
                    Some(given) => dense.forward(lanes, given, now),
                }
                activate(lanes, layer.activation, now);
                continue;
            }
            if index == 0 {
                unpack(lanes, &features, scale, place.width, &mut net_inputs[..tiles * place.width * TILE]);
            }
            let Section { start, weights, biases, .. } = place.section;
            let of_layer = parameters[start..][..weights + biases].split_at(weights);
            let taken = ..tiles * place.width * TILE;
            match (place.layer, place.kept.and_then(|kept| earlier.get(kept))) {
                (Layer::Swap(_), Some(kept)) => now.copy_from_slice(&kept[..all]),
                (Layer::Add(layer), Some(kept)) => {
                    let given = &earlier.last().unwrap_or(net_inputs)[taken];
                    now.iter_mut().zip(given.iter().zip(kept)).for_each(|(sum, (a, b))| *sum = a + b);
                    activate(lanes, layer.activation, now);
                }
                (Layer::Keep(_), _) => now.copy_from_slice(&earlier.last().unwrap_or(net_inputs)[taken]),
                _ => {
                    let given = &mut earlier.last_mut().unwrap_or(net_inputs)[taken];
                    let of_tile = place.made() * TILE;
                    let is_last = place.gives_the_last_state();
                    let made = if is_last { &mut states[index] } else { &mut *with_room };
                    place.every_state.pass(lanes, of_layer, tiles, given, made);
                    if is_last {
                        let now = &mut with_room[..all];
                        let last = place.layer.units() * TILE;
                        for (now, states) in now.chunks_exact_mut(last).zip(states[index].chunks_exact(of_tile)) {
                            now.copy_from_slice(&states[of_tile - last..]);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn backward<L: Lanes>(&mut self, lanes: L, start: usize, tiles: usize) {
        let Self { places, parameters, features, .. } = *self;
        let Worker {
            inputs: net_inputs,
            made,
            states,
            errors: [errors, before],
            kept,
            first,
            recurrent,
            gru,
            images,
            ..
        } = &mut *self.worker;
        let features = FirstTiles { features, first: start };
        for (index, place) in places.iter().enumerate().rev() {
            let Section { start, weights, biases, .. } = place.section;
            let of_layer = &parameters[start..][..weights + biases];
            let gradient = &mut self.gradient[start..][..weights + biases];
            let all = tiles * place.layer.units() * TILE;
            let taken = tiles * place.width * TILE;
            let below = index.checked_sub(1).map(|below| &made[below][..taken]);
            // Recurrent layers do so step by step, and the loss has done it for the last one.
            if index + 1 < places.len() && !matches!(place.layer, Layer::Recurrent(_)) {
                multiply_by_slopes(lanes, place.layer.activation(), &made[index][..all], &mut errors[..all]);
            }
            let given = below.unwrap_or(&net_inputs[..taken.min(net_inputs.len())]);
            let (made, wanted) = (&made[index][..all], below.is_some());
            match place.layer {
                Layer::Dense(_) => {
                    let dense = Dense::new(parameters, place.section, tiles);
                    let (of_weights, of_biases) = gradient.split_at_mut(weights);
                    dense.add_biases(lanes, errors, of_biases);
                    match below {
                        None => dense.add_first_weights(lanes, &features, errors, first, of_weights),
                        Some(given) => {
                            dense.add_weights(lanes, given, errors, of_weights);
                            dense.backward(lanes, errors, before);
                        }
                    }
                }
                Layer::Recurrent(layer) => {
                    let every = layer.every;
                    let layer = Recurrent { weights: &of_layer[..weights], layer };
                    let states = if every { made } else { &states[index][..tiles * place.made() * TILE] };
                    let before = wanted.then_some(&mut before[..taken]);
                    layer.backward(lanes, (given, states), &errors[..all], before, recurrent, gradient);
                }
                Layer::Gru(layer) => {
                    let every = layer.every;
                    let layer = Gru { weights: &of_layer[..weights], biases: &of_layer[weights..], layer };
                    let states = if every { made } else { &states[index][..tiles * place.made() * TILE] };
                    let before = wanted.then_some(&mut before[..taken]);
                    layer.backward(lanes, (given, states), &errors[..all], before, gru, gradient);
                }
                Layer::Convolution(layer::Convolution { image, filters, kernel, .. }) => {
                    let window = Window::square(image, kernel);
                    let layer = images::Convolution { weights: &of_layer[..weights], filters, window };
                    let before = wanted.then_some(&mut before[..taken]);
                    layer.backward(lanes, given, &errors[..all], before, images, gradient);
                }
                Layer::Conv1d(layer::Conv1d { steps, channels, filters, kernel, .. }) => {
                    let image = Image::new(1, steps, channels);
                    let window = Window { image, rows: Kernel::new(1, 1, 0), columns: kernel };
                    let layer = images::Convolution { weights: &of_layer[..weights], filters, window };
                    let before = wanted.then_some(&mut before[..taken]);
                    layer.backward(lanes, given, &errors[..all], before, images, gradient);
                }
                Layer::Normalization(_) => {
                    normalization::backward(lanes, of_layer, given, &errors[..all], &mut before[..taken], gradient);
                }
                Layer::MaxPool(layer::MaxPool { image, kernel }) => {
                    let numbers = (given, made);
                    images::largest(lanes, (image, kernel), numbers, &errors[..all], &mut before[..taken]);
                }
                Layer::GlobalAverage(layer::GlobalAverage { image }) => {
                    images::average(lanes, image, &errors[..all], &mut before[..taken]);
                }
                Layer::Keep(_) => {
                    errors[..all].iter_mut().zip(&*kept).for_each(|(error, kept)| *error += kept);
                    // What was kept before it was lost: nothing is kept where a pass begins.
                    kept.fill(0.0);
                }
                Layer::Swap(_) => std::mem::swap(errors, kept),
                Layer::Add(_) => kept[..all].copy_from_slice(&errors[..all]),
                _ => {}
            }
            if !matches!(place.layer, Layer::Keep(_) | Layer::Swap(_) | Layer::Add(_)) {
                std::mem::swap(errors, before);
            }
        }
    }
}

/// Writes a group's features, `[tile][feature][TILE]`.
#[inline(always)]
fn unpack<L: Lanes>(lanes: L, features: &FirstTiles<'_>, scale: f32, width: usize, to: &mut [f32]) {
    to.fill(0.0);
    for (tile, to) in to.chunks_exact_mut(width * TILE).enumerate() {
        for (feature, values) in features.tile(lanes, tile) {
            lanes.store(lanes.mul(values, lanes.splat(scale)), &mut to[feature * TILE..]);
        }
    }
}
