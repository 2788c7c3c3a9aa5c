//! Features as kernels multiply them.
//!
//! A tile's rows of features are 64 bytes each. Where many are 0 in all of a tile's samples, a kernel that reads only the others
//! jumps from one line of memory to another, which takes longer than to read them all. So those others are kept one behind the other.

use super::{Features, TILE};

/// Four features of a tile, beside each other for each sample.
pub type Four = [[u8; 4]; TILE];

/// The features of tiles four by four, without fours that are 0 in all samples of a tile.
#[derive(Clone, Debug, PartialEq)]
pub struct Fours {
    /// Features of a sample.
    width: usize,
    /// Where each tile's end.
    ends: Vec<usize>,
    /// Which four of the features each is, from 0.
    numbers: Vec<u16>,
    bytes: Vec<Four>,
}

/// The same from a tile on.
#[derive(Clone, Copy, Debug)]
pub struct FoursOf<'a> {
    all: &'a Fours,
    first: usize,
}

/// The same of a tile.
#[derive(Clone, Copy, Debug)]
pub struct FoursOfTile<'a> {
    /// Which four of the features each is, from 0.
    pub numbers: &'a [u16],
    /// Their bytes.
    pub bytes: &'a [Four],
    /// What is kept behind them: the next tile's.
    pub behind: &'a [Four],
}

/// The features of a four; behind the last feature are zeros.
fn rows_of(four: &[[u8; TILE]]) -> [[u8; TILE]; 4] {
    let mut rows = [[0; TILE]; 4];
    rows.iter_mut().zip(four).for_each(|(to, row)| *to = *row);
    rows
}

impl Fours {
    /// Of features that are so many. None where they are numbers with a sign or more than 2¹⁸, or where that leaves out less than
    /// a part of `worth` of all.
    pub fn of(features: Features<'_>, width: usize, worth: f64) -> Option<Self> {
        let Features::U8(values) = features else { return None };
        let each = width.div_ceil(4);
        if width == 0 || u16::try_from(each).is_err() {
            return None;
        }
        let tiles = || values.as_chunks::<TILE>().0.chunks_exact(width);
        let mut ends = Vec::with_capacity(tiles().len());
        let mut numbers = Vec::new();
        for tile in tiles() {
            let fours = tile.chunks(4).enumerate();
            let others = fours.filter(|(_, four)| four.as_flattened().iter().any(|x| *x != 0));
            numbers.extend(others.map(|(number, _)| number as u16));
            ends.push(numbers.len());
        }
        if numbers.len() as f64 > (1.0 - worth) * (ends.len() * each) as f64 {
            return None;
        }
        let mut bytes = Vec::with_capacity(numbers.len());
        let mut begin = 0;
        for (tile, end) in tiles().zip(&ends) {
            for number in &numbers[begin..*end] {
                let rows = rows_of(&tile[4 * usize::from(*number)..]);
                bytes.push(std::array::from_fn(|lane| rows.map(|row| row[lane])));
            }
            begin = *end;
        }
        Some(Self { width, ends, numbers, bytes })
    }

    /// Those from a tile on.
    pub fn from_tile(&self, first: usize) -> FoursOf<'_> {
        FoursOf { all: self, first }
    }
}

impl<'a> FoursOf<'a> {
    /// Features of a sample.
    pub(super) fn width(self) -> usize {
        self.all.width
    }

    /// Tiles.
    pub(super) fn tiles(self) -> usize {
        self.all.ends.len().saturating_sub(self.first)
    }

    /// Those of a tile of these; nothing of one that there is not.
    pub fn tile(self, tile: usize) -> FoursOfTile<'a> {
        let Fours { ends, numbers, bytes, .. } = self.all;
        let tile = self.first + tile;
        let begin = tile.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let of = begin..ends.get(tile).copied().unwrap_or(begin);
        let (bytes, behind) = bytes[of.start..].split_at(of.len());
        FoursOfTile { numbers: &numbers[of], bytes, behind }
    }
}
