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
    /// Modules whose order nothing tells: neither names nor shapes.
    #[error(
        "{one:?} or {other:?} may come first, and shapes allow not just one order: numbers in names that are else the same tell an order, or a net file"
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

/// A chain of dense layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// Numbers that it takes.
    pub inputs: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    /// The modules in the only order that their shapes allow, where nothing else tells one.
    pub by_shape: Option<Vec<String>>,
}

/// Places that are tried for a module, at most, before shapes are taken to tell no order.
const MOST_TRIED: usize = 10_000;

/// The chain of dense layers that tensors make: hidden ones of one `activation`, the last one of that called `output`.
///
/// # Errors
/// Any [`ChainError`].
pub fn chain(
    tensors: &[Tensor],
    order: Order,
    activation: ActivationName,
    output: ActivationName,
) -> Result<Chain, ChainError> {
    let kind = |tensor: &Tensor| ChainError::Kind { name: tensor.name.clone(), shape: shape_text(&tensor.shape) };
    let is_torch = torch::is_named(tensors);
    let mut by_shape = None;
    let weights: Vec<_> = if is_torch {
        let modules = Module::all(tensors)?;
        let weights = modules.iter().map(|module| module.part("weight"));
        let weights: Vec<_> =
            weights.collect::<Option<_>>().ok_or_else(|| tensors.first().map_or(ChainError::Empty, kind))?;
        let mut pairs = modules.array_windows().map(|[one, other]| (&one.name, &other.name));
        match pairs.find(|(one, other)| order == Order::Names && !are_numbered(one, other)) {
            None => weights,
            Some((one, other)) => {
                let refuse = || ChainError::Order { one: one.clone(), other: other.clone() };
                let places = only_order(&weights).ok_or_else(refuse)?;
                by_shape = Some(places.iter().map(|place| modules[*place].name.clone()).collect());
                places.into_iter().map(|place| weights[place]).collect()
            }
        }
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
    Ok(Chain { inputs: inputs.ok_or(ChainError::Empty)?, layers: layers.collect(), by_shape })
}

/// The order in which each of these weights, `[unit][input]`, takes what the one before gives, if there is one and no other.
fn only_order(weights: &[&Tensor]) -> Option<Vec<usize>> {
    let sizes = weights.iter().map(|weights| match weights.shape[..] {
        [units, inputs] => Some((inputs, units)),
        _ => None,
    });
    let sizes = sizes.collect::<Option<Vec<_>>>()?;
    let (mut order, mut is_taken, mut found) = (Vec::new(), vec![false; sizes.len()], None);
    let (mut place, mut tried) = (0, 0);
    // In turn: the next module that fits at the end is taken, or, where none is left, the last one given back.
    loop {
        let fits = |place: &usize| {
            let end = order.last().map(|last: &usize| sizes[*last].1);
            !is_taken[*place] && end.is_none_or(|end| end == sizes[*place].0)
        };
        tried += 1;
        if tried > MOST_TRIED {
            return None;
        }
        if let Some(next) = (place..sizes.len()).find(fits) {
            order.push(next);
            is_taken[next] = true;
            place = 0;
            if order.len() == sizes.len() && found.replace(order.clone()).is_some() {
                return None;
            }
            continue;
        }
        match order.pop() {
            Some(last) => (is_taken[last], place) = (false, last + 1),
            None => return found,
        }
    }
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
