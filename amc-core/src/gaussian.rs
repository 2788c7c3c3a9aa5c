//! Gaussian random numbers by Box and Muller's transform, in pairs, many at a time.
//!
//! Numbers are made in blocks of at most [`BLOCK`]. A block of n takes h = ⌈n/2⌉ pairs: 2h draws of 32 bits,
//! first the h radii, then the h angles; pair i gives number i (the cosine) and number h + i (the sine, unless
//! n is odd and i = h − 1). Whatever the tile's width, the same generator therefore gives the same numbers.
//!
//! A radius comes from u = (r | 1) · 2⁻³² in (0, 1], so it is never infinite and no number exceeds 6.67; an
//! angle from t = r · 2⁻³² − 1/2 turns.

use rand_core::Rng;

use crate::elementary::{ln_normal, sin_cos_half_turn};
use crate::lanes::Lanes;

/// Numbers in one block, at most.
pub const BLOCK: usize = 32;

const PAIRS: usize = BLOCK / 2;
const TWO_TO_MINUS_32: f32 = 1.0 / 4_294_967_296.0;

/// Random numbers of 32 bits: those of a generator, or of one whose numbers are made many at a time.
pub trait Bits {
    /// The next number.
    fn next(&mut self) -> u32;

    /// The next numbers, as many as there is room for.
    fn fill(&mut self, to: &mut [u32]);
}

impl<R: Rng> Bits for R {
    #[inline(always)]
    fn next(&mut self) -> u32 {
        self.next_u32()
    }

    #[inline(always)]
    fn fill(&mut self, to: &mut [u32]) {
        to.iter_mut().for_each(|to| *to = self.next_u32());
    }
}

/// Memory of one block after another; nothing of one serves the next.
pub(crate) struct Blocks {
    numbers: [f32; BLOCK],
}

impl Blocks {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { numbers: [0.0; BLOCK] }
    }

    /// A block of `n` numbers N(0, 1); at most [`BLOCK`].
    #[inline(always)]
    pub(crate) fn next<L: Lanes, B: Bits>(&mut self, lanes: L, bits: &mut B, n: usize) -> &mut [f32] {
        match L::OUTLINES {
            true => self.called(lanes, bits, n),
            false => self.inlined(lanes, bits, n),
        }
        self.numbers.get_mut(..n).unwrap_or_default()
    }

    /// The sum of all lanes, for which numbers are overwritten.
    #[inline(always)]
    pub(crate) fn sum<L: Lanes>(&mut self, lanes: L, v: L::V) -> f32 {
        lanes.store(v, &mut self.numbers);
        self.numbers.iter().take(L::T).fold(0.0, |sum, number| sum + number)
    }

    #[inline(never)]
    fn called<L: Lanes, B: Bits>(&mut self, lanes: L, bits: &mut B, n: usize) {
        self.inlined(lanes, bits, n);
    }

    #[inline(always)]
    fn inlined<L: Lanes, B: Bits>(&mut self, lanes: L, bits: &mut B, n: usize) {
        let pairs = n.div_ceil(2).min(PAIRS);
        let tile = if L::NORMALS == 0 { L::T } else { L::NORMALS };
        // Room for whole tiles; what is one number has it anyway.
        let middle = if tile == 1 { pairs } else { PAIRS };
        let (radii, angles) = self.numbers.split_at_mut(middle);
        if L::T < 8 {
            for radius in radii.get_mut(..pairs).unwrap_or_default() {
                *radius = (bits.next() | 1) as f32;
            }
            for angle in angles.get_mut(..pairs).unwrap_or_default() {
                *angle = bits.next() as f32;
            }
        } else {
            // Made numbers a tile at a time.
            let mut all = [0; BLOCK];
            match all.get_mut(..2 * pairs) {
                Some(some) if pairs < PAIRS => bits.fill(some),
                // A number that the compiler knows.
                _ => bits.fill(&mut all),
            }
            let (of_radii, of_angles) = all.split_at_mut(pairs);
            of_radii.iter_mut().for_each(|bits| *bits |= 1);
            for (numbers, bits) in [(&mut *radii, &*of_radii), (&mut *angles, &*of_angles)] {
                let tiles = numbers.chunks_mut(L::T).zip(bits.chunks(L::T));
                for (numbers, bits) in tiles.take(pairs.div_ceil(L::T)) {
                    lanes.store(lanes.load_u32(bits), numbers);
                }
            }
        }
        // Whole tiles, whatever is in the last one behind the pairs.
        let whole = tile * pairs.div_ceil(tile);
        let radii = radii.get_mut(..whole).unwrap_or_default();
        let angles = angles.get_mut(..whole).unwrap_or_default();
        match L::NORMALS {
            0 => transform(lanes, radii, angles),
            _ => lanes.normals(radii, angles),
        }
        if middle != pairs {
            for i in 0..pairs {
                if let (Some(angle), Some(to)) =
                    (self.numbers.get(middle + i).copied(), self.numbers.get_mut(pairs + i))
                {
                    *to = angle;
                }
            }
        }
    }
}

/// Makes numbers N(0, 1) of whole tiles of random bits, as numbers, those of radii not 0.
#[inline(always)]
fn transform<L: Lanes>(lanes: L, radii: &mut [f32], angles: &mut [f32]) {
    let scale = lanes.splat(TWO_TO_MINUS_32);
    for radius in lanes.tiles_mut(radii) {
        let u = lanes.mul(lanes.load(radius), scale);
        lanes.store(lanes.sqrt(lanes.mul(lanes.splat(-2.0), ln_normal(lanes, u))), radius);
    }
    for (radius, angle) in lanes.tiles_mut(radii).zip(lanes.tiles_mut(angles)) {
        let turns = lanes.sub(lanes.mul(lanes.load(angle), scale), lanes.splat(0.5));
        let (length, (sin, cos)) = (lanes.load(radius), sin_cos_half_turn(lanes, turns));
        lanes.store(lanes.mul(length, cos), radius);
        lanes.store(lanes.mul(length, sin), angle);
    }
}

/// Fills `out` with independent numbers N(0, σ²): the paper's initial parameters (Sec. II A).
#[inline(always)]
pub fn fill<L: Lanes, B: Bits>(lanes: L, bits: &mut B, sigma: f32, out: &mut [f32]) {
    let mut blocks = Blocks::new();
    for out in out.chunks_mut(BLOCK) {
        let z = blocks.next(lanes, bits, out.len());
        for (out, z) in out.iter_mut().zip(z) {
            *out = sigma * *z;
        }
    }
}

/// A number uniform on (0, 1].
pub(crate) fn uniform<R: Rng>(rng: &mut R) -> f32 {
    (rng.next_u32() | 1) as f32 * TWO_TO_MINUS_32
}
