//! `amc import`.

use std::num::ParseIntError;
use std::ops::Range;
use std::path::PathBuf;

use amc_dump::{Save, geometries, saves};
use amc_store::{model, snapshot};
use anyhow::{Context, bail};
use clap::Args;

use crate::model::{Model, params_hash};
use crate::note;

#[derive(Args)]
pub(super) struct ImportArgs {
    /// The device's flash memory, or the part of it that a store is in, as it was read out: bytes and nothing else
    dump: PathBuf,
    /// Model file to write
    #[arg(long)]
    model: PathBuf,
    /// Bytes of a page, the ERASE_SIZE of the device's driver
    #[arg(long, value_name = "BYTES", default_value = "4096", value_parser = number)]
    page_size: usize,
    /// Bytes of a word, the larger of the WRITE_SIZE and READ_SIZE of the device's driver: 1, 2, 4, 8, 16 or 32
    #[arg(long, value_name = "BYTES", default_value = "4", value_parser = number)]
    word_size: usize,
    /// The store's region, counted from the dump's beginning, 0x for hexadecimal [default: all of the dump]
    #[arg(long, value_name = "FROM..TO", value_parser = region)]
    region: Option<Range<usize>>,
    /// Take the save of this number [default: the newest]
    #[arg(long, value_name = "NUMBER")]
    save: Option<u64>,
}

fn number(text: &str) -> Result<usize, ParseIntError> {
    match text.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16),
        None => text.parse(),
    }
}

fn region(text: &str) -> Result<Range<usize>, String> {
    let (from, to) = text.split_once("..").ok_or("it is not FROM..TO")?;
    let end = |text| number(text).map_err(|error| format!("{text}: {error}"));
    Ok(end(from)?..end(to)?)
}

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let place = args.dump.display();
    let dump = std::fs::read(&args.dump).with_context(|| place.to_string())?;
    let Range { start: from, end: to } = args.region.clone().unwrap_or(0..dump.len());
    let Some(region) = dump.get(from..to) else {
        bail!("{place}: --region {from:#x}..{to:#x} is not within its {} bytes", dump.len())
    };
    let found = saves(region, args.page_size, args.word_size).with_context(|| place.to_string())?;
    for Save { generation, blob } in &found {
        let what = if model::Stored::parse(blob).is_ok() { "model" } else { "chain" };
        note!("save {generation}: a {what} of {} bytes", blob.len());
    }
    let chosen = match args.save {
        Some(number) => found.iter().find(|save| save.generation == number),
        None => found.first(),
    };
    let known = found.first().map_or(0, |save| save.generation);
    if args.save.is_none() {
        let others: Vec<_> = geometries(region).filter(|(.., newest)| *newest > known).collect();
        if let Some(newest) = others.iter().map(|(.., newest)| *newest).max() {
            let others = others.iter().filter(|(.., of)| *of == newest).map(|(page, word, _)| sizes(*page, *word));
            let (given, others) = (sizes(args.page_size, args.word_size), others.collect::<Vec<_>>().join(" or "));
            bail!("{place}: there is no save {newest} with {given}, but there is with {others}");
        }
    }
    let Some(chosen) = chosen else {
        match args.save {
            Some(number) => bail!("{place}: there is no save {number}"),
            None => bail!("{place}: there is no whole save in {from:#x}..{to:#x}, which has to be the store's region"),
        }
    };
    let model = read(chosen).with_context(|| format!("{place}: save {}", chosen.generation))?;
    model.save(&args.model)?;
    let (parameters, hash) = (model.parameters.len(), params_hash(&model.parameters));
    note!("{}: {parameters} parameters of save {}, hash {hash}", args.model.display(), chosen.generation);
    Ok(())
}

fn sizes(page: usize, word: usize) -> String {
    format!("--page-size {page} --word-size {word}")
}

/// The model of a save: a chain's parameters are those it had come to.
fn read(save: &Save) -> anyhow::Result<Model> {
    let as_model = match model::Stored::parse(&save.blob) {
        Err(amc_store::FormatError::Magic { .. }) => {
            let stored = snapshot::Stored::parse(&save.blob)?;
            let description =
                stored.description().context("the chain was saved without its net: Snapshot::objective")?;
            Model::read(&description, stored.arithmetic(), stored.parameters().collect())
        }
        stored => Model::of(&stored?),
    };
    as_model.map_err(anyhow::Error::msg)
}
