//! Layers that are not trained: what they make of samples is computed once, and trained on.

use core::mem::MaybeUninit;

use amc_core::{Body as CoreBody, Frozen, Net as CoreNet};

use crate::block::Block;
use crate::check::first_not_finite;
use crate::create::describe;
use crate::feed::Feed;
use crate::foreign::zeroed;
use crate::frozen::Features;
use crate::setup::{Layer, Net};
use crate::{ALIGNMENT, Status};

/// A body itself, in words of the size of a pointer.
pub const BODY_WORDS: usize = 10;

const _: () = {
    assert!(size_of::<Body>() <= BODY_WORDS * size_of::<usize>() && align_of::<Body>() <= ALIGNMENT);
    assert!((BODY_WORDS * size_of::<usize>()).is_multiple_of(ALIGNMENT));
};

/// Layers that are not trained, with their parameters, which stay where they are. It does not change: several contexts may use it at a
/// time, each with memory of its own.
#[derive(Debug)]
pub struct Body {
    net: CoreNet<'static>,
    parameters: Frozen<'static>,
    features: Features,
}

impl Body {
    /// A body in `block`, at what `parameters` makes of its net.
    pub(crate) fn create(
        (net, layers): (&Net, &[Layer]),
        features: Features,
        mut block: Block,
        parameters: impl FnOnce(CoreNet<'_>) -> Result<Frozen<'static>, Status>,
    ) -> Result<&'static mut Self, Status> {
        for layer in layers {
            layer.description()?;
        }
        let place = block.place(BODY_WORDS)?;
        let net = CoreNet::try_new(net.inputs, describe(layers, &mut block)?)?;
        Ok(place.write(Self { net, parameters: parameters(net)?, features }))
    }

    pub(crate) fn inputs(&self) -> usize {
        self.net.inputs()
    }

    /// Writes what it makes of a sample.
    pub(crate) fn features(
        &self,
        sample: &Feed<'_>,
        mut block: Block,
        features: &mut [MaybeUninit<f32>],
    ) -> Result<(), Status> {
        if features.len() != self.net.outputs() {
            return Err(Status::Length);
        }
        if first_not_finite(sample.numbers).is_some() {
            return Err(Status::Feature);
        }
        let scratch = block.take(CoreBody::scratch(&self.net, 1), || 0.0)?;
        (self.features)(self.net, self.parameters, sample, scratch, zeroed(features))
    }
}
