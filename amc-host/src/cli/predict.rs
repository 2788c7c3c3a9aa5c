//! `amc predict`.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use amc_engine::data::{OwnedTargets, Set, Values};
use anyhow::Context;
use clap::Args;

use super::table::WrittenArgs;
use crate::console::StdoutError;
use crate::data::prepare::check_memory;
use crate::data::schema::Schema;
use crate::data::table::dialect::Delimiter;
use crate::data::table::{Table, Written, pair};
use crate::data::window::Window;
use crate::model::Trained;
use crate::note;
use crate::output::save;
use crate::predict::{Predictor, heads, row};

#[derive(Args)]
pub(super) struct PredictArgs {
    /// A model file of a net that was trained on a table
    model: PathBuf,
    /// A table with the same columns, with or without the target, as text, .npy or .npz; - reads rows from stdin, and answers
    /// each at once
    file: PathBuf,
    #[command(flatten)]
    written: WrittenArgs,
    /// File to write [default: stdout]
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let mut model = Trained::load(&args.model)?;
    if let Trained::Floats(model) = &mut model {
        super::check_answers(model)?;
        if model.schema.is_none() && !model.classes.is_empty() {
            let inputs = model.description.inputs;
            note!(
                "the model says nothing of columns: all {inputs} of the table are taken, as they are and in their order"
            );
            model.schema = Some(Schema::of_classes(inputs, &model.classes));
        }
    }
    let model = model.predictor();
    let schema = super::schema_of(model)?;
    let written = args.written.written();
    if args.file == Path::new("-") {
        anyhow::ensure!(args.output.is_none(), "--output is for a file's rows: those of stdin go to stdout");
        return stream(model, schema, written);
    }
    if let Some(output) = args.output.as_ref().filter(|output| output.is_file()) {
        let same = |other: &Path| std::fs::canonicalize(other).ok() == std::fs::canonicalize(output).ok();
        let tables = pair(&args.file).map_or_else(|| vec![args.file.clone()], Vec::from);
        let tables = tables.iter().map(|table| ("the table", table));
        let own = std::iter::once(("the model", &args.model)).chain(tables).find(|(_, path)| same(path));
        if let Some((what, path)) = own {
            anyhow::bail!("--output is {what}, {}: name another file", path.display());
        }
    }
    let table = Table::read(&args.file, written, &schema.names())?;
    anyhow::ensure!(
        table.rows() >= schema.window.rows,
        "{}: {} rows, and the net takes {} for an answer",
        args.file.display(),
        table.rows(),
        schema.window.rows
    );
    check_memory(schema, table.rows() + 1 - schema.window.rows)?;
    let text = answers(model, schema, &table, &mut Vec::new(), true)?;
    match &args.output {
        Some(path) => save(path, &text),
        None => Ok(write(&text)?),
    }
}

fn write(text: &[u8]) -> Result<(), StdoutError> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text)?;
    Ok(stdout.flush()?)
}

/// The answers to a table's rows, as CSV. Where a net takes windows, the first answer is to as many rows as one has, of which the
/// first may be those `before` the table; the last rows are kept there for those that follow.
fn answers(
    model: &dyn Predictor,
    schema: &Schema,
    table: &Table,
    before: &mut Vec<f32>,
    with_heads: bool,
) -> anyhow::Result<Vec<u8>> {
    let (width, Window { rows, .. }) = (schema.numbers().max(1), schema.window);
    before.extend(schema.scaled(table)?);
    let ends = rows - 1..(before.len() / width).max(rows - 1);
    let features = ends.flat_map(|end| schema.window.features(before, width, end)).copied().collect();
    before.drain(..before.len().saturating_sub((rows - 1) * width));
    let set = Set::new(Values::F32(features), schema.inputs(), OwnedTargets::Values(Vec::new(), 0));
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let outputs = model.outputs(&set)?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    if with_heads {
        csv.write_record(heads(model))?;
    }
    let width = outputs.len() / set.len().max(1);
    if let Some(at) = outputs.iter().position(|output| !output.is_finite()) {
        // The samples end with the last rows.
        let place = table.place((table.rows() + at / width.max(1)).saturating_sub(set.len()), 0);
        anyhow::bail!("{place}: the net gives {}: a number is too far from those it was trained on", outputs[at]);
    }
    for outputs in outputs.chunks_exact(width.max(1)) {
        csv.write_record(row(schema, outputs))?;
    }
    Ok(csv.into_inner()?)
}

/// Answers each line of stdin as it comes; the first may have the names of the columns.
fn stream(model: &dyn Predictor, schema: &Schema, written: Written) -> anyhow::Result<()> {
    let (mut names, mut delimiter, mut answered, mut before) = (None, written.delimiter, false, Vec::new());
    let mut number = 0;
    for text in std::io::stdin().lock().lines() {
        let text = text.with_context(|| format!("stdin: line {}", number + 1))?;
        let text = text.trim_start_matches('\u{feff}').trim_end_matches('\r');
        // Lines may end with a carriage return alone, as they may in a file.
        for line in text.split('\r') {
            number += 1;
            if line.trim().is_empty() {
                continue;
            }
            let delimiter = *delimiter.get_or_insert_with(|| Delimiter::of(line));
            let is_first = names.is_none();
            let names = names.get_or_insert_with(|| {
                let named = written.header.unwrap_or_else(|| has_names(schema, delimiter, line));
                named.then(|| (number, line.to_string()))
            });
            if is_first && names.is_some() {
                continue;
            }
            let names = names.as_ref().map(|(number, line)| (*number, line.as_str()));
            let table = Table::row(Path::new("stdin"), names, (number, line), delimiter)?;
            let answer = answers(model, schema, &table, &mut before, !answered)?;
            write(&answer)?;
            answered |= !answer.is_empty();
        }
    }
    Ok(())
}

/// Whether a line has a name of a column that the net was trained on.
fn has_names(schema: &Schema, delimiter: Delimiter, line: &str) -> bool {
    let names = schema.names();
    delimiter.records(line, 1).is_ok_and(|records| records.iter().flatten().any(|cell| names.contains(&cell)))
}
