//! Sums of layers on AVX-512 with VNNI.

use core::arch::x86_64::__m512i;

use amc_core::integer::Neurons;
use pulp::bytemuck::cast;

use super::super::TILE;
use super::super::registers::{PANEL, Rows, is_filled};
use super::super::tables::WORD_PAIRS;
use super::super::vnni::{add_fours, pick};
use super::{Avx512, K, Sums};

impl Avx512 {
    /// Four inputs as each sample's four bytes.
    #[inline(always)]
    fn fours(self, rows: [__m512i; 4]) -> Sums {
        let [low, high] = self.pairs();
        let [first, second] = WORD_PAIRS.map(cast::<_, __m512i>);
        let [a, b, c, d] = rows;
        let (ab, cd) = (pick(self.vbmi, a, low, b), pick(self.vbmi, c, low, d));
        let (ab_high, cd_high) = (pick(self.vbmi, a, high, b), pick(self.vbmi, c, high, d));
        let words = self.avx512bw;
        [
            words._mm512_permutex2var_epi16(ab, first, cd),
            words._mm512_permutex2var_epi16(ab, second, cd),
            words._mm512_permutex2var_epi16(ab_high, first, cd_high),
            words._mm512_permutex2var_epi16(ab_high, second, cd_high),
        ]
    }

    /// Adds to the sums of `N` neurons what a panel makes of their weights, and takes `less` away.
    ///
    /// Of inputs with a sign, weights have 128 added, so that they have none: `less` is what this adds to all neurons' sums.
    #[inline(always)]
    fn add<const N: usize, const SIGNED: bool>(
        self,
        weights: [&[i8]; N],
        panel: &[(u8, Sums)],
        less: Sums,
        sums: &mut [[i32; TILE]; N],
    ) {
        let mut fours = [[0_i32; PANEL / 4]; N];
        for (fours, weights) in fours.iter_mut().zip(weights) {
            let mut all = [0_i8; PANEL];
            for (to, weight) in all.iter_mut().zip(weights) {
                *to = *weight;
            }
            *fours = cast(all);
        }
        // Of the numbers, not of the register: LLVM 22 would come to no end.
        let flip = if SIGNED { i32::from_ne_bytes([128; 4]) } else { 0 };
        let mut v = [[self.zero(); K]; N];
        for (v, sums) in v.iter_mut().zip(&*sums) {
            let before = self.load(sums);
            for k in 0..K {
                v[k] = self.avx512f._mm512_sub_epi32(before[k], less[k]);
            }
        }
        for (four, inputs) in panel {
            for n in 0..N {
                let weights = self.numbers(fours[n][usize::from(*four) % (PANEL / 4)] ^ flip);
                for k in 0..K {
                    v[n][k] = match SIGNED {
                        true => add_fours(self.vnni, v[n][k], weights, inputs[k]),
                        false => add_fours(self.vnni, v[n][k], inputs[k], weights),
                    };
                }
            }
        }
        for (v, sums) in v.iter().zip(sums) {
            self.store(*v, sums);
        }
    }

    #[inline(always)]
    pub(super) fn sums<const SIGNED: bool>(self, neurons: Neurons<'_>, inputs: Rows<'_>, sums: &mut [[i32; TILE]]) {
        const N: usize = 4;
        for (sums, bias) in sums.iter_mut().zip(neurons.biases) {
            self.store([self.numbers(i32::from(*bias) << neurons.bias); K], sums);
        }
        for (number, rows) in inputs.bytes.chunks(PANEL).enumerate() {
            let filled = inputs.filled_of(number);
            let mut panel = heapless::Vec::<(u8, Sums), { PANEL / 4 }>::new();
            let mut less = [self.zero(); K];
            for (four, rows) in rows.chunks(4).enumerate() {
                if !is_filled(filled, four) {
                    continue;
                }
                let row = |i: usize| rows.get(i).map_or(self.zero(), |row| cast(*row));
                let fours = self.fours([row(0), row(1), row(2), row(3)]);
                if SIGNED {
                    for k in 0..K {
                        less[k] = add_fours(self.vnni, less[k], self.bytes(128), fours[k]);
                    }
                }
                // There is room for all fours of a panel.
                let _ = panel.push((four as u8, fours));
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
                self.add::<N, SIGNED>(weights, &panel, less, sums);
            }
            for (unit, sums) in rest.iter_mut().enumerate() {
                self.add::<1, SIGNED>([weights(first_of_rest + unit)], &panel, less, std::array::from_mut(sums));
            }
        }
    }
}
