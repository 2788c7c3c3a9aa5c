//! Data of integers, in tiles.

use std::ops::Range;

use amc_core::integer::Targets;
use amc_core::sums::BLOCK;
use amc_kernels::integer::{Features, TILE};
use anyhow::bail;

use super::net::Inputs;
use crate::data::{self, OwnedTargets, Values};
use crate::ranks::{RanksError, Share};

// Of samples that ranks share, only the last tile is filled up.
const _: () = assert!(BLOCK.is_multiple_of(TILE));

/// What a standard deviation of an input becomes.
pub const INPUT: f32 = 32.0;

/// What a standard deviation of a target becomes.
pub const TARGET: f32 = 1024.0;

#[derive(Clone, Debug, PartialEq)]
enum OwnedFeatures {
    U8(Vec<u8>),
    I8(Vec<i8>),
}

#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Classes(Vec<u8>),
    Values(Vec<i16>),
}

/// Numbers that are beyond what integers of their size can be, and were cut off there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Features.
    pub features: usize,
    /// Targets.
    pub targets: usize,
}

/// Samples of integers.
#[derive(Clone, Debug)]
pub struct Set {
    /// `[tile][feature][TILE]`
    features: OwnedFeatures,
    targets: Wanted,
    samples: usize,
    width: usize,
    cut: Cut,
    /// The sum of the features' squares, those that fill up the last tile included, and how many these are.
    squares: (u64, u64),
    /// Which of the samples these are, if several ranks hold them.
    share: Option<Share>,
}

/// The nearest integer, the larger in size of two, within ±`most`; counts what is beyond.
fn rounded(x: f32, most: f32, cut: &mut usize) -> f32 {
    let nearest = x.round();
    *cut += usize::from(nearest.abs() > most);
    nearest.clamp(-most, most)
}

/// Numbers to tiles, `[tile][feature][TILE]`; the last is filled up with its last sample.
fn tiles<E: Copy + Default>(rows: &[E], width: usize, samples: usize) -> Vec<E> {
    let mut tiles = vec![E::default(); samples.next_multiple_of(TILE) * width];
    if width == 0 {
        return tiles;
    }
    for (tile, rows) in tiles.chunks_exact_mut(TILE * width).zip(rows.chunks(TILE * width)) {
        let last = rows.len() / width - 1;
        for lane in 0..TILE {
            let row = &rows[lane.min(last) * width..][..width];
            row.iter().zip(tile.chunks_exact_mut(TILE)).for_each(|(x, column)| column[lane] = *x);
        }
    }
    tiles
}

impl Set {
    /// Samples as an integer net takes them: bytes as they are, or numbers rounded to the nearest integer. What is beyond the
    /// largest is cut off.
    ///
    /// # Errors
    /// Where the samples are not of that kind, or a number is not finite.
    pub fn of(set: &data::Set, inputs: Inputs) -> anyhow::Result<Self> {
        let (samples, width, mut cut) = (set.len(), set.width(), Cut::default());
        let features = match (set.values(), inputs) {
            (Values::U8(rows, _), Inputs::U8) => OwnedFeatures::U8(tiles(rows, width, samples)),
            (Values::F32(rows), Inputs::I8) => {
                if let Some(at) = rows.iter().position(|x| !x.is_finite()) {
                    bail!("sample {}: feature {} is {}: numbers have to be finite", at / width, at % width, rows[at]);
                }
                let most = Inputs::I8.most() as f32;
                let rows: Vec<_> = rows.iter().map(|x| rounded(*x, most, &mut cut.features) as i8).collect();
                OwnedFeatures::I8(tiles(&rows, width, samples))
            }
            (Values::F32(_), Inputs::U8) => {
                bail!("the net takes bytes, as those of pixels, and not numbers of a table")
            }
            (Values::U8(..), Inputs::I8) => {
                bail!("the net takes numbers of a table, and not bytes, as those of pixels")
            }
        };
        let targets = match set.targets() {
            OwnedTargets::Classes(classes) => Wanted::Classes(classes.clone()),
            OwnedTargets::Values(values, outputs) => {
                if let Some(at) = values.iter().position(|y| !y.is_finite()) {
                    bail!("sample {}: the target is {}: numbers have to be finite", at / outputs.max(&1), values[at]);
                }
                let most = f32::from(i16::MAX);
                Wanted::Values(values.iter().map(|y| rounded(*y, most, &mut cut.targets) as i16).collect())
            }
        };
        let square = |x: i32| u64::from((x * x).unsigned_abs());
        let (squares, numbers) = match &features {
            OwnedFeatures::U8(values) => (values.iter().map(|x| square((*x).into())).sum::<u64>(), values.len()),
            OwnedFeatures::I8(values) => (values.iter().map(|x| square((*x).into())).sum::<u64>(), values.len()),
        };
        let squares = (squares, numbers as u64);
        Ok(Self { features, targets, samples, width, cut, squares, share: set.share().cloned() })
    }

    /// The same samples, with what is known of those of all ranks, if they share them: all ranks call it together.
    ///
    /// # Errors
    /// Where a rank has gone.
    pub fn together(mut self) -> Result<Self, RanksError> {
        if let Some(share) = &self.share {
            let own = [self.squares.0, self.squares.1, self.cut.features as u64, self.cut.targets as u64];
            let team = share.team();
            let Some([squares, numbers, features, targets]) = team.sum_of(own, 0) else {
                return team.check().map(|()| self);
            };
            self.squares = (squares, numbers);
            self.cut = Cut { features: features as usize, targets: targets as usize };
        }
        Ok(self)
    }

    /// Which of the samples these are, if several ranks hold them.
    pub(super) fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }

    /// Samples of the whole set: here, and on other ranks.
    pub fn all(&self) -> usize {
        self.share.as_ref().map_or(self.samples, Share::samples)
    }

    /// Samples that are here.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Features in all, and targets.
    pub fn numbers(&self) -> (usize, usize) {
        let targets = match &self.targets {
            Wanted::Classes(_) => 1,
            Wanted::Values(values) => values.len() / self.samples.max(1),
        };
        (self.all() * self.width, self.all() * targets)
    }

    /// What was cut off.
    pub fn cut(&self) -> Cut {
        self.cut
    }

    /// Whether the targets are classes.
    pub fn has_classes(&self) -> bool {
        matches!(self.targets, Wanted::Classes(_))
    }

    /// The root mean square of the features, to the nearest integer; at least 1.
    pub fn root_mean_square(&self) -> u32 {
        let (squares, numbers) = self.squares;
        (squares as f64 / numbers.max(1) as f64).sqrt().round().max(1.0) as u32
    }

    /// Tiles.
    pub(super) fn tiles(&self) -> usize {
        self.samples.div_ceil(TILE)
    }

    /// The samples of some tiles: their features, how many they are, and their targets.
    pub(super) fn part(&self, tiles: Range<usize>) -> ((Features<'_>, usize), Targets<'_>) {
        let samples = tiles.start * TILE..self.samples.min(tiles.end * TILE);
        let numbers = tiles.start * TILE * self.width..tiles.end * TILE * self.width;
        let features = match &self.features {
            OwnedFeatures::U8(values) => Features::U8(&values[numbers]),
            OwnedFeatures::I8(values) => Features::I8(&values[numbers]),
        };
        let targets = match &self.targets {
            Wanted::Classes(classes) => Targets::Classes(&classes[samples.clone()]),
            Wanted::Values(values) => {
                let outputs = values.len() / self.samples.max(1);
                Targets::Values(&values[samples.start * outputs..samples.end * outputs])
            }
        };
        ((features, samples.len()), targets)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, Set, TILE};
    use crate::data::{self, OwnedTargets, Values};
    use crate::integer::Inputs;
    use amc_core::integer::Targets;
    use amc_kernels::integer::Features;

    #[test]
    fn numbers_are_rounded_and_cut_off_and_both_are_told() {
        let rows = vec![0.5, -0.5, 0.499_999_97, 127.4, 127.6, -1e30];
        let set = data::Set::new(Values::F32(rows), 2, OwnedTargets::Values(vec![32_768.0, -32_767.4, 2.5], 1));
        let set = Set::of(&set, Inputs::I8).expect("integers");
        assert_eq!(set.cut(), Cut { features: 2, targets: 1 });
        let ((Features::I8(values), 3), Targets::Values(wanted)) = set.part(0..1) else { panic!("numbers") };
        assert_eq!((&values[..3], &values[TILE..TILE + 4]), (&[1, 0, 127][..], &[-1, 127, -127, -127][..]));
        assert_eq!((values[2 * TILE - 1], wanted), (-127, &[32_767, -32_767, 3][..]), "filled up with the last sample");
        for rows in [vec![f32::NAN], vec![f32::INFINITY]] {
            let bad = data::Set::new(Values::F32(rows), 1, OwnedTargets::Classes(vec![0]));
            assert!(Set::of(&bad, Inputs::I8).is_err() && Set::of(&bad, Inputs::U8).is_err());
        }
    }

    #[test]
    fn parts_are_of_whole_tiles_and_have_their_own_targets() {
        let samples = 2 * TILE + 3;
        let rows = (0..samples * 2).map(|i| i as u8).collect();
        let set = data::Set::new(Values::U8(rows, 0.1), 2, OwnedTargets::Classes((0..samples as u8).collect()));
        let set = Set::of(&set, Inputs::U8).expect("integers");
        let ((Features::U8(values), 3), Targets::Classes(classes)) = set.part(2..3) else { panic!("three samples") };
        let first = 2 * TILE as u8;
        assert_eq!(classes, [first, first + 1, first + 2]);
        assert_eq!((values[0], values[TILE + 1]), (first.wrapping_mul(2), first.wrapping_add(1).wrapping_mul(2) + 1));
    }
}
