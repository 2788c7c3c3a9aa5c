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
//! | usize | inputs that are scaled: all of them, or 0 |
//! | usize | outputs that are scaled: all of them, or 0 |
//! | bytes | notes, which mean nothing here: what a host says of columns, classes and names of layers |
//!
//! The last three are not there where they are 0, 0 and empty. The numbers are the parameters, in the order of `amc-core`, and
//! then an offset and a scale for each input and each output that is scaled.
//!
//! A layer is its kind (enum), numbered in the order of [`Layer`](amc_core::Layer), 0 dense, and then the kind's fields in
//! their order: sizes (usize), those of a window (u32 each), the activation (enum), a choice (bool). So a dense layer of
//! 16 units with tanh is the bytes 0, 16, 1. Kinds from 1 on need the feature `layers`.
//!
//! Activations are 0 linear, 1 tanh, 2 ReLU, 3 sigmoid, 4 softmax.
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
//! let kept = model::Model::new(XOR, Arithmetic::Portable, &trained);
//! let length = kept.write(&mut file)?;
//!
//! // Later, or elsewhere: the parameters may stay where they lie.
//! let stored = model::Stored::parse(&file[..length])?;
//! stored.check(&XOR)?;
//! assert!(stored.parameters().eq(trained));
//! # Ok::<(), amc_store::FormatError>(())
//! ```
//!
//! A host keeps beside the parameters how it scaled what the net was trained on: a device measures, scales, and has the
//! bits of the host's answers.
//!
//! ```
//! use amc_core::{Activation, Layer, Loss, Net, Objective, Portable, Rows};
//! use amc_store::{Arithmetic, model};
//!
//! const NET: Net = Net::new(2, &[Layer::dense(1, Activation::Linear)]);
//! const POWER: Objective = Objective::new(NET, Loss::MeanSquaredError);
//! # let scaling = model::Scaling { inputs: &[[20.0, 0.5], [1000.0, 0.25]], outputs: &[[7.0, 0.5]] };
//! # let kept = model::Model { scaling, ..model::Model::new(POWER, Arithmetic::Portable, &[1.0, -1.0, 0.0]) };
//! # let mut file = [0; 256];
//! # let length = kept.write(&mut file)?;
//! # let file = &file[..length];
//!
//! // `include_bytes!("model.amc")`, or a piece of flash.
//! let stored = model::Stored::parse(file)?;
//! let mut parameters = [0.0; NET.parameters()];
//! stored.load(&POWER, &mut parameters)?;
//!
//! // In the units of the table: °C and hPa, and the answer in W.
//! let mut row = [22.0, 1002.0];
//! stored.scale_inputs(&mut row)?;
//! let mut scratch = [0.0; NET.scratch(1)];
//! let outputs = POWER.predict(Portable::<1>, &parameters, &Rows::new(&row, 2, 1.0), 0, &mut scratch)?;
//! let mut power = [outputs[0]];
//! stored.unscale_outputs(&mut power)?;
//! assert_eq!(power, [8.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use amc_core::{Loss, Net, Objective};
use serde::{Serialize, Serializer};

use crate::blob::{Blob, Fields, Kind, MODEL, Numbers, PREFIX, open_whole, same_length};
use crate::description::{self, Described};
pub use crate::scaling::{OffsetAndScale, scaled, unscaled};
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
    /// How its inputs and outputs are scaled.
    pub scaling: Scaling<'a>,
    /// Whatever a host has to say of it.
    pub notes: &'a [u8],
}

/// How a net's numbers come from what was measured. Empty: they are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scaling<'a> {
    /// Of each input.
    pub inputs: &'a [OffsetAndScale],
    /// Of each output.
    pub outputs: &'a [OffsetAndScale],
}

/// What follows the number of parameters in a header, unless it is nothing.
struct Tail<'a>(usize, usize, &'a [u8]);

impl Serialize for Tail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self(0, 0, []) => serializer.serialize_unit(),
            Self(inputs, outputs, notes) => (inputs, outputs, notes).serialize(serializer),
        }
    }
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

impl<'a> Model<'a> {
    /// A net whose inputs and outputs are as they are.
    pub fn new(objective: Objective<'a>, arithmetic: Arithmetic, parameters: &'a [f32]) -> Self {
        Self { objective, arithmetic, parameters, scaling: Scaling::default(), notes: &[] }
    }

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
        let Scaling { inputs, outputs } = self.scaling;
        let tail = Tail(inputs.len(), outputs.len(), self.notes);
        (self.arithmetic, Described::new(self.objective), self.parameters.len(), tail)
    }

    fn numbers(&self) -> [&[f32]; 3] {
        [self.parameters, self.scaling.inputs.as_flattened(), self.scaling.outputs.as_flattened()]
    }

    fn check(&self) -> Result<(), FormatError> {
        let net = self.objective.net();
        same_length("parameters", net.parameters(), self.parameters.len())?;
        all_or_none("scaled inputs", net.inputs(), self.scaling.inputs.len())?;
        all_or_none("scaled outputs", net.outputs(), self.scaling.outputs.len())
    }
}

/// All of them are scaled, or none.
fn all_or_none(what: &'static str, needed: usize, given: usize) -> Result<(), FormatError> {
    if given == 0 { Ok(()) } else { same_length(what, needed, given) }
}

/// What the header of a model says.
pub(crate) struct Head<'b> {
    pub arithmetic: Arithmetic,
    pub description: Description<'b>,
    pub parameters: usize,
    scaled: (usize, usize),
    notes: &'b [u8],
}

impl<'b> Head<'b> {
    pub fn read(mut fields: Fields<'b>) -> Result<Self, FormatError> {
        let arithmetic = fields.take("the arithmetic")?;
        let description = Description::take(&mut fields)?;
        let parameters = fields.take("the number of parameters")?;
        let (scaled, notes) = match fields.end() {
            Ok(()) => ((0, 0), &[][..]),
            // It is not written where it says nothing.
            Err(error) if fields.is_zero() => return Err(error),
            Err(_) => (fields.take("the scaled inputs and outputs")?, fields.take("the notes")?),
        };
        fields.end()?;
        let (inputs, outputs) = scaled;
        if all_or_none("", description.inputs(), inputs).and(all_or_none("", description.outputs(), outputs)).is_err() {
            return Err(FormatError::Header { what: "the scaled inputs and outputs" });
        }
        Ok(Self { arithmetic, description, parameters, scaled, notes })
    }

    /// Numbers that follow it.
    pub fn numbers(&self) -> usize {
        let (inputs, outputs) = self.scaled;
        inputs.saturating_add(outputs).saturating_mul(2).saturating_add(self.parameters)
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
    parameters: usize,
    scaled: (usize, usize),
    notes: &'b [u8],
    numbers: Numbers<'b>,
}

impl<'b> Stored<'b> {
    /// Verifies a model file: `bytes` is all of it and nothing else.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, FormatError> {
        let (fields, numbers) = open_whole(MODEL, bytes)?;
        let head = Head::read(fields)?;
        if head.numbers() != numbers.len() {
            return Err(FormatError::Header { what: "the number of parameters" });
        }
        let Head { arithmetic, description, parameters, scaled, notes } = head;
        Ok(Self { arithmetic, description, parameters, scaled, notes, numbers })
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
        self.numbers.iter().take(self.parameters)
    }

    /// An offset and a scale for each input, or nothing if they are as they are.
    pub fn input_scaling(&self) -> impl ExactSizeIterator<Item = OffsetAndScale> + Clone + use<'b> {
        self.numbers.pairs(self.parameters, self.scaled.0)
    }

    /// An offset and a scale for each output, or nothing if they are as they are.
    pub fn output_scaling(&self) -> impl ExactSizeIterator<Item = OffsetAndScale> + Clone + use<'b> {
        self.numbers.pairs(self.parameters + 2 * self.scaled.0, self.scaled.1)
    }

    /// Makes what was measured into what the net takes, in place: `numbers` are those of a sample, one for each input, in
    /// the units of the table that the net was trained on; with windows all rows, the oldest first. Nothing changes where
    /// the model has no scaling.
    ///
    /// # Errors
    /// `Length` of the inputs, where there are more or fewer: nothing is changed then.
    pub fn scale_inputs(&self, numbers: &mut [f32]) -> Result<(), FormatError> {
        same_length("inputs", self.description.inputs(), numbers.len())?;
        numbers.iter_mut().zip(self.input_scaling()).for_each(|(x, of)| *x = scaled(*x, of));
        Ok(())
    }

    /// Makes the net's outputs of a sample into numbers in the units of the table, in place. Nothing changes where the model
    /// has no scaling of outputs, as where they stand for classes.
    ///
    /// # Errors
    /// `Length` of the outputs, where there are more or fewer: nothing is changed then.
    pub fn unscale_outputs(&self, numbers: &mut [f32]) -> Result<(), FormatError> {
        same_length("outputs", self.description.outputs(), numbers.len())?;
        numbers.iter_mut().zip(self.output_scaling()).for_each(|(y, of)| *y = unscaled(*y, of));
        Ok(())
    }

    /// What a host has to say of it.
    pub fn notes(&self) -> &'b [u8] {
        self.notes
    }

    /// Whether it is of this net and loss.
    pub fn check(&self, objective: &Objective<'_>) -> Result<(), FormatError> {
        self.description.check(objective)?;
        same_length("parameters", objective.net().parameters(), self.parameters)
    }

    /// Copies the parameters of a model of this net and loss.
    pub fn load(&self, objective: &Objective<'_>, parameters: &mut [f32]) -> Result<(), FormatError> {
        self.check(objective)?;
        same_length("parameters", self.parameters, parameters.len())?;
        for (to, from) in parameters.iter_mut().zip(self.parameters()) {
            *to = from;
        }
        Ok(())
    }
}
