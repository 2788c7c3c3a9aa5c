//! The walk from a graph's input to its output, which makes a layer of each node that computes.

use std::collections::{BTreeMap, HashMap};

use amc_core::{Activation, Layer, Net, NetError};
use amc_engine::description::LayerNames;
use prost::Message;

use super::OnnxError;
use super::graph::Index;
use super::messages::{Model, ValueInfo, element};
use super::value::{Dim, Ids, MOST_DIMS, Value};

/// Sets of operators that are read: from one in which Gemm, RNN and GRU are as they are now, to the newest that is known.
const OPERATORS: std::ops::RangeInclusive<i64> = 7..=28;

/// What a file has.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Numbers of a sample.
    pub inputs: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    /// What they are called.
    pub names: LayerNames,
    /// Their parameters, in the core's order.
    pub parameters: Vec<f32>,
    /// What else it says.
    pub metadata: BTreeMap<String, String>,
    /// What is to be known of the net that was made of it, a line each.
    pub told: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// An [`OnnxError`] of what is no net of this crate's layers.
pub fn read(bytes: &[u8]) -> Result<Read, OnnxError> {
    let model = Model::decode(bytes).map_err(|error| OnnxError::File(error.to_string()))?;
    let graph = model.graph.as_ref().ok_or_else(|| OnnxError::File("there is no graph".to_string()))?;
    let mut sets = model.operators.iter().filter(|set| is_onnx(&set.domain)).map(|set| set.version).peekable();
    if sets.peek().is_none() {
        return Err(OnnxError::Graph("it does not say which set of operators it is of".to_string()));
    }
    if let Some(version) = sets.find(|version| !OPERATORS.contains(version)) {
        let (first, last) = OPERATORS.into_inner();
        return Err(OnnxError::Graph(format!("operators of set {version}: those of {first} to {last} are read")));
    }
    let index = Index::new(graph, bytes.len())?;
    let mut ids = Ids::default();
    let (value, batch) = input(index.input, &mut ids)?;
    let (inputs, own) = (value.numbers(), value.text());
    let mut reader = Reader {
        graph: index,
        layers: Vec::new(),
        names: Vec::new(),
        parameters: Vec::new(),
        value,
        batch,
        ids,
        kept: None,
        awaits_bias: false,
        is_reordered: false,
        shapes: HashMap::new(),
        visited: vec![false; graph.nodes.len()],
    };
    reader.walk()?;
    let Reader { layers, mut names, parameters, is_reordered, value, .. } = reader;
    names.resize(layers.len(), None);
    let names = LayerNames::guessed(&names);
    if !value.axes().are_same() {
        let reason =
            format!("it is {}, in another order than that of a net's numbers, and no layer follows", value.text());
        return Err(OnnxError::Value { name: graph.outputs[0].name.clone(), reason });
    }
    Net::try_new(inputs, &layers).map_err(|error| OnnxError::Graph(error.to_string()))?;
    let mut told = Vec::new();
    if is_reordered {
        told.push(format!("samples have channels last, where the graph's, {own}, have them first"));
    }
    let metadata = model.metadata.into_iter().map(|entry| (entry.key, entry.value)).collect();
    Ok(Read { inputs, layers, names, parameters, metadata, told })
}

fn is_onnx(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

/// A graph's input, and how many samples it takes where it says so. The dimension that has a name is the batch, or the first
/// one where none has.
fn input(info: &ValueInfo, ids: &mut Ids) -> Result<(Value, Option<usize>), OnnxError> {
    let refuse = |reason: &str| OnnxError::Value { name: info.name.clone(), reason: reason.to_string() };
    let tensor = info.of.as_ref().and_then(|of| of.tensor.as_ref());
    if tensor.is_none_or(|tensor| tensor.element != element::FLOAT) {
        return Err(refuse("an input of float32 is read"));
    }
    let dimensions = tensor.and_then(|tensor| tensor.shape.as_ref()).map_or(&[][..], |shape| &shape.dimensions);
    let mut free = dimensions.iter().enumerate().filter(|(_, of)| of.number.is_none());
    let (at, batch) = match (free.next(), free.next()) {
        (Some((at, _)), None) => (at, None),
        (None, _) => (0, dimensions.first().and_then(|of| of.number)),
        _ => return Err(refuse("more than one of its dimensions has no number, where only the batch may have none")),
    };
    if !(2..=MOST_DIMS).contains(&dimensions.len()) {
        return Err(refuse("it needs a dimension beside that of the batch, and up to 8 are read"));
    }
    let mut dims = Vec::new();
    for (index, of) in dimensions.iter().enumerate() {
        let length = of.number.and_then(|number| usize::try_from(number).ok()).filter(|length| *length > 0);
        dims.push(match length {
            _ if index == at => Dim::Batch,
            Some(length) => Dim::Of(ids.axis(length)),
            None => return Err(refuse("a dimension of it is not at least 1")),
        });
    }
    let value = Value::input(dims);
    // What a net's own check takes for a size.
    if value.numbers() > isize::MAX as usize / 4 {
        return Err(refuse("it has more numbers than can be counted"));
    }
    Ok((value, batch.and_then(|batch| usize::try_from(batch).ok())))
}

/// What is made of the nodes so far.
pub(super) struct Reader<'m> {
    pub graph: Index<'m>,
    pub layers: Vec<Layer>,
    /// What the first of them may be called.
    pub names: Vec<Option<String>>,
    pub parameters: Vec<f32>,
    /// The value that the walk has come to.
    pub value: Value,
    /// Samples of the input, if it says how many.
    pub batch: Option<usize>,
    pub ids: Ids,
    /// What a connection around layers has kept.
    kept: Option<Value>,
    /// Whether the last layer is of a MatMul, to which a bias may be added.
    pub awaits_bias: bool,
    /// Whether the first layer takes its inputs in another order than the graph.
    is_reordered: bool,
    /// The shapes of values that the walk has come by.
    pub shapes: HashMap<String, Vec<i64>>,
    pub visited: Vec<bool>,
}

impl<'m> Reader<'m> {
    /// Follows a value to the graph's output.
    fn walk(&mut self) -> Result<(), OnnxError> {
        let mut name: &'m str = &self.graph.input.name;
        loop {
            let refuse = |reason: &str| Err(OnnxError::Value { name: name.to_string(), reason: reason.to_string() });
            name = match *self.graph.users(name) {
                [] if name == self.graph.output => return Ok(()),
                _ if name == self.graph.output => return refuse("it is the graph's output, and a node takes it, too"),
                [] => return refuse("it does not lead to the graph's output"),
                [only] => match self.pass(only, name)? {
                    Some(next) => next,
                    None => {
                        return Err(
                            self.refuse(only, "it adds two values that are not of one connection around layers")
                        );
                    }
                },
                [one, other] => match self.written_out(name, [one, other])? {
                    Some(next) => next,
                    None => self.around(name, [one, other])?,
                },
                _ => return refuse("more than two nodes take it"),
            };
        }
    }

    /// Goes through a connection around layers, from the value that two nodes take.
    fn around(&mut self, name: &'m str, users: [usize; 2]) -> Result<&'m str, OnnxError> {
        let units = self.value.numbers();
        let refuse = |reason: &str| OnnxError::Value { name: name.to_string(), reason: reason.to_string() };
        // The branch that has layers comes first.
        let [first, second] = if self.is_sum(users[0]) { [users[1], users[0]] } else { users };
        if self.is_sum(first) {
            return Err(refuse("a node adds it to itself"));
        }
        self.layers.push(Layer::keep(units));
        self.kept = Some(self.value.clone());
        let sum = self.branch(name, first)?;
        let mut other = self.kept.take().ok_or_else(|| refuse("nothing is kept"))?;
        if second != sum {
            let made = std::mem::replace(&mut self.value, other);
            self.layers.push(Layer::swap(units));
            if self.branch(name, second)? != sum {
                return Err(refuse("what two nodes make of it is not added to each other"));
            }
            other = made;
        }
        let node = &self.graph.nodes[sum];
        if !other.is_like(&self.value) {
            let reason = format!(
                "it adds {} and {}, of which the numbers have to be as many and in one order",
                other.text(),
                self.value.text()
            );
            return Err(self.refuse(sum, &reason));
        }
        self.layers.push(Layer::add(self.value.numbers(), Activation::Linear));
        self.call(node, None);
        node.outputs.first().map(String::as_str).ok_or_else(|| self.refuse(sum, "it gives nothing"))
    }

    /// Follows a branch, from a value to the node that adds it to another.
    fn branch(&mut self, name: &'m str, first: usize) -> Result<usize, OnnxError> {
        let (mut name, mut node) = (name, first);
        while let Some(next) = self.pass(node, name)? {
            name = next;
            node = loop {
                let normalized = match *self.graph.users(name) {
                    [only] => break only,
                    [one, other] => self.written_out(name, [one, other])?,
                    _ => None,
                };
                name = normalized.ok_or_else(|| {
                    let reason = "within a connection around layers one node has to take it".to_string();
                    OnnxError::Value { name: name.to_string(), reason }
                })?;
            };
        }
        Ok(node)
    }

    /// Whether a node adds two values.
    fn is_sum(&self, node: usize) -> bool {
        let node = &self.graph.nodes[node];
        node.operator == "Add" && !node.inputs.iter().any(|name| self.graph.is_constant(name))
    }

    /// Goes through a node that takes a value; gives the value that it makes, or none of a sum.
    fn pass(&mut self, node: usize, name: &str) -> Result<Option<&'m str>, OnnxError> {
        if self.is_sum(node) {
            return Ok(None);
        }
        if std::mem::replace(&mut self.visited[node], true) {
            return Err(self.refuse(node, "it is part of a circle"));
        }
        let of = &self.graph.nodes[node];
        if !is_onnx(&of.domain) {
            return Err(self.refuse(node, &format!("operators of {:?} are not read", of.domain)));
        }
        self.keep_shape(name);
        let before = self.layers.len();
        let next = self.apply(of, name).map_err(|reason| self.refuse(node, &reason))?;
        if self.layers.len() > before {
            self.call(of, of.inputs.get(1).map(String::as_str));
        }
        Ok(Some(next))
    }

    /// Has a layer be next, and a value that it makes.
    pub(super) fn push(&mut self, layer: Layer, parameters: Vec<f32>, made: Value) -> Result<(), String> {
        Net::try_new(self.value.numbers(), &[layer]).map_err(|error| match error {
            NetError::Layer { error, .. } => error.to_string(),
            other => other.to_string(),
        })?;
        if self.kept.as_mut().is_some_and(|kept| !kept.settle_like(&self.value)) {
            return Err("it takes numbers of the input in another order than that in which they are kept".to_string());
        }
        self.is_reordered |= self.value.is_reordered;
        self.layers.push(layer);
        self.parameters.extend(parameters);
        self.value = made;
        Ok(())
    }

    pub(super) fn refuse(&self, node: usize, reason: &str) -> OnnxError {
        let node = &self.graph.nodes[node];
        let name = if node.name.is_empty() { node.outputs.first() } else { Some(&node.name) };
        let (name, operator) = (name.cloned().unwrap_or_default(), node.operator.clone());
        OnnxError::Node { name, operator, reason: reason.to_string() }
    }
}
