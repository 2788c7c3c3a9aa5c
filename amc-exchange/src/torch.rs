//! Tensors as PyTorch's `state_dict` has them: called by their modules, `0.weight`, `0.bias`, weights `[unit][input]`.

mod modules;

use std::collections::HashMap;

use amc_core::{Layer, Section};
use amc_engine::description::LayerNames;

pub use self::modules::{Modules, modules};
use crate::flow::{Between, Flow, FlowError};
use crate::layers::{FitError, Fitting, Taken, with_parameters};
use crate::order::{Cell, filters_to_ours};
use crate::tensor::{Tensor, shape_text};

/// Why tensors are not those of a net's modules.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TorchError {
    /// A name that no module that is read has.
    #[error(
        "{0}: no such tensor is read: names end in weight or bias, or in those with _ih_l0 and _hh_l0 of nn.RNN and nn.GRU"
    )]
    Name(String),
    /// A tensor is not the layer's.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// There are more modules than are looked through.
    #[error("{0} modules: up to {MOST_MODULES} are read")]
    Many(usize),
    /// Two modules could be the same layer, and nothing tells which is first.
    #[error("layer {layer}: {one:?} and {other:?} both fit it: numbers in names that are else the same tell an order")]
    Order {
        /// The layer, from 0.
        layer: usize,
        /// A module.
        one: String,
        /// Another.
        other: String,
    },
    /// PyTorch's order has no such net.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// PyTorch has no such module.
    #[error("layer {layer}: PyTorch's nn.RNN has tanh and relu, not {activation}")]
    Activation {
        /// The layer, from 0.
        layer: usize,
        /// What it has.
        activation: String,
    },
}

/// Tensors of a module, or of one layer of a recurrent one.
pub(crate) struct Module<'t> {
    /// Its name, with what tells its layers apart.
    pub(crate) name: String,
    parts: Vec<(&'static str, &'t Tensor)>,
}

/// Modules that are read: each layer is compared with all.
const MOST_MODULES: usize = 1024;

/// The tensors of modules.
const PARTS: [&str; 6] = ["weight", "bias", "weight_ih", "weight_hh", "bias_ih", "bias_hh"];

impl<'t> Module<'t> {
    /// The modules of these tensors, in the order in which they begin.
    pub(crate) fn all(tensors: &'t [Tensor]) -> Result<Vec<Self>, TorchError> {
        let (mut modules, mut places): (Vec<Self>, _) = (Vec::new(), HashMap::new());
        for tensor in tensors {
            let (name, part) = split(&tensor.name).ok_or_else(|| TorchError::Name(tensor.name.clone()))?;
            let place = *places.entry(name.clone()).or_insert(modules.len());
            if place == modules.len() {
                modules.push(Self { name, parts: Vec::new() });
            }
            modules[place].parts.push((part, tensor));
        }
        match modules.len() {
            ..=MOST_MODULES => Ok(modules),
            more => Err(TorchError::Many(more)),
        }
    }

    pub(crate) fn part(&self, part: &str) -> Option<&'t Tensor> {
        self.parts.iter().find(|(of, _)| *of == part).map(|(_, tensor)| *tensor)
    }
}

/// What PyTorch calls the module that weights of this name are of.
pub(crate) fn module_of(weights: &str) -> Option<&str> {
    let (_, part) = split(weights)?;
    part.starts_with("weight").then(|| weights.rsplit_once('.').map_or("", |(module, _)| module))
}

/// The module and the part that a tensor is of.
fn split(name: &str) -> Option<(String, &'static str)> {
    let (module, part) = name.rsplit_once('.').unwrap_or(("", name));
    let (part, layer) = match part.rsplit_once("_l") {
        Some((part, layer)) if layer.bytes().all(|byte| byte.is_ascii_digit()) && !layer.is_empty() => (part, layer),
        _ => (part, ""),
    };
    let part = PARTS.into_iter().find(|known| *known == part)?;
    let is_recurrent = part.contains("_ih") || part.contains("_hh");
    let name = if layer.is_empty() { module.to_string() } else { format!("{module} l{layer}") };
    (is_recurrent != layer.is_empty()).then_some((name, part))
}

/// Whether tensors are called as PyTorch calls them.
pub fn is_named(tensors: &[Tensor]) -> bool {
    tensors.iter().any(|tensor| module_of(&tensor.name).is_some())
}

/// What tells the order of modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// That of their tensors.
    Given,
    /// Numbers in their names, where these are else the same; and what fits the layers.
    Names,
}

/// The parameters of a net, of its modules, which give the layers their names.
///
/// # Errors
/// Any [`TorchError`] but `Activation`.
pub fn parameters(tensors: &[Tensor], order: Order, inputs: usize, layers: &[Layer]) -> Result<Taken, TorchError> {
    let mut modules = Module::all(tensors)?;
    let (mut parameters, mut told, mut names) = (Vec::new(), Vec::new(), vec![None; layers.len()]);
    let mut flow = Flow::new(inputs);
    for (index, layer, section) in with_parameters(inputs, layers) {
        let taken = flow.through(layer)?;
        if let (Between::Inputs(_), Between::Image(_)) = (taken, flow.between) {
            told.extend(order_of_samples(layer));
        }
        if section.weights + section.biases == 0 {
            continue;
        }
        let fitting = Fitting { layer: index, of: layer };
        let place = place_of(fitting, &modules, order, section, taken)?;
        let module = modules.remove(place);
        parameters.extend(of_module(fitting, &module, section, taken)?);
        names[index] = module.parts.iter().find_map(|(_, of)| module_of(&of.name)).map(String::from);
        let parts: Vec<_> =
            module.parts.iter().map(|(_, of)| format!("{} {}", of.name, shape_text(&of.shape))).collect();
        told.push(format!("layer {index}, {}: {}, weights [unit][input]", fitting.kind(), parts.join(", ")));
        if let Layer::Normalization(_) = layer {
            told.push(format!("layer {index}: 0.00001 is added to a variance, PyTorch's default"));
        }
    }
    match modules.first().and_then(|module| module.parts.first()) {
        Some((_, tensor)) => Err(FitError::TooMany(tensor.name.clone()).into()),
        None => Ok(Taken { parameters, names: LayerNames::guessed(&names), told }),
    }
}

/// Which of the modules that are left is a layer.
fn place_of(
    fitting: Fitting<'_>,
    modules: &[Module<'_>],
    order: Order,
    section: Section,
    taken: Between,
) -> Result<usize, TorchError> {
    let fits = |place: &usize| of_module(fitting, &modules[*place], section, taken).is_ok();
    let mut fitting_ones = (0..modules.len()).filter(fits);
    let first = match order {
        Order::Given => None,
        Order::Names => fitting_ones.next(),
    };
    // Where none fits, what is wrong with the first is told.
    let Some(first) = first else { return if modules.is_empty() { Err(fitting.too_few().into()) } else { Ok(0) } };
    let (one, mut others) = (&modules[first].name, fitting_ones.map(|place| &modules[place].name));
    match others.find(|other| !are_numbered(one, other)) {
        Some(other) => Err(TorchError::Order { layer: fitting.layer, one: one.clone(), other: other.clone() }),
        None => Ok(first),
    }
}

/// Whether names differ by numbers alone.
pub(crate) fn are_numbered(one: &str, other: &str) -> bool {
    let texts = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    texts(one) == texts(other)
}

/// What a first layer takes that has channels.
fn order_of_samples(layer: &Layer) -> Option<String> {
    let (ours, theirs, many) = match layer {
        Layer::Conv1d(of) => ("[step][channel]", "[channel][step]", of.channels > 1),
        Layer::Convolution(of) => ("[row][column][channel]", "[channel][row][column]", of.image.channels > 1),
        Layer::MaxPool(of) => ("[row][column][channel]", "[channel][row][column]", of.image.channels > 1),
        _ => return None,
    };
    many.then(|| format!("samples are {ours}, where PyTorch's are {theirs}"))
}

/// The parameters of a layer that takes these numbers.
fn of_module(
    fitting: Fitting<'_>,
    module: &Module<'_>,
    section: Section,
    taken: Between,
) -> Result<Vec<f32>, FitError> {
    let part = |part: &'static str, shape: &[usize]| {
        let tensor = module.part(part).ok_or_else(|| fitting.missing(&module.name, part))?;
        fitting.shaped(tensor, shape)
    };
    let bias = |part_of: &'static str, numbers: usize| match module.part(part_of) {
        Some(_) => part(part_of, &[numbers]).map(<[f32]>::to_vec),
        None => Ok(vec![0.0; numbers]),
    };
    let only = |parts: &[&str]| match module.parts.iter().find(|(of, _)| !parts.contains(of)) {
        Some((_, tensor)) => Err(fitting.surplus(tensor)),
        None => Ok(()),
    };
    only(match fitting.of {
        Layer::Recurrent(_) | Layer::Gru(_) => &PARTS[2..],
        _ => &PARTS[..2],
    })?;
    let sliding =
        |shape: &[usize]| Ok([filters_to_ours(part("weight", shape)?, shape), bias("bias", shape[0])?].concat());
    let recurrent = |inputs: usize, units: usize, gates: usize| {
        let neurons = gates * units;
        let cell = Cell {
            of_inputs: part("weight_ih", &[neurons, inputs])?.to_vec(),
            of_states: part("weight_hh", &[neurons, units])?.to_vec(),
            input_biases: bias("bias_ih", neurons)?,
            state_biases: bias("bias_hh", neurons)?,
        };
        Ok(cell.to_ours(inputs, units))
    };
    match fitting.of {
        Layer::Dense(of) => {
            let weights = part("weight", &[of.units, section.weights / of.units.max(1)])?;
            Ok([taken.axes().dense_to_ours(weights, of.units), bias("bias", of.units)?].concat())
        }
        Layer::Conv1d(of) => sliding(&[of.filters, of.channels, of.kernel.size as usize]),
        Layer::Convolution(of) => {
            let size = of.kernel.size as usize;
            sliding(&[of.filters, of.image.channels, size, size])
        }
        Layer::Normalization(of) => {
            let axes = taken.axes();
            let gains = fitting
                .sized(module.part("weight").ok_or_else(|| fitting.missing(&module.name, "weight"))?, of.units)?;
            let biases = match module.part("bias") {
                Some(bias) => axes.to_ours(fitting.sized(bias, of.units)?),
                None => vec![0.0; of.units],
            };
            Ok([axes.to_ours(gains), biases].concat())
        }
        Layer::Recurrent(of) => recurrent(of.inputs, of.units, 1),
        Layer::Gru(of) => recurrent(of.inputs, of.units, 3),
        _ => Err(fitting.unknown()),
    }
}
