//! Models of nets from other toolchains.

use std::path::{Path, PathBuf};

use amc_core::{Activation, Layer, Net, NetError};
use amc_engine::description::{ActivationName, Description, LayerNames, LossName};
use amc_exchange::chain::Chain;
use amc_exchange::layers::Taken;
use amc_exchange::tensor::Tensor;
use amc_exchange::torch::Order;
use amc_exchange::{arrays, chain, keras, onnx, safetensors, torch};
use amc_kernels::Arithmetic;
use anyhow::{Context, ensure};

use crate::data::schema::Schema;
use crate::model::carried::{self, Said};
use crate::model::net_file::{self, NetFile, NetFileError};
use crate::model::{Model, check_classes};
use crate::note;

/// What files of nets are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tensors by name.
    Safetensors,
    /// Arrays of numpy.
    Npz,
    /// A graph.
    Onnx,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Safetensors, Self::Npz, Self::Onnx];

    /// How names of such files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Npz => "npz",
            Self::Onnx => "onnx",
        }
    }
}

/// What a file has.
struct Found {
    net: NetFile,
    parameters: Vec<f32>,
    arithmetic: Arithmetic,
    schema: Option<Schema>,
    classes: Vec<String>,
    told: Vec<String>,
}

impl Format {
    /// That of a file, by the ending of its name.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        Self::ALL.into_iter().find(|format| format.ending() == ending)
    }
}

/// How a net in a file of another format gets into one that is read.
pub fn way_here(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    Some(match &*ending {
        "pt" | "pth" | "ckpt" => {
            "in Python, safetensors.torch.save_file(net.state_dict(), \"net.safetensors\") writes one of a net of PyTorch"
        }
        "h5" | "keras" => "in Python, numpy.savez(\"net.npz\", *net.get_weights()) writes one of a net of Keras",
        "pb" | "tflite" => "tf2onnx writes one of a net of TensorFlow",
        _ => return None,
    })
}

/// What is said of a net that its file may not say; what is not said, and guessed, is printed.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Of tensors, a net file.
    pub net: Option<PathBuf>,
    /// Of tensors without a net, the activation of hidden layers; tanh.
    pub activation: Option<ActivationName>,
    /// The same of the output layer; linear.
    pub output_activation: Option<ActivationName>,
    /// The loss.
    pub loss: Option<LossName>,
    /// The classes that the outputs are.
    pub classes: Vec<String>,
}

impl Asked {
    /// The first option of tensors that was given.
    pub fn given_of_tensors(&self) -> Option<&'static str> {
        let options = [
            ("net", self.net.is_some()),
            ("activation", self.activation.is_some()),
            ("output-activation", self.output_activation.is_some()),
        ];
        options.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
}

/// The model of a file.
///
/// # Errors
/// Of a file that has no net of these layers, or other parameters than the net's, and of what is said twice or does not fit it.
pub fn read(path: &Path, format: Format, args: &Asked) -> anyhow::Result<Model> {
    let bytes = std::fs::read(path).with_context(|| place(path))?;
    let found = match format {
        Format::Onnx => of_graph(path, &bytes).with_context(|| place(path))?,
        Format::Safetensors => {
            let (tensors, metadata) = safetensors::read(&bytes).with_context(|| place(path))?;
            of_tensors(path, format, &tensors, metadata.get(carried::KEY), args)?
        }
        Format::Npz => of_tensors(path, format, &arrays::read(bytes, &place(path))?, None, args)?,
    };
    let Found { net: NetFile { inputs, layers, names, loss, .. }, parameters, arithmetic, schema, classes, told } =
        found;
    for line in told {
        note!("{line}");
    }
    ensure!(
        args.loss.is_none() || loss.is_none() || args.net.is_none(),
        "--loss is said twice: the net file says it, too"
    );
    let loss = args.loss.or(loss).unwrap_or_else(|| guessed_loss(&layers));
    let description = Description { inputs, layers, names, loss };
    let needed = description.objective().with_context(|| place(path))?.net().parameters();
    ensure!(parameters.len() == needed, "{}: {} parameters for a net of {needed}", place(path), parameters.len());
    if let Some(index) = parameters.iter().position(|x| !x.is_finite()) {
        anyhow::bail!("{}: parameter {index}, a sum of two biases, is beyond single precision", place(path));
    }
    if !args.classes.is_empty() {
        ensure!(
            schema.is_none() && classes.is_empty(),
            "--classes says twice what the outputs are: {} does, too",
            place(path)
        );
        let outputs = description.layers.last().map_or(0, Layer::units);
        check_classes(&args.classes, outputs).map_err(|reason| anyhow::anyhow!("--classes: {reason}"))?;
    }
    let classes = if args.classes.is_empty() { classes } else { args.classes.clone() };
    Ok(Model { description, arithmetic, parameters, schema, classes })
}

/// What errors of a file begin with.
fn place(path: &Path) -> String {
    path.display().to_string()
}

fn guessed_loss(layers: &[Layer]) -> LossName {
    let loss = match layers.last().map(Layer::activation) {
        Some(Activation::Softmax) => LossName::CrossEntropy,
        _ => LossName::Mse,
    };
    note!("the loss is taken to be {}; --loss says otherwise", loss.name());
    loss
}

fn of_graph(path: &Path, bytes: &[u8]) -> anyhow::Result<Found> {
    let onnx::Read { inputs, layers, names, parameters, metadata, mut told } = onnx::read(bytes)?;
    let said = match metadata.get(carried::KEY) {
        Some(text) => {
            let said = carried::read(path, text)?;
            ensure!(
                said.net.inputs == inputs && said.net.layers == layers,
                "the graph is not of the net that amc wrote beside it"
            );
            said
        }
        None => {
            told.extend(said_of(&names));
            of_net(NetFile { names, ..NetFile::new(inputs, layers, None) })
        }
    };
    let Said { net, arithmetic, schema, classes } = said;
    Ok(Found { net, parameters, arithmetic, schema, classes, told })
}

fn of_tensors(
    path: &Path,
    format: Format,
    tensors: &[Tensor],
    text: Option<&String>,
    args: &Asked,
) -> anyhow::Result<Found> {
    let mut told = Vec::new();
    // An archive has its arrays in the order in which they were saved.
    let order = if format == Format::Npz { Order::Given } else { Order::Names };
    let said = match (&args.net, text) {
        (Some(net), text) => {
            told.extend(text.and_then(|text| left_out(path, text)));
            of_net(of_file(net, tensors)?)
        }
        (None, Some(text)) => {
            if let Some(option) = args.given_of_tensors() {
                anyhow::bail!("{}: --{option} is said twice: amc wrote its net beside it", place(path));
            }
            carried::read(path, text).with_context(|| place(path))?
        }
        (None, None) => {
            let hidden = args.activation.unwrap_or(ActivationName::Tanh);
            let last = args.output_activation.unwrap_or(ActivationName::Linear);
            let Chain { inputs, layers, by_shape } =
                chain::chain(tensors, order, hidden, last).with_context(|| place(path))?;
            if let Some(modules) = by_shape {
                told.push(format!(
                    "names tell no order of the layers: it is the only one that their shapes allow, {}; --net says otherwise",
                    modules.join(", ")
                ));
            }
            let (hidden, last) = (hidden.name(), last.name());
            told.push(format!(
                "no net is said: a chain of {} dense layers, {hidden} and {last} at the end; --net, --activation and \
                 --output-activation say otherwise",
                layers.len()
            ));
            of_net(NetFile::new(inputs, layers, None))
        }
    };
    let Said { mut net, arithmetic, schema, classes } = said;
    Net::try_new(net.inputs, &net.layers).with_context(|| place(path))?;
    let Taken { parameters, names, told: more } = match torch::is_named(tensors) || format == Format::Safetensors {
        true => torch::parameters(tensors, order, net.inputs, &net.layers).with_context(|| place(path))?,
        false => keras::parameters(tensors, net.inputs, &net.layers).with_context(|| place(path))?,
    };
    told.extend(more);
    let all = net.names.or(&names);
    if all != net.names {
        told.extend(said_of(&all));
        net.names = all;
    }
    told.extend(tensors.iter().filter(|of| of.is_rounded).map(|of| format!("{}: rounded to float32", of.name)));
    Ok(Found { net, parameters, arithmetic, schema, classes, told })
}

/// What layers are called, where some have names.
fn said_of(names: &LayerNames) -> Option<String> {
    (!names.is_empty()).then(|| format!("layers are called {names}: --train takes these names"))
}

/// What is lost of what amc wrote beside a net, where a net file is taken in place of it.
fn left_out(path: &Path, text: &str) -> Option<String> {
    let Said { net, schema, classes, .. } = carried::read(path, text).ok()?;
    let lost = [
        (schema.is_some(), "columns and their scale"),
        (!classes.is_empty(), "classes"),
        (!net.names.is_empty(), "names of layers"),
    ];
    let lost: Vec<_> = lost.into_iter().filter_map(|(is_there, what)| is_there.then_some(what)).collect();
    (!lost.is_empty()).then(|| {
        format!("--net takes the place of what amc wrote beside the net: without it, {} are read, too", lost.join(", "))
    })
}

/// What is said of a net where it is all that is said.
fn of_net(net: NetFile) -> Said {
    Said { net, arithmetic: Arithmetic::Portable, schema: None, classes: Vec::new() }
}

/// A net file; where it does not say how many inputs there are, those that the first layer takes.
fn of_file(path: &Path, tensors: &[Tensor]) -> Result<NetFile, NetFileError> {
    let inputs = chain::inputs(tensors).unwrap_or(1);
    match net_file::read(path, inputs) {
        Err(NetFileError::Net { error: NetError::Inputs { layer: 0, takes, .. }, .. }) => net_file::read(path, takes),
        read => read,
    }
}
