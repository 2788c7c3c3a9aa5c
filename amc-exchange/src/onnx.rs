//! Nets as graphs of ONNX: read by following values from the graph's input to its output, and written as the same operators.
//!
//! Numbers of a sample have one order in the graph, and another in a net, where channels are last: [`read`] follows each
//! dimension through the graph's reshaping, and brings weights to the net's order.

mod activations;
mod attributes;
mod graph;
mod messages;
mod names;
mod normalization;
mod operators;
mod read;
mod recurrent;
mod shapes;
mod value;
mod write;

pub use self::read::{Read, read};
pub use self::write::{WriteError, write};

use crate::tensor::TensorError;

/// Why a graph is no net.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OnnxError {
    /// It is no such file.
    #[error("it is no whole ONNX file: {0}")]
    File(String),
    /// The file as a whole.
    #[error("{0}")]
    Graph(String),
    /// A value that nodes pass on.
    #[error("value {name:?}: {reason}")]
    Value {
        /// The value.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A node.
    #[error("node {name:?}, {operator}: {reason}")]
    Node {
        /// Its name, or that of what it gives.
        name: String,
        /// What it does.
        operator: String,
        /// Why it is not read.
        reason: String,
    },
    /// A tensor.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}
