//! Sums of layers on AVX2. Products of bytes are added up in words for as long as these have room, and then in numbers.

use core::arch::x86_64::{__m128i, __m256i};

use amc_core::integer::Neurons;
use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;

use super::super::TILE;
use super::super::prefetch::prefetch;
use super::super::registers::{FOURS, Inputs, PANEL, Part};
use super::{Avx2, K, Sums};

/// Fours whose products are added up before words are emptied, if they have no room for those of all fours.
const FEW: usize = 4;

/// Registers of a tile that are computed together.
const TOGETHER: usize = 2;

/// They, in words or numbers.
type Pair = [__m256i; TOGETHER];

/// Inputs of a tile as each sample's four bytes without a sign.
struct Panel {
    fours: heapless::Vec<Sums, FOURS>,
    /// The largest byte.
    most: u64,
}

impl Avx2 {
    /// Four inputs as each sample's four bytes.
    #[inline(always)]
    fn fours(self, rows: [[__m256i; 2]; 4]) -> Sums {
        let i = self.0.avx2;
        let mut fours = [self.zero(); K];
        for half in 0..2 {
            let [a, b, c, d] = rows.map(|row| row[half]);
            let (ab, cd) = (i._mm256_unpacklo_epi8(a, b), i._mm256_unpacklo_epi8(c, d));
            let (ab_high, cd_high) = (i._mm256_unpackhi_epi8(a, b), i._mm256_unpackhi_epi8(c, d));
            // Of each half tile the first register has samples 0 to 3 and 16 to 19, the next those behind them, and so on.
            let first = [i._mm256_unpacklo_epi16(ab, cd), i._mm256_unpackhi_epi16(ab, cd)];
            let second = [i._mm256_unpacklo_epi16(ab_high, cd_high), i._mm256_unpackhi_epi16(ab_high, cd_high)];
            for (k, [a, b]) in [first, second].into_iter().enumerate() {
                fours[4 * half + k] = i._mm256_permute2x128_si256::<0x20>(a, b);
                fours[4 * half + k + 2] = i._mm256_permute2x128_si256::<0x31>(a, b);
            }
        }
        fours
    }

    /// The largest of bytes.
    #[inline(always)]
    fn largest(self, bytes: __m256i) -> u64 {
        let [low, high]: [__m128i; 2] = cast(bytes);
        let bytes = self.0.sse2._mm_max_epu8(low, high);
        let words = self.0.sse2._mm_max_epu8(bytes, self.0.sse2._mm_srli_epi16::<8>(bytes));
        // The smallest of what they lack.
        let lacking = self.0.sse2._mm_andnot_si128(words, self.0.sse2._mm_set1_epi16(255));
        let [smallest, ..] = cast::<_, [u16; 8]>(self.0.sse4_1._mm_minpos_epu16(lacking));
        u64::from(255 - smallest)
    }

    /// Fills a panel.
    #[inline(always)]
    fn fill(self, panel: &mut Panel, part: Part<'_>) {
        let i = self.0.avx2;
        let mut most = [self.zero(); 2];
        panel.fours.clear();
        match part {
            Part::Rows(rows, flip) => {
                let flip = self.bytes(flip);
                let (fours, rest) = rows.as_chunks::<4>();
                let mut last = [[0; TILE]; 4];
                last[..rest.len()].copy_from_slice(rest);
                let last = if rest.is_empty() { None } else { Some(&last) };
                for rows in fours.iter().chain(last) {
                    let rows = rows.map(|row| cast::<_, [__m256i; 2]>(row).map(|row| i._mm256_xor_si256(row, flip)));
                    for row in rows {
                        most = [i._mm256_max_epu8(most[0], row[0]), i._mm256_max_epu8(most[1], row[1])];
                    }
                    // There is room for all fours of a panel.
                    let _ = panel.fours.push(self.fours(rows));
                }
            }
            Part::Fours(fours) => {
                for four in fours {
                    let four: Sums = cast(*four);
                    for pair in four.as_chunks::<2>().0 {
                        most = [i._mm256_max_epu8(most[0], pair[0]), i._mm256_max_epu8(most[1], pair[1])];
                    }
                    let _ = panel.fours.push(four);
                }
            }
        }
        panel.most = self.largest(i._mm256_max_epu8(most[0], most[1]));
    }

    /// For how many fours of a panel these neurons' words have room; none where not even for those of one.
    #[inline(always)]
    fn together<const N: usize>(self, weights: &[[i8; PANEL]; N], panel: &Panel) -> Option<usize> {
        let (i, ones) = (self.0.avx2, self.bytes(1));
        let weights = weights.map(cast::<_, [__m256i; 2]>);
        let fits = |size: u64| size * panel.most <= i16::MAX as u64;
        let mut sizes = self.zero();
        for weights in weights {
            let [low, high] = weights;
            let (low, high) = (i._mm256_abs_epi8(low), i._mm256_abs_epi8(high));
            let sums = i._mm256_add_epi64(i._mm256_sad_epu8(low, self.zero()), i._mm256_sad_epu8(high, self.zero()));
            sizes = i._mm256_max_epi32(sizes, sums);
        }
        if fits(cast::<_, [u64; 4]>(sizes).iter().sum()) {
            return Some(FOURS);
        }
        // Of each four bytes' two words what weights above 0 come to, and those below, and the same of a few fours.
        let (mut of_one, mut of_few) = (self.zero(), self.zero());
        for weights in weights {
            for weights in weights {
                let positive = i._mm256_max_epi8(weights, self.zero());
                let negative = i._mm256_max_epi8(i._mm256_sub_epi8(self.zero(), weights), self.zero());
                let (above, below) = (i._mm256_maddubs_epi16(positive, ones), i._mm256_maddubs_epi16(negative, ones));
                of_one = i._mm256_max_epi16(of_one, i._mm256_max_epi16(above, below));
                let both = i._mm256_packus_epi16(above, below);
                let (first, second) = (i._mm256_and_si256(both, self.words(255)), i._mm256_srli_epi16::<8>(both));
                let (first, second) = (i._mm256_sad_epu8(first, self.zero()), i._mm256_sad_epu8(second, self.zero()));
                of_few = i._mm256_max_epi32(of_few, i._mm256_max_epi32(first, second));
            }
        }
        if fits(cast::<_, [u64; 4]>(of_few).into_iter().fold(0, u64::max)) {
            return Some(FEW);
        }
        let of_one = u64::from(cast::<_, [u16; 16]>(of_one).into_iter().fold(0, u16::max));
        [FEW, 1].into_iter().find(|fours| fits(*fours as u64 * of_one))
    }

    /// The sum of weights.
    #[inline(always)]
    fn sum(self, row: &[i8]) -> i32 {
        let i = self.0.sse2;
        let (sixteens, rest) = row.as_chunks::<16>();
        let mut sums = i._mm_setzero_si128();
        for sixteen in sixteens {
            // As bytes without a sign, of which each is 128 more.
            let bytes = i._mm_xor_si128(cast(*sixteen), i._mm_set1_epi8(-128));
            sums = i._mm_add_epi64(sums, i._mm_sad_epu8(bytes, i._mm_setzero_si128()));
        }
        let [a, b] = cast::<_, [i64; 2]>(sums);
        (a + b) as i32 - 2048 * sixteens.len() as i32 + rest.iter().map(|weight| i32::from(*weight)).sum::<i32>()
    }

    /// Adds the products of a four of inputs to the words of `N` neurons: those of all its bytes, or of those in a mask.
    #[inline(always)]
    fn multiply<const N: usize>(
        self,
        words: &mut [Pair; N],
        weights: &[[i8; PANEL]; N],
        (four, inputs): (usize, &Sums),
        part: usize,
        mask: i32,
    ) {
        let i = self.0.avx2;
        for n in 0..N {
            let weights = cast::<[i8; 4], i32>(weights[n].as_chunks().0[four % FOURS]);
            let weights = self.numbers(weights & mask);
            for k in 0..TOGETHER {
                let products = i._mm256_maddubs_epi16(inputs[TOGETHER * part + k], weights);
                words[n][k] = i._mm256_add_epi16(words[n][k], products);
            }
        }
    }

    /// Adds words to sums.
    #[inline(always)]
    fn empty<const N: usize>(self, words: [Pair; N], sums: &mut [Pair; N]) {
        let i = self.0.avx2;
        for n in 0..N {
            for k in 0..TOGETHER {
                sums[n][k] = i._mm256_add_epi32(sums[n][k], i._mm256_madd_epi16(words[n][k], self.words(1)));
            }
        }
    }

    /// Adds to the sums of `N` neurons what a panel makes of their weights.
    #[inline(always)]
    fn add_inlined<const N: usize>(
        self,
        weights: &[[i8; PANEL]; N],
        begin: Option<[i32; N]>,
        panel: &Panel,
        sums: &mut [[i32; TILE]; N],
    ) {
        let i = self.0.avx2;
        let together = self.together(weights, panel);
        for part in 0..K / TOGETHER {
            let none = [[self.zero(); TOGETHER]; N];
            let mut v = none;
            if let Some(together) = together {
                for (few, fours) in panel.fours.chunks(together).enumerate() {
                    let mut words = none;
                    for (four, inputs) in fours.iter().enumerate() {
                        self.multiply(&mut words, weights, (few * together + four, inputs), part, !0);
                    }
                    self.empty(words, &mut v);
                }
            } else {
                for (four, inputs) in panel.fours.iter().enumerate() {
                    // A product of two bytes has room.
                    for mask in [0x00ff_00ff, !0x00ff_00ff] {
                        let mut words = none;
                        self.multiply(&mut words, weights, (four, inputs), part, mask);
                        self.empty(words, &mut v);
                    }
                }
            }
            for n in 0..N {
                let sums = &mut sums[n].as_chunks_mut::<8>().0[TOGETHER * part..][..TOGETHER];
                for k in 0..TOGETHER {
                    let before = match begin {
                        Some(begin) => self.numbers(begin[n]),
                        None => cast(sums[k]),
                    };
                    sums[k] = cast(i._mm256_add_epi32(before, v[n][k]));
                }
            }
        }
    }

    #[inline(always)]
    fn add<const N: usize>(
        self,
        weights: [[i8; PANEL]; N],
        begin: Option<[i32; N]>,
        panel: &Panel,
        sums: &mut [[i32; TILE]; N],
    ) {
        self.0.vectorize(Add { on: self, weights, begin, panel, sums });
    }

    #[inline(always)]
    pub(super) fn sums(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]) {
        let mut panel = Panel { fours: heapless::Vec::new(), most: 0 };
        for number in 0..inputs.panels() {
            self.fill(&mut panel, inputs.panel(number));
            let weights = |unit: usize| inputs.weights(neurons, unit, number);
            let (fours, rest) = sums.as_chunks_mut::<4>();
            for (block, sums) in fours.iter_mut().enumerate() {
                prefetch(inputs.ahead(number, block));
                let unit = 4 * block;
                let weights = [weights(unit), weights(unit + 1), weights(unit + 2), weights(unit + 3)];
                let begin = if number == 0 { Some(self.begin(neurons, unit, inputs)) } else { None };
                self.add(weights, begin, &panel, sums);
            }
            let first = 4 * fours.len();
            let (pairs, rest) = rest.as_chunks_mut::<2>();
            for sums in pairs.iter_mut() {
                let begin = if number == 0 { Some(self.begin(neurons, first, inputs)) } else { None };
                self.add([weights(first), weights(first + 1)], begin, &panel, sums);
            }
            let first = first + 2 * pairs.len();
            for sums in rest {
                let begin = if number == 0 { Some(self.begin(neurons, first, inputs)) } else { None };
                self.add([weights(first)], begin, &panel, std::array::from_mut(sums));
            }
        }
    }

    /// What the sums of neurons begin at: their biases, and less what the flipped signs of inputs add.
    #[inline(always)]
    fn begin<const N: usize>(self, neurons: Neurons<'_>, first: usize, inputs: Inputs<'_>) -> [i32; N] {
        let mut begin = [0; N];
        for (begin, unit) in begin.iter_mut().zip(first..) {
            *begin = neurons.biases.get(unit).map_or(0, |bias| i32::from(*bias) << neurons.bias);
            if inputs.are_signed() {
                *begin = begin.wrapping_sub(128 * self.sum(inputs.row(neurons, unit)));
            }
        }
        begin
    }
}

/// A function of its own.
struct Add<'a, const N: usize> {
    on: Avx2,
    weights: [[i8; PANEL]; N],
    begin: Option<[i32; N]>,
    panel: &'a Panel,
    sums: &'a mut [[i32; TILE]; N],
}

impl<const N: usize> NullaryFnOnce for Add<'_, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.on.add_inlined(&self.weights, self.begin, self.panel, self.sums);
    }
}
