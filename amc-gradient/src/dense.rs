//! One dense layer, forward and backward, over a group of tiles, `[tile][unit][TILE]`.
//!
//! Sums are kept in registers, for as many neurons as the lanes say, as in the core's forward pass.

use amc_core::lanes::Outlined;
use amc_core::{Activation, Features, Lanes, Section};

use amc_kernels::TILE;
use amc_kernels::packed::PackedFeatures;

/// Tiles in a group: enough to make sums over lanes rare, few enough for a deep net to stay in the caches.
pub(super) const TILES: usize = 32;

/// Repeats a statement for `$j` in 0 .. `$J`, written out: in a loop the sums would live in memory.
macro_rules! unrolled {
    ($J:ident, |$j:ident| $do:block) => {
        unrolled!($J, |$j| $do, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($J:ident, |$j:ident| $do:block, $($n:literal)*) => {$(
        if $n < $J {
            const $j: usize = $n;
            $do
        }
    )*};
}
pub(super) use unrolled;

/// Calls `$call::<J>` for blocks of J = 16, 4 and 1 out of `$count`, `$at` being the first of a block, as wide as the lanes
/// allow.
macro_rules! blocks {
    ($L:ident, $count:expr, |$at:ident, $J:ident| $call:expr) => {
        let (count, mut $at) = ($count, 0);
        blocks!($L, count, |$at, $J| $call, 16 4 1);
    };
    ($L:ident, $count:ident, |$at:ident, $J:ident| $call:expr, $($n:literal)*) => {$(
        if $L::NEURONS >= $n {
            while $count - $at >= $n {
                const $J: usize = $n;
                $call;
                $at += $n;
            }
        }
    )*};
}

/// A layer at given parameters.
#[derive(Clone, Copy)]
pub(super) struct Dense<'a> {
    /// `[input][unit]`
    weights: &'a [f32],
    biases: &'a [f32],
    fan_in: usize,
    units: usize,
    tiles: usize,
}

impl<'a> Dense<'a> {
    /// The layer whose parameters are at `section`, for so many tiles.
    pub fn new(parameters: &'a [f32], section: Section, tiles: usize) -> Self {
        let (weights, biases) =
            parameters[section.start..][..section.weights + section.biases].split_at(section.weights);
        let units = section.biases;
        Self { weights, biases, fan_in: section.weights / units, units, tiles }
    }

    /// A part of a layer, by its own weights and biases.
    pub fn with_biases(weights: &'a [f32], biases: &'a [f32], tiles: usize) -> Self {
        let units = biases.len();
        Self { weights, biases, fan_in: weights.len() / units, units, tiles }
    }

    /// A layer, or a part of one, that has weights alone.
    pub fn without_biases(weights: &'a [f32], units: usize, tiles: usize) -> Self {
        Self { weights, biases: &[], fan_in: weights.len() / units, units, tiles }
    }

    /// The inputs of the first layer's neurons, from features to be multiplied by `scale`.
    #[inline(always)]
    pub fn forward_first<L: Lanes>(&self, lanes: L, features: &FirstTiles<'_>, scale: f32, outputs: &mut [f32]) {
        lanes.outlined(ForwardFirst { dense: *self, features, scale, outputs });
    }

    /// The inputs of a later layer's neurons, from the outputs of the layer before.
    #[inline(always)]
    pub fn forward<L: Lanes>(&self, lanes: L, given: &[f32], outputs: &mut [f32]) {
        lanes.outlined(Forward { dense: *self, given, outputs });
    }

    /// A tile's numbers, one after the other.
    #[inline(always)]
    fn of_tile<'t, L: Lanes + 't>(
        &self,
        lanes: L,
        numbers: &'t [f32],
        units: usize,
        tile: usize,
    ) -> impl Iterator<Item = (usize, L::V)> + use<'t, L> {
        let numbers = &numbers[tile * units * TILE..][..units * TILE];
        numbers.chunks_exact(TILE).map(move |unit| lanes.load(unit)).enumerate()
    }

    #[inline(always)]
    fn block<L: Lanes, I: Iterator<Item = (usize, L::V)>, const J: usize>(
        &self,
        lanes: L,
        unit: usize,
        inputs: impl Fn(usize) -> I,
        scale: f32,
        outputs: &mut [f32],
    ) {
        let (weights, biases) = (&self.weights[unit..], &self.biases[unit..][..J]);
        let scale = lanes.splat(scale);
        for (tile, outputs) in outputs.chunks_exact_mut(self.units * TILE).take(self.tiles).enumerate() {
            let outputs = &mut outputs[unit * TILE..][..J * TILE];
            let mut sums = [lanes.splat(0.0); J];
            for (input, value) in inputs(tile) {
                let row = &weights[input * self.units..][..J];
                unrolled!(J, |N| { sums[N] = lanes.mul_add(lanes.splat(row[N]), value, sums[N]) });
            }
            unrolled!(J, |N| {
                let sum = lanes.mul_add(sums[N], scale, lanes.splat(biases[N]));
                lanes.store(sum, &mut outputs[N * TILE..]);
            });
        }
    }

    /// The errors of the layer's inputs, from those of its neurons' inputs.
    #[inline(always)]
    pub fn backward<L: Lanes>(&self, lanes: L, errors: &[f32], before: &mut [f32]) {
        lanes.outlined(Backward { dense: *self, errors, before });
    }

    #[inline(always)]
    fn backward_block<L: Lanes, const J: usize>(&self, lanes: L, input: usize, errors: &[f32], before: &mut [f32]) {
        let weights = &self.weights[input * self.units..][..J * self.units];
        for (tile, before) in before.chunks_exact_mut(self.fan_in * TILE).take(self.tiles).enumerate() {
            let mut sums = [lanes.splat(0.0); J];
            for (unit, error) in self.of_tile(lanes, errors, self.units, tile) {
                unrolled!(J, |N| {
                    let weight = lanes.splat(weights[N * self.units + unit]);
                    sums[N] = lanes.mul_add(weight, error, sums[N]);
                });
            }
            let before = &mut before[input * TILE..][..J * TILE];
            unrolled!(J, |N| { lanes.store(sums[N], &mut before[N * TILE..]) });
        }
    }

    /// Adds the errors of all samples.
    #[inline(always)]
    pub fn add_biases<L: Lanes>(&self, lanes: L, errors: &[f32], gradient: &mut [f32]) {
        for (unit, gradient) in gradient.iter_mut().enumerate() {
            let mut sum = lanes.splat(0.0);
            for errors in errors.chunks_exact(self.units * TILE).take(self.tiles) {
                sum = lanes.add(sum, lanes.load(&errors[unit * TILE..]));
            }
            *gradient += over_lanes(lanes, sum);
        }
    }

    /// Adds the products of inputs and errors of all samples, `[input][unit]`.
    #[inline(always)]
    pub fn add_weights<L: Lanes>(&self, lanes: L, given: &[f32], errors: &[f32], gradient: &mut [f32]) {
        lanes.outlined(AddWeights { dense: *self, given, errors, gradient });
    }

    #[inline(always)]
    fn weights_block<L: Lanes, const J: usize>(
        &self,
        lanes: L,
        (input, unit): (usize, usize),
        given: &[f32],
        errors: &[f32],
        gradient: &mut [f32],
    ) {
        let mut sums = [lanes.splat(0.0); J];
        let tiles = given.chunks_exact(self.fan_in * TILE).zip(errors.chunks_exact(self.units * TILE));
        for (given, errors) in tiles.take(self.tiles) {
            let value = lanes.load(&given[input * TILE..][..TILE]);
            let errors = &errors[unit * TILE..][..J * TILE];
            unrolled!(J, |N| { sums[N] = lanes.mul_add(value, lanes.load(&errors[N * TILE..]), sums[N]) });
        }
        unrolled!(J, |N| { gradient[N] += over_lanes(lanes, sums[N]) });
    }

    /// The same for the first layer, whose inputs list what is not 0: a sample at a time, over `TILE` neurons at once.
    #[inline(always)]
    pub fn add_first_weights<L: Lanes>(
        &self,
        lanes: L,
        features: &FirstTiles<'_>,
        errors: &[f32],
        room: &mut FirstRoom,
        gradient: &mut [f32],
    ) {
        lanes.outlined(AddFirstWeights { dense: *self, features, errors, room, gradient });
    }

    /// Those of a few inputs at once: an input's sum alone would wait for each of its additions.
    #[inline(always)]
    fn first_weights_block<L: Lanes, const I: usize>(
        &self,
        lanes: L,
        unit: usize,
        of_samples: &[L::V; TILE],
        listed: &[(usize, [f32; TILE]); I],
        gradient: &mut [f32],
    ) {
        let width = (self.units - unit).min(TILE);
        let mut sums = [lanes.splat(0.0); I];
        unrolled!(I, |M| { sums[M] = lanes.load(&gradient[listed[M].0 * self.units + unit..][..width]) }, 0 1 2 3);
        unrolled!(TILE, |N| {
            unrolled!(I, |M| {
                sums[M] = lanes.mul_add(lanes.splat(listed[M].1[N]), of_samples[N], sums[M]);
            }, 0 1 2 3);
        });
        unrolled!(I, |M| { lanes.store(sums[M], &mut gradient[listed[M].0 * self.units + unit..][..width]) }, 0 1 2 3);
    }
}

/// Tiles of features from sample `first` on.
pub(super) struct FirstTiles<'a> {
    pub features: PackedFeatures<'a>,
    pub first: usize,
}

impl FirstTiles<'_> {
    /// A tile's features that are not left out.
    #[inline(always)]
    pub fn tile<L: Lanes>(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        self.features.tile(lanes, self.first + tile * TILE)
    }
}

/// Working memory for the first layer's weights.
#[derive(Default)]
pub(super) struct FirstRoom {
    /// Errors of its neurons in one tile, `[sample][unit]`, rows filled up with 0 to whole tiles.
    rows: Vec<f32>,
    /// A tile's inputs: each one's number, and its values.
    listed: Vec<(usize, [f32; TILE])>,
}

/// [`Dense::backward`], for which several kinds of layers have a use.
struct Backward<'a> {
    dense: Dense<'a>,
    errors: &'a [f32],
    before: &'a mut [f32],
}

impl<L: Lanes> Outlined<L> for Backward<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { dense, errors, before } = self;
        blocks!(L, dense.fan_in, |input, J| dense.backward_block::<L, J>(lanes, input, errors, before));
    }
}

/// [`Dense::forward_first`], as a function of its own, like those that follow.
struct ForwardFirst<'a, 'w> {
    dense: Dense<'a>,
    features: &'w FirstTiles<'w>,
    scale: f32,
    outputs: &'w mut [f32],
}

impl<L: Lanes> Outlined<L> for ForwardFirst<'_, '_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { dense, features, scale, outputs } = self;
        let inputs = |tile| features.tile(lanes, tile);
        blocks!(L, dense.units, |unit, J| dense.block::<L, _, J>(lanes, unit, inputs, scale, outputs));
    }
}

/// [`Dense::forward`].
struct Forward<'a, 'w> {
    dense: Dense<'a>,
    given: &'w [f32],
    outputs: &'w mut [f32],
}

impl<L: Lanes> Outlined<L> for Forward<'_, '_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { dense, given, outputs } = self;
        let inputs = |tile| dense.of_tile(lanes, given, dense.fan_in, tile);
        blocks!(L, dense.units, |unit, J| dense.block::<L, _, J>(lanes, unit, inputs, 1.0, outputs));
    }
}

/// [`Dense::add_weights`].
struct AddWeights<'a, 'w> {
    dense: Dense<'a>,
    given: &'w [f32],
    errors: &'w [f32],
    gradient: &'w mut [f32],
}

impl<L: Lanes> Outlined<L> for AddWeights<'_, '_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { dense, given, errors, gradient } = self;
        for (input, gradient) in gradient.chunks_exact_mut(dense.units).enumerate() {
            blocks!(L, dense.units, |unit, J| {
                let gradient = &mut gradient[unit..][..J];
                dense.weights_block::<L, J>(lanes, (input, unit), given, errors, gradient);
            });
        }
    }
}

/// [`Dense::add_first_weights`].
struct AddFirstWeights<'a, 'w> {
    dense: Dense<'a>,
    features: &'w FirstTiles<'w>,
    errors: &'w [f32],
    room: &'w mut FirstRoom,
    gradient: &'w mut [f32],
}

impl<L: Lanes> Outlined<L> for AddFirstWeights<'_, '_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { dense, features, errors, room, gradient } = self;
        let padded = dense.units.next_multiple_of(TILE);
        let FirstRoom { rows, listed } = room;
        rows.resize(TILE * padded, 0.0);
        listed.resize(dense.fan_in, (0, [0.0; TILE]));
        for (tile, errors) in errors.chunks_exact(dense.units * TILE).take(dense.tiles).enumerate() {
            for (unit, errors) in errors.chunks_exact(TILE).enumerate() {
                for (sample, error) in errors.iter().enumerate() {
                    rows[sample * padded + unit] = *error;
                }
            }
            let mut count = 0;
            for (listed, (input, values)) in listed.iter_mut().zip(features.tile(lanes, tile)) {
                listed.0 = input;
                lanes.store(values, &mut listed.1);
                count += 1;
            }
            for unit in (0..dense.units).step_by(TILE) {
                let mut of_samples = [lanes.splat(0.0); TILE];
                unrolled!(TILE, |N| { of_samples[N] = lanes.load(&rows[N * padded + unit..]) });
                let (fours, rest) = listed[..count].as_chunks::<4>();
                for four in fours {
                    dense.first_weights_block(lanes, unit, &of_samples, four, gradient);
                }
                for one in rest.as_chunks::<1>().0 {
                    dense.first_weights_block(lanes, unit, &of_samples, one, gradient);
                }
            }
        }
    }
}

/// The derivative of an activation, from its output.
#[inline(always)]
pub(super) fn slope<L: Lanes>(lanes: L, activation: Activation, output: L::V) -> L::V {
    let (zero, one) = (lanes.splat(0.0), lanes.splat(1.0));
    match activation {
        Activation::Tanh => lanes.sub(one, lanes.mul(output, output)),
        Activation::Relu => lanes.select_le(output, zero, zero, one),
        Activation::Sigmoid => lanes.mul(output, lanes.sub(one, output)),
        // A gradient does not lead through a step.
        Activation::Sign | Activation::Step => zero,
        _ => one,
    }
}

/// Turns errors of a layer's outputs into those of its neurons' inputs.
#[inline(always)]
pub(super) fn multiply_by_slopes<L: Lanes>(lanes: L, activation: Activation, outputs: &[f32], errors: &mut [f32]) {
    for (error, output) in errors.chunks_exact_mut(TILE).zip(outputs.chunks_exact(TILE)) {
        let slope = slope(lanes, activation, lanes.load(output));
        lanes.store(lanes.mul(lanes.load(error), slope), error);
    }
}

/// The sum over a tile's samples, in a fixed tree.
#[inline(always)]
pub(super) fn over_lanes<L: Lanes>(lanes: L, v: L::V) -> f32 {
    let mut numbers = [0.0; TILE];
    lanes.store(v, &mut numbers);
    let mut width = TILE / 2;
    while width > 0 {
        let (low, high) = numbers.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        width /= 2;
    }
    numbers[0]
}
