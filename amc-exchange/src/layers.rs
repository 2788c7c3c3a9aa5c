//! Layers, and the tensors that are to be their parameters.

use amc_core::{Layer, Net, Section};
use amc_engine::description::LayerNames;

use crate::tensor::{Tensor, shape_text};

/// What tensors are to layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The parameters, in the core's order.
    pub parameters: Vec<f32>,
    /// What the tensors call the layers, where these are names.
    pub names: LayerNames,
    /// What was made of them, a line each.
    pub told: Vec<String>,
}

/// Why tensors are not the parameters of layers, which are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// There are more layers.
    #[error("layer {layer}, {kind}: there is no tensor left for it")]
    TooFew {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: String,
    },
    /// There are more tensors.
    #[error("{0}: there is no layer left for it")]
    TooMany(String),
    /// A module lacks a tensor.
    #[error("layer {layer}, {kind}: {module:?} has no {part}")]
    Missing {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: String,
        /// The module.
        module: String,
        /// What it lacks.
        part: &'static str,
    },
    /// A tensor that the kind of layer does not have.
    #[error("layer {layer}, {kind}: {name} is none of its parameters")]
    Surplus {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: String,
        /// The tensor.
        name: String,
    },
    /// A tensor of another shape.
    #[error("layer {layer}, {kind}: {name} is {found}, where {wanted} was wanted")]
    Shape {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: String,
        /// The tensor.
        name: String,
        /// Its shape.
        found: String,
        /// What would fit.
        wanted: String,
    },
    /// A kind of layers that has no tensors here.
    #[error("layer {layer}: {kind} is neither read nor written")]
    Unknown {
        /// The layer.
        layer: usize,
        /// What it is.
        kind: String,
    },
}

/// The name of a layer's kind, as net files have it.
pub(crate) fn kind(layer: &Layer) -> String {
    let text = format!("{layer:?}");
    let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let small = |c: char| if c.is_uppercase() { format!("-{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(small).collect::<String>().trim_start_matches('-').to_string()
}

/// A layer that tensors are to fit.
#[derive(Clone, Copy)]
pub(crate) struct Fitting<'l> {
    pub(crate) layer: usize,
    pub(crate) of: &'l Layer,
}

impl Fitting<'_> {
    /// The name of its kind.
    pub(crate) fn kind(&self) -> String {
        kind(self.of)
    }

    pub(crate) fn too_few(&self) -> FitError {
        FitError::TooFew { layer: self.layer, kind: self.kind() }
    }

    pub(crate) fn missing(&self, module: &str, part: &'static str) -> FitError {
        FitError::Missing { layer: self.layer, kind: self.kind(), module: module.to_string(), part }
    }

    pub(crate) fn surplus(&self, tensor: &Tensor) -> FitError {
        FitError::Surplus { layer: self.layer, kind: self.kind(), name: tensor.name.clone() }
    }

    pub(crate) fn unknown(&self) -> FitError {
        FitError::Unknown { layer: self.layer, kind: self.kind() }
    }

    /// Its activation is one that other toolchains do not have so.
    pub(crate) fn unknown_activation(&self) -> FitError {
        let activation = format!("{:?}", self.of.activation()).to_lowercase();
        FitError::Unknown { layer: self.layer, kind: format!("{} with {activation}", self.kind()) }
    }

    pub(crate) fn wrong_shape(&self, tensor: &Tensor, wanted: String) -> FitError {
        let found = shape_text(&tensor.shape);
        FitError::Shape { layer: self.layer, kind: self.kind(), name: tensor.name.clone(), found, wanted }
    }

    /// The numbers of a tensor that is of this shape.
    pub(crate) fn shaped<'t>(&self, tensor: &'t Tensor, shape: &[usize]) -> Result<&'t [f32], FitError> {
        if tensor.shape == shape { Ok(&tensor.values) } else { Err(self.wrong_shape(tensor, shape_text(shape))) }
    }

    /// The numbers of a tensor that has so many.
    pub(crate) fn sized<'t>(&self, tensor: &'t Tensor, numbers: usize) -> Result<&'t [f32], FitError> {
        let fits = tensor.values.len() == numbers;
        if fits { Ok(&tensor.values) } else { Err(self.wrong_shape(tensor, format!("one of {numbers} numbers"))) }
    }
}

/// Layers by their numbers, with where their parameters are; none, where they are no net.
pub(crate) fn with_parameters(inputs: usize, layers: &[Layer]) -> impl Iterator<Item = (usize, &Layer, Section)> {
    let sections = Net::try_new(inputs, layers).map(|net| net.sections());
    layers
        .iter()
        .enumerate()
        .zip(sections.into_iter().flatten())
        .map(|((index, layer), section)| (index, layer, section))
}
