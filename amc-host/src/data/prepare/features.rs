//! What a table's features are to a net: found in passes over its rows, of which none is kept.

use std::collections::BTreeMap;

use super::{MOST_CHOICES, PrepareError};
use crate::data::normalise::{Normalise, Spread};
use crate::data::schema::{Feature, Kind, Scaling, Schema, SchemaError, meant};
use crate::data::table::columns::Content;
use crate::data::table::{Pieces, TableError};

/// Which rows train.
pub fn flags(rows: usize, train: &[usize]) -> Vec<bool> {
    let mut flags = vec![false; rows];
    train.iter().for_each(|row| flags[*row] = true);
    flags
}

/// What is found of the cells of a column.
enum Found {
    /// Sum and count of the numbers to train on.
    Numbers(f64, u32),
    /// The different texts, and how often each is there to train on.
    Texts(BTreeMap<String, usize>),
}

/// What the cells of columns are, with what stands for missing ones if there are some, by the rows that train.
pub fn kinds(
    table: &Pieces,
    (columns, contents): (&[usize], &[Content]),
    trains: &[bool],
) -> Result<Vec<Kind>, PrepareError> {
    contents.iter().try_for_each(Content::check)?;
    let new = |content: &Content| match content.are_numbers() {
        true => Found::Numbers(0.0, 0),
        false => Found::Texts(BTreeMap::new()),
    };
    let mut found: Vec<_> = contents.iter().map(new).collect();
    table.each_cell(columns, |row, at, cell, _| {
        match &mut found[at] {
            _ if cell.is_missing() => (),
            Found::Numbers(sum, count) => {
                if let Some(number) = cell.number().filter(|_| trains[row]) {
                    (*sum, *count) = (*sum + number, *count + 1);
                }
            }
            Found::Texts(texts) => {
                let (text, once) = (cell.text(), usize::from(trains[row]));
                match texts.get_mut(&*text) {
                    Some(count) => *count += once,
                    None => drop(texts.insert(text.into_owned(), once)),
                }
            }
        }
        Ok::<_, PrepareError>(())
    })?;
    let kind = |((column, content), found): ((&usize, &Content), Found)| {
        let fills = content.missing > 0;
        match found {
            Found::Numbers(sum, count) => Ok(Kind::Number(fills.then_some((sum / f64::from(count.max(1))) as f32))),
            Found::Texts(texts) if texts.len() > MOST_CHOICES => Err(PrepareError::Texts {
                path: table.head().path().to_path_buf(),
                column: table.head().title(*column),
                texts: texts.len(),
            }),
            Found::Texts(texts) => {
                let (names, counts): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
                let most = (0..names.len()).rev().max_by_key(|name| counts[*name]);
                Ok(Kind::Choice(names, most.filter(|_| fills)))
            }
        }
    };
    columns.iter().zip(contents).zip(found).map(kind).collect()
}

/// The features of a table's rows before they are scaled: of a table in memory they are kept.
pub struct Raw<'t> {
    table: &'t Pieces,
    kept: Option<Vec<f32>>,
}

impl<'t> Raw<'t> {
    /// Of these features.
    pub fn new(table: &'t Pieces, schema: &Schema) -> Result<Self, PrepareError> {
        let kept = table.in_memory().map(|table| schema.raw(table)).transpose()?;
        if kept.is_none() {
            let columns = schema.columns(table.head())?;
            let is_number = |(at, _): &(usize, usize)| matches!(schema.features[*at].kind, Kind::Number(_));
            let numbers: Vec<_> = columns.into_iter().enumerate().filter(is_number).map(|(_, column)| column).collect();
            Content::of(table, &numbers)?.iter().try_for_each(Content::check_numbers)?;
        }
        Ok(Self { table, kept })
    }

    /// Gives some rows after another, `[row][feature]`, with the number of the first one.
    pub fn each<E: From<TableError> + From<SchemaError>>(
        &self,
        schema: &Schema,
        mut take: impl FnMut(usize, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.kept {
            Some(all) => take(0, all),
            None => self.table.each(|first, piece| take(first, &schema.raw(piece)?)),
        }
    }
}

/// The scaling of each feature, by the rows that train in the order of the table; and whether it is the same in all of these.
pub fn scalings(
    raw: &Raw<'_>,
    schema: &Schema,
    trains: &[bool],
    normalise: Normalise,
) -> Result<Vec<(Scaling, bool)>, PrepareError> {
    let width = schema.numbers();
    let pass = |look: &mut dyn FnMut(usize, f64)| {
        raw.each(schema, |first, rows| {
            for (row, _) in rows.chunks_exact(width).zip(&trains[first..]).filter(|(_, trains)| **trains) {
                row.iter().enumerate().for_each(|(feature, x)| look(feature, f64::from(*x)));
            }
            Ok::<_, PrepareError>(())
        })
    };
    let (mut spreads, mut squares) = (vec![Spread::default(); width], vec![0.0; width]);
    pass(&mut |feature, x| spreads[feature].look(x))?;
    if normalise == Normalise::Standard {
        pass(&mut |feature, x| squares[feature] += spreads[feature].square(x))?;
    }
    let scaling = |(spread, squares): (&Spread, f64)| (spread.scaling(squares, normalise), spread.is_none());
    Ok(spreads.iter().zip(squares).map(scaling).collect())
}

/// Whether a text would be a number without its points and commas.
fn has_separators(text: &str) -> bool {
    text.contains(['.', ',']) && text.replace(['.', ','], "").parse::<f64>().is_ok_and(f64::is_finite)
}

/// What is said of features, of which each number is the same in all rows that train or not.
pub fn said(schema: &Schema, is_constant: &[bool], normalise: Normalise) -> Vec<String> {
    let width = schema.numbers();
    let mut said = Vec::new();
    let choices: Vec<_> = schema.features.iter().filter(|feature| matches!(feature.kind, Kind::Choice(..))).collect();
    let mut line = format!("{width} features of {} columns", schema.features.len());
    if !choices.is_empty() {
        let names: Vec<_> = choices.iter().map(|feature| feature.title()).collect();
        line += &format!("; of texts: {}", names.join(", "));
    }
    for feature in choices {
        let Kind::Choice(texts, _) = &feature.kind else { continue };
        if let Some(text) = texts.first().filter(|_| texts.iter().all(|text| has_separators(text))) {
            let title = feature.title();
            said.push(format!("{title}: {text:?} is a text: write numbers without separators of thousands"));
        }
    }
    let how = match normalise {
        Normalise::Off => "as they are",
        Normalise::Standard => "standardised by the rows to train on",
        Normalise::MinMax => "scaled to 0 to 1 by the rows to train on",
    };
    said.push(format!("{line}; {how} (--normalise)"));
    let mut first = 0;
    let is_constant = |feature: &&Feature| {
        let numbers = first..first + feature.kind.numbers();
        first = numbers.end;
        is_constant[numbers].iter().all(|is| *is)
    };
    let constant: Vec<_> = schema.features.iter().filter(is_constant).collect();
    match constant[..] {
        [] => {}
        [one] => said.push(format!("{} is the same in all rows to train on: it tells nothing", one.title())),
        _ => said.push(format!("the same in all rows to train on, so that they tell nothing: {}", meant(&constant))),
    }
    said
}
