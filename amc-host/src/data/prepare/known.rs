//! A table for a net that is gone on with: its features are those that the net knows, on the net's own scale.

use std::path::Path;
use std::sync::Arc;

use amc_engine::ranks::Team;

use super::choice::targets_called;
use super::complete::enough;
use super::{Missing, Options, PrepareError, Prepared, Raw, flags, kinds, open, parted, prepared};
use crate::data::schema::{Feature, Kind, Outputs, Schema};
use crate::data::table::columns::Content;
use crate::data::target::{Target, Task};

/// Reads a table, to be trained on by a net that knows tables like it: columns are found by what `known` says of them, and
/// numbers get its scale. Classes that are new follow those that it has. With another head it finds whatever the options say. A rank
/// of a team keeps the samples that are its own.
pub fn load_known(
    known: &Schema,
    path: &Path,
    options: &Options,
    new_head: bool,
    team: Option<&Arc<Team>>,
) -> Result<Prepared, PrepareError> {
    let mut report = Vec::new();
    let table = open(path, options.written, &known.names(), team)?;
    report.push(format!("{}: {table}", path.display()));
    let features = known.columns(table.head())?;
    let targets = match &options.targets[..] {
        [] => Target::columns(table.head(), known)?,
        names => targets_called(table.head(), names)?,
    };
    let [of_features, of_targets] = [Content::of(&table, &features)?, Content::of(&table, &targets)?];
    let (table, are_left_out) =
        enough(table, (&features, &of_features), (&targets, &of_targets), options, &mut report)?;
    let of_features = if are_left_out { Content::of(&table, &features)? } else { of_features };
    let head = table.head();
    if let Some(column) = targets.iter().find(|column| features.contains(column)) {
        let column = head.title(*column);
        return Err(PrepareError::Feature { path: path.to_path_buf(), column });
    }
    if !new_head && matches!(known.outputs, Outputs::Numbers(_)) && Target::columns(head, known)? != targets {
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
    let names = targets.iter().map(|column| (*column, head.name(*column).map(String::from))).collect();
    // A net that was trained on whole rows has nothing for a cell that is missing.
    let is_unfilled =
        |(feature, _): &(&Feature, _)| feature.kind == Kind::Number(None) && options.missing == Missing::Mean;
    let unfilled = known.features.iter().zip(features.iter().copied().zip(of_features)).filter(is_unfilled);
    let (columns, contents): (Vec<_>, Vec<_>) = unfilled.map(|(_, of)| of).unzip();
    let trains = flags(table.rows(), &parts.train);
    let mut filled = columns.iter().zip(kinds(&table, (&columns, &contents), &trains)?).peekable();
    let features = known.features.iter().zip(features).map(|(feature, column)| {
        let kind = filled.next_if(|(of, _)| **of == column).map_or_else(|| feature.kind.clone(), |(_, kind)| kind);
        Feature { column, name: feature.name.clone(), kind }
    });
    let features = features.collect();
    let width = head.width();
    let schema =
        Schema { width, features, targets: names, outputs, output_scaling, window: options.window, ..known.clone() };
    report.push(format!(
        "{} features of {} columns, scaled as the net has them",
        schema.numbers(),
        schema.features.len()
    ));
    let raw = Raw::new(&table, &schema)?;
    prepared(&raw, (&table, &target), schema, samples, (options, team), report)
}
