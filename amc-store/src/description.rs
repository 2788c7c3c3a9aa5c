//! How a net and its loss are written, and found to be another.
//!
//! In postcard: the loss, the inputs, the number of layers, and each layer, its kind first. Kinds are numbered in the
//! order of `amc-core`'s table of them, and so are activations and losses.

use amc_core::{Layer, Loss, Net, Objective};
use serde::Serialize;

use crate::FormatError;
use crate::blob::Fields;

/// The description of an objective, as it is written.
#[derive(Serialize)]
pub(crate) struct Described<'a> {
    loss: Loss,
    inputs: usize,
    layers: &'a [Layer],
}

impl<'a> Described<'a> {
    pub(crate) fn new(objective: Objective<'a>) -> Self {
        let net = objective.net();
        Self { loss: objective.loss(), inputs: net.inputs(), layers: net.layers() }
    }
}

/// The most bytes that a description takes.
pub(crate) const fn length_limit(net: &Net<'_>) -> usize {
    // The loss's number takes one, the sizes up to ten.
    let (mut limit, mut layer) = (1 + 10 + 10, 0);
    while layer < net.layers().len() {
        limit += net.layers()[layer].most_bytes();
        layer += 1;
    }
    limit
}

/// A net and its loss, as they were read. Its layers are decoded as they are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Description<'b> {
    pub(crate) loss: Loss,
    pub(crate) inputs: usize,
    count: usize,
    layers: Fields<'b>,
}

impl<'b> Description<'b> {
    /// Takes a description off the front of a header.
    pub(crate) fn take(fields: &mut Fields<'b>) -> Result<Self, FormatError> {
        let loss = fields.take("the loss")?;
        let inputs = fields.take("the inputs")?;
        let count = fields.take("the number of layers")?;
        let layers = *fields;
        for _ in 0..count {
            fields.take::<Layer>("a layer of a kind unknown here, or no layer")?;
        }
        Ok(Self { loss, inputs, count, layers })
    }

    /// The loss it was trained on.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The net's inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers that the net gives for a sample.
    pub fn outputs(&self) -> usize {
        self.layers().last().map_or(0, |layer| layer.units())
    }

    /// The net's layers. With the [inputs](Description::inputs) they are a net if [`Net::try_new`] says so.
    pub fn layers(&self) -> impl Iterator<Item = Layer> + use<'b> {
        let mut fields = self.layers;
        (0..self.count).map_while(move |_| fields.take::<Layer>("").ok())
    }

    /// Whether it describes `objective`; where it does not, the error names the first difference.
    pub fn check(&self, objective: &Objective<'_>) -> Result<(), FormatError> {
        let (stored, given) = (self.loss, objective.loss());
        if stored != given {
            return Err(FormatError::Loss { stored, given });
        }
        let (stored, given) = (self.inputs, objective.net().inputs());
        if stored != given {
            return Err(FormatError::Inputs { stored, given });
        }
        let (stored, given) = (self.count, objective.net().layers().len());
        if stored != given {
            return Err(FormatError::Layers { stored, given });
        }
        let mut pairs = self.layers().zip(objective.net().layers()).enumerate();
        match pairs.find(|(_, (stored, given))| stored != *given) {
            Some((layer, (stored, given))) => Err(FormatError::Layer { layer, stored, given: *given }),
            None => Ok(()),
        }
    }
}
