//! What a tile is computed with on registers: a way for each instruction set, of the same bits.

use amc_core::Activation;
use amc_core::integer::{Bytes, Neurons};
use pulp::{NullaryFnOnce, bytemuck};

use super::TILE;

/// Inputs that are brought into the order of registers at once: what is read for all neurons stays in the first-level cache.
pub const PANEL: usize = 64;

/// Inputs of a tile.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The bytes of each input, `[input][TILE]`.
    pub bytes: &'a [[u8; TILE]],
    /// Whether they are −128 to 127, and not 0 to 255.
    pub are_signed: bool,
    /// A bit of each input that is not 0 in all samples; none where that is not known.
    pub filled: &'a [u64],
}

impl<'a> Rows<'a> {
    /// None of numbers that are wider.
    pub fn of(bytes: Bytes<'a>, filled: &'a [u64]) -> Option<Self> {
        match bytes {
            Bytes::Unsigned(bytes) => Some(Self { bytes: bytes.as_chunks().0, are_signed: false, filled }),
            Bytes::Signed(bytes) => {
                Some(Self { bytes: bytemuck::cast_slice(bytes).as_chunks().0, are_signed: true, filled })
            }
            Bytes::None => None,
        }
    }

    /// The bits of a panel.
    #[inline(always)]
    pub fn filled_of(&self, panel: usize) -> u64 {
        self.filled.get(panel).copied().unwrap_or(u64::MAX)
    }
}

/// Whether one of four inputs is not 0 in all samples.
#[inline(always)]
pub fn is_filled(panel: u64, four: usize) -> bool {
    panel >> (4 * four) & 0b1111 != 0
}

/// An instruction set, as [`amc_core::integer::Kernel`] has its functions.
pub trait Registers: Copy {
    /// Runs `op`, compiled for it.
    fn compile<Op: NullaryFnOnce>(self, op: Op) -> Op::Output;

    fn layer(self, neurons: Neurons<'_>, inputs: Rows<'_>, sums: &mut [[i32; TILE]]);

    fn activate(self, of: Activation, shift: u8, sums: &[[i32; TILE]], outputs: &mut [[i8; TILE]]);

    /// For changes of weights alone, which [`are_small`].
    fn change(self, changes: &[(u16, i16)], inputs: Rows<'_>, sums: &mut [i32; TILE]);

    fn pass_on(self, by: &[i16; TILE], weights: (&[i8], usize), before: &[[i32; TILE]], sums: &mut [[i32; TILE]]);

    /// For a shift that is not 0, and at most [`MOST_OUTPUTS`] outputs.
    fn cross_entropies(self, sums: &[[i32; TILE]], shift: u8, classes: &[u8]) -> u64;
}

/// Outputs of a softmax, at most: [`NOBODY`] is no class, and the sum of their powers is a whole number as a float, too.
pub const MOST_OUTPUTS: usize = 255;

/// The class of lanes that have no sample.
pub const NOBODY: u8 = 255;

/// Whether changes are of some of so many inputs' weights, and what they make of bytes of any kind, 255 times 127, fits 16 bits.
pub fn are_small(changes: &[(u16, i16)], inputs: usize) -> bool {
    let sizes = changes.iter().map(|(_, by)| u32::from(by.unsigned_abs()));
    sizes.sum::<u32>() <= i8::MAX as u32 && changes.iter().all(|(input, _)| usize::from(*input) < inputs)
}
