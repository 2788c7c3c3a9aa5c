//! Tiles that list only the features that are not 0 in all of their samples.

use std::ops::Range;

use amc_core::Element;
use amc_kernels::TILE;
use amc_kernels::packed::Sparse;
use rayon::prelude::*;

use super::tiles::parts;

/// Packed tiles without the features that are 0 throughout a tile.
#[derive(Clone, Debug, Default)]
pub(super) struct Squeezed<E> {
    /// The part of `features` and `values` that belongs to each tile.
    tiles: Vec<Range<usize>>,
    features: Vec<u32>,
    values: Vec<[E; TILE]>,
}

impl<E: Element + Default + PartialEq + Send + Sync> Squeezed<E> {
    /// Takes over what is not 0 in `tiles`, `[tile][feature][TILE]`, on up to `threads` threads.
    pub fn fill(&mut self, tiles: &[E], width: usize, threads: usize) {
        let (columns, _) = tiles.as_chunks::<TILE>();
        let count = columns.len() / width;
        self.tiles.resize(count, 0..0);
        self.features.resize(columns.len(), 0);
        self.values.resize(columns.len(), [E::default(); TILE]);
        let share = count.div_ceil(parts(tiles.len(), threads)).max(1);
        let features = self.features.par_chunks_mut(share * width);
        let values = self.values.par_chunks_mut(share * width);
        let parts = self.tiles.par_chunks_mut(share).zip(features).zip(values).zip(columns.par_chunks(share * width));
        parts.enumerate().for_each(|(part, (((tiles, features), values), columns))| {
            let mut end = 0;
            for (tile, columns) in tiles.iter_mut().zip(columns.chunks_exact(width)) {
                let start = end;
                for (feature, column) in columns.iter().enumerate() {
                    features[end] = feature as u32;
                    values[end] = *column;
                    // Written always and kept if it counts: zeros come too irregularly for a branch.
                    end += usize::from(*column != [E::default(); TILE]);
                    if end == features.len() {
                        break;
                    }
                }
                let first = part * share * width;
                *tile = first + start..first + end;
            }
        });
    }

    fn left(&self) -> usize {
        self.tiles.iter().map(Range::len).sum()
    }

    /// The features that are left, over all.
    pub fn density(&self, width: usize) -> f32 {
        self.left() as f32 / (self.tiles.len() * width).max(1) as f32
    }

    /// Bytes of what is left and its list.
    pub fn bytes(&self) -> usize {
        self.left() * (size_of::<[E; TILE]>() + size_of::<u32>())
    }

    pub fn view(&self, samples: usize, width: usize, scale: f32) -> Sparse<'_, E> {
        Sparse::new(&self.tiles, (&self.features, &self.values), (samples, width), scale)
    }
}
