//! What a tile is computed with on registers: a way for each instruction set, of the same bits.

use amc_core::Activation;
use amc_core::integer::{Bytes, Neurons, Output, Softmax};
use pulp::{NullaryFnOnce, bytemuck};

use super::TILE;
use super::fours::{Four, FoursOfTile};

/// Inputs that are brought into the order of registers at once: what is read for all neurons stays in the first-level cache.
pub const PANEL: usize = 64;

/// Fours of inputs in a panel.
pub const FOURS: usize = PANEL / 4;

/// Fours that are fetched at once.
const FOURS_AT_ONCE: usize = 4;

/// Inputs of a tile.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The bytes of each input, `[input][TILE]`.
    pub bytes: &'a [[u8; TILE]],
    /// Whether they are −128 to 127, and not 0 to 255.
    pub are_signed: bool,
}

impl<'a> Rows<'a> {
    /// None of numbers that are wider.
    pub fn of(bytes: Bytes<'a>) -> Option<Self> {
        match bytes {
            Bytes::Unsigned(bytes) => Some(Self { bytes: bytes.as_chunks().0, are_signed: false }),
            Bytes::Signed(bytes) => Some(Self { bytes: bytemuck::cast_slice(bytes).as_chunks().0, are_signed: true }),
            Bytes::None => None,
        }
    }
}

/// What a layer takes of a tile.
#[derive(Clone, Copy)]
pub enum Inputs<'a> {
    Rows(Rows<'a>),
    /// Of so many inputs, 0 to 255, those that are not left out.
    Fours(usize, FoursOfTile<'a>),
}

/// A neuron's weights four by four.
#[derive(Clone, Copy)]
pub struct WeightsByFour<'a> {
    fours: &'a [[i8; 4]],
    /// Those that are fewer, and zeros.
    last: [i8; 4],
}

impl<'a> WeightsByFour<'a> {
    #[inline(always)]
    fn of(row: &'a [i8]) -> Self {
        let (fours, rest) = row.as_chunks();
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        Self { fours, last }
    }

    #[inline(always)]
    pub fn of_four(&self, number: u16) -> [i8; 4] {
        self.fours.get(usize::from(number)).copied().unwrap_or(self.last)
    }
}

/// A part of it.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// Rows, with what each sample's bytes have to be flipped by to have no sign.
    Rows(&'a [[u8; TILE]], u8),
    Fours(&'a [Four]),
}

impl<'a> Inputs<'a> {
    /// Inputs, those that are left out included.
    #[inline(always)]
    pub fn width(self) -> usize {
        match self {
            Self::Rows(rows) => rows.bytes.len(),
            Self::Fours(width, _) => width,
        }
    }

    #[inline(always)]
    pub fn are_signed(self) -> bool {
        matches!(self, Self::Rows(Rows { are_signed: true, .. }))
    }

    /// Panels, of which one has nothing if there are no inputs.
    #[inline(always)]
    pub fn panels(self) -> usize {
        let panels = match self {
            Self::Rows(rows) => rows.bytes.len().div_ceil(PANEL),
            Self::Fours(_, tile) => tile.bytes.len().div_ceil(FOURS),
        };
        panels.max(1)
    }

    #[inline(always)]
    pub fn panel(self, number: usize) -> Part<'a> {
        match self {
            Self::Rows(rows) => {
                let flip = if rows.are_signed { 128 } else { 0 };
                Part::Rows(rows.bytes.chunks(PANEL).nth(number).unwrap_or_default(), flip)
            }
            Self::Fours(_, tile) => Part::Fours(tile.bytes.chunks(FOURS).nth(number).unwrap_or_default()),
        }
    }

    /// What is to be fetched of the next panel, as far as one is known, while the neurons' `block`th block is computed: not all at
    /// once, as there are not as many lines that a core waits for.
    #[inline(always)]
    pub fn ahead(self, number: usize, block: usize) -> &'a [Four] {
        let Self::Fours(_, tile) = self else { return &[] };
        let ahead = tile.bytes.get((number + 1) * FOURS..).filter(|ahead| !ahead.is_empty()).unwrap_or(tile.behind);
        let ahead = &ahead[..ahead.len().min(FOURS)];
        ahead.chunks(FOURS_AT_ONCE).nth(block).unwrap_or_default()
    }

    #[inline(always)]
    pub fn row(self, neurons: Neurons<'_>, unit: usize) -> &[i8] {
        let width = self.width();
        neurons.weights.get(unit * width..(unit + 1) * width).unwrap_or_default()
    }

    #[inline(always)]
    pub fn by_four(self, neurons: Neurons<'_>, unit: usize) -> WeightsByFour<'_> {
        WeightsByFour::of(self.row(neurons, unit))
    }

    /// A neuron's weights of a panel's inputs four by four, if they lie so.
    #[inline(always)]
    pub fn fours_in_place(self, neurons: Neurons<'_>, unit: usize, panel: usize) -> Option<&[[i8; 4]]> {
        let Self::Rows(_) = self else { return None };
        self.row(neurons, unit).chunks(PANEL).nth(panel).map(|row| row.as_chunks().0)
    }

    /// A neuron's weights of a panel's inputs, and zeros.
    #[inline(always)]
    pub fn weights(self, neurons: Neurons<'_>, unit: usize, panel: usize) -> [i8; PANEL] {
        let mut weights = [0; PANEL];
        match self {
            Self::Rows(_) => {
                let row = self.row(neurons, unit).chunks(PANEL).nth(panel).unwrap_or_default();
                if let Some(row) = row.first_chunk() {
                    return *row;
                }
                // Of known lengths: a call that copies any takes as long as some products.
                let (all, (row, rest)) = (weights.as_chunks_mut::<16>().0, row.as_chunks::<16>());
                all.iter_mut().zip(row).for_each(|(all, row)| *all = *row);
                if let Some(last) = all.get_mut(row.len())
                    && !rest.is_empty()
                {
                    last[..rest.len()].copy_from_slice(rest);
                }
            }
            Self::Fours(_, tile) => {
                let row = self.by_four(neurons, unit);
                let numbers = tile.numbers.chunks(FOURS).nth(panel).unwrap_or_default();
                for (weights, number) in weights.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
                    *weights = row.of_four(*number);
                }
            }
        }
        weights
    }
}

/// An instruction set, as [`amc_core::integer::Kernel`] has its functions.
pub trait Registers: Copy {
    /// Runs `op`, compiled for it.
    fn compile<Op: NullaryFnOnce>(self, op: Op) -> Op::Output;

    fn layer(self, neurons: Neurons<'_>, inputs: Inputs<'_>, sums: &mut [[i32; TILE]]);

    fn activate(self, of: Activation, shift: u8, sums: &[[i32; TILE]], outputs: &mut [[i8; TILE]]);

    /// For changes of weights alone, which [`are_small`].
    fn change(self, changes: &[(u16, i16)], inputs: Rows<'_>, sums: &mut [i32; TILE]);

    fn pass_on(self, by: &[i16; TILE], weights: (&[i8], usize), before: &[[i32; TILE]], sums: &mut [[i32; TILE]]);

    /// For a shift that is not 0, and at most [`MOST_OUTPUTS`] outputs.
    fn cross_entropies(self, sums: &[[i32; TILE]], shift: u8, classes: &[u8], kept: Option<&mut Softmax<TILE>>) -> u64;

    /// The same for an output of as many.
    fn changed_cross_entropies(
        self,
        output: Output<'_, TILE>,
        shift: u8,
        classes: &[u8],
        kept: &Softmax<TILE>,
        anew: &mut heapless::Vec<u16, TILE>,
    ) -> u64;
}

/// Classes of a tile's samples, and [`NOBODY`] where there is none.
#[inline(always)]
pub fn classes_of_all(classes: &[u8]) -> [u8; TILE] {
    let mut all = [NOBODY; TILE];
    for (to, class) in all.iter_mut().zip(classes) {
        *to = *class;
    }
    all
}

/// A bit for each of so many samples.
#[inline(always)]
pub fn first(samples: usize) -> u64 {
    if samples < TILE { (1 << samples) - 1 } else { u64::MAX }
}

/// Lists samples that have a bit.
#[inline(always)]
pub fn list(mut bits: u64, samples: &mut heapless::Vec<u16, TILE>) {
    while bits != 0 {
        // There is room for each.
        let _ = samples.push(bits.trailing_zeros() as u16);
        bits &= bits - 1;
    }
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
