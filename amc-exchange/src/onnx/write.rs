//! A net as a graph. It takes and gives samples as the net does, `[batch, numbers]`; where a convolution wants channels first, the
//! graph has them so in between.

use amc_core::{Activation, Image, Kernel, Layer};
use amc_engine::description::Description;
use prost::Message;

use super::messages::{
    Attribute, Dimension, Entry, Graph, Model, Node, OperatorSet, Shape, TensorMessage, TensorType, Type, ValueInfo,
    attribute, element,
};
use crate::layers::{FitError, Fitting, with_parameters};
use crate::order::{Cell, filters_to_theirs};

/// What a graph calls its input and its output.
const ENDS: [&str; 2] = ["input", "output"];

/// The set of operators that is written: the first one that has layer normalisation.
const OPERATORS: i64 = 17;

/// The version of the format that has it.
const FORMAT: i64 = 8;

/// Why a net cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A kind of layers that is not written.
    #[error(transparent)]
    Layer(#[from] FitError),
    /// Numbers are kept for no layer: a graph has nothing that says so.
    #[error("layer {0}: no layer takes what it keeps")]
    Lost(usize),
    /// Numbers are added where none are kept.
    #[error("layer {0}: nothing is kept that it could take")]
    Kept(usize),
}

/// A file with a net, and texts that it is to carry.
///
/// # Errors
/// Any [`WriteError`].
pub fn write(description: &Description, parameters: &[f32], texts: &[(&str, &str)]) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer { value: ENDS[0].to_string(), ..Writer::default() };
    let (mut kept, mut outputs) = (None, description.inputs);
    for (index, layer, section) in with_parameters(description.inputs, &description.layers) {
        let own = parameters.get(section.range()).unwrap_or_default();
        let (weights, biases) = own.split_at_checked(section.weights).unwrap_or_default();
        writer.name = description.names.of(index).map(ToString::to_string);
        match layer {
            Layer::Dense(of) => {
                let shape = [section.weights / of.units.max(1), of.units];
                writer.flat();
                let inputs = writer.constants(&[(&shape, weights), (&shape[1..], biases)]);
                writer.node("Gemm", inputs, vec![]);
            }
            Layer::Conv1d(of) => {
                let sequence = Image::new(1, of.steps, of.channels);
                let shape = [of.filters, of.channels, of.kernel.size as usize];
                writer.convolution(Form::Row(sequence), &shape, of.kernel, (weights, biases));
                writer.form = Form::Row(Image::new(1, sequence.through(of.kernel, 1).columns, of.filters));
            }
            Layer::Convolution(of) => {
                let size = of.kernel.size as usize;
                let shape = [of.filters, of.image.channels, size, size];
                writer.convolution(Form::Planes(of.image), &shape, of.kernel, (weights, biases));
                writer.form = Form::Planes(of.image.through(of.kernel, of.filters));
            }
            Layer::MaxPool(of) => {
                writer.become_form(Form::Planes(of.image));
                let size = vec![i64::from(of.kernel.size); 2];
                writer.node("MaxPool", vec![], [vec![ints("kernel_shape", size)], window(of.kernel, 2)].concat());
                writer.form = Form::Planes(of.image.through(of.kernel, of.image.channels));
            }
            Layer::GlobalAverage(of) => {
                if writer.form != Form::Row(of.image) {
                    writer.become_form(Form::Planes(of.image));
                }
                writer.node("GlobalAveragePool", vec![], vec![]);
                writer.node("Flatten", vec![], vec![int("axis", 1)]);
                writer.form = Form::Flat;
            }
            Layer::Normalization(of) => {
                writer.flat();
                let (gains, biases) = own.split_at_checked(of.units).unwrap_or_default();
                let inputs = writer.constants(&[(&[of.units], gains), (&[of.units], biases)]);
                writer.node("LayerNormalization", inputs, vec![int("axis", -1), float("epsilon", 1e-5)]);
            }
            Layer::Recurrent(of) => {
                let cell = Cell::of_ours(own, of.inputs, of.units, 1);
                let (name, more) = match of.activation {
                    Activation::Relu => ("Relu", vec![]),
                    Activation::Sigmoid => ("Sigmoid", vec![]),
                    Activation::Linear => {
                        ("Affine", vec![floats("activation_alpha", 1.0), floats("activation_beta", 0.0)])
                    }
                    Activation::Tanh => ("Tanh", vec![]),
                    _ => return Err(Fitting { layer: index, of: layer }.unknown_activation().into()),
                };
                let attributes = [vec![texts_of("activations", name)], more].concat();
                writer.recurrent("RNN", (of.inputs, of.units, of.steps, of.every), cell, attributes);
                outputs = layer.units();
                continue;
            }
            Layer::Gru(of) => {
                let cell = Cell::of_ours(own, of.inputs, of.units, 3).with_gates_changed();
                writer.recurrent(
                    "GRU",
                    (of.inputs, of.units, of.steps, of.every),
                    cell,
                    vec![int("linear_before_reset", 1)],
                );
            }
            Layer::Keep(_) => {
                writer.flat();
                if let Some((_, lost)) = kept.replace((writer.value.clone(), index)) {
                    return Err(WriteError::Lost(lost));
                }
            }
            Layer::Swap(_) => {
                writer.flat();
                let kept = kept.as_mut().ok_or(WriteError::Kept(index))?;
                std::mem::swap(&mut writer.value, &mut kept.0);
            }
            Layer::Add(_) => {
                writer.flat();
                let (other, _) = kept.take().ok_or(WriteError::Kept(index))?;
                writer.node("Add", vec![other], vec![]);
            }
            _ => return Err(Fitting { layer: index, of: layer }.unknown().into()),
        }
        match layer.activation() {
            Activation::Tanh => writer.node("Tanh", vec![], vec![]),
            Activation::Relu => writer.node("Relu", vec![], vec![]),
            Activation::Sigmoid => writer.node("Sigmoid", vec![], vec![]),
            Activation::Softmax => {
                writer.flat();
                writer.node("Softmax", vec![], vec![int("axis", -1)]);
            }
            Activation::Linear => {}
            _ => return Err(Fitting { layer: index, of: layer }.unknown_activation().into()),
        }
        outputs = layer.units();
    }
    if let Some((_, lost)) = kept {
        return Err(WriteError::Lost(lost));
    }
    writer.flat();
    writer.name = None;
    writer.node("Identity", vec![], vec![]);
    if let Some(last) = writer.nodes.last_mut() {
        last.outputs = vec![ENDS[1].to_string()];
    }
    let graph = Graph {
        nodes: writer.nodes,
        name: "amc".to_string(),
        initializers: writer.initializers,
        inputs: vec![end(ENDS[0], description.inputs)],
        outputs: vec![end(ENDS[1], outputs)],
    };
    let entry = |(key, value): &(&str, &str)| Entry { key: key.to_string(), value: value.to_string() };
    let model = Model {
        ir_version: FORMAT,
        producer: "amc".to_string(),
        graph: Some(graph),
        operators: vec![OperatorSet { domain: String::new(), version: OPERATORS }],
        metadata: texts.iter().map(entry).collect(),
    };
    Ok(model.encode_to_vec())
}

/// The dimensions of a value beside that of the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// All numbers, in the net's order.
    #[default]
    Flat,
    /// `[channel, row, column]`
    Planes(Image),
    /// `[channel, step]`, of an image of one row.
    Row(Image),
    /// `[step, number]`, of so many steps of so many numbers.
    Steps(usize, usize),
}

/// Nodes that are written, and the value that they have come to.
#[derive(Default)]
struct Writer {
    nodes: Vec<Node>,
    initializers: Vec<TensorMessage>,
    value: String,
    form: Form,
    /// What the next node is called that does more than to bring numbers to another form.
    name: Option<String>,
}

/// What does no more.
const OF_FORM: [&str; 4] = ["Transpose", "Reshape", "Flatten", "Squeeze"];

impl Writer {
    /// A node that takes the value and these inputs, and makes the next value.
    fn node(&mut self, operator: &str, inputs: Vec<String>, attributes: Vec<Attribute>) {
        let own = if OF_FORM.contains(&operator) { None } else { self.name.take() };
        let number = self.nodes.len();
        let (name, made) = (own.unwrap_or_else(|| format!("{operator}_{number}")), format!("value_{number}"));
        self.nodes.push(Node {
            inputs: std::iter::once(std::mem::replace(&mut self.value, made.clone())).chain(inputs).collect(),
            outputs: vec![made],
            name,
            operator: operator.to_string(),
            attributes,
            domain: String::new(),
        });
    }

    /// Tensors of these shapes; gives their names.
    fn constants(&mut self, of: &[(&[usize], &[f32])]) -> Vec<String> {
        let one = |(shape, values): &(&[usize], &[f32])| {
            let name = format!("parameters_{}", self.initializers.len());
            self.initializers.push(TensorMessage {
                shape: shape.iter().map(|length| *length as i64).collect(),
                element: element::FLOAT,
                name: name.clone(),
                bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect(),
                ..TensorMessage::default()
            });
            name
        };
        of.iter().map(one).collect()
    }

    fn whole_numbers(&mut self, of: &[i64]) -> String {
        let name = format!("numbers_{}", self.initializers.len());
        self.initializers.push(TensorMessage {
            shape: vec![of.len() as i64],
            element: element::INT64,
            name: name.clone(),
            bytes: of.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ..TensorMessage::default()
        });
        name
    }

    fn transpose(&mut self, order: &[i64]) {
        self.node("Transpose", vec![], vec![ints("perm", order.to_vec())]);
    }

    fn reshape(&mut self, lengths: &[usize]) {
        // 0 is the batch as it is.
        let shape: Vec<_> = std::iter::once(0).chain(lengths.iter().map(|length| *length as i64)).collect();
        let shape = self.whole_numbers(&shape);
        self.node("Reshape", vec![shape], vec![]);
    }

    fn flat(&mut self) {
        match self.form {
            Form::Flat => return,
            Form::Planes(_) => self.transpose(&[0, 2, 3, 1]),
            Form::Row(_) => self.transpose(&[0, 2, 1]),
            Form::Steps(..) => {}
        }
        self.node("Flatten", vec![], vec![int("axis", 1)]);
        self.form = Form::Flat;
    }

    fn become_form(&mut self, form: Form) {
        if self.form == form {
            return;
        }
        self.flat();
        match form {
            Form::Flat => {}
            Form::Planes(Image { rows, columns, channels }) => {
                self.reshape(&[rows, columns, channels]);
                self.transpose(&[0, 3, 1, 2]);
            }
            Form::Row(Image { columns, channels, .. }) => {
                self.reshape(&[columns, channels]);
                self.transpose(&[0, 2, 1]);
            }
            Form::Steps(steps, inputs) => self.reshape(&[steps, inputs]),
        }
        self.form = form;
    }

    fn convolution(&mut self, form: Form, shape: &[usize], kernel: Kernel, (weights, biases): (&[f32], &[f32])) {
        self.become_form(form);
        let inputs = self.constants(&[(shape, &filters_to_theirs(weights, shape)), (&shape[..1], biases)]);
        self.node("Conv", inputs, window(kernel, shape.len() - 2));
    }

    fn recurrent(
        &mut self,
        operator: &str,
        (inputs, units, steps, every): (usize, usize, usize, bool),
        cell: Cell,
        attributes: Vec<Attribute>,
    ) {
        self.become_form(Form::Steps(steps, inputs));
        self.transpose(&[1, 0, 2]);
        let neurons = cell.input_biases.len();
        let biases = [cell.input_biases, cell.state_biases].concat();
        let parameters = self.constants(&[
            (&[1, neurons, inputs], &cell.of_inputs),
            (&[1, neurons, units], &cell.of_states),
            (&[1, 2 * neurons], &biases),
        ]);
        let size = int("hidden_size", units as i64);
        self.node(operator, parameters, [vec![size], attributes].concat());
        if let Some(node) = self.nodes.last_mut().filter(|_| !every) {
            // The last state is the second output.
            node.outputs.insert(0, String::new());
        }
        let axis = self.whole_numbers(&[i64::from(every)]);
        self.node("Squeeze", vec![axis], vec![]);
        self.form = Form::Flat;
        if every {
            self.transpose(&[1, 0, 2]);
            self.form = Form::Steps(steps, units);
        }
    }
}

/// How a window moves, along each of its dimensions.
fn window(kernel: Kernel, dimensions: usize) -> Vec<Attribute> {
    let padding = vec![i64::from(kernel.padding); 2 * dimensions];
    vec![ints("strides", vec![i64::from(kernel.stride); dimensions]), ints("pads", padding)]
}

fn int(name: &str, int: i64) -> Attribute {
    Attribute { name: name.to_string(), int: Some(int), of: attribute::INT, ..Attribute::default() }
}

fn float(name: &str, float: f32) -> Attribute {
    Attribute { name: name.to_string(), float: Some(float), of: attribute::FLOAT, ..Attribute::default() }
}

fn floats(name: &str, float: f32) -> Attribute {
    Attribute { name: name.to_string(), floats: vec![float], of: attribute::FLOATS, ..Attribute::default() }
}

fn ints(name: &str, ints: Vec<i64>) -> Attribute {
    Attribute { name: name.to_string(), ints, of: attribute::INTS, ..Attribute::default() }
}

fn texts_of(name: &str, text: &str) -> Attribute {
    let texts = vec![text.as_bytes().to_vec()];
    Attribute { name: name.to_string(), texts, of: attribute::TEXTS, ..Attribute::default() }
}

/// The graph's input or output: samples of so many numbers.
fn end(name: &str, numbers: usize) -> ValueInfo {
    let batch = Dimension { number: None, name: Some("batch".to_string()) };
    let numbers = Dimension { number: Some(numbers as i64), name: None };
    let shape = Some(Shape { dimensions: vec![batch, numbers] });
    ValueInfo { name: name.to_string(), of: Some(Type { tensor: Some(TensorType { element: element::FLOAT, shape }) }) }
}
