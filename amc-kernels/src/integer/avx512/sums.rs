//! Sums of layers on AVX-512 with VNNI.

use core::arch::x86_64::__m512i;

use amc_core::integer::Neurons;
use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;

use super::super::TILE;
use super::super::prefetch::prefetch;
use super::super::registers::{FOURS, Inputs, Part};
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

    /// Adds to the sums of `N` neurons what a panel makes of their weights, each neuron's of each four, and takes `less` away.
    ///
    /// Of inputs with a sign, weights have 128 added, so that they have none: `less` is what this adds to all neurons' sums.
    #[inline(always)]
    fn add<const N: usize, const SIGNED: bool>(
        self,
        weights: impl Fn(usize, usize) -> i32,
        panel: &[Sums],
        less: Sums,
        sums: &mut [[i32; TILE]; N],
    ) {
        // Of the numbers, not of the register: LLVM 22 would come to no end.
        let flip = if SIGNED { i32::from_ne_bytes([128; 4]) } else { 0 };
        let mut v = [[self.zero(); K]; N];
        for (v, sums) in v.iter_mut().zip(&*sums) {
            let before = self.load(sums);
            for k in 0..K {
                v[k] = self.avx512f._mm512_sub_epi32(before[k], less[k]);
            }
        }
        for (four, inputs) in panel.iter().enumerate() {
            for (n, v) in v.iter_mut().enumerate() {
                let weights = self.numbers(weights(n, four) ^ flip);
                for k in 0..K {
                    v[k] = match SIGNED {
                        true => add_fours(self.vnni, v[k], weights, inputs[k]),
                        false => add_fours(self.vnni, v[k], inputs[k], weights),
                    };
                }
            }
        }
        for (v, sums) in v.iter().zip(sums) {
            self.store(*v, sums);
        }
    }

    /// Fills a panel.
    #[inline(always)]
    fn fill(self, panel: &mut heapless::Vec<Sums, FOURS>, part: Part<'_>) {
        panel.clear();
        match part {
            Part::Rows(rows, _) => {
                for rows in rows.chunks(4) {
                    let row = |i: usize| rows.get(i).map_or(self.zero(), |row| cast(*row));
                    // There is room for all fours of a panel.
                    let _ = panel.push(self.fours([row(0), row(1), row(2), row(3)]));
                }
            }
            Part::Fours(fours) => panel.extend(fours.iter().map(|four| cast::<_, Sums>(*four))),
        }
    }

    #[inline(always)]
    pub(super) fn sums(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]) {
        match inputs.are_signed() {
            true => self.vectorize(OfLayer::<true> { on: self, neurons, inputs, sums }),
            false => self.vectorize(OfLayer::<false> { on: self, neurons, inputs, sums }),
        }
    }

    #[inline(always)]
    fn sums_inlined<const SIGNED: bool>(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]) {
        const N: usize = 4;
        for (sums, bias) in sums.iter_mut().zip(neurons.biases) {
            self.store([self.numbers(i32::from(*bias) << neurons.bias); K], sums);
        }
        let mut panel = heapless::Vec::new();
        for number in 0..inputs.panels() {
            self.fill(&mut panel, inputs.panel(number));
            let mut less = [self.zero(); K];
            if SIGNED {
                for inputs in &panel {
                    for k in 0..K {
                        less[k] = add_fours(self.vnni, less[k], self.bytes(128), inputs[k]);
                    }
                }
            }
            let (blocks, rest) = sums.as_chunks_mut::<N>();
            let first_of_rest = blocks.len() * N;
            for (block, sums) in blocks.iter_mut().enumerate() {
                prefetch(inputs.ahead(number, block));
                self.add_of::<N, SIGNED>((neurons, block * N), (inputs, number), &panel, less, sums);
            }
            for (unit, sums) in rest.iter_mut().enumerate() {
                let sums = std::array::from_mut(sums);
                self.add_of::<1, SIGNED>((neurons, first_of_rest + unit), (inputs, number), &panel, less, sums);
            }
        }
    }

    /// The same for `N` neurons from a first one on, of the panel of a number.
    #[inline(always)]
    fn add_of<const N: usize, const SIGNED: bool>(
        self,
        (neurons, first): (Neurons<'_>, usize),
        (inputs, number): (Inputs<'_>, usize),
        panel: &[Sums],
        less: Sums,
        sums: &mut [[i32; TILE]; N],
    ) {
        match inputs {
            Inputs::Rows(_) => {
                let (mut weights, mut copies) = ([&[][..]; N], [[[0; 4]; FOURS]; N]);
                for (weights, unit) in weights.iter_mut().zip(first..) {
                    *weights = inputs.fours_in_place(neurons, unit, number).unwrap_or_default();
                }
                if weights.iter().any(|weights| weights.len() < panel.len()) {
                    for ((weights, copy), unit) in weights.iter_mut().zip(&mut copies).zip(first..) {
                        *copy = cast(inputs.weights(neurons, unit, number));
                        *weights = copy;
                    }
                }
                for weights in &mut weights {
                    *weights = &weights[..panel.len()];
                }
                self.add::<N, SIGNED>(
                    #[inline(always)]
                    |n, four| cast(weights[n][four]),
                    panel,
                    less,
                    sums,
                );
            }
            // Each from where it is: to gather them first takes as long as the products.
            Inputs::Fours(_, tile) => {
                let numbers = tile.numbers.chunks(FOURS).nth(number).unwrap_or_default();
                let mut rows = [inputs.by_four(neurons, first); N];
                for (row, unit) in rows.iter_mut().zip(first..) {
                    *row = inputs.by_four(neurons, unit);
                }
                self.add::<N, false>(
                    #[inline(always)]
                    |n, four| cast(rows[n].of_four(numbers.get(four).copied().unwrap_or(0))),
                    panel,
                    less,
                    sums,
                );
            }
        }
    }
}

/// A function of its own: as a closure it would be compiled without these instructions where it is large.
struct OfLayer<'a, const SIGNED: bool> {
    on: Avx512,
    neurons: Neurons<'a>,
    inputs: Inputs<'a>,
    sums: &'a mut [[i32; TILE]],
}

impl<const SIGNED: bool> NullaryFnOnce for OfLayer<'_, SIGNED> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.on.sums_inlined::<SIGNED>(self.neurons, self.inputs, self.sums);
    }
}
