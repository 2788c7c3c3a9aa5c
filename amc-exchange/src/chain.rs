//! Nets that their tensors tell: chains of dense layers.

use amc_core::Layer;
use amc_engine::description::ActivationName;

use crate::tensor::{Tensor, shape_text};
use crate::torch::{self, Module, Order, TorchError, are_numbered};

/// Why tensors tell no net.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChainError {
    /// There are none.
    #[error("there is no tensor")]
    Empty,
    /// A tensor that no dense layer has.
    #[error("{name} is {shape}: without a net file there are chains of dense layers alone, weights and biases in turn")]
    Kind {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: String,
    },
    /// Weights that do not take what the layer before gives.
    #[error("{name} takes {takes} numbers, but the layer before it gives {given}")]
    Inputs {
        /// The weights.
        name: String,
        /// Their inputs.
        takes: usize,
        /// Units of the layer before.
        given: usize,
    },
    /// Modules whose order nothing tells.
    #[error(
        "{one:?} or {other:?} may come first: numbers in names that are else the same tell an order, or a net file"
    )]
    Order {
        /// A module.
        one: String,
        /// Another.
        other: String,
    },
    /// Names that are not PyTorch's.
    #[error(transparent)]
    Torch(#[from] TorchError),
}

/// Inputs of a chain of dense layers, and the layers: hidden ones of one `activation`, the last one of that called `output`.
///
/// # Errors
/// Any [`ChainError`].
pub fn chain(
    tensors: &[Tensor],
    order: Order,
    activation: ActivationName,
    output: ActivationName,
) -> Result<(usize, Vec<Layer>), ChainError> {
    let kind = |tensor: &Tensor| ChainError::Kind { name: tensor.name.clone(), shape: shape_text(&tensor.shape) };
    let is_torch = torch::is_named(tensors);
    let weights: Vec<_> = if is_torch {
        let modules = Module::all(tensors)?;
        let mut pairs = modules.array_windows().map(|[one, other]| (&one.name, &other.name));
        if let Some((one, other)) = pairs.find(|(one, other)| order == Order::Names && !are_numbered(one, other)) {
            return Err(ChainError::Order { one: one.clone(), other: other.clone() });
        }
        let weights = modules.iter().map(|module| module.part("weight"));
        weights.collect::<Option<_>>().ok_or_else(|| tensors.first().map_or(ChainError::Empty, kind))?
    } else {
        // One dimension is that of a bias.
        tensors.iter().filter(|tensor| tensor.shape.len() != 1).collect()
    };
    let (mut inputs, mut units) = (None, Vec::new());
    for weights in weights {
        let (takes, gives) = match weights.shape[..] {
            [units, inputs] if is_torch => (inputs, units),
            [inputs, units] => (inputs, units),
            _ => return Err(kind(weights)),
        };
        if let Some(given) = units.last().copied().filter(|given| *given != takes) {
            return Err(ChainError::Inputs { name: weights.name.clone(), takes, given });
        }
        inputs.get_or_insert(takes);
        units.push(gives);
    }
    let last = units.len().saturating_sub(1);
    let activation = |layer| if layer == last { output } else { activation };
    let layers = units.iter().enumerate().map(|(layer, units)| Layer::dense(*units, activation(layer).into()));
    Ok((inputs.ok_or(ChainError::Empty)?, layers.collect()))
}

/// Inputs of the first tensor that can be weights of a dense layer.
pub fn inputs(tensors: &[Tensor]) -> Option<usize> {
    let is_torch = torch::is_named(tensors);
    tensors.iter().find_map(|tensor| match tensor.shape[..] {
        [_, inputs] if is_torch => Some(inputs),
        [inputs, _] => Some(inputs),
        _ => None,
    })
}
