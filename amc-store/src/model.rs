//! A trained net: the bytes of a model file, which a device writes and reads as well.
//!
//! The [frame](crate#format) is of kind `AMCMODEL` and version 2. Its header, in postcard's terms:
//!
//! | type | what |
//! | --- | --- |
//! | enum | the arithmetic: 0 portable, 1 fused |
//! | enum | the loss: 0 mean-squared error, 1 cross-entropy |
//! | usize | the net's inputs |
//! | seq of enum | its layers, as below |
//! | usize | N, the number of parameters |
//!
//! A layer is its kind (enum), numbered in the order of [`Layer`](amc_core::Layer), 0 dense, and then the kind's fields in
//! their order: sizes (usize), those of a window (u32 each), the activation (enum), a choice (bool). So a dense layer of
//! 16 units with tanh is the bytes 0, 16, 1. Kinds from 1 on need the feature `layers`.
//!
//! Activations are 0 linear, 1 tanh, 2 ReLU, 3 sigmoid, 4 softmax. The numbers are the parameters, in the order of
//! `amc-core`.
//!
//! ```
//! use amc_core::{Activation, Layer, Loss, Net, Objective};
//! use amc_store::{Arithmetic, model};
//!
//! const NET: Net = Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
//! const XOR: Objective = Objective::new(NET, Loss::MeanSquaredError);
//!
//! let trained = [0.5; NET.parameters()];
//! let mut file = [0; model::length_limit(&NET)];
//! let kept = model::Model { objective: XOR, arithmetic: Arithmetic::Portable, parameters: &trained };
//! let length = kept.write(&mut file)?;
//!
//! // Later, or elsewhere: the parameters may stay where they lie.
//! let stored = model::Stored::parse(&file[..length])?;
//! stored.check(&XOR)?;
//! assert!(stored.parameters().eq(trained));
//! # Ok::<(), amc_store::FormatError>(())
//! ```

use amc_core::{Loss, Net, Objective};
use serde::Serialize;

use crate::blob::{Blob, Fields, Kind, MODEL, Numbers, PREFIX, open_whole, same_length};
use crate::description::{self, Described};
use crate::{Arithmetic, Description, FormatError};

/// A trained net, to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// The net and its loss.
    pub objective: Objective<'a>,
    /// The arithmetic it was trained in.
    pub arithmetic: Arithmetic,
    /// Its N parameters.
    pub parameters: &'a [f32],
}

/// Bytes that are enough for the model file of a net: a constant, for a static buffer.
pub const fn length_limit(net: &Net<'_>) -> usize {
    head_limit(net) + 4 * net.parameters() + 4
}

/// Bytes that are enough for what comes before the parameters: part of the buffer that
/// [`flash`](crate::flash::buffer_limit) needs.
pub const fn head_limit(net: &Net<'_>) -> usize {
    (PREFIX + 1 + description::length_limit(net) + 10).next_multiple_of(32)
}

impl Model<'_> {
    /// Bytes of its model file.
    pub fn length(&self) -> Result<usize, FormatError> {
        Blob::length(self)
    }

    /// Writes its model file to the front of `out`, and tells its length.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        Blob::write(self, out)
    }
}

impl Blob for Model<'_> {
    const KIND: Kind = MODEL;

    fn header(&self) -> impl Serialize {
        (self.arithmetic, Described::new(self.objective), self.parameters.len())
    }

    fn numbers(&self) -> [&[f32]; 3] {
        [self.parameters, &[], &[]]
    }

    fn check(&self) -> Result<(), FormatError> {
        same_length("parameters", self.objective.net().parameters(), self.parameters.len())
    }
}

/// What the header of a model says.
pub(crate) struct Head<'b> {
    pub arithmetic: Arithmetic,
    pub description: Description<'b>,
    pub parameters: usize,
}

impl<'b> Head<'b> {
    pub fn read(mut fields: Fields<'b>) -> Result<Self, FormatError> {
        let arithmetic = fields.take("the arithmetic")?;
        let description = Description::take(&mut fields)?;
        let parameters = fields.take("the number of parameters")?;
        fields.end()?;
        Ok(Self { arithmetic, description, parameters })
    }

    /// Whether it is of this net and loss.
    pub fn check(&self, objective: &Objective<'_>) -> Result<(), FormatError> {
        self.description.check(objective)?;
        same_length("parameters", objective.net().parameters(), self.parameters)
    }
}

/// A verified model file, read where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored<'b> {
    arithmetic: Arithmetic,
    description: Description<'b>,
    numbers: Numbers<'b>,
}

impl<'b> Stored<'b> {
    /// Verifies a model file: `bytes` is all of it and nothing else.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, FormatError> {
        let (fields, numbers) = open_whole(MODEL, bytes)?;
        let Head { arithmetic, description, parameters } = Head::read(fields)?;
        if parameters != numbers.len() {
            return Err(FormatError::Header { what: "the number of parameters" });
        }
        Ok(Self { arithmetic, description, numbers })
    }

    /// The net and its loss.
    pub fn description(&self) -> Description<'b> {
        self.description
    }

    /// The arithmetic it was trained in.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// The loss it was trained on.
    pub fn loss(&self) -> Loss {
        self.description.loss
    }

    /// The parameters.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = f32> + Clone + use<'b> {
        self.numbers.iter()
    }

    /// Whether it is of this net and loss.
    pub fn check(&self, objective: &Objective<'_>) -> Result<(), FormatError> {
        self.description.check(objective)?;
        same_length("parameters", objective.net().parameters(), self.numbers.len())
    }

    /// Copies the parameters of a model of this net and loss.
    pub fn load(&self, objective: &Objective<'_>, parameters: &mut [f32]) -> Result<(), FormatError> {
        self.check(objective)?;
        same_length("parameters", self.numbers.len(), parameters.len())?;
        for (to, from) in parameters.iter_mut().zip(self.parameters()) {
            *to = from;
        }
        Ok(())
    }
}
