//! The options of nets from other toolchains.

use std::path::{Path, PathBuf};

use amc_engine::description::{ActivationName, LossName};
use anyhow::{Context, ensure};
use clap::Args;

use super::{first_given, place};
use crate::cli::named;
use crate::import::{self, Asked, Format};
use crate::model::params_hash;
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

    /// What is asked for.
    fn asked(&self) -> anyhow::Result<Asked> {
        let classes = match &self.classes_file {
            None => self.classes.clone(),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| place(path))?;
                let lines = text.trim_start_matches('\u{feff}').lines();
                let names: Vec<_> = lines.map(|line| line.trim().to_string()).collect();
                ensure!(!names.is_empty(), "{}: it has no names of classes", place(path));
                names
            }
        };
        let Self { net, activation, output_activation, loss, .. } = self;
        let (activation, output_activation) = (*activation, *output_activation);
        Ok(Asked { net: net.clone(), activation, output_activation, loss: *loss, classes })
    }

    fn given_of_tensors(&self) -> Option<&'static str> {
        first_given(&[
            ("net", self.net.is_some()),
            ("activation", self.activation.is_some()),
            ("output-activation", self.output_activation.is_some()),
        ])
    }
}

pub(super) fn run(path: &Path, format: Format, args: &NetArgs, output: &Path) -> anyhow::Result<()> {
    let model = import::read(path, format, &args.asked()?)?;
    model.save(output)?;
    let (parameters, hash) = (model.parameters.len(), params_hash(&model.parameters));
    note!("{}: {parameters} parameters, hash {hash}", output.display());
    Ok(())
}
