//! A table for a net that is gone on with: its features are those that the net knows, on the net's own scale.

use std::path::Path;

use super::choice::find;
use super::windows::windows;
use super::{FEWEST_ROWS, Options, PrepareError, Prepared, complete_rows, prepared, split};
use crate::data::schema::{Feature, Outputs, Schema};
use crate::data::split::Split;
use crate::data::table::Table;
use crate::data::target::{Target, Task};
use crate::data::window::Window;

/// Reads a table, to be trained on by a net that knows tables like it: columns are found by what `known` says of them, and
/// numbers get its scale. Classes that are new follow those that it has.
pub fn load_known(known: &Schema, path: &Path, options: &Options) -> Result<Prepared, PrepareError> {
    let options = &going_on(known, options);
    let mut report = Vec::new();
    let mut table = Table::read(path, options.written, &known.names())?;
    report.push(format!("{}: {table}", path.display()));
    let features = known.columns(&table)?;
    let targets = match &options.targets[..] {
        [] => Target::columns(&table, known)?,
        names => names.iter().map(|name| find(&table, name)).collect::<Result<_, _>>()?,
    };
    if let Some(kept) = complete_rows(&table, &features, &targets, options.missing)? {
        report.push(format!("{} rows with missing cells are left out", table.rows() - kept.len()));
        table = table.keep(&kept);
    }
    if table.rows() < FEWEST_ROWS {
        return Err(PrepareError::TooFew { path: path.to_path_buf(), rows: table.rows() });
    }
    let target = match (&known.outputs, options.task) {
        (Outputs::Classes(names), None | Some(Task::Classify)) if targets.len() == 1 => {
            Target::beside(&table, targets[0], names)?
        }
        (Outputs::Numbers(_), None) => Target::of(&table, &targets, Some(Task::Regress))?,
        (_, task) => Target::of(&table, &targets, task)?,
    };
    report.extend(target.report(&table));
    let parts = split(&table, &target, options, &mut report)?;
    let samples = windows(&table, &parts, options, &mut report)?;
    report.extend(target.counts(&samples));
    let outputs = target.outputs();
    let output_scaling = match (&known.outputs, &outputs) {
        (Outputs::Numbers(then), Outputs::Numbers(now)) if then.len() == now.len() => known.output_scaling.clone(),
        _ => target.scaling(&parts.train, options.normalise),
    };
    let names = targets.iter().map(|column| (*column, table.name(*column).map(String::from))).collect();
    let width = table.width();
    let features = known.features.iter().zip(features).map(|(feature, column)| Feature { column, ..feature.clone() });
    let features = features.collect();
    let all = known.scaled(&table)?;
    let schema =
        Schema { width, features, targets: names, outputs, output_scaling, window: options.window, ..known.clone() };
    report.push(format!(
        "{} features of {} columns, scaled as the net has them",
        schema.numbers(),
        schema.features.len()
    ));
    prepared(&table, (&target, &all), schema, samples, options, report)
}

/// The options, with the window of the net where another is not asked for.
fn going_on(known: &Schema, options: &Options) -> Options {
    let window = match options.window {
        Window { rows: 1, stride: 1 } => known.window,
        window => window,
    };
    let is_at_random = matches!(options.split, Split::Random(1));
    let split = if window.rows > 1 && is_at_random { Split::Last } else { options.split.clone() };
    Options { window, split, ..options.clone() }
}
