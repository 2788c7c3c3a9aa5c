//! `amc export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::console::print;
use crate::export::rust;
use crate::fold::fold;
use crate::model::Model;
use crate::output::save;

#[derive(Args)]
pub(super) struct ExportArgs {
    /// A model file
    model: PathBuf,
    /// As Rust for amc-core: constants NET and OBJECTIVE, and the static PARAMETERS with the same bits
    #[arg(long, required = true)]
    rust: bool,
    /// Fold the scaling of a table's numbers into the first layer, and that of numbers to find into the last: the net takes and
    /// gives them as they are measured
    #[arg(long)]
    fold: bool,
    /// File to write [default: stdout]
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    let model = Model::load(&args.model)?;
    let model = match args.fold {
        true => fold(&model).with_context(|| args.model.display().to_string())?,
        false => model,
    };
    let source = rust(&model).with_context(|| args.model.display().to_string())?;
    match &args.output {
        Some(path) => save(path, source.as_bytes()),
        None => Ok(print(source)?),
    }
}
