//! Operators, and the layers that they are.

use amc_core::{Activation, Image, Kernel, Layer};

use super::attributes::Attributes;
use super::messages::Node;
use super::read::Reader;
use super::value::{Dim, Value};
use crate::order::{filters_to_ours, transpose};
use crate::tensor::{Tensor, shape_text};

impl<'m> Reader<'m> {
    /// Goes through a node that takes the value called `name`; gives the name of what it makes.
    pub(super) fn apply(&mut self, node: &'m Node, name: &str) -> Result<&'m str, String> {
        let takes_bias = std::mem::take(&mut self.awaits_bias);
        if node.operator == "Add" {
            self.add(node, name, takes_bias)?;
            return self.only_output(node);
        }
        if node.inputs.first().is_none_or(|first| first != name) || node.inputs[1..].iter().any(|other| other == name) {
            return Err("what leads here has to be its first input, and no other".to_string());
        }
        match &*node.operator {
            "Gemm" => self.gemm(node)?,
            "MatMul" => self.mat_mul(node)?,
            "Conv" => self.convolution(node)?,
            "MaxPool" => self.max_pool(node)?,
            "GlobalAveragePool" => self.average(node, None)?,
            "ReduceMean" => self.reduce_mean(node)?,
            "LayerNormalization" => self.normalization(node)?,
            "RNN" | "GRU" => return self.recurrent(node),
            "Gather" => self.last_state(node)?,
            "Tanh" | "Relu" | "Sigmoid" | "Softmax" => self.activation(node)?,
            "Identity" | "Dropout" => {
                Attributes::new(node, &["ratio", "seed"])?;
                // While a net answers, dropout passes on what it takes.
                if node.inputs.get(2).is_some_and(|mode| !mode.is_empty()) {
                    return Err("a training_mode is not read: it is a net that answers".to_string());
                }
            }
            "Flatten" => self.value.flatten(Attributes::new(node, &["axis"])?.int("axis", 1))?,
            "Transpose" => {
                let order = Attributes::new(node, &["perm"])?.ints("perm").map(<[i64]>::to_vec);
                let reversed = || (0..self.value.dims.len() as i64).rev().collect();
                self.value.transpose(&order.unwrap_or_else(reversed))?;
            }
            "Squeeze" | "Unsqueeze" => {
                let axes = self.axes(node, "axes", &["axes"])?;
                let axes = axes.ok_or("it does not say which dimensions")?;
                if node.operator == "Squeeze" { self.value.squeeze(&axes)? } else { self.value.unsqueeze(&axes)? }
            }
            "Reshape" => {
                let zero_is_zero = Attributes::new(node, &["allowzero"])?.int("allowzero", 0) != 0;
                let shape = self.lengths(node.inputs.get(1).ok_or("it has no shape")?)?;
                self.value.reshape(&shape, zero_is_zero, self.batch, &mut self.ids)?;
            }
            _ => return Err("this operator is not read".to_string()),
        }
        self.only_output(node)
    }

    /// The first value that a node gives, if no other is used.
    fn only_output(&self, node: &'m Node) -> Result<&'m str, String> {
        match node.outputs.iter().skip(1).find(|name| self.is_used(name)) {
            Some(other) => Err(format!("its output {other:?} is not read")),
            None => Ok(node.outputs.first().ok_or("it gives nothing")?),
        }
    }

    pub(super) fn is_used(&self, name: &str) -> bool {
        !name.is_empty() && (name == self.graph.output || !self.graph.users(name).is_empty())
    }

    /// Axes that are an attribute, or, in newer sets of operators, the second input.
    pub(super) fn axes(&self, node: &Node, name: &str, known: &[&str]) -> Result<Option<Vec<i64>>, String> {
        match (Attributes::new(node, known)?.ints(name), node.inputs.get(1).filter(|input| !input.is_empty())) {
            (Some(axes), None) => Ok(Some(axes.to_vec())),
            (None, Some(input)) => self.graph.ints(input).map(Some),
            _ => Ok(None),
        }
    }

    /// A constant input, which may be left out.
    pub(super) fn input(&self, node: &Node, place: usize) -> Result<Option<Tensor>, String> {
        match node.inputs.get(place).filter(|input| !input.is_empty()) {
            Some(input) => self.graph.tensor(input).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn weights(&self, node: &Node, place: usize) -> Result<Tensor, String> {
        self.input(node, place)?.ok_or_else(|| format!("input {place} is missing"))
    }

    /// A dense layer of these weights, `[unit][input]`.
    fn dense(&mut self, weights: &[f32], units: usize, bias: &[f32]) -> Result<(), String> {
        self.value.settle_as_it_is();
        let inputs = self.value.numbers();
        if !self.value.is_flat() || inputs.checked_mul(units) != Some(weights.len()) {
            let numbers = weights.len();
            return Err(format!("{numbers} weights of {units} units are for other numbers than {}", self.value.text()));
        }
        let ours = self.value.axes().dense_to_ours(weights, units);
        let made = Value::flat(units, &mut self.ids);
        self.push(Layer::dense(units, Activation::Linear), [&ours, bias].concat(), made)
    }

    fn gemm(&mut self, node: &Node) -> Result<(), String> {
        let attributes = Attributes::new(node, &["alpha", "beta", "transA", "transB"])?;
        attributes.only("transA", 0)?;
        let (alpha, beta) = (attributes.float("alpha", 1.0), attributes.float("beta", 1.0));
        let weights = self.weights(node, 1)?;
        let [rows, columns] = weights.shape[..] else {
            return Err(format!("its weights are {}", shape_text(&weights.shape)));
        };
        let (values, units) = match attributes.int("transB", 0) {
            0 => (transpose(&weights.values, rows, columns), columns),
            _ => (weights.values, rows),
        };
        let values: Vec<_> = values.into_iter().map(|x| x * alpha).collect();
        if values.is_empty() {
            return Err("it has no weights".to_string());
        }
        let bias = match self.input(node, 2)? {
            None => vec![0.0; units],
            Some(bias) => spread(&bias, units)?.into_iter().map(|x| x * beta).collect(),
        };
        if values.iter().chain(&bias).any(|x| !x.is_finite()) {
            return Err(format!("with alpha = {alpha} and beta = {beta} a parameter is beyond single precision"));
        }
        self.dense(&values, units, &bias)
    }

    fn mat_mul(&mut self, node: &Node) -> Result<(), String> {
        Attributes::new(node, &[])?;
        let weights = self.weights(node, 1)?;
        let [inputs, units] = weights.shape[..] else {
            return Err(format!("its weights are {}", shape_text(&weights.shape)));
        };
        if weights.values.is_empty() {
            return Err("it has no weights".to_string());
        }
        let values = transpose(&weights.values, inputs, units);
        self.dense(&values, units, &vec![0.0; units])?;
        self.awaits_bias = true;
        Ok(())
    }

    /// The bias of the dense layer before.
    fn add(&mut self, node: &Node, name: &str, takes_bias: bool) -> Result<(), String> {
        Attributes::new(node, &[])?;
        let constant = match &node.inputs[..] {
            [one, other] if one == name => other,
            [other, one] if one == name => other,
            _ => return Err("it does not add two values".to_string()),
        };
        if !takes_bias {
            return Err("a constant is added to what no MatMul has made".to_string());
        }
        let units = self.value.numbers();
        let bias = spread(&self.graph.tensor(constant)?, units)?;
        let place = self.parameters.len() - units;
        self.parameters[place..].copy_from_slice(&bias);
        Ok(())
    }

    fn convolution(&mut self, node: &Node) -> Result<(), String> {
        let known = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
        let attributes = Attributes::new(node, &known)?;
        attributes.only("group", 1)?;
        let weights = self.weights(node, 1)?;
        let (filters, window) = match &weights.shape[..] {
            [filters, _, window @ ..] if !window.is_empty() && window.len() <= 2 && !weights.values.is_empty() => {
                (*filters, window)
            }
            shape => return Err(format!("its weights are {}", shape_text(shape))),
        };
        let kernel = kernel(&attributes, window)?;
        let image = self.image()?;
        let is_1d = window.len() == 1;
        if is_1d != (self.value.dims.len() == 3) || weights.shape[1] != image.channels {
            let (weights, value) = (shape_text(&weights.shape), self.value.text());
            return Err(format!("weights of {weights} are for other numbers than {value}"));
        }
        let bias = match self.input(node, 2)? {
            Some(bias) => spread(&bias, filters)?,
            None => vec![0.0; filters],
        };
        let linear = Activation::Linear;
        let (layer, given) = if is_1d {
            let steps = Image::new(1, image.columns, 1).through(kernel, 1).columns;
            (Layer::conv1d(image.columns, image.channels, filters, kernel, linear), Image::new(1, steps, filters))
        } else {
            (Layer::convolution(image, filters, kernel, linear), image.through(kernel, filters))
        };
        let parameters = [filters_to_ours(&weights.values, &weights.shape), bias].concat();
        let made = self.made(given, is_1d);
        self.push(layer, parameters, made)
    }

    fn max_pool(&mut self, node: &Node) -> Result<(), String> {
        let known = ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"];
        let attributes = Attributes::new(node, &known)?;
        attributes.only("ceil_mode", 0)?;
        let sizes = attributes.ints("kernel_shape").unwrap_or_default();
        let window = sizes.iter().map(|size| usize::try_from(*size).ok()).collect::<Option<Vec<_>>>();
        let window = window.filter(|window| window.len() == 2).ok_or("windows of two dimensions are read")?;
        let kernel = kernel(&attributes, &window)?;
        let image = self.image()?;
        if self.value.dims.len() != 4 {
            return Err(format!("it takes no image, but {}", self.value.text()));
        }
        let made = self.made(image.through(kernel, image.channels), false);
        self.push(Layer::max_pool(image, kernel), Vec::new(), made)
    }

    /// The mean of each channel; where axes are said, those of all places.
    fn average(&mut self, node: &Node, axes: Option<(&[i64], bool)>) -> Result<(), String> {
        if axes.is_none() {
            Attributes::new(node, &[])?;
        }
        let rank = self.value.dims.len();
        let keeps = axes.is_none_or(|(_, keeps)| keeps);
        if let Some((axes, _)) = axes {
            let mut places = axes.iter().map(|axis| self.value.dim(*axis)).collect::<Result<Vec<_>, _>>()?;
            places.sort_unstable();
            if !places.into_iter().eq(2..rank) {
                return Err(format!("a mean over all places of an image is read, and not one over {axes:?}"));
            }
        }
        let image = self.image()?;
        let channels = self.ids.axis(image.channels);
        let mut dims = vec![Dim::Batch, Dim::Of(channels.clone())];
        if keeps {
            dims.resize(rank, Dim::Of(Vec::new()));
        }
        self.push(Layer::global_average(image), Vec::new(), Value::new(dims, channels))
    }

    fn reduce_mean(&mut self, node: &Node) -> Result<(), String> {
        let known = ["axes", "keepdims", "noop_with_empty_axes"];
        let axes = self.axes(node, "axes", &known)?.ok_or("it does not say over which dimensions")?;
        let keeps = Attributes::new(node, &known)?.int("keepdims", 1) != 0;
        self.average(node, Some((&axes, keeps)))
    }

    /// The image, or the sequence as one of a single row, that a value is, channels first; its order becomes the net's.
    fn image(&mut self) -> Result<Image, String> {
        let lengths: Vec<_> = self.value.dims.iter().map(Dim::length).collect();
        let (image, places) = match lengths[..] {
            [None, Some(channels), Some(steps)] => (Image::new(1, steps, channels), &[2, 1][..]),
            [None, Some(channels), Some(rows), Some(columns)] => (Image::new(rows, columns, channels), &[2, 3, 1][..]),
            _ => return Err(format!("it takes no image with channels first, but {}", self.value.text())),
        };
        match self.value.settle(places) {
            true => Ok(image),
            false => Err("channels and places of its image are in another order in the layer before".to_string()),
        }
    }

    /// The value that such an image is.
    fn made(&mut self, image: Image, is_1d: bool) -> Value {
        let [channels, rows, columns] = [image.channels, image.rows, image.columns].map(|length| self.ids.axis(length));
        let ours = [&rows[..], &columns, &channels].concat();
        let mut dims = vec![Dim::Batch, Dim::Of(channels)];
        if !is_1d {
            dims.push(Dim::Of(rows));
        }
        dims.push(Dim::Of(columns));
        Value::new(dims, ours)
    }
}

/// The numbers of a bias, which may be one for all.
fn spread(bias: &Tensor, units: usize) -> Result<Vec<f32>, String> {
    match (&bias.values[..], &bias.shape[..]) {
        ([one], _) if units > 0 => Ok(vec![*one; units]),
        (values, [.., last]) if values.len() == units && *last == units => Ok(values.to_vec()),
        _ => Err(format!("a bias of {} for {units} units", shape_text(&bias.shape))),
    }
}

/// A window that is as wide as high, and moves so over padding that is the same on all sides.
fn kernel(attributes: &Attributes<'_>, window: &[usize]) -> Result<Kernel, String> {
    let same = |name: &str, default: i64| {
        let of = attributes.ints(name).unwrap_or_default();
        match of.iter().all(|x| Some(x) == of.first()) {
            true => Ok(of.first().copied().unwrap_or(default)),
            false => Err(format!("{name} {of:?} are not the same on all sides")),
        }
    };
    let sizes = attributes.ints("kernel_shape");
    if sizes
        .is_some_and(|sizes| !sizes.iter().map(|size| usize::try_from(*size).ok()).eq(window.iter().copied().map(Some)))
    {
        return Err(format!("kernel_shape {:?} is not that of its weights", sizes.unwrap_or_default()));
    }
    let size = window.first().filter(|size| window.iter().all(|other| other == *size));
    let size = size.ok_or_else(|| format!("its window of {} is no square", shape_text(window)))?;
    match same("dilations", 1)? {
        1 => (),
        other => return Err(format!("dilations of {other} are not read")),
    }
    let padding = match attributes.text("auto_pad").as_deref() {
        None | Some("NOTSET") => same("pads", 0)?,
        Some("VALID") if !attributes.has("pads") => 0,
        Some(other) => return Err(format!("auto_pad {other} is not read: write the padding out")),
    };
    let number = |number: i64| u32::try_from(number).map_err(|_| format!("a window of {number}"));
    let size = u32::try_from(*size).map_err(|_| format!("a window of {size}"))?;
    Ok(Kernel::new(size, number(same("strides", 1)?)?, number(padding)?))
}
