//! Losses of a softmax on AVX2. Tables are polynomials, whose values are rounded to the tables' entries: a test makes sure of each.

use core::arch::x86_64::{__m256, __m256i};

use amc_core::integer::{Output, Softmax};
use pulp::bytemuck::cast;

use super::super::TILE;
use super::super::registers::{NOBODY, classes_of_all, first, list};
use super::Avx2;

/// 2¹⁵ · 2^(−i/256) as a polynomial in i.
const EXP2: [f32; 6] = [32_768.1, -88.728_615, 0.120_214_52, -1.090_379_3e-4, 7.402_29e-8, -3.322_449_6e-11];

/// 2¹² · log₂(1 + part/8 + x) as a polynomial in x for each of eight parts, the coefficient of x³ first.
const LOG2: [[f32; 8]; 4] = [
    [1645.6182, 1178.2429, 872.38184, 663.86926, 516.8569, 410.2414, 331.0466, 270.9938],
    [-2930.349, -2319.084, -1880.6836, -1555.6729, -1308.1001, -1115.2013, -961.9972, -838.30505],
    [5908.6816, 5252.312, 4727.1694, 4297.482, 3939.3938, 3636.3875, 3376.6619, 3151.5627],
    [0.002_325_802_6, 696.0143, 1318.6184, 1881.8326, 2396.0068, 2869.0015, 3306.926, 3714.624],
];

/// Registers of sums that are computed together, instruction by instruction: no chain of them is as long as a core looks ahead.
const TOGETHER: usize = 2;

/// Samples in them.
const LANES: usize = 8 * TOGETHER;

type Group = [__m256i; TOGETHER];

impl Avx2 {
    #[inline(always)]
    fn floats(self, number: f32) -> __m256 {
        self.0.avx._mm256_set1_ps(number)
    }

    /// A group of a tile's numbers.
    #[inline(always)]
    fn group(self, row: &[i32; TILE], at: usize) -> Group {
        cast(row.as_chunks::<LANES>().0[at])
    }

    /// By how much logits are behind the largest.
    #[inline(always)]
    fn behind(self, largest: Group, v: Group, shift: u8) -> Group {
        let (i, count) = (self.0.avx2, self.count(shift));
        let mut behind = v;
        for k in 0..TOGETHER {
            behind[k] = i._mm256_srl_epi32(i._mm256_sub_epi32(largest[k], v[k]), count);
        }
        behind
    }

    /// What logits add to the sum of powers.
    #[inline(always)]
    fn powers(self, behind: Group) -> Group {
        let (i, avx) = (self.0.avx2, self.0.avx);
        let [rest @ .., last] = EXP2;
        let (mut x, mut powers) = ([self.floats(0.0); TOGETHER], [self.floats(last); TOGETHER]);
        for k in 0..TOGETHER {
            x[k] = avx._mm256_cvtepi32_ps(i._mm256_and_si256(behind[k], self.numbers(255)));
        }
        for coefficient in rest.into_iter().rev() {
            for k in 0..TOGETHER {
                powers[k] = self.0.fma._mm256_fmadd_ps(powers[k], x[k], self.floats(coefficient));
            }
        }
        let mut halved = behind;
        for k in 0..TOGETHER {
            // Of 2¹⁵ or less nothing is left after 16 halvings or more.
            let halvings = i._mm256_min_epu32(i._mm256_srli_epi32::<8>(behind[k]), self.numbers(31));
            halved[k] = i._mm256_srlv_epi32(avx._mm256_cvtps_epi32(powers[k]), halvings);
        }
        halved
    }

    /// The losses of samples whose classes are behind the largest output by so much, and whose powers come to so much.
    #[inline(always)]
    fn losses(self, own: Group, powers: Group) -> Group {
        let (i, avx, fma) = (self.0.avx2, self.0.avx, self.0.fma);
        let (mut floats, mut parts, mut places, mut next) =
            (own, own, [self.floats(0.0); TOGETHER], [self.floats(0.0); TOGETHER]);
        for k in 0..TOGETHER {
            // As floats, whose exponents and mantissas are those of the numbers.
            floats[k] = avx._mm256_castps_si256(avx._mm256_cvtepi32_ps(powers[k]));
            // Of the mantissa the first 3 bits are a part's number, the next 5 an entry's within it.
            parts[k] = i._mm256_srli_epi32::<20>(floats[k]);
            let place = i._mm256_and_si256(floats[k], self.numbers(0x000f_8000));
            places[k] = avx._mm256_sub_ps(cast(i._mm256_or_si256(place, cast([1_f32; 8]))), self.floats(1.0));
            next[k] = avx._mm256_add_ps(places[k], self.floats(1.0 / 256.0));
        }
        let (mut below, mut above) = ([self.floats(0.0); TOGETHER], [self.floats(0.0); TOGETHER]);
        for (number, of_parts) in LOG2.into_iter().enumerate() {
            for k in 0..TOGETHER {
                let coefficient = i._mm256_permutevar8x32_ps(cast(of_parts), parts[k]);
                if number == 0 {
                    (below[k], above[k]) = (coefficient, coefficient);
                } else {
                    below[k] = fma._mm256_fmadd_ps(below[k], places[k], coefficient);
                    above[k] = fma._mm256_fmadd_ps(above[k], next[k], coefficient);
                }
            }
        }
        let mut losses = own;
        for k in 0..TOGETHER {
            let rest = i._mm256_and_si256(floats[k], self.numbers(0x7fff));
            let (below, above) = (avx._mm256_cvtps_epi32(below[k]), avx._mm256_cvtps_epi32(above[k]));
            let between = i._mm256_madd_epi16(i._mm256_sub_epi32(above, below), rest);
            let between = i._mm256_srli_epi32::<15>(between);
            // 2¹⁵ stands for 1.
            let exponent = i._mm256_sub_epi32(i._mm256_srli_epi32::<23>(floats[k]), self.numbers(127 + 15));
            let whole = i._mm256_add_epi32(i._mm256_slli_epi32::<12>(exponent), i._mm256_slli_epi32::<4>(own[k]));
            losses[k] = i._mm256_add_epi32(i._mm256_add_epi32(whole, below), between);
        }
        losses
    }

    /// Classes as numbers.
    #[inline(always)]
    fn classes(self, classes: &[u8; LANES]) -> Group {
        let mut of_group = [self.zero(); TOGETHER];
        for (of_group, classes) in of_group.iter_mut().zip(classes.as_chunks().0) {
            *of_group = self.0.avx2._mm256_cvtepu8_epi32(cast([u64::from_le_bytes(*classes), 0]));
        }
        of_group
    }

    /// Adds losses to a sum, but for those of samples with a mask.
    #[inline(always)]
    fn add_losses(self, total: &mut __m256i, losses: Group, left_out: Group) {
        let i = self.0.avx2;
        for k in 0..TOGETHER {
            *total = i._mm256_add_epi32(*total, i._mm256_andnot_si256(left_out[k], losses[k]));
        }
    }

    #[inline(always)]
    fn are_nobody(self, classes: Group) -> Group {
        let mut are_nobody = classes;
        for class in &mut are_nobody {
            *class = self.0.avx2._mm256_cmpeq_epi32(*class, self.numbers(NOBODY.into()));
        }
        are_nobody
    }

    #[inline(always)]
    fn total(self, losses: __m256i) -> u64 {
        cast::<_, [u32; 8]>(losses).iter().map(|sum| u64::from(*sum)).sum()
    }

    #[inline(always)]
    pub(super) fn softmax(
        self,
        sums: &[[i32; TILE]],
        shift: u8,
        classes: &[u8],
        mut kept: Option<&mut Softmax<TILE>>,
    ) -> u64 {
        let i = self.0.avx2;
        let mut total = self.zero();
        let (all_classes, groups) = (classes_of_all(classes), classes.len().div_ceil(LANES));
        for (at, classes) in all_classes.as_chunks().0.iter().enumerate().take(groups) {
            let classes = self.classes(classes);
            let mut largest = [self.numbers(i32::MIN); TOGETHER];
            for sums in sums {
                let v = self.group(sums, at);
                for k in 0..TOGETHER {
                    largest[k] = i._mm256_max_epi32(largest[k], v[k]);
                }
            }
            let (mut powers, mut own, mut output) = ([self.zero(); TOGETHER], [self.zero(); TOGETHER], self.zero());
            for sums in sums {
                let behind = self.behind(largest, self.group(sums, at), shift);
                let power = self.powers(behind);
                for k in 0..TOGETHER {
                    let is_own = i._mm256_cmpeq_epi32(classes[k], output);
                    own[k] = i._mm256_or_si256(own[k], i._mm256_and_si256(behind[k], is_own));
                    powers[k] = i._mm256_add_epi32(powers[k], power[k]);
                }
                output = i._mm256_add_epi32(output, self.numbers(1));
            }
            for own in &mut own {
                *own = i._mm256_min_epu32(*own, self.numbers(0xffff));
            }
            self.add_losses(&mut total, self.losses(own, powers), self.are_nobody(classes));
            if let Some(kept) = &mut kept {
                for (row, v) in kept.iter_mut().zip([largest, powers, own]) {
                    row.as_chunks_mut::<LANES>().0[at] = cast(v);
                }
            }
        }
        self.total(total)
    }

    #[inline(always)]
    pub(super) fn changed_softmax(
        self,
        Output { number, sums, new }: Output<'_, TILE>,
        shift: u8,
        classes: &[u8],
        [largest, powers, own]: &Softmax<TILE>,
        anew: &mut heapless::Vec<u16, TILE>,
    ) -> u64 {
        let i = self.0.avx2;
        let (old, number) = (sums.get(number).unwrap_or(new), self.numbers(number as i32));
        let (mut total, mut others) = (self.zero(), 0);
        let none = [[self.zero(); TOGETHER]; TILE / LANES];
        let (mut all_powers, mut all_own, mut all_left_out) = (none, none, none);
        for (at, of_group) in classes_of_all(classes).as_chunks().0.iter().enumerate() {
            let of = |row| self.group(row, at);
            let (largest, old, new, of_classes) = (of(largest), of(old), of(new), self.classes(of_group));
            let is = self.behind(largest, new, shift);
            let (less, more) = (self.powers(self.behind(largest, old, shift)), self.powers(is));
            let (mut powers, mut own, mut left_out) = (of(powers), of(own), self.are_nobody(of_classes));
            for k in 0..TOGETHER {
                powers[k] = i._mm256_add_epi32(i._mm256_sub_epi32(powers[k], less[k]), more[k]);
                let (is_own, is) =
                    (i._mm256_cmpeq_epi32(of_classes[k], number), i._mm256_min_epu32(is[k], self.numbers(0xffff)));
                own[k] = i._mm256_blendv_epi8(own[k], is, is_own);
                let (is_larger, was_largest) =
                    (i._mm256_cmpgt_epi32(new[k], largest[k]), i._mm256_cmpeq_epi32(old[k], largest[k]));
                let is_other = i._mm256_or_si256(is_larger, was_largest);
                left_out[k] = i._mm256_or_si256(left_out[k], is_other);
                let bits = self.0.avx._mm256_movemask_ps(cast(is_other)) as u8;
                others |= u64::from(bits) << (LANES * at + 8 * k);
            }
            (all_powers[at], all_own[at], all_left_out[at]) = (powers, own, left_out);
        }
        // In a loop of its own: behind powers the chain would be twice as long.
        for (at, own) in all_own.iter().enumerate() {
            self.add_losses(&mut total, self.losses(*own, all_powers[at]), all_left_out[at]);
        }
        list(others & first(classes.len()), anew);
        self.total(total)
    }
}
