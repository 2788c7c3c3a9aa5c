//! Layers: the table of their kinds.
//!
//! All there is to a kind is in a file of its own, behind a `mod` and a line of the table here: its description, its sizes,
//! its pass, and what it refuses. In files a kind is known by its place in the table: a new one goes to the end.

#[macro_use]
mod table;

pub(crate) mod dense;
#[cfg_attr(not(feature = "layers"), allow(dead_code, reason = "what other kinds ask for"))]
pub(crate) mod kind;
pub(crate) mod neurons;

pub use kinds::*;

/// Dense layers alone: a trainer of theirs takes no byte more for the other kinds.
#[cfg(not(feature = "layers"))]
mod kinds {
    use super::dense;

    kinds! {
        dense::Dense: dense = new(units: usize, activation: Activation);
    }
}

#[cfg(feature = "layers")]
#[path = "layer"]
mod kinds {
    mod conv1d;
    mod convolution;
    mod gru;
    mod images;
    mod normalization;
    mod pooling;
    mod recurrent;
    mod residual;
    mod sequences;
    mod sliding;

    use super::dense;
    pub use images::{Image, Kernel, KernelError};
    pub use residual::KeptError;
    pub(crate) use sliding::Sliding;

    kinds! {
        dense::Dense: dense = new(units: usize, activation: Activation);
        recurrent::Recurrent:
            recurrent = new(inputs: usize, units: usize, steps: usize, activation: Activation),
            recurrent_states = states(inputs: usize, units: usize, steps: usize, activation: Activation);
        normalization::Normalization: normalization = new(units: usize, activation: Activation);
        convolution::Convolution:
            convolution = new(image: Image, filters: usize, kernel: Kernel, activation: Activation);
        pooling::MaxPool: max_pool = new(image: Image, kernel: Kernel);
        pooling::GlobalAverage: global_average = new(image: Image);
        residual::Keep: keep = new(units: usize);
        residual::Swap: swap = new(units: usize);
        residual::Add: add = new(units: usize, activation: Activation);
        conv1d::Conv1d:
            conv1d = new(steps: usize, channels: usize, filters: usize, kernel: Kernel, activation: Activation);
        gru::Gru:
            gru = new(inputs: usize, units: usize, steps: usize),
            gru_states = states(inputs: usize, units: usize, steps: usize);
    }
}
