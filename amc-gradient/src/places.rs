//! The layers of a net, each with what its passes need to know.

use amc_core::{Gru, Layer, Net, Recurrent, Section};

use super::dense::TILES;
use amc_kernels::TILE;

/// Numbers of a group of samples, over all layers: 64 MiB.
const NUMBERS: usize = 1 << 24;

/// A layer in its place.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub layer: Layer,
    /// Where its parameters are.
    pub section: Section,
    /// Numbers that it is given.
    pub width: usize,
    /// The layer, which gives every state if it is recurrent.
    pub every_state: Layer,
    /// The layer whose outputs are kept, where it goes on with those.
    pub kept: Option<usize>,
}

impl Place {
    /// Numbers that it makes, all states included.
    pub fn made(&self) -> usize {
        self.every_state.units()
    }

    /// Numbers that are in memory while it makes them.
    pub fn room(&self) -> usize {
        self.every_state.room()
    }

    /// Whether it is a recurrent layer that gives its last state only.
    pub fn gives_the_last_state(&self) -> bool {
        matches!(self.layer, Layer::Recurrent(Recurrent { every: false, .. }) | Layer::Gru(Gru { every: false, .. }))
    }
}

/// The layers of a net.
pub(super) fn places(net: Net<'_>) -> Vec<Place> {
    let (mut width, mut kept) = (net.inputs(), None);
    let mut places = Vec::new();
    for (index, (layer, section)) in net.layers().iter().zip(net.sections()).enumerate() {
        let of_place = kept;
        match layer {
            Layer::Keep(_) => kept = Some(index),
            // It stands behind the layer that kept numbers, so there is one before it.
            Layer::Swap(_) => kept = index.checked_sub(1),
            _ => {}
        }
        places.push(Place { layer: *layer, section, width, every_state: every_state(*layer), kept: of_place });
        width = layer.units();
    }
    places
}

fn every_state(layer: Layer) -> Layer {
    match layer {
        Layer::Recurrent(Recurrent { inputs, units, steps, activation, .. }) => {
            Layer::recurrent_states(inputs, units, steps, activation)
        }
        Layer::Gru(Gru { inputs, units, steps, .. }) => Layer::gru_states(inputs, units, steps),
        other => other,
    }
}

/// Tiles that are passed forward and then backward together.
pub(super) fn tiles_of_a_group(places: &[Place]) -> usize {
    let numbers: usize = places.iter().map(Place::made).sum();
    (NUMBERS / (numbers * TILE).max(1)).clamp(1, TILES)
}
