//! Generators ahead of others, so that several threads draw what one would: the state is linear over GF(2), so that n steps are
//! the polynomial xⁿ of the step, modulo its characteristic polynomial.

use amc_core::Generator;
use rand_core::{Rng, SeedableRng};

/// The characteristic polynomial of a step, without x¹²⁸. Found by Berlekamp and Massey's algorithm; modulo it, x to the
/// power of 2⁶⁴ is the polynomial of [`Generator::jump`].
const STEP: u128 = 0x00fc_65a2_0062_54b1_1b48_9db6_de18_fc01;

/// A number of draws.
#[derive(Clone, Copy)]
pub(super) struct Jump {
    /// x to the power of that number: bit i is the coefficient of xⁱ.
    polynomial: u128,
}

/// x times a polynomial.
fn shifted(a: u128) -> u128 {
    (a << 1) ^ if a >> 127 == 1 { STEP } else { 0 }
}

fn product(mut a: u128, b: u128) -> u128 {
    let mut sum = 0;
    for bit in 0..128 {
        sum ^= if b >> bit & 1 == 1 { a } else { 0 };
        a = shifted(a);
    }
    sum
}

impl Jump {
    pub fn by(draws: u64) -> Self {
        let mut polynomial = 1;
        for bit in (0..u64::BITS).rev() {
            polynomial = product(polynomial, polynomial);
            if draws >> bit & 1 == 1 {
                polynomial = shifted(polynomial);
            }
        }
        Self { polynomial }
    }

    /// What a generator is after these draws.
    pub fn of(self, generator: &Generator) -> Generator {
        let (mut step, mut sum) = (generator.clone(), 0);
        for bit in 0..128 {
            sum ^= if self.polynomial >> bit & 1 == 1 { u128::from_le_bytes(step.state()) } else { 0 };
            step.next_u32();
        }
        Generator::from_seed(sum.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use amc_core::Generator;
    use rand_core::{Rng, SeedableRng};

    use super::{Jump, STEP, product};

    #[test]
    fn a_generator_ahead_is_one_that_has_drawn() {
        let begun = Generator::seed_from_u64(9);
        let mut drawn = begun.clone();
        for draws in 0..3000_u64 {
            if draws < 3 || draws % 37 == 0 {
                assert_eq!(Jump::by(draws).of(&begun), drawn, "{draws} draws");
            }
            drawn.next_u32();
        }
        // Twice, as no number of draws has 65 bits.
        let half = Jump::by(1 << 63);
        drawn = begun.clone();
        drawn.jump();
        assert_eq!(half.of(&half.of(&begun)), drawn);
        assert_eq!(product(1 << 127, 2), STEP);
    }
}
