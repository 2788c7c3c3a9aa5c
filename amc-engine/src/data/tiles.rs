//! From rows, `[sample][feature]`, to tiles, `[tile][feature][TILE]`.

use rayon::prelude::*;

use amc_kernels::TILE;

/// Elements below which a second thread costs more than it saves.
const PARALLEL_FROM: usize = 1 << 17;

/// Parts to cut a job over `elements` elements into, for up to `threads` threads.
pub(super) fn parts(elements: usize, threads: usize) -> usize {
    if elements < PARALLEL_FROM { 1 } else { threads.max(1) }
}

/// Packs the rows at `places` into `tiles`, on up to `threads` threads of the current rayon pool. The last tile is
/// filled up with copies of the last row: they are not evaluated, and where rows are 0 they are 0, too.
pub(super) fn pack<E>(rows: &[E], width: usize, places: &[u32], tiles: &mut Vec<E>, threads: usize)
where
    E: Copy + Default + Send + Sync,
{
    let (count, tile) = (places.len().div_ceil(TILE), TILE * width.max(1));
    tiles.resize(count * TILE * width, E::default());
    let parts = parts(tiles.len(), threads);
    let share = count.div_ceil(parts).max(1);
    let part = |(places, tiles): (&[u32], &mut [E])| {
        for (places, tile) in places.chunks(TILE).zip(tiles.chunks_exact_mut(tile)) {
            pack_tile(rows, width, places, tile);
        }
    };
    match parts {
        1 => part((places, tiles)),
        _ => places.par_chunks(share * TILE).zip(tiles.par_chunks_mut(share * tile)).for_each(part),
    }
}

/// In squares of `TILE` features, so that what is written stays near. Loops over numbers, because closures of
/// `array::from_fn` are called for each element where little is optimised.
fn pack_tile<E: Copy>(rows: &[E], width: usize, places: &[u32], tile: &mut [E]) {
    let (squares, rest) = tile.as_chunks_mut::<TILE>().0.as_chunks_mut::<TILE>();
    for t in 0..TILE {
        let place = places[t.min(places.len() - 1)] as usize;
        let (of_squares, of_rest) = rows[place * width..][..width].as_chunks::<TILE>();
        for (square, row) in squares.iter_mut().zip(of_squares) {
            for (to, value) in square.iter_mut().zip(row) {
                to[t] = *value;
            }
        }
        for (to, value) in rest.iter_mut().zip(of_rest) {
            to[t] = *value;
        }
    }
}
