//! Tiles on AVX2: a register has a byte of each of 32 samples, or a sum of each of 8.

mod softmax;
mod sums;

use core::arch::x86_64::{__m128i, __m256i};

use amc_core::integer::{Kernel, Neurons, Output, Softmax, TANH};
use amc_core::{Activation, Portable};
use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;
use pulp::x86::V3;

use super::TILE;
use super::registers::{Inputs, Registers, Rows};

/// Registers of a tile's sums.
const K: usize = 8;

type Sums = [__m256i; K];

/// Words of each half of a tile.
type Halves = [[__m256i; 2]; 2];

/// In each half of a register, 16 entries of a table.
const fn twice(entries: [u8; 16]) -> [u8; 32] {
    let (mut both, mut i) = ([0; 32], 0);
    while i < 32 {
        both[i] = entries[i % 16];
        i += 1;
    }
    both
}

/// The first half of the hyperbolic tangent's table in parts of 16, each by what it differs in from the one before.
const TANH_PARTS: [[u8; 32]; 8] = {
    let (mut parts, mut part) = ([[0; 32]; 8], 0);
    while part < 8 {
        let (mut entries, mut i) = ([0; 16], 0);
        while i < 16 {
            let before = if part > 0 { TANH[16 * part + i - 16] as u8 } else { 0 };
            entries[i] = TANH[16 * part + i] as u8 ^ before;
            i += 1;
        }
        parts[part] = twice(entries);
        part += 1;
    }
    parts
};

/// Where the second half of it rises, by 1 each time.
const TANH_STEPS: [u8; (TANH[255] - TANH[127]) as usize] = {
    let (mut steps, mut count, mut i) = ([0; (TANH[255] - TANH[127]) as usize], 0, 128);
    while i < 256 {
        assert!(TANH[i] - TANH[i - 1] < 2);
        if TANH[i] > TANH[i - 1] {
            steps[count] = i as u8;
            count += 1;
        }
        i += 1;
    }
    steps
};

/// V3, with short names.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(pub V3);

impl Avx2 {
    #[inline(always)]
    fn zero(self) -> __m256i {
        self.0.avx._mm256_setzero_si256()
    }

    #[inline(always)]
    fn bytes(self, byte: u8) -> __m256i {
        self.0.avx._mm256_set1_epi8(byte as i8)
    }

    #[inline(always)]
    fn words(self, word: u16) -> __m256i {
        self.0.avx._mm256_set1_epi16(word as i16)
    }

    #[inline(always)]
    fn numbers(self, number: i32) -> __m256i {
        self.0.avx._mm256_set1_epi32(number)
    }

    #[inline(always)]
    fn count(self, shift: u8) -> __m128i {
        cast([u64::from(shift), 0])
    }

    /// Sums, divided by 2^`count`, as words that are cut off at their ends, packed.
    #[inline(always)]
    fn divided(self, sums: &[i32; TILE], count: __m128i) -> Halves {
        let i = self.0.avx2;
        let mut v: Sums = cast(*sums);
        for v in &mut v {
            *v = i._mm256_sra_epi32(*v, count);
        }
        let words = |at: usize| i._mm256_packs_epi32(v[at], v[at + 1]);
        [[words(0), words(2)], [words(4), words(6)]]
    }

    /// The hyperbolic tangents of packed words, as packed bytes: of both halves of a tile instruction by instruction, as a core does not
    /// look so far ahead.
    #[inline(always)]
    fn tanh(self, v: Halves) -> [__m256i; 2] {
        let (i, none) = (self.0.avx2, [self.zero(); 2]);
        let (mut signs, mut at, mut within, mut size) = (none, none, none, none);
        for half in 0..2 {
            let [low, high] = v[half];
            let (low_signs, high_signs) = (i._mm256_srai_epi16::<15>(low), i._mm256_srai_epi16::<15>(high));
            signs[half] = i._mm256_packs_epi16(low_signs, high_signs);
            // Cut off at 255.
            at[half] = i._mm256_packus_epi16(i._mm256_xor_si256(low, low_signs), i._mm256_xor_si256(high, high_signs));
            within[half] = i._mm256_min_epu8(at[half], self.bytes(127));
        }
        for (number, part) in TANH_PARTS.into_iter().enumerate() {
            for half in 0..2 {
                // Of numbers below 0 it looks up 0.
                let place = i._mm256_sub_epi8(within[half], self.bytes(16 * number as u8));
                size[half] = i._mm256_xor_si256(size[half], i._mm256_shuffle_epi8(cast(part), place));
            }
        }
        for at in &mut at {
            // Both less 128, as bytes are compared by their signs.
            *at = i._mm256_xor_si256(*at, self.bytes(128));
        }
        for step in TANH_STEPS {
            for half in 0..2 {
                let is_above = i._mm256_cmpgt_epi8(at[half], self.bytes((step - 1) ^ 128));
                size[half] = i._mm256_sub_epi8(size[half], is_above);
            }
        }
        for half in 0..2 {
            size[half] = i._mm256_sub_epi8(i._mm256_xor_si256(size[half], signs[half]), signs[half]);
        }
        size
    }

    /// Packed bytes in the order of their samples.
    #[inline(always)]
    fn unpacked(self, v: __m256i) -> __m256i {
        self.0.avx2._mm256_permutevar8x32_epi32(v, cast([0, 4, 1, 5, 2, 6, 3, 7]))
    }
}

impl Registers for Avx2 {
    #[inline(always)]
    fn compile<Op: NullaryFnOnce>(self, op: Op) -> Op::Output {
        self.0.vectorize(op)
    }

    #[inline(always)]
    fn layer(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]) {
        self.sums(neurons, inputs, sums);
    }

    #[inline(always)]
    fn activate(self, of: Activation, shift: u8, sums: &[[i32; TILE]], outputs: &mut [[i8; TILE]]) {
        let (i, count) = (self.0.avx2, self.count(shift));
        match of {
            Activation::Tanh => {
                for (sums, outputs) in sums.iter().zip(outputs) {
                    let [low, high] = self.tanh(self.divided(sums, count));
                    *outputs = cast([self.unpacked(low), self.unpacked(high)]);
                }
            }
            Activation::Sigmoid => {
                for (sums, outputs) in sums.iter().zip(outputs) {
                    let mut v = self.divided(sums, count);
                    for v in v.as_flattened_mut() {
                        *v = i._mm256_srai_epi16::<1>(*v);
                    }
                    let mut halves = self.tanh(v);
                    for half in &mut halves {
                        let doubled = i._mm256_add_epi8(*half, self.bytes(127));
                        *half = self.unpacked(i._mm256_and_si256(i._mm256_srli_epi16::<1>(doubled), self.bytes(127)));
                    }
                    *outputs = cast(halves);
                }
            }
            _ => Portable::<TILE>.activate(of, shift, sums.as_flattened(), outputs.as_flattened_mut()),
        }
    }

    #[inline(always)]
    fn change(self, changes: &[(u16, i16)], inputs: Rows<'_>, sums: &mut [i32; TILE]) {
        let (i, flip) = (self.0.avx2, self.bytes(if inputs.are_signed { 128 } else { 0 }));
        let column = |input: u16| {
            let halves: [__m256i; 2] = cast(inputs.bytes[usize::from(input)]);
            halves.map(|half| i._mm256_xor_si256(half, flip))
        };
        let (mut low, mut high, mut more) = ([self.zero(); 2], [self.zero(); 2], 0);
        for changes in changes.chunks(2) {
            let (a, by_a) = changes[0];
            let (b, by_b) = changes.get(1).copied().unwrap_or((a, 0));
            let (a, b) = (column(a), column(b));
            let by = self.words(u16::from_le_bytes([by_a as u8, by_b as u8]));
            for half in 0..2 {
                let of_low = i._mm256_maddubs_epi16(i._mm256_unpacklo_epi8(a[half], b[half]), by);
                let of_high = i._mm256_maddubs_epi16(i._mm256_unpackhi_epi8(a[half], b[half]), by);
                low[half] = i._mm256_add_epi16(low[half], of_low);
                high[half] = i._mm256_add_epi16(high[half], of_high);
            }
            more += i32::from(by_a) + i32::from(by_b);
        }
        // What flipping has added to each input.
        let less = self.numbers(if inputs.are_signed { 128 * more } else { 0 });
        let mut v: Sums = cast(*sums);
        for half in 0..2 {
            let (low, high): ([__m128i; 2], [__m128i; 2]) = (cast(low[half]), cast(high[half]));
            for (k, by) in [low[0], high[0], low[1], high[1]].into_iter().enumerate() {
                let by = i._mm256_sub_epi32(i._mm256_cvtepi16_epi32(by), less);
                v[4 * half + k] = i._mm256_add_epi32(v[4 * half + k], by);
            }
        }
        *sums = cast(v);
    }

    #[inline(always)]
    fn pass_on(
        self,
        by: &[i16; TILE],
        (weights, stride): (&[i8], usize),
        before: &[[i32; TILE]],
        sums: &mut [[i32; TILE]],
    ) {
        let i = self.0.avx2;
        let by: [__m128i; K] = cast(*by);
        let by = by.map(|by| i._mm256_cvtepi16_epi32(by));
        let weights = weights.iter().step_by(stride.max(1));
        for ((sums, before), weight) in sums.iter_mut().zip(before).zip(weights) {
            // A weight, and 0 for the upper half of what is multiplied.
            let weight = self.numbers(i32::from(*weight) & 0xffff);
            let mut v: Sums = cast(*before);
            for k in 0..K {
                v[k] = i._mm256_add_epi32(v[k], i._mm256_madd_epi16(by[k], weight));
            }
            *sums = cast(v);
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
