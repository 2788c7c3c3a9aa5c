//! Whitened moves of a neuron: its sum moves alike in every direction in which its inputs vary.
//!
//! With C the covariance of a neuron's k inputs over s samples, q their mean squares and L Lᵀ = C + ((ρ + τ k/s) Σ q / k + c) I, its
//! weights move by σ k^(−1/2) L⁻ᵀ n, n being Gaussian. Then the change of its sum has a variance of about σ², as by λ, but inputs
//! that go together are moved against each other as easily as together. It is a natural gradient's metric of one layer (Martens
//! and Grosse, arXiv:1503.05671), of which no gradient is taken.

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
