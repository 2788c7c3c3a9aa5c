//! Convolution and pooling backward.

use amc_core::{Image, Kernel, Lanes};

use super::dense::Dense;
use super::products::{AddProducts, Tiles};
use super::windows::{Window, add_up, cut, runs};
use amc_kernels::TILE;

/// A convolution at given parameters.
pub(super) struct Convolution<'a> {
    /// `[window row][window column][channel][filter]`
    pub weights: &'a [f32],
    pub filters: usize,
    pub window: Window,
}

/// Working memory.
#[derive(Default)]
pub(super) struct Room {
    /// What is under the windows, and then its errors.
    windows: Vec<f32>,
    rows: Vec<f32>,
}

impl Convolution<'_> {
    /// Adds to `gradient`, weights and biases, what `errors` of the filters' inputs come to; `given` are the layer's
    /// inputs. Errors of the inputs go to `before`, where there is one.
    #[inline(always)]
    pub fn backward<L: Lanes>(
        &self,
        lanes: L,
        given: &[f32],
        errors: &[f32],
        before: Option<&mut [f32]>,
        room: &mut Room,
        gradient: &mut [f32],
    ) {
        let Self { weights, filters, window } = *self;
        let size = window.size();
        let positions = errors.len() / (filters * TILE);
        let dense = Dense::without_biases(weights, filters, positions);
        let (of_weights, of_biases) = gradient.split_at_mut(size * filters);
        dense.add_biases(lanes, errors, of_biases);
        room.windows.resize(positions * size * TILE, 0.0);
        cut(window, given, &mut room.windows);
        let windows = Tiles { numbers: &room.windows, units: size };
        let of_filters = Tiles { numbers: errors, units: filters };
        lanes.outlined(AddProducts { inputs: windows, errors: of_filters, rows: &mut room.rows, gradient: of_weights });
        if let Some(before) = before {
            dense.backward(lanes, errors, &mut room.windows);
            add_up(window, &room.windows, before);
        }
    }
}

/// The errors `before` of numbers `given`, of which the largest were `made`: each error is that of the first of the
/// largest numbers under its window, as in PyTorch.
#[inline(always)]
pub(super) fn largest<L: Lanes>(
    lanes: L,
    (image, kernel): (Image, Kernel),
    (given, made): (&[f32], &[f32]),
    errors: &[f32],
    before: &mut [f32],
) {
    before.fill(0.0);
    let zero = lanes.splat(0.0);
    let (taken, out) = (image.numbers() * TILE, image.through(kernel, image.channels).numbers() * TILE);
    let tiles = given.chunks_exact(taken).zip(before.chunks_exact_mut(taken));
    let mut left = vec![0.0; out];
    for ((given, before), (made, errors)) in tiles.zip(made.chunks_exact(out).zip(errors.chunks_exact(out))) {
        left.copy_from_slice(errors);
        for run in runs(Window::square(image, kernel)) {
            for number in 0..run.length {
                let output = (run.position * image.channels + number % image.channels) * TILE;
                let input = (run.image + number) * TILE;
                let (value, most) = (lanes.load(&given[input..]), lanes.load(&made[output..]));
                let error = lanes.load(&left[output..]);
                let taken = lanes.select_le(most, value, error, zero);
                lanes.store(lanes.select_le(most, value, zero, error), &mut left[output..]);
                lanes.store(lanes.add(lanes.load(&before[input..]), taken), &mut before[input..]);
            }
        }
    }
}

/// The errors `before` of the numbers of an image, from the `errors` of its channels' means.
#[inline(always)]
pub(super) fn average<L: Lanes>(lanes: L, image: Image, errors: &[f32], before: &mut [f32]) {
    let place = image.channels * TILE;
    let share = lanes.splat(1.0 / (image.rows * image.columns) as f32);
    for (errors, before) in errors.chunks_exact(place).zip(before.chunks_exact_mut(image.numbers() * TILE)) {
        for before in before.chunks_exact_mut(place) {
            for (before, error) in before.chunks_exact_mut(TILE).zip(errors.chunks_exact(TILE)) {
                lanes.store(lanes.mul(lanes.load(error), share), before);
            }
        }
    }
}
