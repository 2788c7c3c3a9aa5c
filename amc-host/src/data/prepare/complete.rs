//! Which of a table's rows are complete, and whether they are enough.

use super::{FEWEST_ROWS, Missing, Options, PrepareError};
use crate::data::table::Pieces;
use crate::data::table::columns::Content;

/// The rows that are complete, if others are to be left out; missing cells that are not allowed are refused. Of both features and
/// targets their columns and what these hold.
pub fn complete_rows(
    table: &Pieces,
    features: (&[usize], &[Content]),
    targets: (&[usize], &[Content]),
    missing: Missing,
) -> Result<Option<Vec<usize>>, PrepareError> {
    let counts = |(columns, contents): (&[usize], &[Content])| {
        let counts: Vec<_> = columns.iter().copied().zip(contents.iter().map(|content| content.missing)).collect();
        counts.into_iter().filter(|(_, count)| *count > 0)
    };
    let all: Vec<_> = counts(targets).chain(counts(features)).collect();
    let refused: Vec<_> = match missing {
        Missing::Refuse => all.clone(),
        Missing::Mean => counts(targets).collect(),
        Missing::Drop => Vec::new(),
    };
    let head = table.head();
    if !refused.is_empty() {
        let columns: Vec<_> =
            refused.iter().map(|(column, count)| format!("{count} of {}", head.title(*column))).collect();
        return Err(PrepareError::Missing { path: head.path().to_path_buf(), columns: columns.join(", ") });
    }
    if missing != Missing::Drop || all.is_empty() {
        return Ok(None);
    }
    let (columns, mut is_complete): (Vec<_>, _) =
        (all.into_iter().map(|(column, _)| column).collect(), vec![true; table.rows()]);
    table.each_cell(&columns, |row, _, cell, _| {
        is_complete[row] &= !cell.is_missing();
        Ok::<_, PrepareError>(())
    })?;
    Ok(Some((0..table.rows()).filter(|row| is_complete[*row]).collect()))
}

/// The rows to train on and to test with: what is left of a table where rows with missing cells are left out; and whether some are.
pub fn enough(
    table: Pieces,
    features: (&[usize], &[Content]),
    targets: (&[usize], &[Content]),
    options: &Options,
    report: &mut Vec<String>,
) -> Result<(Pieces, bool), PrepareError> {
    let kept = complete_rows(&table, features, targets, options.missing)?;
    let are_left_out = kept.is_some();
    let table = match kept {
        Some(kept) => {
            report.push(format!("{} rows with missing cells are left out", table.rows() - kept.len()));
            table.keep(&kept)
        }
        None => table,
    };
    match table.rows() {
        rows if rows < FEWEST_ROWS => Err(PrepareError::TooFew { path: table.head().path().to_path_buf(), rows }),
        _ => Ok((table, are_left_out)),
    }
}
