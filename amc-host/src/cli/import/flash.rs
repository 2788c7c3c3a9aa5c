//! Models of what a device has stored in its flash memory.

use std::num::ParseIntError;
use std::ops::Range;
use std::path::Path;

use amc_dump::{Save, geometries, saves};
use amc_store::{model, snapshot};
use anyhow::{Context, bail};
use clap::Args;

use super::first_given;
use crate::model::{Model, params_hash};
use crate::note;

/// What pages and words most drivers have.
const SIZES: (usize, usize) = (4096, 4);

#[derive(Args)]
pub(super) struct FlashArgs {
    /// Of flash memory, bytes of a page, the ERASE_SIZE of the device's driver [default: 4096]
    #[arg(long, value_name = "BYTES", value_parser = number)]
    page_size: Option<usize>,
    /// Of flash memory, bytes of a word, the larger of the WRITE_SIZE and READ_SIZE of the device's driver: 1, 2, 4, 8, 16 or 32
    /// [default: 4]
    #[arg(long, value_name = "BYTES", value_parser = number)]
    word_size: Option<usize>,
    /// Of flash memory, the store's region, counted from the file's beginning, 0x for hexadecimal [default: all of the file]
    #[arg(long, value_name = "FROM..TO", value_parser = region)]
    region: Option<Range<usize>>,
    /// Of flash memory, take the save of this number [default: the newest]
    #[arg(long, value_name = "NUMBER")]
    save: Option<u64>,
}

impl FlashArgs {
    /// The first option that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        first_given(&[
            ("page-size", self.page_size.is_some()),
            ("word-size", self.word_size.is_some()),
            ("region", self.region.is_some()),
            ("save", self.save.is_some()),
        ])
    }
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

pub(super) fn run(path: &Path, args: &FlashArgs, output: &Path) -> anyhow::Result<()> {
    let place = path.display();
    let dump = std::fs::read(path).with_context(|| place.to_string())?;
    let (page_size, word_size) = (args.page_size.unwrap_or(SIZES.0), args.word_size.unwrap_or(SIZES.1));
    let Range { start: from, end: to } = args.region.clone().unwrap_or(0..dump.len());
    let Some(region) = dump.get(from..to) else {
        bail!("{place}: --region {from:#x}..{to:#x} is not within its {} bytes", dump.len())
    };
    let found = saves(region, page_size, word_size).with_context(|| place.to_string())?;
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
            let (given, others) = (sizes(page_size, word_size), others.collect::<Vec<_>>().join(" or "));
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
    if let Some(what) = model.not_finite() {
        note!("warning: {what}: the model gives no numbers");
    }
    model.save(output)?;
    let (parameters, hash) = (model.parameters.len(), params_hash(&model.parameters));
    note!("{}: {parameters} parameters of save {}, hash {hash}", output.display(), chosen.generation);
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
