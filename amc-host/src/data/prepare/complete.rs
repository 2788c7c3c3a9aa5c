//! Which of a table's rows are complete, and whether they are enough.

use super::{FEWEST_ROWS, Missing, Options, PrepareError};
use crate::data::table::{Cell, Table};

/// The rows that are complete, if others are to be left out; missing cells that are not allowed are refused.
pub fn complete_rows(
    table: &Table,
    features: &[usize],
    targets: &[usize],
    missing: Missing,
) -> Result<Option<Vec<usize>>, PrepareError> {
    let count = |column: &usize| (*column, table.column(*column).filter(Cell::is_missing).count());
    let of_targets = targets.iter().map(count);
    let all: Vec<_> = of_targets.clone().chain(features.iter().map(count)).filter(|(_, count)| *count > 0).collect();
    let refused: Vec<_> = match missing {
        Missing::Refuse => all.clone(),
        Missing::Mean => of_targets.filter(|(_, count)| *count > 0).collect(),
        Missing::Drop => Vec::new(),
    };
    if !refused.is_empty() {
        let columns: Vec<_> =
            refused.iter().map(|(column, count)| format!("{count} of {}", table.title(*column))).collect();
        return Err(PrepareError::Missing { path: table.path().to_path_buf(), columns: columns.join(", ") });
    }
    if missing != Missing::Drop || all.is_empty() {
        return Ok(None);
    }
    let mut is_complete = vec![true; table.rows()];
    for (column, _) in all {
        is_complete.iter_mut().zip(table.column(column)).for_each(|(is, cell)| *is &= !cell.is_missing());
    }
    Ok(Some((0..table.rows()).filter(|row| is_complete[*row]).collect()))
}

/// The rows to train on and to test with: what is left of a table where rows with missing cells are left out.
pub fn enough(
    table: Table,
    features: &[usize],
    targets: &[usize],
    options: &Options,
    report: &mut Vec<String>,
) -> Result<Table, PrepareError> {
    let table = match complete_rows(&table, features, targets, options.missing)? {
        Some(kept) => {
            report.push(format!("{} rows with missing cells are left out", table.rows() - kept.len()));
            table.keep(&kept)
        }
        None => table,
    };
    match table.rows() {
        rows if rows < FEWEST_ROWS => Err(PrepareError::TooFew { path: table.path().to_path_buf(), rows }),
        _ => Ok(table),
    }
}
