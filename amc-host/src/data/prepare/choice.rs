//! Which of a table's columns are targets, and which are features.

use std::collections::BTreeMap;

use super::{Options, PrepareError};
use crate::data::split::Split;
use crate::data::table::columns::Content;
use crate::data::table::{Pieces, Table};

/// The columns of that name or place.
pub fn find(table: &Table, name: &str) -> Result<usize, PrepareError> {
    let width = table.width();
    let mut named = (0..width).filter(|column| table.name(*column) == Some(name));
    let (found, another) = (named.next(), named.next());
    let place = match name {
        "first" => Some(0),
        "last" => Some(width - 1),
        number => number.parse().ok().and_then(|number: usize| number.checked_sub(1)).filter(|column| *column < width),
    };
    match (found.or(place), another) {
        (Some(column), None) => Ok(column),
        (_, another) => Err(PrepareError::NoColumn {
            path: table.path().to_path_buf(),
            name: name.to_string(),
            count: if another.is_some() { "more than one" } else { "no" },
            width,
            names: (0..width).filter_map(|column| table.name(column)).take(20).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// The group of each row, by a column of that name or place: groups are numbered in the order of what the cells say.
pub fn groups(table: &Pieces, name: &str) -> Result<Vec<usize>, PrepareError> {
    let (column, mut groups, mut places) = (find(table.head(), name)?, Vec::new(), BTreeMap::new());
    table.each_cell(&[column], |_, _, cell, _| {
        let next = places.len();
        groups.push(*places.entry(cell.text().into_owned()).or_insert(next));
        Ok::<_, PrepareError>(())
    })?;
    let mut order = vec![0; places.len()];
    places.values().enumerate().for_each(|(place, came)| order[*came] = place);
    Ok(groups.into_iter().map(|came| order[came]).collect())
}

/// The columns of these names or places, each of which is a target once.
pub fn targets_called(table: &Table, names: &[String]) -> Result<Vec<usize>, PrepareError> {
    let columns = names.iter().map(|name| find(table, name)).collect::<Result<Vec<_>, _>>()?;
    match columns.iter().enumerate().find(|(place, column)| columns[..*place].contains(column)) {
        Some((_, column)) => {
            Err(PrepareError::Twice { path: table.path().to_path_buf(), column: table.title(*column) })
        }
        None => Ok(columns),
    }
}

/// The columns asked for, or the one called as targets are, or the last one.
pub fn target_columns(table: &Table, options: &Options, report: &mut Vec<String>) -> Result<Vec<usize>, PrepareError> {
    let is_file = |name: &&String| name.ends_with(".npy") && find(table, name).is_err();
    if let Some(name) = options.targets.iter().find(is_file) {
        return Err(PrepareError::TargetFile { path: table.path().to_path_buf(), name: name.clone() });
    }
    if !options.targets.is_empty() {
        return targets_called(table, &options.targets);
    }
    if let Some(targets) = table.targets()? {
        return Ok(targets.collect());
    }
    let is_target = |name: &str| ["target", "class", "label"].iter().any(|word| name.eq_ignore_ascii_case(word));
    let mut named = (0..table.width()).filter(|column| table.name(*column).is_some_and(is_target));
    let (found, why) = match (named.next(), named.next()) {
        (Some(column), None) => (column, "by its name"),
        _ => (table.width() - 1, "the last column"),
    };
    report.push(format!("target: {}, {why} (--target)", table.title(found)));
    Ok(vec![found])
}

/// All columns but targets, those ignored, empty ones, and an index.
pub fn feature_columns(
    (table, contents): (&Table, &[Content]),
    targets: &[usize],
    options: &Options,
    report: &mut Vec<String>,
) -> Result<Vec<usize>, PrepareError> {
    let ignored = options.ignored.iter().map(|name| find(table, name)).collect::<Result<Vec<_>, _>>()?;
    let group = match &options.split {
        Split::Group(column) => Some(find(table, column)?),
        _ => None,
    };
    let is_index_name = |name: Option<&str>| {
        name.is_none_or(|name| {
            ["index", "id", "rownames"].iter().any(|word| name.eq_ignore_ascii_case(word))
                || name.starts_with("Unnamed: ")
        })
    };
    let has_names = table.has_names();
    let mut left = Vec::new();
    // Of a file's own targets, those that are not learned are no features either.
    let own = table.targets().ok().flatten().unwrap_or_default();
    let is_left_out = |column: &usize| [targets, &ignored].concat().contains(column) || own.contains(column);
    for column in (0..table.width()).filter(|column| !is_left_out(column)) {
        if group == Some(column) {
            continue;
        }
        if contents[column].is_empty() {
            report.push(format!("{} is empty: left out", table.title(column)));
        } else if has_names && is_index_name(table.name(column)) && contents[column].counts_rows() {
            report.push(format!("{} numbers the rows: left out", table.title(column)));
        } else {
            left.push(column);
        }
    }
    // They are read by their names.
    for name in left.iter().filter_map(|column| table.name(*column)) {
        find(table, name)?;
    }
    if left.is_empty() { Err(PrepareError::NoFeatures(table.path().to_path_buf())) } else { Ok(left) }
}
