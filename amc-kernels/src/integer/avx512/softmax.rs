//! Losses of a softmax on AVX-512, whose tables are looked up.

use core::arch::x86_64::__m512i;

use amc_core::integer::{Output, Softmax};
use pulp::bytemuck::cast;

use super::super::TILE;
use super::super::registers::{classes_of_all, first, list};
use super::super::tables::{EXP2_HIGH, EXP2_LOW, LOG2_HIGH, LOG2_LOW, LOG2_MORE, NUMBER_PAIRS, WORD_PAIRS};
use super::{Avx512, K, Sums};

/// Words of a tile's samples.
type Words = [__m512i; 2];

impl Avx512 {
    /// The sum of numbers without a sign: of each half of a word of 32 bits.
    #[inline(always)]
    fn halves(self, v: __m512i) -> __m512i {
        let low = self.avx512f._mm512_and_si512(v, self.numbers(0xffff));
        self.avx512f._mm512_add_epi32(low, self.avx512f._mm512_srli_epi32::<16>(v))
    }

    /// By how much logits are behind the largest, as far as it counts, and what they add to the sum of powers.
    #[inline(always)]
    fn powers(self, largest: Sums, sums: &[i32; TILE], shift: u8) -> (Words, Words) {
        let (f, words, count) = (self.avx512f, self.avx512bw, self.count(shift));
        let mut v = self.load(sums);
        for k in 0..K {
            v[k] = f._mm512_srl_epi32(f._mm512_sub_epi32(largest[k], v[k]), count);
        }
        let behind = self.narrow(v.map(|v| f._mm512_min_epu32(v, self.numbers(0xffff))));
        let at = self.bytes_of(behind);
        let mut powers = self.words_of(self.look_up(&EXP2_LOW, at), self.look_up(&EXP2_HIGH, at));
        for half in 0..2 {
            // Of 2¹⁵ or less nothing is left after 16 halvings or more.
            powers[half] = words._mm512_srlv_epi16(powers[half], words._mm512_srli_epi16::<8>(behind[half]));
        }
        (behind, powers)
    }

    /// The sum of the losses of the samples in `of`, whose classes are behind the largest output by so much, and whose powers come to so much.
    #[inline(always)]
    fn losses(self, own: Words, powers: Sums, of: u64) -> u64 {
        let (f, words) = (self.avx512f, self.avx512bw);
        // As floats, whose exponents and mantissas are those of the numbers.
        let floats = powers.map(|v| f._mm512_castps_si512(f._mm512_cvtepi32_ps(v)));
        let at = self.narrow(floats.map(|v| f._mm512_srli_epi32::<15>(v)));
        let rest = self.narrow(floats).map(|v| f._mm512_and_si512(v, self.words(0x7fff)));
        let exponents = self.narrow(floats.map(|v| f._mm512_srli_epi32::<23>(v)));
        let entries = self.bytes_of(at);
        let more = self.look_up(&LOG2_MORE, entries);
        let below = self.words_of(self.look_up(&LOG2_LOW, entries), self.look_up(&LOG2_HIGH, entries));
        // Twice as much, so that its product with 15 bits is divided by 2¹⁵ where the upper half is taken.
        let more = self.words_of(words._mm512_add_epi8(more, more), self.zero());
        let mut total = self.zero();
        for half in 0..2 {
            let between = words._mm512_mulhi_epu16(more[half], rest[half]);
            // 2¹⁵ stands for 1.
            let exponent = words._mm512_sub_epi16(exponents[half], self.words(127 + 15));
            let whole = words._mm512_slli_epi16::<12>(exponent);
            let logarithm = words._mm512_add_epi16(words._mm512_add_epi16(whole, below[half]), between);
            let of = (of >> (32 * half)) as u32;
            let own = words._mm512_maskz_mov_epi16(of, own[half]);
            let own = f._mm512_slli_epi32::<4>(self.halves(own));
            let logarithm = self.halves(words._mm512_maskz_mov_epi16(of, logarithm));
            total = f._mm512_add_epi32(total, f._mm512_add_epi32(logarithm, own));
        }
        u64::from(f._mm512_reduce_add_epi32(total) as u32)
    }

    #[inline(always)]
    fn classes(self, classes: &[u8]) -> Words {
        self.words_of(cast(classes_of_all(classes)), self.zero())
    }

    /// Words without a sign as numbers.
    #[inline(always)]
    fn widen_unsigned(self, words: Words) -> Sums {
        let [first, second] = WORD_PAIRS.map(cast::<_, __m512i>);
        let pairs = |v, pairs| self.avx512bw._mm512_permutex2var_epi16(v, pairs, self.zero());
        [pairs(words[0], first), pairs(words[0], second), pairs(words[1], first), pairs(words[1], second)]
    }

    #[inline(always)]
    pub(super) fn softmax(
        self,
        sums: &[[i32; TILE]],
        shift: u8,
        classes: &[u8],
        kept: Option<&mut Softmax<TILE>>,
    ) -> u64 {
        let (f, words) = (self.avx512f, self.avx512bw);
        let mut largest = [self.numbers(i32::MIN); K];
        for sums in sums {
            let v = self.load(sums);
            for k in 0..K {
                largest[k] = f._mm512_max_epi32(largest[k], v[k]);
            }
        }
        let of_classes = self.classes(classes);
        // Sums of words in both halves of 32 bits, those of the upper half once more, and the words of the samples' classes.
        let (mut both, mut upper, mut own) = ([self.zero(); 2], [self.zero(); 2], [self.zero(); 2]);
        for (output, sums) in sums.iter().enumerate() {
            let (behind, powers) = self.powers(largest, sums, shift);
            let output = self.words(output as u16);
            for half in 0..2 {
                let is_own = words._mm512_cmpeq_epi16_mask(of_classes[half], output);
                own[half] = words._mm512_mask_mov_epi16(own[half], is_own, behind[half]);
                both[half] = f._mm512_add_epi32(both[half], powers[half]);
                upper[half] = f._mm512_add_epi32(upper[half], f._mm512_srli_epi32::<16>(powers[half]));
            }
        }
        let lower = [0, 1].map(|half| f._mm512_sub_epi32(both[half], f._mm512_slli_epi32::<16>(upper[half])));
        let [low, high] = NUMBER_PAIRS.map(cast::<_, __m512i>);
        let pairs = |half: usize, pairs| f._mm512_permutex2var_epi32(lower[half], pairs, upper[half]);
        let powers = [pairs(0, low), pairs(0, high), pairs(1, low), pairs(1, high)];
        if let Some(kept) = kept {
            *kept = [cast(largest), cast(powers), cast(self.widen_unsigned(own))];
        }
        self.losses(own, powers, first(classes.len()))
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
        let (f, words) = (self.avx512f, self.avx512bw);
        let old = sums.get(number).unwrap_or(new);
        let mut others = 0;
        let (all_largest, all_old, all_new) = (self.load(largest), self.load(old), self.load(new));
        for k in 0..K {
            let is_larger = f._mm512_cmpgt_epi32_mask(all_new[k], all_largest[k]);
            let was_largest = f._mm512_cmpeq_epi32_mask(all_old[k], all_largest[k]);
            others |= u64::from(is_larger | was_largest) << (16 * k);
        }
        let (_, was) = self.powers(all_largest, old, shift);
        let (behind, is) = self.powers(all_largest, new, shift);
        let (was, is, mut powers) = (self.widen_unsigned(was), self.widen_unsigned(is), self.load(powers));
        for k in 0..K {
            powers[k] = f._mm512_add_epi32(f._mm512_sub_epi32(powers[k], was[k]), is[k]);
        }
        let (of_classes, mut own) = (self.classes(classes), self.narrow(self.load(own)));
        for half in 0..2 {
            let is_own = words._mm512_cmpeq_epi16_mask(of_classes[half], self.words(number as u16));
            own[half] = words._mm512_mask_mov_epi16(own[half], is_own, behind[half]);
        }
        let there = first(classes.len());
        list(others & there, anew);
        self.losses(own, powers, there & !others)
    }
}
