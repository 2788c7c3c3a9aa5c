//! The layers of a trained net that stay as they are: what they make of samples is computed once, and trained on.

use crate::forward::outputs;
use crate::lanes::Lanes;
use crate::net::Net;
use crate::objective::{ObjectiveError, length};
use crate::samples::{Features, Tiles};

/// A body: a net with its parameters, which may lie in flash. What it gives of a sample are the features of a head, a net that
/// is trained as any other.
///
/// ```
/// use amc_core::trainer::Trainer;
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
/// let features = body.features(Portable::<1>, &Rows::new(&samples, 64, 1.0), &mut [0.0; PARTS.0.scratch(1)], &mut memory)?;
/// // A chain moves the head's parameters alone, by `features`.
/// assert_eq!(head.net().parameters(), 170);
/// # let targets = amc_core::Targets::Classes(&[0, 1, 2]);
/// # head.check(&amc_core::Samples { features, targets })?;
/// # Ok::<(), amc_core::ObjectiveError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    net: Net<'a>,
    parameters: &'a [f32],
}

impl<'a> Body<'a> {
    /// A net at its parameters.
    ///
    /// # Errors
    /// Where there are more or fewer parameters than [`Net::parameters`].
    pub const fn try_new(net: Net<'a>, parameters: &'a [f32]) -> Result<Self, ObjectiveError> {
        match length("parameters", net.parameters(), parameters.len(), true) {
            Ok(()) => Ok(Self { net, parameters }),
            Err(error) => Err(error),
        }
    }

    /// The net.
    pub const fn net(&self) -> Net<'a> {
        self.net
    }

    /// Numbers that [`features`](Body::features) of so many samples take on lanes of `T` samples.
    pub const fn numbers(&self, samples: usize, lanes: usize) -> usize {
        samples.next_multiple_of(lanes).saturating_mul(self.net.outputs())
    }

    /// What it gives of all samples, in `to`, as features of the head.
    ///
    /// `scratch` has at least [`Net::scratch`] numbers of `L::T` samples, `to` at least [`numbers`](Body::numbers).
    ///
    /// # Errors
    /// Where the samples do not fit the net, or memory is too short.
    pub fn features<'o, L: Lanes>(
        &self,
        lanes: L,
        samples: &impl Features,
        scratch: &mut [f32],
        to: &'o mut [f32],
    ) -> Result<Tiles<'o, f32>, ObjectiveError> {
        let (inputs, width, count) = (self.net.inputs(), samples.width(), samples.samples());
        if inputs != width {
            return Err(ObjectiveError::Features { inputs, features: width });
        }
        length("features", self.numbers(count, L::T), to.len(), false)?;
        length("scratch", self.net.scratch(L::T), scratch.len(), false)?;
        let units = self.net.outputs();
        for (tile, to) in to.chunks_exact_mut(units * L::T).enumerate().take(count.div_ceil(L::T)) {
            let made = outputs(self.net, self.parameters, lanes, (samples, tile * L::T), scratch);
            to.iter_mut().zip(made).for_each(|(to, made)| *to = *made);
        }
        Ok(Tiles::new(to, count, units, 1.0))
    }
}
