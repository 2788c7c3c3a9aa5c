//! A table for a net that is gone on with: its features are those that the net knows, on the net's own scale.

use std::path::Path;

use super::choice::targets_called;
use super::complete::enough;
use super::{Missing, Options, PrepareError, Prepared, kind, parted, prepared};
use crate::data::schema::{Feature, Kind, Outputs, Schema};
use crate::data::table::Table;
use crate::data::target::{Target, Task};

/// Reads a table, to be trained on by a net that knows tables like it: columns are found by what `known` says of them, and
/// numbers get its scale. Classes that are new follow those that it has. With another head it finds whatever the options say.
pub fn load_known(known: &Schema, path: &Path, options: &Options, new_head: bool) -> Result<Prepared, PrepareError> {
    let mut report = Vec::new();
    let table = Table::read(path, options.written, &known.names())?;
    report.push(format!("{}: {table}", path.display()));
    let features = known.columns(&table)?;
    let targets = match &options.targets[..] {
        [] => Target::columns(&table, known)?,
        names => targets_called(&table, names)?,
    };
    let table = enough(table, &features, &targets, options, &mut report)?;
    if let Some(column) = targets.iter().find(|column| features.contains(column)) {
        let column = table.title(*column);
        return Err(PrepareError::Feature { path: path.to_path_buf(), column });
    }
    if !new_head && matches!(known.outputs, Outputs::Numbers(_)) && Target::columns(&table, known)? != targets {
        let names = known.targets.iter().map(|(place, name)| name.clone().unwrap_or((place + 1).to_string()));
        return Err(PrepareError::OtherTarget { path: path.to_path_buf(), names: names.collect::<Vec<_>>().join(",") });
    }
    let target = match (&known.outputs, options.task) {
        (_, task) if new_head => Target::of(&table, &targets, task)?,
        (Outputs::Classes(names), None | Some(Task::Classify)) if targets.len() == 1 => {
            Target::beside(&table, targets[0], names)?
        }
        (Outputs::Numbers(_), None) => Target::of(&table, &targets, Some(Task::Regress))?,
        (_, task) => Target::of(&table, &targets, task)?,
    };
    let (parts, samples) = parted(&table, &target, options, &mut report)?;
    let outputs = target.outputs();
    let output_scaling = match (&known.outputs, &outputs) {
        (Outputs::Numbers(_), Outputs::Numbers(_)) if !new_head => known.output_scaling.clone(),
        _ => target.scaling(&parts.train, options.normalise),
    };
    let names = targets.iter().map(|column| (*column, table.name(*column).map(String::from))).collect();
    let width = table.width();
    let features = known.features.iter().zip(features).map(|(feature, column)| {
        let kind = match (&feature.kind, options.missing) {
            // A net that was trained on whole rows has nothing for a cell that is missing.
            (Kind::Number(None), Missing::Mean) => kind(&table, column, &parts.train)?,
            (known, _) => known.clone(),
        };
        Ok(Feature { column, name: feature.name.clone(), kind })
    });
    let features = features.collect::<Result<_, PrepareError>>()?;
    let schema =
        Schema { width, features, targets: names, outputs, output_scaling, window: options.window, ..known.clone() };
    report.push(format!(
        "{} features of {} columns, scaled as the net has them",
        schema.numbers(),
        schema.features.len()
    ));
    let all = schema.scaled(&table)?;
    prepared(&table, (&target, &all), schema, samples, options, report)
}
