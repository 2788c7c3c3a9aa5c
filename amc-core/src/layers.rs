//! Layers beside dense ones, each in a file of its own: its shape, and its pass over tiles.

pub(crate) mod normalization;
pub(crate) mod recurrent;

use crate::forward::activations;
use crate::lanes::Lanes;

/// A tile of what a layer of `units` outputs gave, `[tile][unit][T]`, as the next one's inputs.
#[inline(always)]
pub(crate) fn inputs<L: Lanes>(
    lanes: L,
    given: &[f32],
    units: usize,
    tile: usize,
) -> impl Iterator<Item = (usize, L::V)> + Clone {
    let length = units * L::T;
    let tile = given.get(tile * length..).and_then(|given| given.get(..length));
    activations(lanes, tile.unwrap_or_default())
}
