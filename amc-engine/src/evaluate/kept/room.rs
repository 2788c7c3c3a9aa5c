//! What there is room for of the numbers that are kept: at most 1 GiB, whatever memory a machine has, since bits depend on it.

use amc_core::Objective;
use amc_core::sums::BLOCK;
use amc_kernels::kept::numbers;

/// Bytes of numbers that are kept, at most.
const MOST: u128 = 1 << 30;

/// The first layer of so many samples of which anything is kept: of as many as there is room for, from the last one down.
pub fn first(objective: &Objective<'_>, samples: usize) -> usize {
    let layers = objective.net().layers().len();
    (0..layers).find(|first| bytes_from(*first, objective, samples) <= MOST).unwrap_or(layers)
}

/// Bytes that are kept of so many samples.
pub fn bytes(objective: &Objective<'_>, samples: usize) -> u128 {
    bytes_from(first(objective, samples), objective, samples)
}

/// The same of all layers, whether there is room for them or not.
pub fn bytes_of_all(objective: &Objective<'_>, samples: usize) -> u128 {
    bytes_from(0, objective, samples)
}

/// Samples of which all layers are kept, at most; at least a block's.
pub fn most_samples(objective: &Objective<'_>) -> usize {
    let blocks = MOST / bytes_of_all(objective, BLOCK).max(1);
    usize::try_from(blocks.max(1)).unwrap_or(usize::MAX).saturating_mul(BLOCK)
}

fn bytes_from(first: usize, objective: &Objective<'_>, samples: usize) -> u128 {
    let of_block = numbers(objective, BLOCK, first) as u128;
    samples.div_ceil(BLOCK) as u128 * of_block * size_of::<f32>() as u128
}

#[cfg(test)]
mod tests {
    use super::{MOST, bytes, first, most_samples};
    use crate::description::{ActivationName, Description, LossName};

    #[test]
    fn as_many_layers_are_kept_as_there_is_room_for() {
        let net = Description::new(&[64, 80, 24, 10], ActivationName::Tanh, ActivationName::Softmax, LossName::Mse);
        let objective = net.objective().expect("a net");
        // A block's losses, and what neurons make proposed ones of, are there as well.
        let of_sample = |numbers: u128| 4 * (numbers + 2);
        let (of_all, of_two) = (of_sample(80 + 24 + 24 + 10 + 4), of_sample(24 + 24 + 10 + 4));
        let most = |of_sample: u128| (MOST / (64 * of_sample) * 64) as usize;
        assert_eq!(most(of_all), most_samples(&objective));
        for (samples, is) in [(most(of_all), 0), (most(of_all) + 1, 1), (most(of_two), 1), (most(of_two) + 1, 2)] {
            assert_eq!(first(&objective, samples), is, "{samples}");
        }
        assert_eq!(bytes(&objective, most(of_two)), most(of_two) as u128 * of_two);
        assert_eq!(first(&objective, usize::MAX), 3);
    }
}
