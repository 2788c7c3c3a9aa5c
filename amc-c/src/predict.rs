//! A net that has learned elsewhere, and answers here: its parameters stay where they are.

use core::mem::MaybeUninit;

use crate::Status;
use crate::block::Block;
use crate::check::first_not_finite;
use crate::create::{describe, scratch};
use crate::feed::Feed;
use crate::lanes::LANES;
use crate::setup::{Layer, Net};

/// A net as C describes it, its arrays at hand.
#[derive(Clone, Copy)]
pub(crate) struct Learned<'a> {
    pub net: &'a Net,
    pub layers: &'a [Layer],
    pub parameters: &'a [f32],
}

impl Learned<'_> {
    /// Bytes of memory to predict in: what `AMC_PREDICT_BYTES` tells as well.
    fn bytes(&self) -> Result<usize, Status> {
        let layers = self.layers.len().checked_mul(size_of::<amc_core::Layer>()).ok_or(Status::TooLarge)?;
        let numbers = scratch(self.layers)?.checked_mul(size_of::<f32>()).ok_or(Status::TooLarge)?;
        layers.checked_add(numbers).ok_or(Status::TooLarge)
    }

    /// Writes the outputs that the net gives for a sample.
    pub fn predict(&self, numbers: &[f32], mut block: Block, outputs: &mut [MaybeUninit<f32>]) -> Result<(), Status> {
        let Self { net, layers, parameters } = *self;
        for layer in layers {
            layer.description()?;
        }
        if block.bytes() < self.bytes()? {
            return Err(Status::Memory);
        }
        let objective = net.objective(describe(layers, &mut block)?)?;
        if objective.net().parameters() != parameters.len() {
            return Err(Status::Parameters);
        }
        if objective.net().outputs() != outputs.len() {
            return Err(Status::Length);
        }
        if first_not_finite(numbers).is_some() {
            return Err(Status::Feature);
        }
        let features = Feed { numbers, bytes: &[], samples: 1, width: net.inputs, scale: 1.0 };
        let scratch = block.take(scratch(layers)?, || 0.0)?;
        let given = objective.predict(LANES, parameters, &features, 0, scratch)?;
        for (to, from) in outputs.iter_mut().zip(given) {
            to.write(*from);
        }
        Ok(())
    }
}
