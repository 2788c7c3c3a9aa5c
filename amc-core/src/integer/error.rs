//! Why numbers are no integer net, or do not go with one.

use super::scale::Scale;

/// Why numbers do not make an integer net, or do not fit it. Layers are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A layer of a kind that has no integer pass.
    #[error(
        "layer {layer} is of a kind that has no integers: dense, convolutional, pooling and simple recurrent layers have"
    )]
    Kind {
        /// The layer.
        layer: usize,
    },
    /// A scale is needed for each layer.
    #[error("{needed} scales are needed, one for each layer, but there are {given}")]
    Scales {
        /// Layers.
        needed: usize,
        /// Scales.
        given: usize,
    },
    /// A shift that no sum needs.
    #[error("layer {layer} shifts by {shift}: at most {most} is possible", most = Scale::MOST)]
    Shift {
        /// The layer.
        layer: usize,
        /// Its shift, or that of its biases.
        shift: u8,
    },
    /// A limit of weights that leaves none.
    #[error("the limit of weights is {0}: it has to be 1 to 127")]
    Limit(i8),
    /// The sums of so many inputs could overflow 32 bits.
    #[error("layer {layer} is too wide: {inputs} inputs of up to {most} could overflow a sum of 32 bits")]
    TooWide {
        /// The layer.
        layer: usize,
        /// A neuron's inputs.
        inputs: usize,
        /// The largest that one of them can be.
        most: i32,
    },
    /// An output that no integer loss is made for.
    #[error("an integer net ends with a softmax, for classes, or with a linear layer, for numbers")]
    Output,
    /// A softmax of so many outputs that the sum of their powers could overflow 32 bits.
    #[error("a softmax has {0} outputs: at most 65,536 are possible")]
    Outputs(usize),
    /// Targets of another kind than the outputs.
    #[error("a softmax takes classes as targets, and a linear output numbers")]
    Targets,
    /// Memory, or data, of another length than is needed.
    #[error("{what}: {needed} are needed, but there are {given}")]
    Length {
        /// What is too short.
        what: &'static str,
        /// Numbers needed.
        needed: usize,
        /// Numbers given.
        given: usize,
    },
    /// There is nothing to sum over.
    #[error("there are no samples")]
    NoSamples,
    /// A class that no output stands for.
    #[error("sample {sample} is of class {class}, but the net has {outputs} outputs")]
    Class {
        /// The first such sample.
        sample: usize,
        /// Its class.
        class: u8,
        /// The net's outputs.
        outputs: usize,
    },
    /// An input that the net's sums were not made for.
    #[error("sample {sample}: feature {feature} is {value}, but the net takes numbers of at most {most} in size")]
    Input {
        /// The first such sample.
        sample: usize,
        /// The feature.
        feature: usize,
        /// Its value.
        value: i32,
        /// What the net was made for.
        most: i32,
    },
    /// A parameter beyond the limit.
    #[error("parameter {index} is {value}, beyond the limit of {limit}")]
    Parameter {
        /// The first such parameter.
        index: usize,
        /// Its value.
        value: i8,
        /// The limit.
        limit: i8,
    },
    /// A state that no moves lead to.
    #[error("no moves lead to this state: {0}")]
    State(&'static str),
}
