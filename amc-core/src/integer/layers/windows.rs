//! Convolution: sums of the numbers under a window. Where it reaches beyond the image it finds zeros.

use core::ops::Range;

use crate::integer::kernel::{Element, Kernel};
use crate::integer::net::Place;
use crate::integer::pass::Pass;
use crate::layer::Sliding;

impl<K: Kernel<T>, const T: usize> Pass<'_, K, T> {
    /// The sums of some filters at all positions, `[row][column][filter][T]`.
    #[inline]
    pub(super) fn windows<E: Element>(
        &self,
        sliding: Sliding,
        place: &Place<'_>,
        filters: Range<usize>,
        inputs: &[E],
        sums: &mut [i32],
    ) {
        let Sliding { image, rows, columns } = sliding;
        let of_row = (sliding.made(place.units).columns * place.units).max(1);
        let of_window_row = columns.sizes().0 * image.channels;
        for (row, sums) in sums.as_chunks_mut().0.chunks_exact_mut(of_row).enumerate() {
            let (rows, first_row) = rows.under(image.rows, row);
            for (column, sums) in sums.chunks_exact_mut(place.units.max(1)).enumerate() {
                let (columns, first_column) = columns.under(image.columns, column);
                // What lies one behind the other of a row under the window.
                let run = columns.len() * image.channels;
                for (unit, sum) in filters.clone().zip(sums.get_mut(filters.clone()).unwrap_or_default()) {
                    *sum = [place.bias(self.parameters, unit); T];
                    let filter = place.row(self.parameters, unit);
                    let mut weights_at = first_row * of_window_row + first_column * image.channels;
                    for row in rows.clone() {
                        let inputs_at = (row * image.columns + columns.start) * image.channels;
                        let weights = filter.get(weights_at..weights_at + run).unwrap_or_default();
                        let inputs = inputs.get(inputs_at * T..(inputs_at + run) * T).unwrap_or_default();
                        for (sum, of_row) in sum.iter_mut().zip(self.kernel.dot(weights, inputs)) {
                            *sum += of_row;
                        }
                        weights_at += of_window_row;
                    }
                }
            }
        }
    }
}
