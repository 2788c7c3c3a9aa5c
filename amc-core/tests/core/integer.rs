//! Integer nets.

mod chain;
mod golden;
#[cfg(feature = "layers")]
mod layers;
mod refused;
mod tables;

use amc_core::integer::{Net, Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles};
use amc_core::{Activation, Generator, Layer, Portable};
use rand_core::{Rng, SeedableRng};

/// Memory of an evaluation in which so many tiles of `T` samples have their sums kept, and so many their activations.
struct Memory {
    sums: Vec<i32>,
    outputs: Vec<i8>,
    kept_sums: Vec<i32>,
    kept_outputs: Vec<i8>,
}

impl Memory {
    fn new(net: Net<'_>, tile: usize, with_sums: usize, with_outputs: usize) -> Self {
        Self {
            sums: vec![0; net.scratch(tile)],
            outputs: vec![0; net.scratch_outputs(tile)],
            kept_sums: vec![0; net.kept_sums(tile) * with_sums],
            kept_outputs: vec![0; net.kept_outputs(tile) * with_outputs],
        }
    }

    fn lend(&mut self) -> SerialMemory<'_> {
        let Self { sums, outputs, kept_sums, kept_outputs } = self;
        SerialMemory { sums, outputs, kept_sums, kept_outputs }
    }
}

/// Rows of features in tiles of `T`.
fn tiled<const T: usize>(rows: &[i8], width: usize) -> Vec<i8> {
    let samples = rows.len() / width;
    let mut tiled = vec![0; samples.div_ceil(T) * T * width];
    for (sample, row) in rows.chunks_exact(width).enumerate() {
        for (feature, value) in row.iter().enumerate() {
            tiled[(sample / T * width + feature) * T + sample % T] = *value;
        }
    }
    tiled
}

const INPUTS: usize = 5;
const SAMPLES: usize = 45;

/// Layers of three kinds of activations.
const LAYERS: &[Layer] = &[
    Layer::dense(6, Activation::Tanh),
    Layer::dense(4, Activation::Relu),
    Layer::dense(3, Activation::Sign),
    Layer::dense(3, Activation::Softmax),
];
const SCALES: &[Scale] = &[Scale::new(5), Scale::new(5), Scale::new(4), Scale::new(3)];
const NET: Net<'static> = Net::new(amc_core::Net::new(INPUTS, LAYERS), SCALES, 127);

fn data() -> (Vec<i8>, Vec<u8>) {
    data_of(INPUTS)
}

/// Samples of so many inputs whose class is that of the first of three sums to be largest.
fn data_of(inputs: usize) -> (Vec<i8>, Vec<u8>) {
    let mut rng = Generator::seed_from_u64(7);
    let rows: Vec<i8> = (0..SAMPLES * inputs).map(|_| ((rng.next_u32() % 201) as i16 - 100) as i8).collect();
    let class = |row: &[i8]| {
        let sums = [row[0], row[1], row[2] / 2 + row[3] / 2];
        (0..3).fold(0, |best, at| if sums[at] > sums[best] { at } else { best }) as u8
    };
    let classes = rows.chunks_exact(inputs).map(class).collect();
    (rows, classes)
}
