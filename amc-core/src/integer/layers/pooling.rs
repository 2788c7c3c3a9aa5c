//! Pooling: one number of a channel for many.

use crate::integer::kernel::Element;
use crate::layer::{GlobalAverage, MaxPool};

/// The largest numbers under a window.
#[inline]
pub(super) fn largest<E: Element, const T: usize>(layer: &MaxPool, inputs: &[E], sums: &mut [i32]) {
    let MaxPool { image, kernel } = *layer;
    let out = image.through(kernel, image.channels);
    let channels = image.channels.max(1);
    let inputs = inputs.as_chunks::<T>().0;
    for (row, sums) in sums.as_chunks_mut::<T>().0.chunks_exact_mut((out.columns * channels).max(1)).enumerate() {
        for (column, sums) in sums.chunks_exact_mut(channels).enumerate() {
            sums.fill([i32::MIN; T]);
            let columns = kernel.under(image.columns, column).0;
            for row in kernel.under(image.rows, row).0 {
                let inputs = inputs.get((row * image.columns + columns.start) * channels..).unwrap_or_default();
                for inputs in inputs.chunks_exact(channels).take(columns.len()) {
                    for (sums, inputs) in sums.iter_mut().zip(inputs) {
                        for (sum, input) in sums.iter_mut().zip(inputs) {
                            *sum = (*sum).max(input.number());
                        }
                    }
                }
            }
        }
    }
}

/// The mean of each channel over all positions, rounded down.
#[inline]
pub(super) fn means<E: Element, const T: usize>(layer: &GlobalAverage, inputs: &[E], sums: &mut [i32]) {
    let channels = layer.image.channels.max(1);
    let positions = (layer.image.rows * layer.image.columns).max(1) as i32;
    let Some(sums) = sums.as_chunks_mut::<T>().0.get_mut(..channels) else { return };
    sums.fill([0; T]);
    for inputs in inputs.as_chunks::<T>().0.chunks_exact(channels) {
        for (sums, inputs) in sums.iter_mut().zip(inputs) {
            for (sum, input) in sums.iter_mut().zip(inputs) {
                *sum += input.number();
            }
        }
    }
    sums.iter_mut().flatten().for_each(|sum| *sum = sum.div_euclid(positions));
}
