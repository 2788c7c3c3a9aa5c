//! Samples in lanes: what a tile of samples can compute, and the portable way of computing it.
//!
//! Every kernel of this crate is written once, over [`Lanes`]. A microcontroller runs it over [`Portable`]
//! arrays of 1 to 4 samples; a server brings SIMD vectors of 16. The operations work lane by lane, so a
//! sample's numbers do not depend on its neighbours, nor on how many there are.

mod portable;

pub use portable::Portable;

/// The operations of one tile of `T` samples, one number of each sample to a lane.
///
/// An implementation decides on the *arithmetic*: what [`mul_add`](Lanes::mul_add) rounds. All other operations
/// are exact or correctly rounded, so two implementations of one arithmetic give the same bits.
pub trait Lanes: Copy {
    /// One `f32` for each sample of the tile.
    type V: Copy;

    /// Samples in a tile: 1, 2, 4, 8 or 16.
    const T: usize;

    /// Neurons whose sums are kept in registers together: 1, 2, 4, 6, 8 or 16.
    const NEURONS: usize;

    /// Whether dense layers, activations and the draws of moves become functions of their own, as all other kinds of layers
    /// are. They do so where registers are few: else the constants of one part would take them from another.
    const OUTLINES: bool = false;

    /// Pairs of numbers N(0, 1) that these lanes make together in a [way of their own](Lanes::normals), 2, 4, 8 or 16; 0 where they
    /// have none.
    const NORMALS: usize = 0;

    /// Computes `op` as a function of its own: passes have it in common, and it is there once.
    #[inline(always)]
    fn outlined<Op: Outlined<Self>>(self, op: Op) {
        called(self, op);
    }

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;

    /// The first `T` numbers; a lane beyond the end of the slice is 0.
    fn load(self, from: &[f32]) -> Self::V;

    /// The first `T` bytes as numbers 0 to 255; a lane beyond the end of the slice is 0.
    fn load_u8(self, from: &[u8]) -> Self::V;

    /// The first `T` integers, each rounded to the nearest `f32`; a lane beyond the end is 0.
    fn load_u32(self, from: &[u32]) -> Self::V;

    /// Writes the first `T` lanes, or as many as the slice holds.
    fn store(self, v: Self::V, to: &mut [f32]);

    /// The whole tiles of a slice: as many slices of `T` numbers. Those of a few samples are to be of a length that the compiler
    /// knows, which it does not of `chunks_exact` in small code.
    #[inline(always)]
    fn tiles(self, of: &[f32]) -> impl Iterator<Item = &[f32]> + Clone {
        of.chunks_exact(Self::T)
    }

    /// The same to write to.
    #[inline(always)]
    fn tiles_mut(self, of: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        of.chunks_exact_mut(Self::T)
    }

    /// Copies numbers to the front of others, if there is room for all.
    #[inline(always)]
    fn copy(self, from: &[f32], to: &mut [f32]) {
        if let Some(to) = to.get_mut(..from.len()) {
            to.copy_from_slice(from);
        }
    }

    /// Makes sums of neurons, `[tile][neuron][T]`, in a way of these lanes' own, to the bits of [`mul_add`](Lanes::mul_add) in the
    /// inputs' order; says whether they have one. A tile whose inputs are not all there has none.
    #[inline(always)]
    fn sums(self, _of: &Sums<'_>, _to: &mut [f32]) -> bool {
        false
    }

    /// `a + b`
    fn add(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a - b`
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a * b`
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a / b`
    fn div(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a * b + c`, rounded twice (portable) or once (fused): this is what tells arithmetics apart.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// The correctly rounded square root; NaN for a negative number.
    fn sqrt(self, v: Self::V) -> Self::V;

    /// `yes` where `a <= b`, else `no` (also where either is NaN).
    fn select_le(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;

    /// The smaller of a number and a limit, which is not 0; NaN stays NaN.
    #[inline(always)]
    fn at_most(self, v: Self::V, limit: Self::V) -> Self::V {
        self.select_le(limit, v, limit, v)
    }

    /// The larger of a number and a limit, which is not 0; NaN stays NaN.
    #[inline(always)]
    fn at_least(self, v: Self::V, limit: Self::V) -> Self::V {
        self.select_le(v, limit, limit, v)
    }

    /// A number limited to `low ..= high`, neither of which is 0; NaN stays NaN.
    #[inline(always)]
    fn limit(self, v: Self::V, low: f32, high: f32) -> Self::V {
        self.at_least(self.at_most(v, self.splat(high)), self.splat(low))
    }

    /// `v` without its sign.
    #[inline(always)]
    fn abs(self, v: Self::V) -> Self::V {
        let zero = self.splat(0.0);
        self.select_le(v, zero, self.sub(zero, v), v)
    }

    /// Whether every lane is 0, if it pays to look: the net's inputs that are so are skipped.
    #[inline(always)]
    fn skips(self, _: Self::V) -> bool {
        false
    }

    /// 2ⁿ for integral `n` in −126 ..= 127; any number elsewhere.
    fn exp2_integral(self, n: Self::V) -> Self::V;

    /// `v · 2ⁿ` for integral `n` in −252 ..= 254, in two steps of half as much, of which the second rounds; of a NaN, NaN.
    #[inline(always)]
    fn times_exp2(self, v: Self::V, n: Self::V) -> Self::V {
        times_exp2_in_steps(self, v, n)
    }

    /// Σ x² over a tile's numbers, `[unit][T]`, in the units' order.
    #[inline(always)]
    fn squares(self, numbers: &[f32]) -> Self::V {
        let mut sum = self.splat(0.0);
        for number in self.tiles(numbers) {
            let number = self.load(number);
            sum = self.mul_add(number, number, sum);
        }
        sum
    }

    /// What a tile's sums, `[unit][T]`, are with a number more, times a weight for each unit.
    #[inline(always)]
    fn corrected(self, weights: &[f32], by: Self::V, sums: &[f32], to: &mut [f32]) {
        for ((weight, sum), to) in weights.iter().zip(self.tiles(sums)).zip(self.tiles_mut(to)) {
            self.store(self.mul_add(self.splat(*weight), by, self.load(sum)), to);
        }
    }

    /// Makes `scale` z of numbers z, and adds centres, if there are any.
    #[inline(always)]
    fn scaled(self, scale: Self::V, z: &mut [f32], centres: Option<&[f32]>) {
        match centres {
            Some(centres) => {
                for (z, centre) in z.chunks_mut(Self::T).zip(centres.chunks(Self::T)) {
                    self.store(self.mul_add(scale, self.load(z), self.load(centre)), z);
                }
            }
            None => {
                for z in z.chunks_mut(Self::T) {
                    self.store(self.mul(scale, self.load(z)), z);
                }
            }
        }
    }

    /// Makes x + e. Gives `finite` with 0 added for each sum that is, and else NaN.
    #[inline(always)]
    fn moved(self, x: &[f32], e: &[f32], to: &mut [f32], mut finite: Self::V) -> Self::V {
        // The compiler knows how long whole ones are.
        for ((to, x), e) in self.tiles_mut(to).zip(self.tiles(x)).zip(self.tiles(e)) {
            finite = moved_tile(self, x, e, to, finite);
        }
        let whole = e.len() - e.len() % Self::T;
        if whole < e.len()
            && let (Some(to), Some(x), Some(e)) = (to.get_mut(whole..), x.get(whole..), e.get(whole..))
        {
            finite = moved_tile(self, x, e, to, finite);
        }
        finite
    }

    /// Makes numbers N(0, 1) of as many radii as angles, as [`gaussian`](crate::gaussian) has them, to the bits of the other operations:
    /// of a multiple of [`NORMALS`](Lanes::NORMALS).
    #[inline(always)]
    fn normals(self, _radii: &mut [f32], _angles: &mut [f32]) {}

    /// Makes [exponentials](crate::activation::exponentials) of a tile's logits in a way of these lanes' own, to the bits of the
    /// other operations, but for the sign of a largest that is 0; gives what they give, if these lanes have one.
    #[inline(always)]
    fn exponentials(self, _logits: &mut [f32]) -> Option<(Self::V, Self::V)> {
        None
    }

    /// Makes [probabilities](crate::activation::softmax) of tiles' logits in a way of these lanes' own, to the bits of the other
    /// operations; says whether they have one.
    #[inline(always)]
    fn softmax(self, _logits: &mut [f32], _units: usize) -> bool {
        false
    }

    /// `(m, e)` with `v = m · 2ᵉ` and m in [√½, √2), for positive normal `v`; any two numbers elsewhere.
    fn split(self, v: Self::V) -> (Self::V, Self::V);
}

/// [`Lanes::moved`] of a tile.
#[inline(always)]
fn moved_tile<L: Lanes>(lanes: L, x: &[f32], e: &[f32], to: &mut [f32], finite: L::V) -> L::V {
    let moved = lanes.add(lanes.load(x), lanes.load(e));
    lanes.store(moved, to);
    lanes.mul_add(moved, lanes.splat(0.0), finite)
}

/// What [`Lanes::times_exp2`] is by the lanes' other operations.
#[inline(always)]
pub fn times_exp2_in_steps<L: Lanes>(lanes: L, v: L::V, n: L::V) -> L::V {
    let magic = lanes.splat(ROUND_MAGIC);
    let half = lanes.sub(lanes.mul_add(n, lanes.splat(0.5), magic), magic);
    let v = lanes.mul(v, lanes.exp2_integral(half));
    lanes.mul(v, lanes.exp2_integral(lanes.sub(n, half)))
}

/// Inputs of tiles as they are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stored<'a> {
    /// Numbers.
    F32(&'a [f32]),
    /// Bytes.
    U8(&'a [u8]),
    /// Bytes of one sample after another, `[sample][input]`, where tiles have several samples.
    Rows(&'a [u8]),
}

/// Sums of neurons: each input times its weight, and a bias.
#[derive(Clone, Copy, Debug)]
pub struct Sums<'a> {
    /// `[input][neuron]`
    pub weights: &'a [f32],
    /// One of each neuron.
    pub biases: &'a [f32],
    /// `[input][T]` but for rows, from the first tile on.
    pub inputs: Stored<'a>,
    /// Numbers from a tile's first input to the next tile's.
    pub stride: usize,
    /// Whether inputs that are 0 may be left out, as many are.
    pub sparse: bool,
    /// Whether the sums begin at 0, and not at what they are.
    pub begins: bool,
    /// If these are the last inputs: what the sums are multiplied by, before the biases are added.
    pub end: Option<f32>,
}

/// A part of a pass that becomes a [function of its own](Lanes::outlined).
pub trait Outlined<L> {
    /// Computes it. Implementations are `#[inline(always)]`, so that they are compiled for the lanes' instruction set.
    fn run(self, lanes: L);
}

/// √½ as bits: where [`Lanes::split`] cuts the mantissa's range.
pub const SQRT_HALF_BITS: u32 = 0x3f35_04f3;

/// Adding 1.5 · 2²³ to a number below 2²² in size leaves its nearest integer in the low bits.
pub const ROUND_MAGIC: f32 = 12_582_912.0;

/// Computes a part of a pass as a function of its own.
#[inline(never)]
fn called<L, Op: Outlined<L>>(lanes: L, op: Op) {
    op.run(lanes);
}
