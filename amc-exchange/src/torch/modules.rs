//! Nets as the Python that makes them, and the `state_dict` of that.

use std::fmt::Write;

use amc_core::{Activation, Image, Kernel, Layer};
use amc_engine::description::Description;

use super::TorchError;
use crate::flow::{Between, Flow};
use crate::layers::{Fitting, with_parameters};
use crate::order::{Cell, filters_to_theirs};
use crate::tensor::Tensor;

/// A net as PyTorch has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modules {
    /// The Python that makes `net` of modules of `nn`: an `nn.Sequential`, or, where numbers do not only go from one module to the
    /// next, a class of that with a `forward` of its own.
    pub python: String,
    /// Its parameters, under the names of its `state_dict`.
    pub tensors: Vec<Tensor>,
}

/// The modules of a net and their parameters.
///
/// # Errors
/// `Flow` and `Activation`; `Fit` of a kind of layers that is not written.
pub fn modules(description: &Description, parameters: &[f32]) -> Result<Modules, TorchError> {
    let (mut made, mut flow) = (Writer::default(), Flow::new(description.inputs));
    for (index, layer, section) in with_parameters(description.inputs, &description.layers) {
        let taken = flow.through(layer)?;
        let own = parameters.get(section.range()).unwrap_or_default();
        let (weights, biases) = own.split_at_checked(section.weights).unwrap_or_default();
        match layer {
            Layer::Dense(of) => {
                if matches!(taken, Between::Image(_) | Between::States(..)) {
                    made.module("Flatten()");
                }
                let inputs = section.weights / of.units.max(1);
                made.tensor("weight", &[of.units, inputs], taken.axes().dense_to_theirs(weights, of.units));
                made.tensor("bias", &[of.units], biases.into());
                made.module(&format!("Linear({inputs}, {})", of.units));
            }
            Layer::Conv1d(of) => {
                let shape = [of.filters, of.channels, of.kernel.size as usize];
                made.enter(taken, Image::new(1, of.steps, of.channels), SEQUENCE);
                made.sliding("Conv1d", &shape, of.kernel, weights, biases);
            }
            Layer::Convolution(of) => {
                let size = of.kernel.size as usize;
                made.enter(taken, of.image, IMAGE);
                made.sliding("Conv2d", &[of.filters, of.image.channels, size, size], of.kernel, weights, biases);
            }
            Layer::MaxPool(of) => {
                made.enter(taken, of.image, IMAGE);
                made.module(&format!("MaxPool2d({}{})", of.kernel.size, window(of.kernel)));
            }
            Layer::GlobalAverage(of) => {
                let (dims, module) = match of.image.rows {
                    1 => (SEQUENCE, "AdaptiveAvgPool1d(1)"),
                    _ => (IMAGE, "AdaptiveAvgPool2d(1)"),
                };
                made.enter(taken, of.image, dims);
                made.module(module);
                made.module("Flatten()");
            }
            Layer::Normalization(of) => {
                let shape = match taken {
                    Between::Image(image) if made.dims == SEQUENCE => vec![image.channels, image.columns],
                    Between::Image(image) => vec![image.channels, image.rows, image.columns],
                    Between::States(..) => {
                        made.module("Flatten()");
                        vec![of.units]
                    }
                    _ => vec![of.units],
                };
                let (gains, biases) = own.split_at_checked(of.units).unwrap_or_default();
                made.tensor("weight", &shape, taken.axes().to_theirs(gains));
                made.tensor("bias", &shape, taken.axes().to_theirs(biases));
                made.module(&format!("LayerNorm({shape:?})"));
            }
            Layer::Recurrent(of) => {
                let activation = match of.activation {
                    Activation::Tanh => "tanh",
                    Activation::Relu => "relu",
                    other => return Err(TorchError::Activation { layer: index, activation: other.to_string() }),
                };
                made.cell(own, (of.inputs, of.units, 1));
                let sizes = format!("{}, {}", of.inputs, of.units);
                let module = format!("RNN({sizes}, nonlinearity='{activation}', batch_first=True)");
                made.recurrent(&module, taken, (of.steps, of.inputs), of.every);
                continue;
            }
            Layer::Gru(of) => {
                made.cell(own, (of.inputs, of.units, 3));
                let module = format!("GRU({}, {}, batch_first=True)", of.inputs, of.units);
                made.recurrent(&module, taken, (of.steps, of.inputs), of.every);
            }
            Layer::Keep(_) => made.step("kept = x"),
            Layer::Swap(_) => made.step("x, kept = kept, x"),
            Layer::Add(_) => made.step("x = x + kept.reshape_as(x)"),
            _ => return Err(Fitting { layer: index, of: layer }.unknown().into()),
        }
        match layer.activation() {
            Activation::Tanh => made.module("Tanh()"),
            Activation::Relu => made.module("ReLU()"),
            Activation::Sigmoid => made.module("Sigmoid()"),
            Activation::Softmax => made.module("Softmax(1)"),
            Activation::Linear => {}
            _ => return Err(Fitting { layer: index, of: layer }.unknown_activation().into()),
        }
    }
    Ok(made.finish())
}

/// Dimensions of what modules take: samples and channels, and the steps of a sequence, or rows and columns.
const SEQUENCE: usize = 3;
const IMAGE: usize = 4;

/// Modules that are written.
#[derive(Default)]
struct Writer {
    modules: String,
    count: usize,
    /// What is done with numbers `x`, a line each.
    steps: Vec<String>,
    /// Whether that is more than to go through the modules in their order.
    has_steps: bool,
    /// Dimensions of an image or a sequence that the last module gives.
    dims: usize,
    tensors: Vec<Tensor>,
}

impl Writer {
    /// A module that numbers go through, whose tensors have been written.
    fn module(&mut self, python: &str) {
        self.steps.push(format!("x = self[{}](x)", self.count));
        self.name(python);
    }

    fn name(&mut self, python: &str) {
        self.count += 1;
        let _ = writeln!(self.modules, "    nn.{python},");
    }

    /// What no module does.
    fn step(&mut self, python: &str) {
        self.has_steps = true;
        self.steps.push(python.to_string());
    }

    /// Has what the last module gives be such an image, in so many dimensions; a sequence is one of a single row. The net's inputs
    /// are so.
    fn enter(&mut self, taken: Between, image: Image, dims: usize) {
        let Image { rows, columns, channels } = image;
        match (taken, self.dims) {
            (Between::States(steps, units), _) => {
                self.step(&format!("x = x.reshape(len(x), {steps}, {units}).transpose(1, 2)"));
                if dims == IMAGE {
                    self.step("x = x.unsqueeze(2)");
                }
            }
            (Between::Flat(_), _) if dims == SEQUENCE => {
                self.step(&format!("x = x.reshape(len(x), {channels}, {columns})"));
            }
            (Between::Flat(_), _) => self.step(&format!("x = x.reshape(len(x), {channels}, {rows}, {columns})")),
            (Between::Image(_), SEQUENCE) if dims == IMAGE => self.step("x = x.unsqueeze(2)"),
            (Between::Image(_), IMAGE) if dims == SEQUENCE => self.step("x = x.flatten(2)"),
            _ => {}
        }
        self.dims = dims;
    }

    /// A module that takes the steps of a sequence, and gives a pair: all states, and the last one.
    fn recurrent(&mut self, python: &str, taken: Between, (steps, inputs): (usize, usize), every: bool) {
        match taken {
            Between::Image(_) => self.step("x = x.flatten(2).transpose(1, 2)"),
            _ => self.step(&format!("x = x.reshape(len(x), {steps}, {inputs})")),
        }
        let which = if every { "" } else { "[:, -1]" };
        self.step(&format!("x = self[{}](x)[0]{which}", self.count));
        self.name(python);
    }

    /// A tensor of the next module.
    fn tensor(&mut self, part: &str, shape: &[usize], values: Vec<f32>) {
        self.tensors.push(Tensor::of(format!("{}.{part}", self.count), shape, values));
    }

    fn sliding(&mut self, name: &str, shape: &[usize], kernel: Kernel, weights: &[f32], biases: &[f32]) {
        self.tensor("weight", shape, filters_to_theirs(weights, shape));
        self.tensor("bias", &shape[..1], biases.into());
        self.module(&format!("{name}({}, {}, {}{})", shape[1], shape[0], kernel.size, window(kernel)));
    }

    fn cell(&mut self, own: &[f32], (inputs, units, gates): (usize, usize, usize)) {
        let (cell, neurons) = (Cell::of_ours(own, inputs, units, gates), gates * units);
        self.tensor("weight_ih_l0", &[neurons, inputs], cell.of_inputs);
        self.tensor("weight_hh_l0", &[neurons, units], cell.of_states);
        self.tensor("bias_ih_l0", &[neurons], cell.input_biases);
        self.tensor("bias_hh_l0", &[neurons], cell.state_biases);
    }

    fn finish(self) -> Modules {
        let Self { modules, steps, has_steps, tensors, .. } = self;
        let python = match has_steps {
            false => format!("net = nn.Sequential(\n{modules})\n"),
            true => {
                let steps: String = steps.iter().map(|step| format!("        {step}\n")).collect();
                let class = format!("class Net(nn.Sequential):\n    def forward(self, x):\n{steps}        return x\n");
                format!("{class}\n\nnet = Net(\n{modules})\n")
            }
        };
        Modules { python, tensors }
    }
}

fn window(kernel: Kernel) -> String {
    format!(", stride={}, padding={}", kernel.stride, kernel.padding)
}
