//! A graph by the names of its values: who gives one, who takes it, and which are constants.

use std::cell::Cell;
use std::collections::HashMap;

use prost::Message;

use super::OnnxError;
use super::attributes::Attributes;
use super::messages::{Graph, Node, TensorMessage, ValueInfo, element};
use crate::npy::element::half;
use crate::tensor::{Float, Tensor, TensorError, brain, product};

/// A graph with one input and one output.
pub(super) struct Index<'m> {
    pub nodes: &'m [Node],
    pub input: &'m ValueInfo,
    pub output: &'m str,
    constants: HashMap<&'m str, &'m TensorMessage>,
    makers: HashMap<&'m str, usize>,
    users: HashMap<&'m str, Vec<usize>>,
    /// Bytes of constants that may still be read.
    budget: Cell<usize>,
}

/// How often a graph may read all of its constants: each node has its own, but for some that are shared.
const READS: usize = 4;

/// Steps from a value to the constant that it is.
const MOST_STEPS: usize = 16;

impl<'m> Index<'m> {
    /// That of a file of so many bytes.
    pub(super) fn new(graph: &'m Graph, bytes: usize) -> Result<Self, OnnxError> {
        let twice = |name: &str| OnnxError::Value { name: name.to_string(), reason: "it is given twice".to_string() };
        let mut constants = HashMap::new();
        for tensor in &graph.initializers {
            if constants.insert(&*tensor.name, tensor).is_some() {
                return Err(twice(&tensor.name));
            }
        }
        let mut inputs = graph.inputs.iter().filter(|input| !constants.contains_key(&*input.name));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            return Err(OnnxError::Graph("a graph of one input is read, constants aside".to_string()));
        };
        let [output] = &graph.outputs[..] else {
            return Err(OnnxError::Graph(format!(
                "a graph of one output is read, and this one has {}",
                graph.outputs.len()
            )));
        };
        let (mut makers, mut users) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for (index, node) in graph.nodes.iter().enumerate() {
            for made in node.outputs.iter().filter(|name| !name.is_empty()) {
                let is_known = constants.contains_key(&**made) || *made == input.name;
                if makers.insert(&**made, index).is_some() || is_known {
                    return Err(twice(made));
                }
            }
            // What only asks for a shape takes no numbers.
            if node.operator != "Shape" {
                for taken in &node.inputs {
                    users.entry(&**taken).or_default().push(index);
                }
            }
        }
        let budget = Cell::new(bytes.saturating_mul(READS));
        Ok(Self { nodes: &graph.nodes, input, output: &output.name, constants, makers, users, budget })
    }

    /// The nodes that take a value.
    pub(super) fn users(&self, name: &str) -> &[usize] {
        self.users.get(name).map_or(&[], Vec::as_slice)
    }

    /// The node that makes a value.
    pub(super) fn maker(&self, name: &str) -> Option<&'m Node> {
        self.makers.get(name).and_then(|index| self.nodes.get(*index))
    }

    /// The constant that a value is.
    fn constant(&self, name: &str) -> Option<&'m TensorMessage> {
        let mut name = name;
        for _ in 0..MOST_STEPS {
            if let Some(constant) = self.constants.get(name) {
                return Some(constant);
            }
            let node = self.maker(name)?;
            match &*node.operator {
                "Constant" => return Attributes::new(node, &["value"]).ok()?.tensor("value"),
                "Identity" => name = node.inputs.first()?,
                _ => return None,
            }
        }
        None
    }

    /// Counts the bytes of a constant that is read.
    fn spend(&self, constant: &TensorMessage) -> Result<(), String> {
        let left = self.budget.get().checked_sub(constant.encoded_len());
        self.budget.set(left.ok_or("nodes share constants, and read more of these than there is in the file")?);
        Ok(())
    }

    /// Whether a value is a constant.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.constant(name).is_some()
    }

    /// Whether a value is a constant without dimensions.
    pub(super) fn is_scalar(&self, name: &str) -> bool {
        self.constant(name).is_some_and(|constant| constant.shape.is_empty())
    }

    /// The numbers of a constant.
    pub(super) fn tensor(&self, name: &str) -> Result<Tensor, String> {
        let constant = self.constant(name).ok_or_else(|| format!("{name:?} is no constant"))?;
        self.spend(constant)?;
        tensor(name, constant).map_err(|error| error.to_string())
    }

    /// The whole numbers of a constant.
    pub(super) fn ints(&self, name: &str) -> Result<Vec<i64>, String> {
        let constant = self.constant(name).ok_or_else(|| format!("{name:?} is no constant"))?;
        self.spend(constant)?;
        if constant.element != element::INT64 || constant.location != 0 {
            return Err(format!("{name:?} is no constant of int64"));
        }
        let (bytes, rest) = constant.bytes.as_chunks();
        if !rest.is_empty() {
            return Err(format!("{name:?} ends within a number"));
        }
        let ints = bytes.iter().map(|bytes| i64::from_le_bytes(*bytes));
        Ok(ints.chain(constant.longs.iter().copied()).collect())
    }

    /// Whether a value is 0, however many numbers of it a graph makes.
    pub(super) fn is_zero(&self, name: &str) -> bool {
        let is_zero = |constant| {
            let tensor = self.spend(constant).ok().and_then(|()| tensor("", constant).ok());
            tensor.is_some_and(|of| of.values.iter().all(|x| *x == 0.0))
        };
        let mut name = name;
        for _ in 0..MOST_STEPS {
            if let Some(constant) = self.constant(name) {
                return is_zero(constant);
            }
            let Some(node) = self.maker(name) else { return false };
            match (&*node.operator, node.inputs.first()) {
                ("ConstantOfShape", _) => {
                    let value = Attributes::new(node, &["value"]).map(|of| of.tensor("value"));
                    return value.is_ok_and(|value| value.is_none_or(is_zero));
                }
                ("Expand" | "Slice" | "Squeeze" | "Unsqueeze" | "Reshape" | "Transpose", Some(of)) => name = of,
                _ => return false,
            }
        }
        false
    }
}

/// The numbers of a tensor.
fn tensor(name: &str, of: &TensorMessage) -> Result<Tensor, TensorError> {
    let elements = |found: &str| TensorError::Elements { name: name.to_string(), found: found.to_string() };
    if of.location != 0 {
        return Err(TensorError::Elsewhere(name.to_string()));
    }
    let shape: Option<Vec<_>> = of.shape.iter().map(|length| usize::try_from(*length).ok()).collect();
    let shape = shape.filter(|shape| product(shape).is_some()).ok_or_else(|| elements("of no shape"))?;
    let bits = |of: &i32| *of as u16;
    match of.element {
        element::FLOAT if of.bytes.is_empty() => Tensor::new(name, &shape, of.floats.iter().map(|x| f64::from(*x))),
        element::DOUBLE if of.bytes.is_empty() => Tensor::new(name, &shape, of.doubles.iter().copied()),
        element::FLOAT16 if of.bytes.is_empty() => Tensor::new(name, &shape, of.ints.iter().map(|x| half(bits(x)))),
        element::BFLOAT16 if of.bytes.is_empty() => Tensor::new(name, &shape, of.ints.iter().map(|x| brain(bits(x)))),
        element::FLOAT => Tensor::of_bytes(name, &shape, Float::Single, &of.bytes),
        element::DOUBLE => Tensor::of_bytes(name, &shape, Float::Double, &of.bytes),
        element::FLOAT16 => Tensor::of_bytes(name, &shape, Float::Half, &of.bytes),
        element::BFLOAT16 => Tensor::of_bytes(name, &shape, Float::Brain, &of.bytes),
        other => Err(elements(&format!("of ONNX's type {other}"))),
    }
}
