//! Tiles on AVX2: a register has a byte of each of 32 samples, or a sum of each of 8.

use core::arch::x86_64::{__m128i, __m256, __m256i};

use amc_core::integer::{Kernel, LOG2, Neurons, TANH};
use amc_core::{Activation, Portable};
use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;
use pulp::x86::V3;

use super::TILE;
use super::registers::{NOBODY, Registers, Rows};

/// Registers of a tile's sums.
const K: usize = 8;

/// Inputs that are made pairs at once: what is read for all neurons stays in the first-level cache.
const PANEL: usize = 64;

type Sums = [__m256i; K];

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

/// 2¹⁵ · 2^(−i/256) as a polynomial in i: rounded to the nearest integer, it is the table's entry, of which a test makes sure.
const EXP2: [f32; 6] = [32_768.1, -88.728_615, 0.120_214_52, -1.090_379_3e-4, 7.402_29e-8, -3.322_449_6e-11];

/// An entry of the logarithms' table, and in the upper half by how much the next is more.
const LOGARITHMS: [u32; 256] = {
    let (mut entries, mut i) = ([0; 256], 0);
    while i < 256 {
        entries[i] = LOG2[i] as u32 | ((LOG2[i + 1] - LOG2[i]) as u32) << 16;
        i += 1;
    }
    entries
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
    fn floats(self, number: f32) -> __m256 {
        self.0.avx._mm256_set1_ps(number)
    }

    #[inline(always)]
    fn count(self, shift: u8) -> __m128i {
        cast([u64::from(shift), 0])
    }

    /// Two inputs as each sample's two words.
    #[inline(always)]
    fn pairs(self, [a, b]: [&[u8; TILE]; 2], are_signed: bool) -> Sums {
        let mut pairs = [self.zero(); K];
        let (a, b): ([__m128i; 4], [__m128i; 4]) = (cast(*a), cast(*b));
        let words = |v: __m128i| {
            let words = match are_signed {
                true => self.0.avx2._mm256_cvtepi8_epi16(v),
                false => self.0.avx2._mm256_cvtepu8_epi16(v),
            };
            // So that both halves of a register give the samples in their order.
            self.0.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(words)
        };
        for quarter in 0..4 {
            let (a, b) = (words(a[quarter]), words(b[quarter]));
            pairs[2 * quarter] = self.0.avx2._mm256_unpacklo_epi16(a, b);
            pairs[2 * quarter + 1] = self.0.avx2._mm256_unpackhi_epi16(a, b);
        }
        pairs
    }

    /// Adds to the sums of `N` neurons what a panel makes of their weights.
    #[inline(always)]
    fn add<const N: usize>(self, weights: [&[i8]; N], panel: &[(u8, Sums)], sums: &mut [[i32; TILE]; N]) {
        let mut pairs = [[0_i32; PANEL / 2]; N];
        for (pairs, weights) in pairs.iter_mut().zip(weights) {
            let mut all = [0_i16; PANEL];
            for (to, weight) in all.iter_mut().zip(weights) {
                *to = i16::from(*weight);
            }
            *pairs = cast(all);
        }
        for quarter in 0..4 {
            let mut v = [[self.zero(); 2]; N];
            for (v, sums) in v.iter_mut().zip(&*sums) {
                *v = cast(sums.as_chunks::<16>().0[quarter]);
            }
            for (pair, inputs) in panel {
                let inputs = [inputs[2 * quarter], inputs[2 * quarter + 1]];
                for n in 0..N {
                    let weights = self.numbers(pairs[n][usize::from(*pair) % (PANEL / 2)]);
                    for k in 0..2 {
                        let products = self.0.avx2._mm256_madd_epi16(inputs[k], weights);
                        v[n][k] = self.0.avx2._mm256_add_epi32(v[n][k], products);
                    }
                }
            }
            for (v, sums) in v.iter().zip(&mut *sums) {
                sums.as_chunks_mut::<16>().0[quarter] = cast(*v);
            }
        }
    }

    /// Sums of 32 samples, divided by 2^`count`, as words that are cut off at their ends, packed.
    #[inline(always)]
    fn divided(self, sums: &[i32; TILE / 2], count: __m128i) -> [__m256i; 2] {
        let v: [__m256i; 4] = cast(*sums);
        let v = v.map(|v| self.0.avx2._mm256_sra_epi32(v, count));
        [self.0.avx2._mm256_packs_epi32(v[0], v[1]), self.0.avx2._mm256_packs_epi32(v[2], v[3])]
    }

    /// The hyperbolic tangents of packed words, as packed bytes.
    #[inline(always)]
    fn tanh(self, v: [__m256i; 2]) -> __m256i {
        let i = self.0.avx2;
        let (most, least) = (self.words(255), self.words(256_u16.wrapping_neg()));
        let v = v.map(|v| i._mm256_max_epi16(i._mm256_min_epi16(v, most), least));
        let signs = v.map(|v| i._mm256_srai_epi16::<15>(v));
        let sizes = [i._mm256_xor_si256(v[0], signs[0]), i._mm256_xor_si256(v[1], signs[1])];
        let at = i._mm256_packus_epi16(sizes[0], sizes[1]);
        let mut within = i._mm256_min_epu8(at, self.bytes(127));
        let mut size = self.zero();
        for part in TANH_PARTS {
            // Of numbers below 0 it looks up 0.
            size = i._mm256_xor_si256(size, i._mm256_shuffle_epi8(cast(part), within));
            within = i._mm256_sub_epi8(within, self.bytes(16));
        }
        for step in TANH_STEPS {
            let is_beyond = i._mm256_cmpeq_epi8(i._mm256_max_epu8(at, self.bytes(step)), at);
            size = i._mm256_sub_epi8(size, is_beyond);
        }
        let sign = i._mm256_packs_epi16(signs[0], signs[1]);
        i._mm256_sub_epi8(i._mm256_xor_si256(size, sign), sign)
    }

    /// Packed bytes in the order of their samples.
    #[inline(always)]
    fn unpacked(self, v: __m256i) -> __m256i {
        self.0.avx2._mm256_permutevar8x32_epi32(v, cast([0, 4, 1, 5, 2, 6, 3, 7]))
    }

    /// 2¹⁵ · 2^(−i/256), rounded to the nearest integer, of i below 256.
    #[inline(always)]
    fn exp2(self, i: __m256i) -> __m256i {
        let x = self.0.avx._mm256_cvtepi32_ps(i);
        let [rest @ .., last] = EXP2;
        let mut y = self.floats(last);
        for coefficient in rest.into_iter().rev() {
            y = self.0.fma._mm256_fmadd_ps(y, x, self.floats(coefficient));
        }
        self.0.avx._mm256_cvtps_epi32(y)
    }
}

impl Registers for Avx2 {
    #[inline(always)]
    fn compile<Op: NullaryFnOnce>(self, op: Op) -> Op::Output {
        self.0.vectorize(op)
    }

    #[inline(always)]
    fn layer(self, neurons: Neurons<'_>, inputs: Rows<'_>, sums: &mut [[i32; TILE]]) {
        const N: usize = 4;
        for (sums, bias) in sums.iter_mut().zip(neurons.biases) {
            *sums = [i32::from(*bias) << neurons.bias; TILE];
        }
        for (number, rows) in inputs.bytes.chunks(PANEL).enumerate() {
            let mut panel = heapless::Vec::<(u8, Sums), { PANEL / 2 }>::new();
            for (pair, rows) in rows.chunks(2).enumerate() {
                let both = [&rows[0], rows.get(1).unwrap_or(&[0; TILE])];
                if both.iter().all(|row| **row == [0; TILE]) {
                    continue;
                }
                // There is room for all pairs of a panel.
                let _ = panel.push((pair as u8, self.pairs(both, inputs.are_signed)));
            }
            let weights = |unit: usize| {
                let row = neurons.weights.get(unit * inputs.bytes.len() + number * PANEL..).unwrap_or_default();
                &row[..rows.len().min(row.len())]
            };
            let (blocks, rest) = sums.as_chunks_mut::<N>();
            let first_of_rest = blocks.len() * N;
            for (block, sums) in blocks.iter_mut().enumerate() {
                let unit = block * N;
                let weights = [weights(unit), weights(unit + 1), weights(unit + 2), weights(unit + 3)];
                self.add::<N>(weights, &panel, sums);
            }
            for (unit, sums) in rest.iter_mut().enumerate() {
                self.add::<1>([weights(first_of_rest + unit)], &panel, std::array::from_mut(sums));
            }
        }
    }

    #[inline(always)]
    fn activate(self, of: Activation, shift: u8, sums: &[[i32; TILE]], outputs: &mut [[i8; TILE]]) {
        let (i, count) = (self.0.avx2, self.count(shift));
        let sums_of = sums.as_flattened().as_chunks().0.iter();
        let outputs_of = outputs.as_flattened_mut().as_chunks_mut().0.iter_mut();
        match of {
            Activation::Tanh => {
                for (sums, outputs) in sums_of.zip(outputs_of) {
                    *outputs = cast::<_, [i8; TILE / 2]>(self.unpacked(self.tanh(self.divided(sums, count))));
                }
            }
            Activation::Sigmoid => {
                for (sums, outputs) in sums_of.zip(outputs_of) {
                    let v = self.divided(sums, count).map(|v| i._mm256_srai_epi16::<1>(v));
                    let doubled = i._mm256_add_epi8(self.tanh(v), self.bytes(127));
                    let half = i._mm256_and_si256(i._mm256_srli_epi16::<1>(doubled), self.bytes(127));
                    *outputs = cast::<_, [i8; TILE / 2]>(self.unpacked(half));
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
    fn cross_entropies(self, sums: &[[i32; TILE]], shift: u8, classes: &[u8]) -> u64 {
        let (i, count) = (self.0.avx2, self.count(shift));
        let mut all_classes = [[NOBODY; 8]; K];
        for (to, class) in all_classes.as_flattened_mut().iter_mut().zip(classes) {
            *to = *class;
        }
        let of = |sums: &[i32; TILE], k: usize| cast::<[i32; 8], __m256i>(sums.as_chunks().0[k]);
        let mut total = self.zero();
        for (k, classes) in all_classes.into_iter().enumerate() {
            let largest = sums.iter().fold(self.numbers(i32::MIN), |most, sums| i._mm256_max_epi32(most, of(sums, k)));
            let classes = i._mm256_cvtepu8_epi32(cast([u64::from_le_bytes(classes), 0]));
            let (mut powers, mut own) = (self.zero(), self.zero());
            for (output, sums) in sums.iter().enumerate() {
                let behind = i._mm256_srl_epi32(i._mm256_sub_epi32(largest, of(sums, k)), count);
                let behind = i._mm256_min_epu32(behind, self.numbers(0xffff));
                let is_own = i._mm256_cmpeq_epi32(classes, self.numbers(output as i32));
                own = i._mm256_blendv_epi8(own, behind, is_own);
                let power = self.exp2(i._mm256_and_si256(behind, self.numbers(255)));
                powers = i._mm256_add_epi32(powers, i._mm256_srlv_epi32(power, i._mm256_srli_epi32::<8>(behind)));
            }
            // As floats, whose exponents and mantissas are those of the numbers.
            let float = self.0.avx._mm256_castps_si256(self.0.avx._mm256_cvtepi32_ps(powers));
            let at: [i32; 8] = cast(i._mm256_and_si256(i._mm256_srli_epi32::<15>(float), self.numbers(255)));
            let entries: __m256i = cast(at.map(|at| LOGARITHMS[(at & 255) as usize]));
            let rest = i._mm256_and_si256(float, self.numbers(0x7fff));
            let below = i._mm256_and_si256(entries, self.numbers(0xffff));
            let between = i._mm256_madd_epi16(i._mm256_srli_epi32::<16>(entries), rest);
            // 2¹⁵ stands for 1.
            let exponent = i._mm256_sub_epi32(i._mm256_srli_epi32::<23>(float), self.numbers(127 + 15));
            let logarithm = i._mm256_add_epi32(
                i._mm256_add_epi32(i._mm256_slli_epi32::<12>(exponent), below),
                i._mm256_srli_epi32::<15>(between),
            );
            let is_nobody = i._mm256_cmpeq_epi32(classes, self.numbers(NOBODY.into()));
            let loss = i._mm256_add_epi32(i._mm256_slli_epi32::<4>(own), logarithm);
            total = i._mm256_add_epi32(total, i._mm256_andnot_si256(is_nobody, loss));
        }
        cast::<_, [u32; 8]>(total).iter().map(|sum| u64::from(*sum)).sum()
    }
}
