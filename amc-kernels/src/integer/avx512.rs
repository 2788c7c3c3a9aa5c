//! Tiles on AVX-512 with VNNI, which multiplies four bytes at once, and VBMI, which looks bytes up: a register has a byte of each
//! sample, or a sum of each of 16.

mod softmax;
mod sums;

use core::arch::x86_64::{__m128i, __m256i, __m512i};

use amc_core::integer::{Kernel, Neurons, Output, Softmax};
use amc_core::{Activation, Portable};
use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;

use super::TILE;
use super::registers::{Inputs, Registers, Rows};
use super::tables::{LOWER_BYTES, LOWER_WORDS, PAIRS, TANH_BYTES};
use super::vnni::pick;

pulp::simd_type! {
    /// The proof that this machine has them.
    pub struct Avx512 {
        avx: "avx",
        pub avx2: "avx2",
        fma: "fma",
        avx512f: "avx512f",
        avx512bw: "avx512bw",
        avx512cd: "avx512cd",
        avx512dq: "avx512dq",
        avx512vl: "avx512vl",
        vnni: "avx512vnni",
        vbmi: "avx512vbmi",
        sse2: "sse2",
    }
}

/// Registers of a tile's sums.
const K: usize = 4;

type Sums = [__m512i; K];

impl Avx512 {
    #[inline(always)]
    fn zero(self) -> __m512i {
        self.avx512f._mm512_setzero_si512()
    }

    #[inline(always)]
    fn bytes(self, byte: u8) -> __m512i {
        self.avx512f._mm512_set1_epi8(byte as i8)
    }

    #[inline(always)]
    fn words(self, word: u16) -> __m512i {
        self.avx512f._mm512_set1_epi16(word as i16)
    }

    #[inline(always)]
    fn numbers(self, number: i32) -> __m512i {
        self.avx512f._mm512_set1_epi32(number)
    }

    #[inline(always)]
    fn count(self, shift: u8) -> __m128i {
        cast([u64::from(shift), 0])
    }

    #[inline(always)]
    fn load(self, sums: &[i32; TILE]) -> Sums {
        cast(*sums)
    }

    #[inline(always)]
    fn store(self, v: Sums, sums: &mut [i32; TILE]) {
        *sums = cast(v);
    }

    /// Words as numbers.
    #[inline(always)]
    fn widen(self, low: __m512i, high: __m512i) -> Sums {
        let half = |v: __m512i| -> [__m256i; 2] { cast(v) };
        let ([a, b], [c, d]) = (half(low), half(high));
        [
            self.avx512f._mm512_cvtepi16_epi32(a),
            self.avx512f._mm512_cvtepi16_epi32(b),
            self.avx512f._mm512_cvtepi16_epi32(c),
            self.avx512f._mm512_cvtepi16_epi32(d),
        ]
    }

    /// Entries of a table of 256 bytes.
    #[inline(always)]
    fn look_up(self, table: &[[u8; TILE]; 4], at: __m512i) -> __m512i {
        let [a, b, c, d] = table.map(cast::<_, __m512i>);
        let (low, high) = (pick(self.vbmi, a, at, b), pick(self.vbmi, c, at, d));
        self.avx512bw._mm512_mask_blend_epi8(self.avx512bw._mm512_movepi8_mask(at), low, high)
    }

    #[inline(always)]
    fn pairs(self) -> [__m512i; 2] {
        PAIRS.map(cast)
    }

    /// Words of numbers that fit them.
    #[inline(always)]
    fn narrow(self, v: Sums) -> [__m512i; 2] {
        let lower = cast(LOWER_WORDS);
        let words = self.avx512bw;
        [words._mm512_permutex2var_epi16(v[0], lower, v[1]), words._mm512_permutex2var_epi16(v[2], lower, v[3])]
    }

    /// The lower bytes of words.
    #[inline(always)]
    fn bytes_of(self, [low, high]: [__m512i; 2]) -> __m512i {
        pick(self.vbmi, low, cast(LOWER_BYTES), high)
    }

    /// Words of lower and upper bytes.
    #[inline(always)]
    fn words_of(self, lower: __m512i, upper: __m512i) -> [__m512i; 2] {
        self.pairs().map(|pairs| pick(self.vbmi, lower, pairs, upper))
    }

    /// Sums, divided by 2^`count`, as words within −2·256 and 2·256.
    #[inline(always)]
    fn divided(self, sums: &[i32; TILE], count: __m128i) -> [__m512i; 2] {
        let (f, most, least) = (self.avx512f, self.numbers(2 * 256 - 1), self.numbers(-2 * 256));
        let v = self.load(sums).map(|v| f._mm512_sra_epi32(v, count));
        self.narrow(v.map(|v| f._mm512_max_epi32(f._mm512_min_epi32(v, most), least)))
    }

    /// The hyperbolic tangents of words.
    #[inline(always)]
    fn tanh(self, v: [__m512i; 2]) -> __m512i {
        let (words, most, least) = (self.avx512bw, self.words(255), self.words(256_u16.wrapping_neg()));
        let v = v.map(|v| words._mm512_max_epi16(words._mm512_min_epi16(v, most), least));
        let signs = v.map(|v| words._mm512_srai_epi16::<15>(v));
        let sizes = [self.avx512f._mm512_xor_si512(v[0], signs[0]), self.avx512f._mm512_xor_si512(v[1], signs[1])];
        let (size, sign) = (self.look_up(&TANH_BYTES, self.bytes_of(sizes)), self.bytes_of(signs));
        words._mm512_sub_epi8(self.avx512f._mm512_xor_si512(size, sign), sign)
    }
}

impl Registers for Avx512 {
    #[inline(always)]
    fn compile<Op: NullaryFnOnce>(self, op: Op) -> Op::Output {
        self.vectorize(op)
    }

    #[inline(always)]
    fn layer(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]) {
        self.sums(neurons, inputs, sums);
    }

    #[inline(always)]
    fn activate(self, of: Activation, shift: u8, sums: &[[i32; TILE]], outputs: &mut [[i8; TILE]]) {
        let words = self.avx512bw;
        let count = self.count(shift);
        match of {
            Activation::Tanh => {
                for (sums, outputs) in sums.iter().zip(outputs) {
                    *outputs = cast(self.tanh(self.divided(sums, count)));
                }
            }
            Activation::Sigmoid => {
                for (sums, outputs) in sums.iter().zip(outputs) {
                    let v = self.divided(sums, count).map(|v| words._mm512_srai_epi16::<1>(v));
                    let doubled = words._mm512_add_epi8(self.tanh(v), self.bytes(127));
                    let half = self.avx512f._mm512_and_si512(words._mm512_srli_epi16::<1>(doubled), self.bytes(127));
                    *outputs = cast(half);
                }
            }
            _ => Portable::<TILE>.activate(of, shift, sums.as_flattened(), outputs.as_flattened_mut()),
        }
    }

    #[inline(always)]
    fn change(self, changes: &[(u16, i16)], inputs: Rows<'_>, sums: &mut [i32; TILE]) {
        let [low_pairs, high_pairs] = self.pairs();
        let (words, flip) = (self.avx512bw, self.bytes(if inputs.are_signed { 128 } else { 0 }));
        let column = |input: u16| self.avx512f._mm512_xor_si512(cast(inputs.bytes[usize::from(input)]), flip);
        let (mut low, mut high, mut more) = (self.zero(), self.zero(), 0);
        for changes in changes.chunks(2) {
            let (a, by_a) = changes[0];
            let (b, by_b) = changes.get(1).copied().unwrap_or((a, 0));
            let (a, b) = (column(a), column(b));
            let by = self.words(u16::from_le_bytes([by_a as u8, by_b as u8]));
            let of = |at| words._mm512_maddubs_epi16(pick(self.vbmi, a, at, b), by);
            low = words._mm512_add_epi16(low, of(low_pairs));
            high = words._mm512_add_epi16(high, of(high_pairs));
            more += i32::from(by_a) + i32::from(by_b);
        }
        // What flipping has added to each input.
        let less = self.numbers(if inputs.are_signed { 128 * more } else { 0 });
        let (by, mut v) = (self.widen(low, high), self.load(sums));
        for k in 0..K {
            v[k] = self.avx512f._mm512_add_epi32(v[k], self.avx512f._mm512_sub_epi32(by[k], less));
        }
        self.store(v, sums);
    }

    #[inline(always)]
    fn pass_on(
        self,
        by: &[i16; TILE],
        (weights, stride): (&[i8], usize),
        before: &[[i32; TILE]],
        sums: &mut [[i32; TILE]],
    ) {
        let (halves, _) = by.as_chunks::<32>();
        let by = self.widen(cast(halves[0]), cast(halves[1]));
        let weights = weights.iter().step_by(stride.max(1));
        for ((sums, before), weight) in sums.iter_mut().zip(before).zip(weights) {
            // A weight, and 0 for the upper half of what is multiplied.
            let weight = self.numbers(i32::from(*weight) & 0xffff);
            let mut v = self.load(before);
            for k in 0..K {
                v[k] = self.avx512f._mm512_add_epi32(v[k], self.avx512bw._mm512_madd_epi16(by[k], weight));
            }
            self.store(v, sums);
        }
    }

    #[inline(always)]
    fn cross_entropies(self, sums: &[[i32; TILE]], shift: u8, classes: &[u8], kept: Option<&mut Softmax<TILE>>) -> u64 {
        self.softmax(sums, shift, classes, kept)
    }

    #[inline(always)]
    fn changed_cross_entropies(
        self,
        output: Output<'_, TILE>,
        shift: u8,
        classes: &[u8],
        kept: &Softmax<TILE>,
        anew: &mut heapless::Vec<u16, TILE>,
    ) -> u64 {
        self.changed_softmax(output, shift, classes, kept, anew)
    }
}
