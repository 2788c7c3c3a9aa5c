//! Batches gathered from any places of a set.

use amc_core::{Targets, Tiles};

use super::tiles::{pack, unpack};
use super::{Batch, Packed, Set, Values, Wanted};

/// Gathers one batch after another into the same memory.
///
/// It keeps a copy of the set by rows: in tiles, a sample's bytes lie in as many cache lines as it has features.
pub struct Gatherer<'d> {
    wanted: &'d Wanted,
    width: usize,
    features: Gathered,
    classes: Vec<u8>,
    values: Vec<f32>,
    samples: usize,
    threads: usize,
}

/// Features of either kind: all rows, and the batch's tiles.
enum Gathered {
    U8 { rows: Vec<u8>, tiles: Vec<u8>, scale: f32 },
    F32 { rows: Vec<f32>, tiles: Vec<f32> },
}

impl<'d> Gatherer<'d> {
    /// An empty batch of `set`; it is gathered on up to `threads` threads of the current rayon pool.
    pub fn new(set: &'d Set, threads: usize) -> Self {
        let Set { values, wanted, samples, width } = set;
        let features = match values {
            Values::U8(tiles, scale) => {
                Gathered::U8 { rows: unpack(tiles, *width, *samples), tiles: Vec::new(), scale: *scale }
            }
            Values::F32(tiles) => Gathered::F32 { rows: unpack(tiles, *width, *samples), tiles: Vec::new() },
        };
        Self { wanted, width: *width, features, classes: Vec::new(), values: Vec::new(), samples: 0, threads }
    }

    /// Makes the samples at these places the batch.
    pub fn gather(&mut self, places: &[u32]) {
        self.samples = places.len();
        match &mut self.features {
            Gathered::U8 { rows, tiles, .. } => pack(rows, self.width, places, tiles, self.threads),
            Gathered::F32 { rows, tiles } => pack(rows, self.width, places, tiles, self.threads),
        }
        let at = places.iter().map(|place| *place as usize);
        match self.wanted {
            Wanted::Classes(classes) => {
                self.classes.clear();
                self.classes.extend(at.map(|place| classes[place]));
            }
            Wanted::Values(values, n) => {
                self.values.clear();
                self.values.extend(at.flat_map(|place| &values[place * n..(place + 1) * n]));
            }
        }
    }

    /// Samples in the batch.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether there are none, as before the first [`gather`](Gatherer::gather).
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The batch.
    pub fn batch(&self) -> Batch<'_> {
        let features = match &self.features {
            Gathered::U8 { tiles, scale, .. } => Packed::U8(Tiles::new(tiles, self.samples, self.width, *scale)),
            Gathered::F32 { tiles, .. } => Packed::F32(Tiles::new(tiles, self.samples, self.width, 1.0)),
        };
        let targets = match self.wanted {
            Wanted::Classes(_) => Targets::Classes(&self.classes),
            Wanted::Values(..) => Targets::Values(&self.values),
        };
        Batch { features, targets }
    }
}
