//! The layers of a trained net that stay as they are: what they make of samples is computed once, and trained on.

mod scaled;

pub use scaled::{F16, Scaled, Weight};

use crate::forward::outputs;
use crate::lanes::Lanes;
use crate::layer::kind::Seen;
use crate::net::Net;
use crate::objective::{ObjectiveError, length};
use crate::samples::{Features, Tiles};

/// A body: a net with its parameters, which may lie in flash. What it gives of a sample are the features of a head, a net that
/// is trained as any other.
///
/// ```
/// use amc_core::{Activation, Body, Layer, Loss, Net, Objective, Portable, Rows};
///
/// const NET: Net = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
/// const PARTS: (Net, Net) = match NET.split(1) {
///     Ok(parts) => parts,
///     Err(_) => panic!("no such layer"),
/// };
/// static TRAINED: [f32; NET.parameters()] = [0.01; NET.parameters()];
///
/// let (body, head) = (Body::try_new(PARTS.0, &TRAINED[..PARTS.0.parameters()])?, Objective::new(PARTS.1, Loss::CrossEntropy));
/// let samples = [0.5; 3 * 64];
/// let mut memory = [0.0; 3 * 16];
/// let features = body.features(Portable::<1>, &Rows::new(&samples, 64, 1.0), &mut [0.0; Body::scratch(&PARTS.0, 1)], &mut memory)?;
/// // A chain moves the head's parameters alone, by `features`.
/// assert_eq!(head.net().parameters(), 170);
/// # let targets = amc_core::Targets::Classes(&[0, 1, 2]);
/// # head.check(&amc_core::Samples { features, targets })?;
/// # Ok::<(), amc_core::ObjectiveError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    net: Net<'a>,
    parameters: Frozen<'a>,
}

/// The parameters of a body, as they are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Frozen<'a> {
    /// As they were trained: [`Net::parameters`] numbers.
    F32(&'a [f32]),
    /// Weights of 16 bits.
    F16(Scaled<'a, F16>),
    /// Weights of 8 bits.
    I8(Scaled<'a, i8>),
}

/// Numbers of scratch memory.
struct Scratch {
    /// The weights of a layer, made `f32`.
    unpacked: usize,
    activations: usize,
}

/// Sees no signals.
struct Nobody;

impl<L: Lanes> Seen<L> for Nobody {
    #[inline(always)]
    fn take(&mut self, _: L, _: usize, _: L::V) {}
}

impl<'a> Body<'a> {
    /// A net at its parameters.
    ///
    /// # Errors
    /// Where there are more or fewer parameters than [`Net::parameters`].
    pub const fn try_new(net: Net<'a>, parameters: &'a [f32]) -> Result<Self, ObjectiveError> {
        Self::try_stored(net, Frozen::F32(parameters))
    }

    /// A net at parameters that are stored in one of several ways.
    ///
    /// # Errors
    /// Where there are more or fewer numbers than the net has: [`stored`](Body::stored).
    // Inlined, as `features` is: a program that knows how they are stored has no code for other ways.
    #[inline(always)]
    pub const fn try_stored(net: Net<'a>, parameters: Frozen<'a>) -> Result<Self, ObjectiveError> {
        let (weights, others) = Self::stored(&net);
        let (wanted, given) = match parameters {
            Frozen::F32(all) => ((net.parameters(), 0), (all.len(), 0)),
            Frozen::F16(Scaled { weights: w, others: o }) => ((weights, others), (w.len(), o.len())),
            Frozen::I8(Scaled { weights: w, others: o }) => ((weights, others), (w.len(), o.len())),
        };
        match (length("parameters", wanted.0, given.0, true), length("scales and biases", wanted.1, given.1, true)) {
            (Ok(()), Ok(())) => Ok(Self { net, parameters }),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Weights of fewer bits, and other numbers, that a net has: for the lengths of arrays.
    pub const fn stored(net: &Net<'_>) -> (usize, usize) {
        scaled::lengths(net)
    }

    /// The net.
    pub const fn net(&self) -> Net<'a> {
        self.net
    }

    /// Numbers that [`features`](Body::features) of so many samples take on lanes of `T` samples; `usize::MAX` where they are too
    /// many to tell, or there are no lanes.
    pub const fn numbers(net: &Net<'_>, samples: usize, lanes: usize) -> usize {
        match samples.checked_next_multiple_of(lanes) {
            Some(samples) => samples.saturating_mul(net.outputs()),
            None => usize::MAX,
        }
    }

    /// Numbers of scratch memory on lanes of `T` samples, however the parameters are stored; `usize::MAX` where they are too many to
    /// tell.
    pub const fn scratch(net: &Net<'_>, lanes: usize) -> usize {
        let Scratch { unpacked, activations } = scaled::scratch(net, lanes);
        let (scaled, plain) = (unpacked.saturating_add(activations), net.scratch(lanes));
        if scaled > plain { scaled } else { plain }
    }

    /// What it gives of all samples, in `to`, as features of the head.
    ///
    /// `scratch` has at least [`Body::scratch`] numbers, `to` at least [`Body::numbers`].
    ///
    /// # Errors
    /// Where the samples do not fit the net, or memory is too short.
    #[inline(always)]
    pub fn features<'o, L: Lanes>(
        &self,
        lanes: L,
        samples: &impl Features,
        scratch: &mut [f32],
        to: &'o mut [f32],
    ) -> Result<Tiles<'o, f32>, ObjectiveError> {
        let Self { net, parameters } = *self;
        let (inputs, width, count) = (net.inputs(), samples.width(), samples.samples());
        if inputs != width {
            return Err(ObjectiveError::Features { inputs, features: width });
        }
        length("features", Self::numbers(&net, count, L::T), to.len(), false)?;
        length("scratch", Self::scratch(&net, L::T), scratch.len(), false)?;
        let units = net.outputs();
        for (tile, to) in to.chunks_exact_mut((units * L::T).max(1)).enumerate().take(count.div_ceil(L::T)) {
            let inputs = (samples, tile * L::T);
            let made = match parameters {
                Frozen::F32(parameters) => outputs(net, parameters, lanes, inputs, scratch),
                Frozen::F16(stored) => scaled::outputs(net, stored, lanes, inputs, scratch),
                Frozen::I8(stored) => scaled::outputs(net, stored, lanes, inputs, scratch),
            };
            to.iter_mut().zip(made).for_each(|(to, made)| *to = *made);
        }
        Ok(Tiles::new(to, count, units, 1.0))
    }
}
