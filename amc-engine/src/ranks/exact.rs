//! A mean of losses over ranks that has the bits of one machine's.
//!
//! One machine adds the sums of blocks up one after another, and keeps what rounding loses ([`amc_core::sums::Total`]). Ranks
//! add theirs up exactly, in fixed point: that sum does not depend on who adds what. From it the mean is known but for what
//! the one machine's second number, the lost part, may itself have lost to rounding. Where both ends of that range are the
//! same `f32`, it is the mean; where both are above a bound, the move is rejected whatever it is. Only what is left, a few
//! accepted moves in a hundred at most, is added up once more from all blocks' sums.

use super::Words;

/// Limbs of a sum.
const LIMBS: usize = 6;
/// Bits of a limb that are filled before it is carried: 16 are left for the sum over ranks.
const BITS: u32 = 48;
const MASK: u64 = (1 << BITS) - 1;
/// The exponent of the lowest bit: that of the least `f32`.
const LOWEST: i32 = -149;
/// Sums of blocks from here on are not added up: they would not have room.
const LARGE: f32 = 1e30;
/// Blocks beyond which nothing is said of rounding.
const MOST_BLOCKS: usize = 1 << 16;
/// 2⁻²⁴: by this part of itself, at most, a sum is rounded.
const U: f64 = 1.0 / 16_777_216.0;
/// Room for the rounding of bounds themselves, and for terms of a higher order: both are below 2⁻⁷.
const SLACK: f64 = 1.0 + 1.0 / 32.0;

/// What a rank adds to the sum of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Part {
    limbs: [u64; LIMBS],
    /// Samples that are right.
    pub correct: u32,
    /// Blocks whose sum is not 0 and below a limit.
    small: u16,
    /// Whether the loss is above any bound: this rank gave up, or has a loss that is not finite.
    pub is_above: bool,
    /// Whether nothing is known of the sum: a block is below 0, or large.
    is_unknown: bool,
}

/// The sum of all ranks' parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    /// The sum of all blocks, but for 2⁻⁵⁰ of it.
    pub sum: f64,
    /// Samples that are right.
    pub correct: u32,
    small: u64,
    /// Whether the loss is above any bound.
    pub is_above: bool,
    is_unknown: bool,
}

/// Between what a mean is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub low: f32,
    pub high: f32,
}

/// The sum of a block below which it is small: with sums up to `most` over so many blocks. The lost parts of blocks that are
/// not small are multiples of this / 2²³, and none of them is rounded. 0 where nothing is expected.
fn limit(blocks: usize, most: f64) -> f64 {
    let least = blocks as f64 * U / 2.0 * most * SLACK;
    if least.is_finite() && least > 0.0 { least.log2().ceil().exp2() } else { 0.0 }
}

impl Part {
    /// Of a rank with these sums of blocks, of so many on all ranks, whose sum is expected to be `most` at most.
    pub fn of(sums: impl Iterator<Item = f32>, blocks: usize, most: f64) -> Self {
        let mut part = Self::default();
        let limit = limit(blocks, most);
        let mut small = 0_usize;
        for (index, sum) in sums.enumerate() {
            if !sum.is_finite() {
                part.is_above = true;
            } else if !(0.0..=LARGE).contains(&sum) {
                part.is_unknown = true;
            } else {
                part.add(sum);
                small += usize::from(sum != 0.0 && f64::from(sum) < limit);
            }
            if index % (1 << 15) == 0 {
                part.carry();
            }
        }
        part.carry();
        part.small = u16::try_from(small).unwrap_or(u16::MAX);
        part
    }

    /// Adds a number that is finite and not below 0.
    fn add(&mut self, x: f32) {
        let bits = x.to_bits() & 0x7fff_ffff;
        let (exponent, fraction) = (bits >> 23, bits & 0x7f_ffff);
        let (mantissa, shift) = if exponent == 0 { (fraction, 0) } else { (fraction | 0x80_0000, exponent - 1) };
        let (limb, shift) = ((shift / BITS) as usize, shift % BITS);
        let wide = u128::from(mantissa) << shift;
        self.limbs[limb] += wide as u64 & MASK;
        if let Some(next) = self.limbs.get_mut(limb + 1) {
            *next += (wide >> BITS) as u64;
        }
    }

    fn carry(&mut self) {
        carry(&mut self.limbs);
    }

    /// What is sent, with the question that it answers.
    pub fn words(&self, question: u32) -> Words {
        let [a, b, c, d, e, f] = self.limbs;
        let flags = u64::from(self.is_above) << 32 | u64::from(self.is_unknown) << 48 | u64::from(self.correct);
        [a, b, c, d, e, f, flags, u64::from(question) | u64::from(self.small) << BITS]
    }
}

fn carry(limbs: &mut [u64; LIMBS]) {
    let mut carried = 0;
    let [lower @ .., last] = limbs;
    for limb in lower {
        *limb += carried;
        carried = *limb >> BITS;
        *limb &= MASK;
    }
    *last += carried;
}

impl Tally {
    /// Of the sum over so many ranks; none if one of them answers another question.
    pub fn of(words: &Words, question: u32, ranks: usize) -> Option<Self> {
        let [a, b, c, d, e, f, flags, last] = *words;
        if last & MASK != u64::from(question) * ranks as u64 {
            return None;
        }
        let mut limbs = [a, b, c, d, e, f];
        carry(&mut limbs);
        let weight = |limb: usize| f64::from(LOWEST + BITS as i32 * limb as i32).exp2();
        // From the lowest on: each addition rounds by 2⁻⁵³ of what is there.
        let sum = limbs.iter().enumerate().map(|(limb, bits)| *bits as f64 * weight(limb)).sum();
        let (above, unknown) = (flags >> 32 & 0xffff, flags >> 48);
        Some(Self { sum, correct: flags as u32, small: last >> BITS, is_above: above > 0, is_unknown: unknown > 0 })
    }

    /// Between what the mean of so many blocks over `terms` is, as one machine has it, if the sum was expected to be `most` at
    /// most; none where nothing is known.
    pub fn mean(&self, blocks: usize, most: f64, terms: usize) -> Option<Bounds> {
        if self.is_above || self.is_unknown || blocks >= MOST_BLOCKS {
            return None;
        }
        let (sum, n) = (self.sum, blocks as f64);
        // Each of n additions to the lost part rounds it by U at most, and it is U · sum · k after k of them.
        let any = n * n * U * U * sum * SLACK;
        let limit = limit(blocks, most);
        let rounded = match self.small {
            _ if sum > most || limit == 0.0 => any,
            0 => 0.0,
            // What a small block brings below the others' least bit is rounded away, in steps that double: by that bit in all.
            small => any.min((small + 1) as f64 * limit / 8_388_608.0),
        };
        let of_sum = sum * f64::EPSILON * 8.0;
        let mean = |sum: f64| sum as f32 / terms as f32;
        let bounds = Bounds { low: mean(sum - rounded - of_sum), high: mean(sum + rounded + of_sum) };
        (bounds.low >= 0.0 || sum == 0.0).then_some(bounds)
    }
}

#[cfg(test)]
mod tests {
    use amc_core::Generator;
    use amc_core::sums::Total;
    use rand_core::{Rng, SeedableRng};

    use super::{Bounds, Part, Tally};

    fn one_machine(sums: &[f32], terms: usize) -> f32 {
        let mut total = Total::default();
        sums.iter().for_each(|sum| total.add(*sum));
        total.mean(terms)
    }

    /// Of so many ranks, each of which has every so many-th block.
    fn tally(sums: &[f32], ranks: usize, most: f64) -> Tally {
        let mut words = [0; 8];
        for rank in 0..ranks {
            let of_rank = sums.iter().skip(rank).step_by(ranks).copied();
            let part = Part::of(of_rank, sums.len(), most).words(77);
            words.iter_mut().zip(part).for_each(|(sum, word)| *sum += word);
        }
        Tally::of(&words, 77, ranks).expect("one question")
    }

    /// Sums of blocks that differ by up to 2 to this power.
    fn drawn(rng: &mut Generator, blocks: usize, spread: u32) -> Vec<f32> {
        let mut draw = || {
            let scale = (rng.next_u32() % (spread + 1)) as f32;
            (rng.next_u32() >> 8) as f32 * (-scale).exp2() * 1e-6
        };
        (0..blocks).map(|_| draw()).collect()
    }

    #[test]
    fn a_mean_is_between_the_bounds_and_mostly_known() {
        let mut rng = Generator::seed_from_u64(5);
        for (blocks, spread, known_of) in [(1, 0, 1.0), (24, 2, 1.0), (938, 3, 1.0), (938, 20, 0.9), (4000, 30, 0.0)] {
            let mut known = 0;
            for _ in 0..200 {
                let sums = drawn(&mut rng, blocks, spread);
                let wanted = one_machine(&sums, 60_000);
                let most = 1.5 * sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
                for most in [most, 0.5 * most, f64::INFINITY, f64::NAN] {
                    let Bounds { low, high } = tally(&sums, 3, most).mean(blocks, most, 60_000).expect("finite");
                    assert!(low <= wanted && wanted <= high, "{blocks}, {spread}: {wanted} in {low}..{high}");
                    known += u32::from(low == high && most.is_finite());
                }
            }
            assert!(f64::from(known) >= known_of * 200.0, "{blocks} blocks, {spread}: {known} of 400");
        }
    }

    #[test]
    fn a_sum_does_not_depend_on_who_adds_what() {
        let sums = drawn(&mut Generator::seed_from_u64(6), 938, 100);
        let one = tally(&sums, 1, 1.0);
        for ranks in 2..9 {
            let many = tally(&sums, ranks, 1.0);
            assert_eq!((many.sum.to_bits(), many.small), (one.sum.to_bits(), one.small));
        }
        let least = [f32::from_bits(1); 5];
        assert_eq!(tally(&least, 2, 1.0).sum, 5.0 * f64::from(f32::from_bits(1)));
        let large = [9e29_f32; 3000];
        let sum = tally(&large, 2, 1.0).sum;
        assert!((sum / (3000.0 * f64::from(9e29_f32)) - 1.0).abs() < 1e-14, "{sum}");
    }

    #[test]
    fn what_is_not_finite_is_above_and_what_is_below_zero_is_not_known() {
        let of = |sums: &[f32]| tally(sums, 2, 1.0);
        assert!(of(&[1.0, f32::NAN]).is_above && of(&[f32::INFINITY, 1.0]).is_above && !of(&[1.0, 1.0]).is_above);
        assert_eq!(of(&[1.0, -1e-9]).mean(2, 1.0, 2), None);
        assert_eq!(of(&[1.0, 2e30]).mean(2, 1.0, 2), None);
        assert_eq!(of(&[0.0, 0.0]).mean(2, 1.0, 2), Some(Bounds { low: 0.0, high: 0.0 }));
    }

    #[test]
    fn answers_to_other_questions_are_found() {
        let mut words = Part::of([1.0].into_iter(), 2, 1.0).words(8);
        let other = Part::of([1.0].into_iter(), 2, 1.0).words(9);
        words.iter_mut().zip(other).for_each(|(sum, word)| *sum += word);
        assert!(Tally::of(&words, 8, 2).is_none() && Tally::of(&words, 9, 2).is_none());
    }
}
