//! `amc import`.

use std::path::PathBuf;

use amc_store::flash::{Saved, saved};
use amc_store::{model, snapshot};
use anyhow::{Context, bail};
use clap::Args;

use crate::model::{Model, params_hash};

#[derive(Args)]
pub(super) struct ImportArgs {
    /// The device's flash memory, or the part of it that a store is in, as it was read out: bytes and nothing else
    dump: PathBuf,
    /// Model file to write
    #[arg(long)]
    model: PathBuf,
    /// Take the save at this offset into the dump, 0x for hexadecimal [default: the newest]
    #[arg(long, value_parser = offset)]
    at: Option<usize>,
}

fn offset(text: &str) -> Result<usize, std::num::ParseIntError> {
    match text.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16),
        None => text.parse(),
    }
}

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let dump = std::fs::read(&args.dump).with_context(|| args.dump.display().to_string())?;
    let found: Vec<_> = saved(&dump).collect();
    for save in &found {
        let what = if model::Stored::parse(save.blob).is_ok() { "model" } else { "chain" };
        eprintln!("{:#x}: save {}, a {what} of {} bytes", save.offset, save.generation, save.blob.len());
    }
    let chosen = match args.at {
        Some(at) => found.iter().find(|save| save.offset == at),
        None => found.iter().max_by_key(|save| save.generation),
    };
    let place = args.dump.display();
    let Some(chosen) = chosen else {
        match args.at {
            Some(at) if !found.is_empty() => bail!("{place}: there is no save at {at:#x}"),
            _ => bail!("{place}: there is no whole save in these {} bytes", dump.len()),
        }
    };
    let model = read(chosen).with_context(|| format!("{place}: the save at {:#x}", chosen.offset))?;
    model.save(&args.model)?;
    let (parameters, hash) = (model.parameters.len(), params_hash(&model.parameters));
    eprintln!("{}: {parameters} parameters of the save at {:#x}, hash {hash}", args.model.display(), chosen.offset);
    Ok(())
}

/// The model of a save: a chain's parameters are those it had come to.
fn read(save: &Saved<'_>) -> anyhow::Result<Model> {
    let as_model = match model::Stored::parse(save.blob) {
        Err(amc_store::FormatError::Magic { .. }) => {
            let stored = snapshot::Stored::parse(save.blob)?;
            let description =
                stored.description().context("the chain was saved without its net: Snapshot::objective")?;
            Model::read(&description, stored.arithmetic(), stored.parameters().collect())
        }
        stored => {
            let stored = stored?;
            Model::read(&stored.description(), stored.arithmetic(), stored.parameters().collect())
        }
    };
    as_model.map_err(anyhow::Error::msg)
}
