//! What can be wrong with bytes that were kept.

use amc_core::{Layer, Loss};

use crate::Arithmetic;

/// Why bytes are not what is to be read, or something cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin like what is to be read.
    #[error("not a {what}: it does not begin with {magic}")]
    Magic {
        /// `model` or `chain`.
        what: &'static str,
        /// The eight characters that it begins with.
        magic: &'static str,
    },
    /// It is of a version that is not known here.
    #[error("{what} of version {version}; this program reads version {known}")]
    Version {
        /// `model` or `chain`.
        what: &'static str,
        /// Its version.
        version: u32,
        /// The version that is read.
        known: u32,
    },
    /// The bytes are not those that were written.
    #[error("it is damaged or cut short: its checksum is wrong")]
    Checksum,
    /// The header, whose checksum is right, makes no sense here.
    #[error("its header is not valid: {what}")]
    Header {
        /// What about it.
        what: &'static str,
    },
    /// A slice or buffer is not as long as needed: exactly so long, or for `buffer` at least.
    #[error("{what}: {needed} are needed, but there are {given}")]
    Length {
        /// Of which slice.
        what: &'static str,
        /// Needed.
        needed: usize,
        /// Given.
        given: usize,
    },
    /// It was kept without its net.
    #[error("its net was not stored with it")]
    NoNet,
    /// It was trained in the other arithmetic: its next bits would be others.
    #[error("it was trained in {stored:?} arithmetic, and is to go on in {given:?}")]
    Arithmetic {
        /// That of the bytes.
        stored: Arithmetic,
        /// That asked for.
        given: Arithmetic,
    },
    /// It was trained on another loss.
    #[error("it was trained on {stored:?}, not {given:?}")]
    Loss {
        /// That of the bytes.
        stored: Loss,
        /// That asked for.
        given: Loss,
    },
    /// Its net has another number of inputs.
    #[error("its net takes {stored} inputs, not {given}")]
    Inputs {
        /// Those of the bytes.
        stored: usize,
        /// Those asked for.
        given: usize,
    },
    /// Its net has another number of layers.
    #[error("its net has {stored} layers, not {given}")]
    Layers {
        /// Those of the bytes.
        stored: usize,
        /// Those asked for.
        given: usize,
    },
    /// A layer of its net, counted from 0, is another.
    #[error("layer {layer} of its net is {stored:?}, not {given:?}")]
    Layer {
        /// Which one.
        layer: usize,
        /// That of the bytes.
        stored: Layer,
        /// That asked for.
        given: Layer,
    },
    /// It was trained with another hyperparameter. A grid is told by its step, 0 for none.
    #[error("it was trained with {name} = {stored}, and is to go on with {given}")]
    Option {
        /// Which one.
        name: &'static str,
        /// That of the bytes.
        stored: f32,
        /// That asked for.
        given: f32,
    },
    /// It was trained with another n_s.
    #[error("it was trained with n_reset = {stored}, and is to go on with {given}")]
    NReset {
        /// That of the bytes.
        stored: u32,
        /// That asked for.
        given: u32,
    },
}
