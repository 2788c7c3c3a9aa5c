//! Windows that slide over an image: a dense layer whose tiles are the positions of a window.
//!
//! A sum runs over the rows of the window, over its columns, and over the channels. What is beyond the image is left
//! out.

use core::ops::Range;
use core::slice::ChunksExact;

use super::images::{Image, Kernel, KernelError};
use crate::lanes::Lanes;
use crate::layer::kind::{Compute, LayerPass, Seen, Shape};
use crate::layer::neurons::{Neurons, PANEL, activations, signal};

/// A window on its way over an image.
#[derive(Clone, Copy)]
pub(crate) struct Sliding {
    pub image: Image,
    /// Its rows.
    pub rows: Kernel,
    /// Its columns.
    pub columns: Kernel,
}

impl Sliding {
    /// A square.
    pub(crate) const fn square(image: Image, kernel: Kernel) -> Self {
        Self { image, rows: kernel, columns: kernel }
    }

    /// Whether it can move.
    pub(crate) const fn check(&self) -> Result<(), KernelError> {
        let Self { image, rows, columns } = *self;
        match rows.check(image.rows, image) {
            Ok(()) => columns.check(image.columns, image),
            refused => refused,
        }
    }

    /// What filters make of the numbers under it, at all positions.
    pub(crate) const fn made(&self, filters: usize) -> Image {
        let Self { image, rows, columns } = *self;
        Image::new(image.through(rows, 1).rows, image.through(columns, 1).columns, filters)
    }

    /// The shape of a layer of filters.
    pub(crate) const fn shape(&self, filters: usize) -> Shape {
        let Self { image, rows, columns } = *self;
        let fan_in = Image::new(rows.sizes().0, columns.sizes().0, image.channels).numbers();
        Shape {
            fan_in,
            neurons: filters,
            biases: filters,
            uses: self.made(1).numbers(),
            shared: true,
            initial_fan_in: fan_in,
            ..Shape::without_parameters(image.numbers(), self.made(filters).numbers())
        }
    }

    /// Has `seen` take the signals of the tiles `given`: each number counts as often as the window covers it.
    #[inline(always)]
    fn signals<L: Lanes>(&self, lanes: L, given: &[f32], mut seen: impl Seen<L>) {
        let Self { image, rows, columns } = *self;
        let positions = self.made(1).numbers();
        let place = (image.channels * L::T).max(1);
        for (tile, given) in given.chunks_exact((image.numbers() * L::T).max(1)).enumerate() {
            let mut sum = lanes.splat(0.0);
            for (row, given) in given.chunks_exact((image.columns * place).max(1)).enumerate() {
                let times = rows.covers(image.rows, row);
                for (column, given) in given.chunks_exact(place).enumerate() {
                    let times = lanes.splat((times * columns.covers(image.columns, column)) as f32);
                    sum = lanes.mul_add(signal(lanes, activations(lanes, given)), times, sum);
                }
            }
            seen.take(lanes, tile, lanes.div(sum, lanes.splat(positions as f32)));
        }
    }
}

impl Compute for Sliding {
    /// Makes the filters' inputs, `[tile][row][column][filter][T]`, by weights `[window row][window column][channel]
    /// [filter]`.
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L, mut pass: LayerPass<'_, '_>, seen: Option<&mut dyn Seen<L>>) {
        let LayerPass { weights, biases, .. } = pass;
        let (given, made) = pass.numbers();
        if let Some(seen) = seen {
            self.signals(lanes, given, seen);
        }
        let image = self.image;
        let filters = biases.len();
        let out = self.made(filters);
        let (positions, columns) = ((out.rows * out.columns).max(1), out.columns.max(1));
        let tile = image.numbers() * L::T;
        let of_window_row = self.columns.sizes().0 * image.channels;
        let (rows, used) = (self.rows.used(image.rows), self.columns.used(image.columns));
        let used = used.start * image.channels..used.end * image.channels;
        // Several rows of the window are a panel, or an even part of a single one.
        let parts = used.len().div_ceil(PANEL).max(1);
        let part = used.len().div_ceil(parts).max(1);
        let together = if parts == 1 { (PANEL / part).max(1) } else { 1 };
        for row in rows.clone().step_by(together) {
            let weights = weights.get(row * of_window_row * filters..).unwrap_or_default();
            for number in used.clone().step_by(part) {
                let panel = Panel {
                    sliding: self,
                    rows: row..(row + together).min(rows.end),
                    numbers: number..(number + part).min(used.end),
                };
                let begins = row == rows.start && number == used.start;
                let ends = panel.rows.end == rows.end && panel.numbers.end == used.end;
                let inputs = |index: usize| {
                    let (of, position) = (index / positions, index % positions);
                    let given = given.get(of * tile..).unwrap_or_default();
                    panel.inputs(lanes, given, position / columns, position % columns)
                };
                Neurons { weights, biases, scale: 1.0, begins, ends }.run::<L, _, false>(lanes, inputs, made);
            }
        }
    }
}

/// Some of the numbers of a window, over which [`Neurons`] runs together.
#[derive(Clone)]
struct Panel {
    sliding: Sliding,
    /// Rows of the window.
    rows: Range<usize>,
    /// Numbers of each of these rows, `[column][channel]`.
    numbers: Range<usize>,
}

impl Panel {
    /// Those that are on the image when the window is at a position, counted from the first of the panel's first row.
    #[inline(always)]
    fn inputs<'g, L: Lanes>(&self, lanes: L, given: &'g [f32], row: usize, column: usize) -> Inputs<'g, L> {
        let image = self.sliding.image;
        let (rows, first_row) = self.sliding.rows.under(image.rows, row);
        let (columns, first_column) = self.sliding.columns.under(image.columns, column);
        // From the window's numbers to the panel's.
        let top = first_row.max(self.rows.start);
        let bottom = (first_row + rows.len()).min(self.rows.end);
        let first = first_column * image.channels;
        let left = first.max(self.numbers.start);
        let right = (first + columns.len() * image.channels).min(self.numbers.end);
        if top >= bottom || left >= right {
            return Inputs {
                lanes,
                rest: &[],
                run: [].chunks_exact(L::T),
                index: 0,
                rows: 0,
                run_length: 0,
                pitch: 0,
                gap: 0,
            };
        }
        let (of_row, of_window_row) = (image.columns * image.channels, self.sliding.columns.sizes().0 * image.channels);
        let from = (rows.start + top - first_row) * of_row + columns.start * image.channels + left - first;
        let rest = given.get(from * L::T..).unwrap_or_default();
        let run_length = (right - left) * L::T;
        Inputs {
            lanes,
            rest,
            run: rest.get(..run_length).unwrap_or_default().chunks_exact(L::T),
            index: (top - self.rows.start) * of_window_row + left,
            rows: bottom - top - 1,
            run_length,
            pitch: of_row * L::T,
            gap: of_window_row - (right - left),
        }
    }
}

/// The numbers of a panel at a position of the window, row after row.
#[derive(Clone)]
struct Inputs<'g, L> {
    lanes: L,
    /// The tile from the row at hand on.
    rest: &'g [f32],
    /// What is left of this row: numbers that lie one behind the other.
    run: ChunksExact<'g, f32>,
    /// The number of the next input in the panel.
    index: usize,
    /// Rows that follow.
    rows: usize,
    /// The length of a row under the window, and from one row to the next.
    run_length: usize,
    pitch: usize,
    /// Inputs of the panel between two rows that are on the image.
    gap: usize,
}

impl<L: Lanes> Iterator for Inputs<'_, L> {
    type Item = (usize, L::V);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, L::V)> {
        loop {
            if let Some(v) = self.run.next() {
                let index = self.index;
                self.index += 1;
                return Some((index, self.lanes.load(v)));
            }
            if self.rows == 0 {
                return None;
            }
            self.rows -= 1;
            self.index += self.gap;
            self.rest = self.rest.get(self.pitch..).unwrap_or_default();
            self.run = self.rest.get(..self.run_length).unwrap_or_default().chunks_exact(L::T);
        }
    }
}
