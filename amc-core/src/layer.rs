//! Layers: the table of their kinds.
//!
//! All there is to a kind is in a file of its own, and in its line of the table: its description, its sizes, its pass,
//! and what it refuses. In files a kind is known by its place in the table: a new one goes to the end.

#[macro_use]
mod table;

mod dense;
#[cfg_attr(not(feature = "layers"), allow(dead_code, reason = "what other kinds ask for"))]
pub(crate) mod kind;
pub(crate) mod neurons;

pub use kinds::*;

/// Dense layers alone: a trainer of theirs takes no byte more for the other kinds.
#[cfg(not(feature = "layers"))]
mod kinds {
    use super::dense::Dense;

    kinds! {
        Dense: dense = new(units: usize, activation: Activation);
    }
}

#[cfg(feature = "layers")]
#[path = "layer"]
mod kinds {
    mod conv1d;
    mod convolution;
    mod images;
    mod normalization;
    mod pooling;
    mod recurrent;
    mod residual;
    mod sliding;

    pub use super::dense::Dense;
    pub use conv1d::Conv1d;
    pub use convolution::Convolution;
    pub use images::{Image, Kernel, KernelError};
    pub use normalization::Normalization;
    pub use pooling::{GlobalAverage, MaxPool};
    pub use recurrent::Recurrent;
    pub use residual::{Add, Keep, KeptError, Swap};

    kinds! {
        Dense: dense = new(units: usize, activation: Activation);
        Recurrent: recurrent = new(inputs: usize, units: usize, steps: usize, activation: Activation),
            recurrent_states = states(inputs: usize, units: usize, steps: usize, activation: Activation);
        Normalization: normalization = new(units: usize, activation: Activation);
        Convolution: convolution = new(image: Image, filters: usize, kernel: Kernel, activation: Activation);
        MaxPool: max_pool = new(image: Image, kernel: Kernel);
        GlobalAverage: global_average = new(image: Image);
        Keep: keep = new(units: usize);
        Swap: swap = new(units: usize);
        Add: add = new(units: usize, activation: Activation);
        Conv1d: conv1d = new(steps: usize, channels: usize, filters: usize, kernel: Kernel, activation: Activation);
    }
}
