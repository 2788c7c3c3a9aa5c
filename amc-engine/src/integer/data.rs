//! Data of integers, in tiles.

use std::ops::Range;

use amc_core::integer::Targets;
use amc_core::sums::BLOCK;
use amc_kernels::integer::{Features, Fours, TILE, Tiled};
use anyhow::bail;

use super::net::Inputs;
use crate::data::order::Order;
use crate::data::{self, OwnedTargets, Values};
use crate::ranks::{RanksError, Share};

// Of samples that ranks share, only the last tile is filled up.
const _: () = assert!(BLOCK.is_multiple_of(TILE));

/// A part of tiles' features that are 0 in all samples of a tile, from which on samples are put in order, and others kept by themselves.
const WORTH_LEAVING_OUT: f64 = 0.15;

/// What a standard deviation of an input becomes.
pub const INPUT: f32 = 32.0;

/// What a standard deviation of a target becomes.
pub const TARGET: f32 = 1024.0;

#[derive(Clone, Debug, PartialEq)]
enum OwnedFeatures {
    U8(Vec<u8>),
    I8(Vec<i8>),
}

impl OwnedFeatures {
    fn view(&self) -> Features<'_> {
        match self {
            Self::U8(values) => Features::U8(values),
            Self::I8(values) => Features::I8(values),
        }
    }
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

/// A feature that has no integer.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("sample {sample}: feature {feature} is {value}: numbers have to be finite")]
pub struct NotFinite {
    /// Its sample, from 0.
    pub sample: usize,
    /// Which feature of the sample it is, from 0.
    pub feature: usize,
    /// What it is.
    pub value: f32,
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
    /// The features once more, as a whole evaluation reads them, if it reads fewer of them then.
    fours: Option<Fours>,
    /// The samples' numbers, where they are in another order than they came in.
    order: Option<Vec<u32>>,
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
        Self::without_fours(set, inputs).map(Self::with_fours)
    }

    fn with_fours(self) -> Self {
        let fours = Fours::of(self.features.view(), self.width, WORTH_LEAVING_OUT);
        Self { fours, ..self }
    }

    fn without_fours(set: &data::Set, inputs: Inputs) -> anyhow::Result<Self> {
        let (samples, width, mut cut) = (set.len(), set.width(), Cut::default());
        let features = match (set.values(), inputs) {
            (Values::U8(rows, _), Inputs::U8) => OwnedFeatures::U8(tiles(rows, width, samples)),
            (Values::F32(rows), Inputs::I8) => {
                if let Some(at) = rows.iter().position(|x| !x.is_finite()) {
                    bail!(NotFinite { sample: at / width, feature: at % width, value: rows[at] });
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
        let share = set.share().cloned();
        Ok(Self { features, targets, samples, width, cut, fours: None, order: None, squares, share })
    }

    /// The same to train on: samples with zeros in common come together in tiles, whose evaluation leaves these out.
    ///
    /// # Errors
    /// As [`of`](Set::of).
    pub fn ordered(set: &data::Set, inputs: Inputs) -> anyhow::Result<Self> {
        let mut ordered = Self::without_fours(set, inputs)?;
        let (Values::U8(rows, _), OwnedFeatures::U8(unordered)) = (set.values(), &ordered.features) else {
            return Ok(ordered);
        };
        let (columns, _) = unordered.as_chunks::<TILE>();
        let zeros = columns.iter().filter(|column| column.iter().all(|x| *x == 0)).count();
        if (zeros as f64) < WORTH_LEAVING_OUT * columns.len() as f64 {
            return Ok(ordered.with_fours());
        }
        let order = Order::halved(rows, ordered.width, TILE).samples().to_vec();
        let at = |row: u32, numbers: usize| row as usize * numbers..(row as usize + 1) * numbers;
        let rows: Vec<_> = order.iter().flat_map(|row| &rows[at(*row, ordered.width)]).copied().collect();
        ordered.features = OwnedFeatures::U8(tiles(&rows, ordered.width, ordered.samples));
        ordered.targets = match ordered.targets {
            Wanted::Classes(classes) => Wanted::Classes(order.iter().map(|row| classes[*row as usize]).collect()),
            Wanted::Values(values) => {
                let outputs = values.len() / ordered.samples.max(1);
                Wanted::Values(order.iter().flat_map(|row| &values[at(*row, outputs)]).copied().collect())
            }
        };
        ordered.order = Some(order);
        Ok(ordered.with_fours())
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

    /// Where a sample stood in the order that they came in.
    pub(super) fn place(&self, sample: usize) -> usize {
        self.order.as_ref().map_or(sample, |order| order[sample] as usize)
    }

    /// The samples of some tiles, and their targets.
    pub(super) fn part(&self, tiles: Range<usize>) -> (Tiled<'_>, Targets<'_>) {
        let samples = tiles.start * TILE..self.samples.min(tiles.end * TILE);
        let numbers = tiles.start * TILE * self.width..tiles.end * TILE * self.width;
        let features = match self.features.view() {
            Features::U8(values) => Features::U8(&values[numbers]),
            Features::I8(values) => Features::I8(&values[numbers]),
        };
        let fours = self.fours.as_ref().map(|fours| fours.from_tile(tiles.start));
        let targets = match &self.targets {
            Wanted::Classes(classes) => Targets::Classes(&classes[samples.clone()]),
            Wanted::Values(values) => {
                let outputs = values.len() / self.samples.max(1);
                Targets::Values(&values[samples.start * outputs..samples.end * outputs])
            }
        };
        (Tiled { features, fours, samples: samples.len() }, targets)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, Set, TILE};
    use crate::data::{self, OwnedTargets, Values};
    use crate::integer::Inputs;
    use amc_core::integer::Targets;
    use amc_kernels::integer::{Features, Tiled};

    #[test]
    fn numbers_are_rounded_and_cut_off_and_both_are_told() {
        let rows = vec![0.5, -0.5, 0.499_999_97, 127.4, 127.6, -1e30];
        let set = data::Set::new(Values::F32(rows), 2, OwnedTargets::Values(vec![32_768.0, -32_767.4, 2.5], 1));
        let set = Set::of(&set, Inputs::I8).expect("integers");
        assert_eq!(set.cut(), Cut { features: 2, targets: 1 });
        let (Tiled { features: Features::I8(values), samples: 3, .. }, Targets::Values(wanted)) = set.part(0..1) else {
            panic!("numbers")
        };
        assert_eq!((&values[..3], &values[TILE..TILE + 4]), (&[1, 0, 127][..], &[-1, 127, -127, -127][..]));
        assert_eq!((values[2 * TILE - 1], wanted), (-127, &[32_767, -32_767, 3][..]), "filled up with the last sample");
        for rows in [vec![f32::NAN], vec![f32::INFINITY]] {
            let bad = data::Set::new(Values::F32(rows), 1, OwnedTargets::Classes(vec![0]));
            assert!(Set::of(&bad, Inputs::I8).is_err() && Set::of(&bad, Inputs::U8).is_err());
        }
    }

    #[test]
    fn samples_with_zeros_in_common_come_together_with_their_targets() {
        // Of two kinds by turns, each with 70 features of its own; the last 60 are 0, so that an order is worth it.
        let (samples, width) = (4 * TILE, 200);
        let is_there = |sample: usize, feature: usize| feature / 70 == sample % 2;
        let rows = (0..samples * width).map(|i| u8::from(is_there(i / width, i % width))).collect();
        let classes = (0..samples).map(|sample| sample as u8).collect();
        let set = data::Set::new(Values::U8(rows, 1.0), width, OwnedTargets::Classes(classes));
        let ordered = Set::ordered(&set, Inputs::U8).expect("bytes");
        for tile in 0..4 {
            let (Tiled { features: Features::U8(values), fours: Some(fours), .. }, Targets::Classes(classes)) =
                ordered.part(tile..tile + 1)
            else {
                panic!("bytes")
            };
            let kind = usize::from(classes[0]) % 2;
            for (lane, class) in classes.iter().enumerate() {
                assert_eq!(usize::from(*class), ordered.place(tile * TILE + lane));
                assert_eq!((usize::from(*class) % 2, values[70 * kind * TILE + lane]), (kind, 1));
            }
            let first = 70 * kind as u16 / 4;
            assert_eq!(fours.tile(0).numbers, (first..first + 18).collect::<Vec<_>>());
        }
    }

    #[test]
    fn parts_are_of_whole_tiles_and_have_their_own_targets() {
        let samples = 2 * TILE + 3;
        let rows = (0..samples * 2).map(|i| i as u8).collect();
        let set = data::Set::new(Values::U8(rows, 0.1), 2, OwnedTargets::Classes((0..samples as u8).collect()));
        let set = Set::of(&set, Inputs::U8).expect("integers");
        let (Tiled { features: Features::U8(values), samples: 3, .. }, Targets::Classes(classes)) = set.part(2..3)
        else {
            panic!("three samples")
        };
        let first = 2 * TILE as u8;
        assert_eq!(classes, [first, first + 1, first + 2]);
        assert_eq!((values[0], values[TILE + 1]), (first.wrapping_mul(2), first.wrapping_add(1).wrapping_mul(2) + 1));
    }
}
