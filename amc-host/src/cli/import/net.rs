//! Models of nets from other toolchains.

use std::path::{Path, PathBuf};

use amc_core::{Activation, Layer, Net, NetError};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_exchange::chain::Chain;
use amc_exchange::tensor::Tensor;
use amc_exchange::torch::Order;
use amc_exchange::{arrays, chain, keras, onnx, safetensors, torch};
use amc_kernels::Arithmetic;
use anyhow::{Context, ensure};
use clap::Args;

use super::{first_given, place};
use crate::cli::named;
use crate::data::schema::Schema;
use crate::model::carried::{self, Said};
use crate::model::net_file::{self, NetFile, NetFileError};
use crate::model::{Model, check_classes, params_hash};
use crate::note;

#[derive(Args)]
pub(super) struct NetArgs {
    /// Of .safetensors and .npz, the layers that the tensors are of, as a TOML file: `amc info MODEL` prints one [default: those
    /// that `amc export` wrote, or a chain of dense layers]
    #[arg(long, value_name = "FILE")]
    net: Option<PathBuf>,
    /// Of .safetensors and .npz without a net, the activation of hidden layers [default: tanh]
    #[arg(long, value_parser = named(&ActivationName::ALL, ActivationName::name), conflicts_with = "net")]
    activation: Option<ActivationName>,
    /// The same of the output layer [default: linear]
    #[arg(long, value_parser = named(&ActivationName::ALL, ActivationName::name), conflicts_with = "net")]
    output_activation: Option<ActivationName>,
    /// The loss that training goes on with [default: cross-entropy behind softmax, else mse]
    #[arg(long, value_parser = named(&LossName::ALL, LossName::name))]
    loss: Option<LossName>,
    /// The classes that the outputs are, in their order, as a table calls them: A,B,C
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    classes: Vec<String>,
    /// The same from a file, with a name in each line
    #[arg(long, value_name = "FILE", conflicts_with = "classes")]
    classes_file: Option<PathBuf>,
}

impl NetArgs {
    /// The first option that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        self.given_of_tensors().or(first_given(&[
            ("loss", self.loss.is_some()),
            ("classes", !self.classes.is_empty()),
            ("classes-file", self.classes_file.is_some()),
        ]))
    }

    /// The first option that a file of this format does not need.
    pub(super) fn given_in_vain(&self, format: Format) -> Option<&'static str> {
        if format == Format::Onnx { self.given_of_tensors() } else { None }
    }

    /// The names of classes, and what says them.
    fn class_names(&self) -> anyhow::Result<(Vec<String>, String)> {
        let Some(path) = &self.classes_file else { return Ok((self.classes.clone(), "--classes".into())) };
        let text = std::fs::read_to_string(path).with_context(|| place(path))?;
        let names: Vec<_> = text.trim_start_matches('\u{feff}').lines().map(|line| line.trim().to_string()).collect();
        anyhow::ensure!(!names.is_empty(), "{}: it has no names of classes", place(path));
        Ok((names, place(path)))
    }

    fn given_of_tensors(&self) -> Option<&'static str> {
        first_given(&[
            ("net", self.net.is_some()),
            ("activation", self.activation.is_some()),
            ("output-activation", self.output_activation.is_some()),
        ])
    }
}

/// What files of nets are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Safetensors,
    Npz,
    Onnx,
}

impl Format {
    pub(super) const ALL: [Self; 3] = [Self::Safetensors, Self::Npz, Self::Onnx];

    pub(super) fn ending(self) -> &'static str {
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

pub(super) fn run(path: &Path, format: Format, args: &NetArgs, output: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(path).with_context(|| place(path))?;
    let found = match format {
        Format::Onnx => of_graph(path, &bytes).with_context(|| place(path))?,
        Format::Safetensors => {
            let (tensors, metadata) = safetensors::read(&bytes).with_context(|| place(path))?;
            of_tensors(path, format, &tensors, metadata.get(carried::KEY), args)?
        }
        Format::Npz => of_tensors(path, format, &arrays::read(bytes, &place(path))?, None, args)?,
    };
    let Found { net: NetFile { inputs, layers, loss, .. }, parameters, arithmetic, schema, classes, told } = found;
    for line in told {
        note!("{line}");
    }
    ensure!(
        args.loss.is_none() || loss.is_none() || args.net.is_none(),
        "--loss is said twice: the net file says it, too"
    );
    let loss = args.loss.or(loss).unwrap_or_else(|| guessed_loss(&layers));
    let description = Description { inputs, layers, loss };
    let needed = description.objective().with_context(|| place(path))?.net().parameters();
    ensure!(parameters.len() == needed, "{}: {} parameters for a net of {needed}", place(path), parameters.len());
    if let Some(index) = parameters.iter().position(|x| !x.is_finite()) {
        anyhow::bail!("{}: parameter {index}, a sum of two biases, is beyond single precision", place(path));
    }
    let (said, source) = args.class_names()?;
    if !said.is_empty() {
        ensure!(
            schema.is_none() && classes.is_empty(),
            "{source} says twice what the outputs are: {} does, too",
            place(path)
        );
        let outputs = description.layers.last().map_or(0, Layer::units);
        check_classes(&said, outputs).map_err(|reason| anyhow::anyhow!("{source}: {reason}"))?;
    }
    let classes = if said.is_empty() { classes } else { said };
    let model = Model { description, arithmetic, parameters, schema, classes };
    model.save(output)?;
    note!("{}: {needed} parameters, hash {}", output.display(), params_hash(&model.parameters));
    Ok(())
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
    let onnx::Read { inputs, layers, parameters, metadata, told } = onnx::read(bytes)?;
    let said = metadata.get(carried::KEY).map(|text| carried::read(path, text)).transpose()?;
    let (loss, arithmetic, schema, classes) = match said {
        Some(Said { net, arithmetic, schema, classes }) => {
            ensure!(
                net.inputs == inputs && net.layers == layers,
                "the graph is not of the net that amc wrote beside it"
            );
            (net.loss, arithmetic, schema, classes)
        }
        None => (None, Arithmetic::Portable, None, Vec::new()),
    };
    Ok(Found { net: NetFile::new(inputs, layers, loss), parameters, arithmetic, schema, classes, told })
}

fn of_tensors(
    path: &Path,
    format: Format,
    tensors: &[Tensor],
    text: Option<&String>,
    args: &NetArgs,
) -> anyhow::Result<Found> {
    let mut told = Vec::new();
    // An archive has its arrays in the order in which they were saved.
    let order = if format == Format::Npz { Order::Given } else { Order::Names };
    let said = match (&args.net, text) {
        (Some(net), _) => of_net(of_file(net, tensors)?),
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
    let Said { net, arithmetic, schema, classes } = said;
    Net::try_new(net.inputs, &net.layers).with_context(|| place(path))?;
    let (parameters, more) = match torch::is_named(tensors) || format == Format::Safetensors {
        true => torch::parameters(tensors, order, net.inputs, &net.layers).with_context(|| place(path))?,
        false => keras::parameters(tensors, net.inputs, &net.layers).with_context(|| place(path))?,
    };
    told.extend(more);
    told.extend(tensors.iter().filter(|of| of.is_rounded).map(|of| format!("{}: rounded to float32", of.name)));
    Ok(Found { net, parameters, arithmetic, schema, classes, told })
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
