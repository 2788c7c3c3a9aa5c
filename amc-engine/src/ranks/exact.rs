//! A mean of losses over ranks that has the bits of one machine's.
//!
//! One machine adds the sums of blocks up one after another, and keeps what rounding loses ([`amc_core::sums::Total`]). Ranks
//! add theirs up in fixed point, in units so small that only small blocks have a part below them: that sum does not depend on
//! who adds what. From it the mean is known but for what small blocks have below a unit, and for what the one machine's second
//! number, the lost part, may itself have lost to rounding. Where both ends of that range are the same `f32`, it is the mean;
//! where both are above a bound, the move is rejected whatever it is. Only what is left, a few accepted moves in a hundred at
//! most, is added up once more from all blocks' sums.

/// The bits of a sum that may be filled.
const BITS: f64 = 63.0;
/// Blocks beyond which nothing is said of rounding.
const MOST_BLOCKS: usize = 1 << 16;
/// 2⁻²⁴: by this part of itself, at most, a sum is rounded.
const U: f64 = 1.0 / 16_777_216.0;
/// 2²³: numbers from a unit times this on are multiples of the unit.
const FRACTION: f64 = 8_388_608.0;
/// Room for the rounding of bounds themselves, and for terms of a higher order: both are below 2⁻⁷.
const SLACK: f64 = 1.0 + 1.0 / 32.0;

/// What ranks know of a sum before they add it up: the same on all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// Blocks of all ranks.
    pub blocks: usize,
    pub ranks: usize,
    /// What the sum is expected to be at most.
    pub most: f64,
}

impl Expected {
    /// What is expected at most, in the range of an `f32`.
    fn most(&self) -> f64 {
        // The least number that is not 0, also for what is not a number.
        let least = f64::from(f32::from_bits(1));
        self.most.max(least).min(f64::from(f32::MAX))
    }

    /// What a rank adds at most: at least twice what all of them are expected to.
    fn most_of_rank(&self) -> f64 {
        2.0 * self.most().log2().ceil().exp2()
    }

    /// What is counted: the most of all ranks has the bits that there are.
    fn unit(&self) -> f64 {
        self.most_of_rank() * self.ranks.next_power_of_two() as f64 / BITS.exp2()
    }

    /// The sum of a block below which it is small. The lost parts of blocks that are not small are multiples of this / 2²³, and
    /// none of them is rounded; and their sums are multiples of a unit.
    fn limit(&self) -> f64 {
        let least = self.blocks as f64 * U / 2.0 * self.most() * SLACK;
        least.log2().ceil().exp2().max(self.unit() * FRACTION)
    }
}

/// What a rank adds to the sum of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Part {
    /// Units.
    sum: u64,
    /// Blocks whose sum is not 0 and below a limit.
    small: u16,
    /// Whether nothing is known of the sum: a block is below 0.
    is_unknown: bool,
    /// Samples that are right, if they are counted.
    correct: Option<u32>,
}

/// The sum of all ranks' parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    /// The sum of all blocks, but for what small ones have below a unit. Of a loss that is not finite, or which a rank has given
    /// up, it is more than what was expected.
    pub sum: f64,
    /// Samples that are right, if they were counted.
    pub correct: u32,
    small: u64,
    is_unknown: bool,
}

/// Between what a mean is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub low: f32,
    pub high: f32,
}

impl Part {
    /// Of a rank with these sums of blocks, if it has not given up.
    pub fn of(sums: impl Iterator<Item = f32>, has_given_up: bool, expected: &Expected) -> Self {
        let mut part = Self::default();
        let (per_unit, limit) = (1.0 / expected.unit(), expected.limit());
        let most = (expected.most_of_rank() * per_unit) as u64;
        let mut small = 0_usize;
        for sum in sums {
            let units = f64::from(sum) * per_unit;
            if sum < 0.0 {
                part.is_unknown = true;
            } else if sum.is_nan() {
                part.sum = most;
            } else {
                part.sum = part.sum.saturating_add(units as u64).min(most);
                small += usize::from(sum != 0.0 && f64::from(sum) < limit);
            }
        }
        if has_given_up {
            part.sum = most;
        }
        part.small = u16::try_from(small).unwrap_or(u16::MAX);
        part
    }

    /// The same, of which so many samples are right.
    pub fn counting(self, correct: Option<u32>) -> Self {
        Self { correct, ..self }
    }

    /// What is sent, with the question that it answers.
    pub fn words(&self, question: u16) -> Vec<u64> {
        let flags = u64::from(self.is_unknown) << 48 | u64::from(self.small) << 32 | u64::from(question);
        [self.sum, flags].into_iter().chain(self.correct.map(u64::from)).collect()
    }
}

impl Tally {
    /// Of the sum over all ranks; none if one of them answers another question.
    pub fn of(words: &[u64], question: u16, expected: &Expected) -> Option<Self> {
        let [sum, flags, correct @ ..] = words else { return None };
        if flags & 0xffff_ffff != u64::from(question) * expected.ranks as u64 {
            return None;
        }
        let correct = correct.first().map_or(0, |correct| *correct as u32);
        let (small, is_unknown) = (flags >> 32 & 0xffff, flags >> 48 > 0);
        Some(Self { sum: *sum as f64 * expected.unit(), correct, small, is_unknown })
    }

    /// Whether nothing can bring the sum down from what it is: no block is below 0, or a rank has given up.
    pub fn is_least(&self, expected: &Expected) -> bool {
        !self.is_unknown || self.sum >= expected.most_of_rank()
    }

    /// Between what the mean over `terms` is, as one machine has it; none where nothing is known.
    pub fn mean(&self, expected: &Expected, terms: usize) -> Option<Bounds> {
        let is_given_up = self.sum >= expected.most_of_rank();
        if is_given_up || self.is_unknown || expected.blocks >= MOST_BLOCKS {
            return None;
        }
        let n = expected.blocks as f64;
        let (low, high) = (self.sum, self.sum + self.small as f64 * expected.unit());
        // Each of n additions to the lost part rounds it by U at most, and it is U · sum · k after k of them.
        let any = n * n * U * U * high * SLACK;
        let rounded = match self.small {
            _ if high > expected.most => any,
            0 => 0.0,
            // What a small block brings below the others' least bit is rounded away, in steps that double: by that bit in all.
            small => any.min((small + 1) as f64 * expected.limit() / FRACTION),
        };
        let of_sum = high * f64::EPSILON * 8.0;
        let mean = |sum: f64| sum as f32 / terms as f32;
        let bounds = Bounds { low: mean(low - rounded - of_sum), high: mean(high + rounded + of_sum) };
        (bounds.low >= 0.0 || low == 0.0).then_some(bounds)
    }
}

#[cfg(test)]
mod tests {
    use amc_core::Generator;
    use amc_core::sums::Total;
    use rand_core::{Rng, SeedableRng};

    use super::{Bounds, Expected, Part, Tally};

    fn one_machine(sums: &[f32], terms: usize) -> f32 {
        let mut total = Total::default();
        sums.iter().for_each(|sum| total.add(*sum));
        total.mean(terms)
    }

    /// Of so many ranks, each of which has every so many-th block, and what they expected.
    fn tally(sums: &[f32], ranks: usize, most: f64) -> (Tally, Expected) {
        let expected = Expected { blocks: sums.len(), ranks, most };
        let mut words = [0; 2];
        let mut add = |rank: usize, times: u64| {
            let of_rank = sums.iter().skip(rank).step_by(ranks).copied();
            let part = Part::of(of_rank, false, &expected).words(77);
            words.iter_mut().zip(part).for_each(|(sum, word)| *sum += times * word);
        };
        // Those without a block say the same.
        let with_blocks = ranks.min(sums.len());
        (0..with_blocks).for_each(|rank| add(rank, 1));
        add(ranks, (ranks - with_blocks) as u64);
        (Tally::of(&words, 77, &expected).expect("one question"), expected)
    }

    fn mean(sums: &[f32], ranks: usize, most: f64, terms: usize) -> Option<Bounds> {
        let (tally, expected) = tally(sums, ranks, most);
        tally.mean(&expected, terms)
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
        for (blocks, spread, known_of) in [(1, 0, 1.0), (24, 2, 0.98), (938, 3, 0.95), (938, 20, 0.8), (4000, 30, 0.0)]
        {
            let mut known = 0;
            for round in 0..200 {
                let sums = drawn(&mut rng, blocks, spread);
                let wanted = one_machine(&sums, 60_000);
                let sum = sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
                // As a bound is, below the sum, and what says nothing.
                for (of_sum, is_counted) in [(1.5, true), (0.7, false), (1e30, false), (f64::NAN, false)] {
                    let ranks = [3, 65_535][round / 100];
                    let Some(Bounds { low, high }) = mean(&sums, ranks, of_sum * sum, 60_000) else {
                        assert!(!is_counted);
                        continue;
                    };
                    assert!(low <= wanted && wanted <= high, "{blocks}, {spread}: {wanted} in {low}..{high}");
                    known += u32::from(low == high && is_counted);
                }
            }
            assert!(f64::from(known) >= known_of * 200.0, "{blocks} blocks, {spread}: {known} of 200");
        }
    }

    #[test]
    fn a_sum_does_not_depend_on_who_adds_what() {
        let mut rng = Generator::seed_from_u64(6);
        // All of them are multiples of a unit, or none: in units of as many ranks, the sum is that of any number of them.
        for spread in [3, 100] {
            let sums = drawn(&mut rng, 938, spread);
            let many = Expected { blocks: sums.len(), ranks: 16, most: 2e4 };
            let of = |ranks: usize| {
                let part = |rank| Part::of(sums.iter().skip(rank).step_by(ranks).copied(), false, &many).words(0);
                (0..ranks).map(part).fold([0; 2], |sum, part| [sum[0] + part[0], sum[1] + part[1]])
            };
            (2..9).for_each(|ranks| assert_eq!(of(ranks), of(1)));
        }
        let least = f32::from_bits(1);
        assert_eq!(tally(&[least; 5], 2, 8.0 * f64::from(least)).0.sum, 5.0 * f64::from(least));
    }

    #[test]
    fn what_is_not_finite_or_given_up_is_more_than_expected_and_what_is_below_zero_is_not_known() {
        let of = |sums: &[f32]| tally(sums, 2, 3.0).0;
        let is_more = |sums: &[f32]| of(sums).sum > 3.1;
        assert!(is_more(&[1.0, f32::NAN]) && is_more(&[f32::INFINITY, 1.0]) && is_more(&[0.0, 1e38]));
        assert!(!is_more(&[1.0, 1.0]) && of(&[1.0, 1.0]).sum == 2.0);
        let expected = Expected { blocks: 2, ranks: 1, most: 3.0 };
        let given_up = Part::of([0.5].into_iter(), true, &expected).words(1);
        assert!(Tally::of(&given_up, 1, &expected).is_some_and(|tally| tally.sum > 3.1));
        for sums in [[1.0, -1e-9], [1.0, f32::NAN], [1.0, 1e38]] {
            assert_eq!(mean(&sums, 2, 3.0, 2), None);
        }
        for most in [0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(mean(&[0.0, 0.0], 2, most, 2), Some(Bounds { low: 0.0, high: 0.0 }));
            assert_eq!(tally(&[1.0, 1.0], 2, most).0.sum > 0.0, most != f64::INFINITY, "{most}");
        }
    }

    #[test]
    fn answers_to_other_questions_are_found() {
        let expected = Expected { blocks: 2, ranks: 2, most: 1.0 };
        let part = |question| Part::of([1.0].into_iter(), false, &expected).counting(Some(3)).words(question);
        let words: Vec<u64> = part(8).iter().zip(part(9)).map(|(a, b)| a + b).collect();
        assert!(Tally::of(&words, 8, &expected).is_none() && Tally::of(&words, 9, &expected).is_none());
        let words: Vec<u64> = part(65_535).iter().map(|a| 2 * a).collect();
        assert_eq!(Tally::of(&words, 65_535, &expected).expect("one question").correct, 6);
    }
}
