//! Whitened moves of a neuron: its sum moves alike in every direction in which its inputs vary.
//!
//! With C the covariance of a neuron's k inputs over n samples, q their mean squares and L Lᵀ = C + (ρ + τ k/n) mean(q) + c, its
//! weights move by σ k^(−1/2) L⁻ᵀ n. Then the change of its sum has a variance of about σ², as by λ, but inputs that
//! go together are moved against each other as easily as together. It is a natural gradient's metric of one layer (Martens and
//! Grosse, arXiv:1503.05671), of which no gradient is taken.

use crate::gaussian::BLOCK;

/// Inputs that a neuron has at most: as many as a block of Gaussian numbers has.
const MOST: usize = BLOCK;
/// ρ: directions in which inputs vary less are moved as if they varied as much.
const RIDGE: f32 = 0.001;
/// τ: of few samples a covariance is found badly.
const SHRINKAGE: f32 = 0.2;
/// c
const LEAST: f32 = 1e-4;

/// Numbers that whiten the moves of a dense layer of so many inputs, among its [statistics](crate::Net::statistics): the rows of L,
/// each up to its diagonal, of which the inverse is stored. None of one input, and of more than 32.
pub const fn whitening(inputs: usize) -> usize {
    if inputs > 1 && inputs <= MOST { start(inputs) } else { 0 }
}

/// One sample's inputs of a layer, and the sums of their products over the samples before.
pub(super) struct Products<'s> {
    sample: [f32; MOST],
    sums: &'s mut [f32],
}

impl<'s> Products<'s> {
    /// Where the layer is [whitened](whitening); none are summed where it has none.
    pub fn new(sums: &'s mut [f32]) -> Self {
        Self { sample: [0.0; MOST], sums }
    }

    /// Whether samples are to be taken one by one.
    pub fn are_summed(&self) -> bool {
        !self.sums.is_empty()
    }

    /// Sets an input of the sample.
    #[inline]
    pub fn set(&mut self, input: usize, number: f32) {
        if let Some(place) = self.sample.get_mut(input) {
            *place = number;
        }
    }

    /// Adds the sample's products; those of the next are then 0.
    pub fn add(&mut self) {
        let mut sums = self.sums.iter_mut();
        for (row, one) in self.sample.iter().enumerate() {
            for (other, sum) in self.sample.iter().take(row + 1).zip(sums.by_ref()) {
                *sum += one * other;
            }
        }
        self.sample = [0.0; MOST];
    }
}

/// Makes L of the sums of products over so many samples, row by row in their place.
pub(super) fn factor(products: &mut [f32], means: &[f32], squares: &[f32], samples: usize) {
    let (inputs, samples) = (means.len() as f32, samples.max(1) as f32);
    let square = squares.iter().sum::<f32>() / inputs;
    let ridge = (RIDGE + SHRINKAGE * inputs / samples) * square + LEAST;
    for (index, mean) in means.iter().enumerate() {
        let Some((above, row)) = products.split_at_mut_checked(start(index)) else { return };
        let Some(row) = row.get_mut(..=index) else { return };
        for (column, other) in means.iter().enumerate().take(index + 1) {
            let Some((done, left)) = row.split_at_mut_checked(column) else { return };
            let Some(number) = left.first_mut() else { return };
            let covariance = *number / samples - mean * other;
            if column < index {
                let (inverse, before) = row_of(above, column).and_then(<[f32]>::split_last).unwrap_or((&0.0, &[]));
                *number = finite((covariance - product(done, before)) * inverse);
            } else {
                // What rounding has left of a variance may be below 0.
                let root = libm::sqrtf((covariance - product(done, done)).max(0.0) + ridge);
                *number = finite(1.0 / root);
            }
        }
    }
}

/// Where a row begins.
const fn start(row: usize) -> usize {
    row * (row + 1) / 2
}

/// A row, up to its diagonal.
fn row_of(factor: &[f32], row: usize) -> Option<&[f32]> {
    factor.get(start(row)..=start(row) + row)
}

fn product(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// Of what has overflowed: no move is made by it.
fn finite(number: f32) -> f32 {
    if number.is_finite() { number } else { 0.0 }
}

/// L⁻ᵀ n k^(−1/2) in the place of n.
pub(super) fn whiten(factor: &[f32], numbers: &mut [f32]) {
    let each = 1.0 / libm::sqrtf(numbers.len() as f32);
    for row in (0..numbers.len()).rev() {
        let Some((inverse, others)) = row_of(factor, row).and_then(<[f32]>::split_last) else { return };
        let Some((number, before)) = numbers.get_mut(..=row).and_then(<[f32]>::split_last_mut) else { return };
        *number *= inverse;
        for (number_before, other) in before.iter_mut().zip(others) {
            *number_before -= other * *number;
        }
        *number *= each;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{LEAST, Products, RIDGE, SHRINKAGE, factor, row_of, start, whiten};

    /// Samples of inputs that go together, and what is known of them.
    fn samples<const K: usize>(count: usize) -> (Vec<[f32; K]>, [f32; K], [f32; K]) {
        let sample = |sample: usize| {
            let common = (sample as f32 * 0.7).sin();
            core::array::from_fn(|input| 1.0 + common + 0.3 * (sample as f32 * (1.1 + input as f32)).cos())
        };
        let all: Vec<[f32; K]> = (0..count).map(sample).collect();
        let mean = |of: &dyn Fn(f32) -> f32| {
            core::array::from_fn(|input| all.iter().map(|sample| of(sample[input])).sum::<f32>() / count as f32)
        };
        let (means, squares) = (mean(&|x| x), mean(&|x| x * x));
        (all, means, squares)
    }

    fn factor_of<const K: usize>((all, means, squares): &(Vec<[f32; K]>, [f32; K], [f32; K])) -> Vec<f32> {
        let mut sums = std::vec![0.0; start(K)];
        let mut products = Products::new(&mut sums);
        for sample in all {
            sample.iter().enumerate().for_each(|(input, number)| products.set(input, *number));
            products.add();
        }
        factor(&mut sums, means, squares, all.len());
        sums
    }

    #[test]
    fn the_factor_is_that_of_the_covariance_and_its_ridge() {
        let known = samples::<5>(200);
        let (all, means, squares) = &known;
        let found = factor_of(&known);
        let element = |row: usize, column: usize| {
            let row_of = row_of(&found, row).expect("a row");
            if column == row { 1.0 / row_of[row] } else { row_of[column] }
        };
        let square = f64::from(squares.iter().sum::<f32>()) / 5.0;
        let ridge = f64::from(RIDGE + SHRINKAGE * 5.0 / 200.0) * square + f64::from(LEAST);
        for row in 0..5 {
            for column in 0..=row {
                let moved = |sample: &[f32; 5], input: usize| f64::from(sample[input]) - f64::from(means[input]);
                let sum: f64 = all.iter().map(|sample| moved(sample, row) * moved(sample, column)).sum();
                let wanted = sum / 200.0 + if row == column { ridge } else { 0.0 };
                let made: f64 = (0..=column).map(|at| f64::from(element(row, at) * element(column, at))).sum();
                // Sums of 200 products of at most 5, rounded to 24 bits each.
                assert!((made - wanted).abs() < 1e-4, "{row}, {column}: {made}, not {wanted}");
            }
        }
    }

    #[test]
    fn a_whitened_move_changes_the_sum_alike_in_all_directions() {
        let known = samples::<4>(400);
        let (all, means, _) = &known;
        let found = factor_of(&known);
        let mut variances = [0.0_f64; 4];
        for (direction, variance) in variances.iter_mut().enumerate() {
            let mut by = [0.0; 4];
            by[direction] = 1.0;
            whiten(&found, &mut by);
            for sample in all {
                let sum: f32 = sample.iter().zip(means).zip(by).map(|((x, mean), by)| (x - mean) * by).sum();
                *variance += f64::from(sum * sum) / 400.0;
            }
        }
        // A quarter each, less what the ridge takes: inputs alone vary by 0.045 beside it, 0.007.
        assert!(variances.iter().all(|variance| (0.2..0.2501).contains(variance)), "{variances:?}");
    }

    #[test]
    fn what_overflows_moves_nothing() {
        let mut sums = [f32::INFINITY, f32::NAN, 1.0];
        factor(&mut sums, &[f32::INFINITY, 0.0], &[f32::INFINITY, 1.0], 3);
        let mut numbers = [1.0, 1.0];
        whiten(&sums, &mut numbers);
        assert_eq!(numbers, [0.0, 0.0]);
    }
}
