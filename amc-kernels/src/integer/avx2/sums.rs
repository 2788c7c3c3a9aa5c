//! Sums of layers on AVX2. Products of bytes are added up in words for as long as these have room, and then in numbers.

use core::arch::x86_64::{__m128i, __m256i};

use amc_core::integer::Neurons;
use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;

use super::super::TILE;
use super::super::prefetch::prefetch;
use super::super::registers::{FOURS, Inputs, Part};
use super::{Avx2, K, Sums};

/// Fours whose products are added up before words are emptied, if they have no room for those of all fours.
const FEW: usize = 4;

/// Registers of a tile that are computed together.
const TOGETHER: usize = 2;

/// They, in words or numbers.
type Pair = [__m256i; TOGETHER];

/// Weights of `N` neurons four by four, of a panel's fours.
type Weights<'a, const N: usize> = [&'a [[i8; 4]]; N];

/// Each neuron's of a four.
#[inline(always)]
fn weights_of<const N: usize>(weights: &Weights<'_, N>, four: usize) -> [[i8; 4]; N] {
    let mut of_four = [[0; 4]; N];
    for (of_four, weights) in of_four.iter_mut().zip(weights) {
        *of_four = weights[four];
    }
    of_four
}

/// For the products of what words have room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// All of a panel's fours.
    All,
    /// [`FEW`] fours.
    Few,
    /// One four.
    One,
    /// Half of the bytes of one.
    Half,
}

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
                // With signs, bytes are up to 127: 255 once these are flipped.
                most = [self.bytes(if flip > 0 { 255 } else { 0 }); 2];
                let (is_flipped, flip) = (flip > 0, self.bytes(flip));
                let (fours, rest) = rows.as_chunks::<4>();
                let mut last = [[0; TILE]; 4];
                last[..rest.len()].copy_from_slice(rest);
                let last = if rest.is_empty() { None } else { Some(&last) };
                for rows in fours.iter().chain(last) {
                    let rows = rows.map(|row| cast::<_, [__m256i; 2]>(row).map(|row| i._mm256_xor_si256(row, flip)));
                    for row in rows.into_iter().filter(|_| !is_flipped) {
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

    /// For how many fours of a panel these neurons' words have room.
    #[inline(always)]
    fn room<const N: usize>(self, all: &Weights<'_, N>, most: u64) -> Room {
        let (i, mut sizes) = (self.0.avx2, self.zero());
        for weights in all {
            // Of panels that are not whole the words tell.
            let Some(weights) = weights.first_chunk::<FOURS>() else { return self.room_of_words(all, most) };
            let [low, high]: [__m256i; 2] = cast(*weights);
            let (low, high) = (i._mm256_abs_epi8(low), i._mm256_abs_epi8(high));
            let sums = i._mm256_add_epi64(i._mm256_sad_epu8(low, self.zero()), i._mm256_sad_epu8(high, self.zero()));
            sizes = i._mm256_max_epi32(sizes, sums);
        }
        if cast::<_, [u64; 4]>(sizes).iter().sum::<u64>() * most <= i16::MAX as u64 {
            return Room::All;
        }
        self.room_of_words(all, most)
    }

    /// The same by what weights above 0 come to, and those below, in each of the two words of four bytes.
    #[inline(always)]
    fn room_of_words<const N: usize>(self, weights: &Weights<'_, N>, most: u64) -> Room {
        let (i, ones) = (self.0.avx2, self.bytes(1));
        let mut padded = [[[0; 4]; FOURS]; N];
        for (padded, weights) in padded.iter_mut().zip(weights) {
            let length = weights.len().min(FOURS);
            padded[..length].copy_from_slice(&weights[..length]);
        }
        let (mut of_one, mut of_few, mut of_all) = (self.zero(), self.zero(), self.zero());
        for half in 0..2 {
            let mut largest = self.zero();
            for weights in &padded {
                let weights = cast::<_, [__m256i; 2]>(*weights)[half];
                let positive = i._mm256_max_epi8(weights, self.zero());
                let negative = i._mm256_max_epi8(i._mm256_sub_epi8(self.zero(), weights), self.zero());
                let (above, below) = (i._mm256_maddubs_epi16(positive, ones), i._mm256_maddubs_epi16(negative, ones));
                largest = i._mm256_max_epi16(largest, i._mm256_max_epi16(above, below));
            }
            // A few fours' words are those of half a register: what they come to is at the place of the first.
            let pairs = i._mm256_add_epi16(largest, i._mm256_srli_si256::<4>(largest));
            of_few = i._mm256_max_epi16(of_few, i._mm256_add_epi16(pairs, i._mm256_srli_si256::<8>(pairs)));
            of_one = i._mm256_max_epi16(of_one, largest);
            of_all = i._mm256_add_epi16(of_all, largest);
        }
        // Of each half of a register the first two words.
        let first = |v: __m256i| {
            let [a, b, .., c, d, _, _, _, _, _, _] = cast::<_, [u16; 16]>(v);
            [[a, b], [c, d]]
        };
        let pairs = i._mm256_add_epi16(of_all, i._mm256_srli_si256::<4>(of_all));
        let [low, high] = first(i._mm256_add_epi16(pairs, i._mm256_srli_si256::<8>(pairs)));
        let fits = |size: u16| u64::from(size) * most <= i16::MAX as u64;
        if fits((low[0] + high[0]).max(low[1] + high[1])) {
            return Room::All;
        }
        if fits(first(of_few).as_flattened().iter().copied().fold(0, u16::max)) {
            return Room::Few;
        }
        let of_one = cast::<_, [u16; 16]>(of_one).into_iter().fold(0, u16::max);
        if fits(of_one) { Room::One } else { Room::Half }
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
        weights: [[i8; 4]; N],
        inputs: &Sums,
        part: usize,
        mask: i32,
    ) {
        let i = self.0.avx2;
        for n in 0..N {
            let weights = self.numbers(cast::<[i8; 4], i32>(weights[n]) & mask);
            for k in 0..TOGETHER {
                let products = i._mm256_maddubs_epi16(inputs[TOGETHER * part + k], weights);
                words[n][k] = i._mm256_add_epi16(words[n][k], products);
            }
        }
    }

    /// Adds the products of fours, for which words have room.
    #[inline(always)]
    fn multiply_fours<const N: usize>(
        self,
        words: &mut [Pair; N],
        weights: &Weights<'_, N>,
        fours: &[Sums],
        part: usize,
    ) {
        let mut weights = *weights;
        for weights in &mut weights {
            *weights = &weights[..fours.len()];
        }
        for (four, inputs) in fours.iter().enumerate() {
            self.multiply(words, weights_of(&weights, four), inputs, part, !0);
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
        weights: &Weights<'_, N>,
        begin: Option<&[i32; N]>,
        panel: &Panel,
        sums: &mut [[i32; TILE]; N],
    ) {
        let i = self.0.avx2;
        let room = self.room(weights, panel.most);
        for part in 0..K / TOGETHER {
            let none = [[self.zero(); TOGETHER]; N];
            let mut v = none;
            match room {
                Room::All => {
                    let mut words = none;
                    self.multiply_fours(&mut words, weights, &panel.fours, part);
                    self.empty(words, &mut v);
                }
                Room::Few | Room::One => {
                    let together = if room == Room::Few { FEW } else { 1 };
                    for (few, fours) in panel.fours.chunks(together).enumerate() {
                        let mut words = none;
                        for (four, inputs) in fours.iter().enumerate() {
                            self.multiply(&mut words, weights_of(weights, few * together + four), inputs, part, !0);
                        }
                        self.empty(words, &mut v);
                    }
                }
                Room::Half => {
                    for (four, inputs) in panel.fours.iter().enumerate() {
                        // A product of two bytes has room.
                        for mask in [0x00ff_00ff, !0x00ff_00ff] {
                            let mut words = none;
                            self.multiply(&mut words, weights_of(weights, four), inputs, part, mask);
                            self.empty(words, &mut v);
                        }
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

    /// The same for the neurons from a first one on, of the panel of a number.
    #[inline(always)]
    fn add<const N: usize>(
        self,
        (neurons, first): (Neurons<'_>, usize),
        (inputs, number): (Inputs<'_>, usize),
        panel: &Panel,
        sums: &mut [[i32; TILE]; N],
    ) {
        let begin: [i32; N] = if number == 0 { self.begin(neurons, first, inputs) } else { [0; N] };
        let begin = if number == 0 { Some(&begin) } else { None };
        let mut weights: Weights<'_, N> = [&[]; N];
        for (weights, unit) in weights.iter_mut().zip(first..) {
            *weights = inputs.fours_in_place(neurons, unit, number).unwrap_or_default();
        }
        let is_in_place = weights.iter().all(|weights| weights.len() >= panel.fours.len());
        if is_in_place {
            return self.0.vectorize(Add { on: self, weights, begin, panel, sums });
        }
        let mut copies = [[[0; 4]; FOURS]; N];
        for (copy, unit) in copies.iter_mut().zip(first..) {
            *copy = cast(inputs.weights(neurons, unit, number));
        }
        for (weights, copy) in weights.iter_mut().zip(&copies) {
            *weights = copy;
        }
        self.0.vectorize(Add { on: self, weights, begin, panel, sums });
    }

    #[inline(always)]
    pub(super) fn sums(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]) {
        let mut panel = Panel { fours: heapless::Vec::new(), most: 0 };
        for number in 0..inputs.panels() {
            self.fill(&mut panel, inputs.panel(number));
            let (fours, rest) = sums.as_chunks_mut::<4>();
            for (block, sums) in fours.iter_mut().enumerate() {
                prefetch(inputs.ahead(number, block));
                self.add((neurons, 4 * block), (inputs, number), &panel, sums);
            }
            let first = 4 * fours.len();
            let (pairs, rest) = rest.as_chunks_mut::<2>();
            for sums in pairs.iter_mut() {
                self.add((neurons, first), (inputs, number), &panel, sums);
            }
            let first = first + 2 * pairs.len();
            for sums in rest {
                self.add((neurons, first), (inputs, number), &panel, std::array::from_mut(sums));
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
    weights: Weights<'a, N>,
    begin: Option<&'a [i32; N]>,
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
