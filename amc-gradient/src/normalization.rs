//! Layer normalisation backward.

use amc_core::{Lanes, Normalization};

use super::dense::over_lanes;
use amc_kernels::TILE;

/// Adds to `gradient`, gains and then biases, what `errors` of the normalised numbers come to, and makes those of the
/// numbers `given`; of the `parameters` the first half are the gains.
///
/// With x̂ a normalised number, s the standard deviation and g the error times the gain, the error of a given number
/// is (g − mean(g) − x̂ mean(g x̂)) / s.
#[inline(always)]
pub(super) fn backward<L: Lanes>(
    lanes: L,
    parameters: &[f32],
    given: &[f32],
    errors: &[f32],
    before: &mut [f32],
    gradient: &mut [f32],
) {
    let units = parameters.len() / 2;
    let gains = &parameters[..units];
    let count = lanes.splat(1.0 / units as f32);
    let tiles = given.chunks_exact(units * TILE).zip(errors.chunks_exact(units * TILE));
    for ((given, errors), before) in tiles.zip(before.chunks_exact_mut(units * TILE)) {
        let zero = lanes.splat(0.0);
        let mut sum = zero;
        for x in given.chunks_exact(TILE) {
            sum = lanes.add(sum, lanes.load(x));
        }
        let mean = lanes.mul(sum, count);
        let mut squares = zero;
        for x in given.chunks_exact(TILE) {
            let off = lanes.sub(lanes.load(x), mean);
            squares = lanes.mul_add(off, off, squares);
        }
        let variance = lanes.add(lanes.mul(squares, count), lanes.splat(Normalization::EPSILON));
        let deviation = lanes.sqrt(variance);
        let (of_gains, of_biases) = gradient.split_at_mut(units);
        let (mut errors_sum, mut products) = (zero, zero);
        for (unit, (x, error)) in given.chunks_exact(TILE).zip(errors.chunks_exact(TILE)).enumerate() {
            let error = lanes.load(error);
            let normal = lanes.div(lanes.sub(lanes.load(x), mean), deviation);
            of_gains[unit] += over_lanes(lanes, lanes.mul(error, normal));
            of_biases[unit] += over_lanes(lanes, error);
            let g = lanes.mul(error, lanes.splat(gains[unit]));
            errors_sum = lanes.add(errors_sum, g);
            products = lanes.mul_add(g, normal, products);
        }
        let (mean_g, mean_product) = (lanes.mul(errors_sum, count), lanes.mul(products, count));
        let each = given.chunks_exact(TILE).zip(errors.chunks_exact(TILE)).zip(gains);
        for (before, ((x, error), gain)) in before.chunks_exact_mut(TILE).zip(each) {
            let normal = lanes.div(lanes.sub(lanes.load(x), mean), deviation);
            let g = lanes.mul(lanes.load(error), lanes.splat(*gain));
            let off = lanes.sub(lanes.sub(g, mean_g), lanes.mul(normal, mean_product));
            lanes.store(lanes.div(off, deviation), before);
        }
    }
}
