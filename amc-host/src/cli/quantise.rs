//! `amc quantise`.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;

use super::{DataArgs, integer, table};
use crate::data::prepare::{self, Prepared};
use crate::model::{Model, integer::params_hash};
use crate::note;
use crate::quantise::{Quantised, quantise};

#[derive(Args)]
pub(super) struct QuantiseArgs {
    /// A model file of a net of floats
    model: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    table: table::TableArgs,
    /// File to write
    #[arg(short, long)]
    output: PathBuf,
}

/// Makes integers of a model, with scales that are best on the data's samples to train on, and measures both on all of them; a table
/// is split as in training.
pub(super) fn run(args: &QuantiseArgs) -> anyhow::Result<()> {
    let model = Model::load(&args.model)?;
    let is_input = matches!((args.model.canonicalize(), args.output.canonicalize()), (Ok(from), Ok(to)) if from == to);
    ensure!(!is_input, "{}: the net of floats would be lost: --output has to be another file", args.output.display());
    let place = || args.model.display().to_string();
    super::check_answers(&model)?;
    let data = match args.data.table() {
        Some(path) => {
            args.table.check_known()?;
            let schema = super::schema_of(&model)?;
            let Prepared { data, report, .. } =
                prepare::load_known(schema, path, &args.table.options(schema.window), false, None)?;
            report.iter().for_each(|line| note!("{line}"));
            data
        }
        None if model.schema.is_some() => {
            bail!("the model was trained on a table: name one with the same columns, --data FILE")
        }
        None => args.data.load(None)?,
    };
    let Quantised { model: integers, data: in_units, cut } = quantise(&model, &data).with_context(place)?;
    let (count, hash) = (integers.parameters.len(), params_hash(&integers.parameters));
    note!("{cut} of {count} parameters are beyond ±127, and are cut off there; params_hash {hash}");
    integers.save(&args.output)?;
    note!("of floats:");
    super::eval(&model, &data, "train")?;
    note!("of integers:");
    integer::measure(&integers, &in_units, "train")
}
