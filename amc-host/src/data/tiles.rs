//! From rows, `[sample][feature]`, to the tiles that an evaluation reads, `[tile][feature][TILE]`, and back.

use std::array;

use rayon::prelude::*;

use crate::lanes::TILE;

/// Elements below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1 << 17;

/// Packs the rows at `places` into `tiles`, on up to `threads` threads of the current rayon pool. The last tile is
/// filled up with copies of the last row: they are not evaluated, and where rows are 0 they are 0, too.
pub(super) fn pack<E>(rows: &[E], width: usize, places: &[u32], tiles: &mut Vec<E>, threads: usize)
where
    E: Copy + Default + Send + Sync,
{
    let (count, tile) = (places.len().div_ceil(TILE), TILE * width.max(1));
    tiles.resize(count * TILE * width, E::default());
    let threads = if tiles.len() < PARALLEL_FROM { 1 } else { threads };
    let share = count.div_ceil(threads.max(1)).max(1);
    let part = |(places, tiles): (&[u32], &mut [E])| {
        for (places, tile) in places.chunks(TILE).zip(tiles.chunks_exact_mut(tile)) {
            pack_tile(rows, width, places, tile);
        }
    };
    match threads {
        1 => part((places, tiles)),
        _ => places.par_chunks(share * TILE).zip(tiles.par_chunks_mut(share * tile)).for_each(part),
    }
}

/// Packs all rows.
pub(super) fn pack_all<E: Copy + Default + Send + Sync>(rows: &[E], width: usize) -> Vec<E> {
    let places: Vec<u32> = (0..(rows.len() / width.max(1)) as u32).collect();
    let mut tiles = Vec::new();
    pack(rows, width, &places, &mut tiles, 1);
    tiles
}

/// In squares of `TILE` features, which the compiler transposes in registers.
fn pack_tile<E: Copy>(rows: &[E], width: usize, places: &[u32], tile: &mut [E]) {
    let rows: [(&[[E; TILE]], &[E]); TILE] = array::from_fn(|t| {
        let place = places[t.min(places.len() - 1)] as usize;
        rows[place * width..][..width].as_chunks()
    });
    let (squares, rest) = tile.as_chunks_mut::<TILE>().0.as_chunks_mut::<TILE>();
    for (index, square) in squares.iter_mut().enumerate() {
        let from: [&[E; TILE]; TILE] = array::from_fn(|t| &rows[t].0[index]);
        for (feature, to) in square.iter_mut().enumerate() {
            *to = array::from_fn(|t| from[t][feature]);
        }
    }
    for (feature, to) in rest.iter_mut().enumerate() {
        *to = array::from_fn(|t| rows[t].1[feature]);
    }
}

/// The first `samples` rows, back from tiles.
pub(super) fn unpack<E: Copy>(tiles: &[E], width: usize, samples: usize) -> Vec<E> {
    let row = |sample: usize| {
        let tile = &tiles[sample / TILE * TILE * width..];
        (0..width).map(move |feature| tile[feature * TILE + sample % TILE])
    };
    (0..samples).flat_map(row).collect()
}
