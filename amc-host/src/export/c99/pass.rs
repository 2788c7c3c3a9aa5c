//! A net's pass: calls of functions, layer by layer.

use amc_core::{Activation, Image, Kernel, Layer, Net, Section};

use super::plan::{Buffers, Place};
use crate::export::ExportError;

/// A pass as C has it, in which names begin with `model_` or `MODEL_`.
pub(super) struct Pass {
    /// Statements.
    pub calls: String,
    /// The parts that they call.
    pub parts: Vec<&'static str>,
    /// Where numbers are between layers.
    pub buffers: Buffers,
}

/// A layer on the way.
struct At {
    index: usize,
    section: Section,
    /// Numbers that it is given.
    width: usize,
    given: Place,
    kept: Place,
    /// Where it writes.
    to: Place,
}

impl Pass {
    pub(super) fn of(net: &Net<'_>) -> Result<Self, ExportError> {
        let mut pass = Self { calls: String::new(), parts: Vec::new(), buffers: Buffers::default() };
        let (mut given, mut kept, mut width) = (Place::Inputs, Place::Inputs, net.inputs());
        for ((index, layer), section) in net.layers().iter().enumerate().zip(net.sections()) {
            pass.calls += &format!("    /* {layer} */\n");
            match layer {
                // What is kept is not overwritten: nothing has to be copied.
                Layer::Keep(_) => kept = given,
                Layer::Swap(_) => std::mem::swap(&mut given, &mut kept),
                _ => {
                    let to = match index + 1 == net.layers().len() {
                        true => Place::Outputs,
                        false => pass.buffers.take(layer.units(), &[given, kept]),
                    };
                    let at = At { index, section, width, given, kept, to };
                    let written = pass.layer(layer, &at);
                    written.ok_or_else(|| ExportError::Unwritten { layer: index, kind: layer.to_string() })?;
                    given = to;
                    if let Layer::Add(_) = layer {
                        kept = Place::Inputs;
                    }
                }
            }
            width = layer.units();
        }
        if given != Place::Outputs {
            let outputs = net.outputs();
            pass.calls += &format!("    for (size_t i = 0; i < {outputs}; i++)\n        outputs[i] = {given}[i];\n");
        }
        Ok(pass)
    }

    /// Numbers of memory; an array of none is no C.
    pub(super) fn scratch(&self) -> usize {
        self.buffers.numbers().max(1)
    }

    /// The function `model_predict`, which tells the class if outputs stand for `classes`.
    pub(super) fn function(&self, classes: bool) -> String {
        let (what, gives, end) = match classes {
            true => ("\n   Gives the class, as model_class does.", "int", "    return model_class(outputs);\n"),
            false => ("", "void", ""),
        };
        let buffers = self.buffers.declared();
        let buffers = if buffers.is_empty() { "    (void)scratch;\n".to_string() } else { buffers };
        format!(
            "\n/* Makes the net's outputs of its inputs. No two of the arrays may overlap.{what} */\n\
             static inline {gives} model_predict(const float inputs[MODEL_INPUTS], float outputs[MODEL_OUTPUTS],\n\
             {:8}float scratch[MODEL_SCRATCH])\n{{\n{buffers}\n{}{end}}}\n",
            "", self.calls,
        )
    }

    /// Calls what is written of a layer, and of its activation.
    fn layer(&mut self, layer: &Layer, at: &At) -> Option<()> {
        let At { section, width, given, kept, to, .. } = at;
        let [weights, biases] = [section.start, section.start + section.weights].map(parameters);
        let activation = activation(layer.activation())?;
        self.parts.extend(activation);
        match layer {
            Layer::Dense(of) => {
                self.call("dense", &format!("{given}, {width}, {weights}, {biases}, {}, {to}", of.units))
            }
            Layer::Conv1d(of) => {
                let sides = self.sides(at, (1, Kernel::new(1, 1, 0)), (of.steps, of.kernel));
                self.convolution(at, &sides, of.channels, of.filters);
            }
            Layer::Convolution(of) => {
                let sides = self.sides(at, (of.image.rows, of.kernel), (of.image.columns, of.kernel));
                self.convolution(at, &sides, of.image.channels, of.filters);
            }
            Layer::MaxPool(of) => {
                let sides = self.sides(at, (of.image.rows, of.kernel), (of.image.columns, of.kernel));
                self.call("max_pool", &format!("{given}, {sides}, {}, {to}", of.image.channels));
            }
            Layer::GlobalAverage(of) => {
                let places = of.image.rows * of.image.columns;
                self.call("global_average", &format!("{given}, {places}, {}, {to}", of.image.channels));
            }
            Layer::Normalization(of) => {
                let [gains, biases] = [section.start, section.start + of.units].map(parameters);
                self.call("normalization", &format!("{given}, {}, {gains}, {biases}, {to}", of.units));
            }
            Layer::Recurrent(of) => {
                let spare = self.spare(at, of.units, of.every);
                let sizes = format!("{}, {}, {weights}, {}", of.inputs, of.steps, of.units);
                let activate = activation.map_or(NONE.to_string(), |name| format!("model_{name}"));
                self.call("recurrent", &format!("{given}, {sizes}, {activate}, {to}, {}", or_none(spare)));
                // It goes on with what its activation gives.
                return Some(());
            }
            Layer::Gru(of) => {
                let spare = self.spare(at, of.units, of.every);
                let needed: Vec<_> = [*given, *kept, *to].into_iter().chain(spare).collect();
                let sums = self.buffers.take(3 * of.units, &needed);
                let sizes = format!("{}, {}, {weights}, {}", of.inputs, of.steps, of.units);
                self.call("gru", &format!("{given}, {sizes}, {to}, {}, {sums}", or_none(spare)));
            }
            Layer::Add(of) => self.call("add", &format!("{given}, {kept}, {}, {to}", of.units)),
            _ => return None,
        }
        if let Some(activation) = activation {
            self.call(activation, &format!("{to}, {}", layer.units()));
        }
        Some(())
    }

    fn call(&mut self, part: &'static str, arguments: &str) {
        self.parts.push(part);
        self.calls += &format!("    model_{part}({arguments});\n");
    }

    fn convolution(&mut self, at: &At, sides: &str, channels: usize, filters: usize) {
        let At { section, given, to, .. } = at;
        let [weights, biases] = [section.start, section.start + section.weights].map(parameters);
        self.call("convolution", &format!("{given}, {sides}, {channels}, {weights}, {biases}, {filters}, {to}"));
    }

    /// The two sides along which a layer's window moves, rows first.
    fn sides(&mut self, at: &At, rows: (usize, Kernel), columns: (usize, Kernel)) -> String {
        let index = at.index;
        for (name, (places, kernel)) in [("rows", rows), ("columns", columns)] {
            let Kernel { size, stride, padding } = kernel;
            let positions = Image::new(places, 1, 1).through(kernel, 1).rows;
            let side = format!("{{{places}, {size}, {stride}, {padding}, {positions}}}");
            self.calls += &format!("    static const model_side {name}{index} = {side};\n");
        }
        format!("&rows{index}, &columns{index}")
    }

    /// Where every other state is made if the last alone is given.
    fn spare(&mut self, at: &At, units: usize, every: bool) -> Option<Place> {
        (!every).then(|| self.buffers.take(units, &[at.given, at.kept, at.to]))
    }
}

const NONE: &str = "NULL";

fn or_none(place: Option<Place>) -> String {
    place.map_or(NONE.to_string(), |place| place.to_string())
}

/// The parameters from one on.
fn parameters(start: usize) -> String {
    match start {
        0 => "MODEL_PARAMETERS".to_string(),
        _ => format!("MODEL_PARAMETERS + {start}"),
    }
}

/// The part of an activation; `Some(None)` where there is nothing to do.
fn activation(of: Activation) -> Option<Option<&'static str>> {
    match of {
        Activation::Linear => Some(None),
        Activation::Tanh => Some(Some("tanh")),
        Activation::Relu => Some(Some("relu")),
        Activation::Sigmoid => Some(Some("sigmoid")),
        Activation::Softmax => Some(Some("softmax")),
        Activation::Sign => Some(Some("sign")),
        Activation::Step => Some(Some("step")),
        _ => None,
    }
}
