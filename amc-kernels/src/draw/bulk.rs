//! A generator's numbers, many at once: what several generators make that are a jump apart, in the lanes of registers.

use std::sync::LazyLock;

use amc_core::Generator;
use amc_core::gaussian::Bits;
use pulp::bytemuck::cast_slice;
use pulp::{Arch, Simd, WithSimd};
use rand_core::{Rng, SeedableRng};

use crate::Isa;
use crate::isa::used;

/// Generators.
const GENERATORS: usize = 16;
/// Numbers of each, four at a time: what is between one generator and the next.
const FOURS: usize = 16;
/// Numbers at once.
const BULK: usize = 4 * FOURS * GENERATORS;

/// Numbers that were made at once.
#[derive(Clone, Debug)]
pub struct Words([[[u32; 4]; FOURS]; GENERATORS]);

impl Words {
    /// Memory for them.
    pub const NEW: Self = Self([[[0; 4]; FOURS]; GENERATORS]);
}

/// A generator of which it is known how many numbers will be drawn: of as many as fill [`Words`], these are made together.
#[derive(Debug)]
pub struct Bulk<'w> {
    /// After all numbers that were made.
    generator: Generator,
    /// What makes many of them.
    arch: Arch,
    words: &'w mut Words,
    /// Which of the words is the next.
    at: usize,
    /// Numbers that are not made yet; 0 where each is made when it is asked for.
    left: usize,
}

impl<'w> Bulk<'w> {
    /// A generator of which exactly `draws` numbers are to be drawn, on the instruction set that the process
    /// [uses](Isa::used).
    pub fn new(generator: Generator, draws: usize, words: &'w mut Words) -> Self {
        Self::of(used().1, generator, draws, words)
    }

    /// The same on an instruction set of one's own choice; none where this machine lacks it.
    pub fn on(isa: Isa, generator: Generator, draws: usize, words: &'w mut Words) -> Option<Self> {
        Some(Self::of(isa.arch()?, generator, draws, words))
    }

    fn of(arch: Arch, generator: Generator, draws: usize, words: &'w mut Words) -> Self {
        // Without registers one generator is as fast as many.
        let left = if matches!(arch, Arch::Scalar) { 0 } else { draws };
        Self { generator, arch, words, at: BULK, left }
    }

    /// Makes as many as there is memory for.
    #[inline(never)]
    fn make(&mut self) {
        let jump = &*JUMP;
        let mut states = [state(&self.generator); GENERATORS];
        for i in 1..GENERATORS {
            states[i] = jumped(jump, states[i - 1]);
        }
        self.arch.dispatch(Make { states: &mut states, words: self.words });
        self.generator = generator(states[GENERATORS - 1]);
        self.left -= BULK;
        self.at = 0;
    }

    fn is_due(&self) -> bool {
        self.at == BULK && self.left >= BULK
    }
}

impl Bits for Bulk<'_> {
    #[inline]
    fn next(&mut self) -> u32 {
        if self.is_due() {
            self.make();
        }
        match self.words.0.as_flattened().as_flattened().get(self.at) {
            Some(word) => {
                self.at += 1;
                *word
            }
            None => self.generator.next_u32(),
        }
    }

    #[inline(always)]
    fn fill(&mut self, to: &mut [u32]) {
        if self.is_due() {
            self.make();
        }
        let words = self.words.0.as_flattened().as_flattened();
        if let Some(words) = words.get(self.at..self.at + to.len()) {
            to.copy_from_slice(words);
            self.at += to.len();
        } else if self.at == BULK && self.left < BULK {
            self.generator.fill(to);
        } else {
            to.iter_mut().for_each(|to| *to = self.next());
        }
    }
}

/// The generator after the numbers that were drawn.
impl From<Bulk<'_>> for Generator {
    fn from(bulk: Bulk<'_>) -> Self {
        bulk.generator
    }
}

type State = [u32; 4];

fn state(generator: &Generator) -> State {
    let bytes = generator.state();
    let (words, _) = bytes.as_chunks();
    [0, 1, 2, 3].map(|i| u32::from_le_bytes(words[i]))
}

fn generator(state: State) -> Generator {
    let mut seed = [0; 16];
    seed.as_chunks_mut().0.iter_mut().zip(state).for_each(|(to, word)| *to = word.to_le_bytes());
    Generator::from_seed(seed)
}

/// Bits of a state whose jumps are in a table together.
const NIBBLE: usize = 4;

type Jump = [[State; 1 << NIBBLE]; 128 / NIBBLE];

/// What states become by as many draws as are between one generator and the next. That is linear over GF(2): the sum of what
/// their parts become.
static JUMP: LazyLock<Jump> = LazyLock::new(|| {
    let mut table = [[[0; 4]; 1 << NIBBLE]; 128 / NIBBLE];
    for (place, states) in table.iter_mut().enumerate() {
        // Of 0 comes 0, which is the state of no generator.
        for (bits, to) in states.iter_mut().enumerate().skip(1) {
            let mut part = [0; 4];
            part[place * NIBBLE / 32] = (bits as u32) << (place * NIBBLE % 32);
            let mut generator = generator(part);
            (0..4 * FOURS).for_each(|_| _ = generator.next_u32());
            *to = state(&generator);
        }
    }
    table
});

fn jumped(jump: &Jump, state: State) -> State {
    // A sum for each word, so that they do not wait for each other.
    let mut sums = [[0; 4]; 4];
    for (word, sum) in sums.iter_mut().enumerate() {
        for place in 0..32 / NIBBLE {
            let bits = state[word] >> (place * NIBBLE) & ((1 << NIBBLE) - 1);
            let part = &jump[word * (32 / NIBBLE) + place][bits as usize];
            (0..4).for_each(|i| sum[i] ^= part[i]);
        }
    }
    let [a, b, c, d] = sums;
    [0, 1, 2, 3].map(|i| a[i] ^ b[i] ^ c[i] ^ d[i])
}

/// Makes the words, each generator its own, and leaves them in what states they come to.
struct Make<'a> {
    states: &'a mut [State; GENERATORS],
    words: &'a mut Words,
}

impl WithSimd for Make<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As constants, so that what is not taken is not compiled.
        if const { S::U32_LANES == 16 } {
            self.run::<S, 1>(simd);
        } else if const { S::U32_LANES == 8 } {
            self.run::<S, 2>(simd);
        } else if const { S::U32_LANES == 4 } {
            self.run::<S, 4>(simd);
        }
    }
}

impl Make<'_> {
    /// On `K` times four registers.
    #[inline(always)]
    fn run<S: Simd, const K: usize>(self, simd: S) {
        let Self { states, words } = self;
        let mut generators = [[simd.splat_u32s(0); 4]; K];
        let (registers, _) = S::as_simd_u32s(states.as_flattened());
        for (generator, states) in generators.iter_mut().zip(registers.as_chunks::<4>().0) {
            // In what order they lie in registers is the machine's choice, as it is below.
            *generator = simd.deinterleave_shfl_f32s(*states);
        }
        for four in 0..FOURS {
            for (generator, words) in generators.iter_mut().zip(words.0.chunks_exact_mut(S::U32_LANES)) {
                let mut made = [simd.splat_u32s(0); 4];
                for made in &mut made {
                    *made = next(simd, generator);
                }
                let made = simd.interleave_shfl_f32s(made);
                for (words, made) in words.iter_mut().zip(cast_slice::<_, [u32; 4]>(&made)) {
                    words[four] = *made;
                }
            }
        }
        let (registers, _) = S::as_mut_simd_u32s(states.as_flattened_mut());
        for (generator, states) in generators.iter().zip(registers.as_chunks_mut::<4>().0) {
            *states = simd.interleave_shfl_f32s(*generator);
        }
    }
}

/// The next number of each generator: xoshiro128++, as [`Generator`] has it.
#[inline(always)]
fn next<S: Simd>(simd: S, state: &mut [S::u32s; 4]) -> S::u32s {
    let [a, b, c, d] = *state;
    let made = simd.add_u32s(rotated(simd, simd.add_u32s(a, d), 7), a);
    let (c, d) = (simd.xor_u32s(c, a), simd.xor_u32s(d, b));
    let shifted = simd.wrapping_dyn_shl_u32s(b, simd.splat_u32s(9));
    *state = [simd.xor_u32s(a, d), simd.xor_u32s(b, c), simd.xor_u32s(c, shifted), rotated(simd, d, 11)];
    made
}

/// Rotated to the left.
#[inline(always)]
fn rotated<S: Simd>(simd: S, v: S::u32s, by: u32) -> S::u32s {
    let high = simd.wrapping_dyn_shl_u32s(v, simd.splat_u32s(by));
    simd.or_u32s(high, simd.wrapping_dyn_shr_u32s(v, simd.splat_u32s(32 - by)))
}
