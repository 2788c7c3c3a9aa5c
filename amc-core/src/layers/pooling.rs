//! Pooling: one number of a channel for many.

use super::images::{Image, Kernel};
use crate::lanes::Lanes;
use crate::net::Layer;

impl Layer {
    /// The [largest numbers](Layer::MaxPool) under a window that moves over an image.
    pub const fn max_pool(image: Image, kernel: Kernel) -> Self {
        Layer::MaxPool { image, kernel }
    }

    /// The [mean](Layer::GlobalAverage) of each channel of an image.
    pub const fn global_average(image: Image) -> Self {
        Layer::GlobalAverage { image }
    }
}

/// Makes the largest numbers, `[tile][row][column][channel][T]`, of the tiles `given`.
#[inline(always)]
pub(crate) fn largest<L: Lanes>(lanes: L, image: Image, kernel: Kernel, given: &[f32], made: &mut [f32]) {
    let out = image.through(kernel, image.channels);
    let place = (image.channels * L::T).max(1);
    let tiles = given.chunks_exact((image.numbers() * L::T).max(1));
    for (given, made) in tiles.zip(made.chunks_exact_mut((out.numbers() * L::T).max(1))) {
        for (row, made) in made.chunks_exact_mut((out.columns * place).max(1)).enumerate() {
            for (column, made) in made.chunks_exact_mut(place).enumerate() {
                made.fill(f32::NEG_INFINITY);
                let columns = kernel.under(image.columns, column).0;
                for row in kernel.under(image.rows, row).0 {
                    let row = given.get((row * image.columns + columns.start) * place..).unwrap_or_default();
                    for given in row.chunks_exact(place).take(columns.len()) {
                        for (made, given) in made.chunks_exact_mut(L::T).zip(given.chunks_exact(L::T)) {
                            let (most, v) = (lanes.load(made), lanes.load(given));
                            let larger = lanes.select_le(v, most, most, v);
                            // A comparison with NaN chooses v: a v of NaN stays, and `most` is to stay if it is NaN.
                            lanes.store(lanes.select_le(most, most, larger, most), made);
                        }
                    }
                }
            }
        }
    }
}

/// Makes the mean of each channel, `[tile][channel][T]`, of the tiles `given`.
#[inline(always)]
pub(crate) fn average<L: Lanes>(lanes: L, image: Image, given: &[f32], made: &mut [f32]) {
    let place = (image.channels * L::T).max(1);
    let positions = lanes.splat((image.rows * image.columns) as f32);
    let tiles = given.chunks_exact((image.numbers() * L::T).max(1));
    for (given, made) in tiles.zip(made.chunks_exact_mut(place)) {
        made.fill(0.0);
        for given in given.chunks_exact(place) {
            for (sum, given) in made.chunks_exact_mut(L::T).zip(given.chunks_exact(L::T)) {
                lanes.store(lanes.add(lanes.load(sum), lanes.load(given)), sum);
            }
        }
        for sum in made.chunks_exact_mut(L::T) {
            lanes.store(lanes.div(lanes.load(sum), positions), sum);
        }
    }
}
