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

/// Fills the first `n` numbers of `out`, at most all, with one block of N(0, 1).
#[inline(always)]
pub(crate) fn block<L: Lanes, R: Rng>(lanes: L, rng: &mut R, out: &mut [f32; BLOCK], n: usize) {
    let pairs = n.div_ceil(2).min(PAIRS);
    let mut bits = [0; BLOCK];
    let (radii, angles) = bits.split_at_mut(PAIRS);
    for r in radii.iter_mut().take(pairs) {
        *r = rng.next_u32() | 1;
    }
    for r in angles.iter_mut().take(pairs) {
        *r = rng.next_u32();
    }
    let (first, second) = out.split_at_mut(pairs);
    let tiles = radii.chunks(L::T).zip(angles.chunks(L::T));
    let out = first.chunks_mut(L::T).zip(second.chunks_mut(L::T));
    for ((radii, angles), (cosines, sines)) in tiles.zip(out) {
        let scale = lanes.splat(TWO_TO_MINUS_32);
        let u = lanes.mul(lanes.load_u32(radii), scale);
        let radius = lanes.sqrt(lanes.mul(lanes.splat(-2.0), ln_normal(lanes, u)));
        let turns = lanes.sub(lanes.mul(lanes.load_u32(angles), scale), lanes.splat(0.5));
        let (sin, cos) = sin_cos_half_turn(lanes, turns);
        lanes.store(lanes.mul(radius, cos), cosines);
        lanes.store(lanes.mul(radius, sin), sines);
    }
}

/// Fills `out` with independent numbers N(0, σ²): the paper's initial parameters (Sec. II A).
#[inline(always)]
pub fn fill<L: Lanes, R: Rng>(lanes: L, rng: &mut R, sigma: f32, out: &mut [f32]) {
    let mut z = [0.0; BLOCK];
    for out in out.chunks_mut(BLOCK) {
        block(lanes, rng, &mut z, out.len());
        for (out, z) in out.iter_mut().zip(z) {
            *out = sigma * z;
        }
    }
}

/// A number uniform on (0, 1].
pub(crate) fn uniform<R: Rng>(rng: &mut R) -> f32 {
    (rng.next_u32() | 1) as f32 * TWO_TO_MINUS_32
}
