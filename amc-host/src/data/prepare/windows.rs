//! Which rows end samples: all of them, or with windows those that have enough rows before them.

use amc_engine::memory::{self, MemoryError};

use super::choice::groups;
use super::{FEWEST_ROWS, Missing, Options, PrepareError};
use crate::data::schema::Schema;
use crate::data::split::{Parts, Split};
use crate::data::table::Pieces;
use crate::data::window::{Window, WindowError};

/// A table's rows in the order of time, in which those of different groups do not follow one another.
pub struct Order {
    /// The group of each row, if there are some.
    groups: Option<Vec<usize>>,
}

impl Order {
    /// The order of rows that are split by groups, or of one group.
    pub fn new(table: &Pieces, split: &Split) -> Result<Self, PrepareError> {
        let groups = match split {
            Split::Group(column) => Some(groups(table, column)?),
            Split::Last | Split::Random(_) => None,
        };
        Ok(Self { groups })
    }

    /// The last rows of the windows over these rows; `part` is what these are for, and needs as many as `wanted`.
    pub fn ends(
        &self,
        window: Window,
        mut rows: Vec<usize>,
        part: &'static str,
        wanted: usize,
    ) -> Result<Vec<usize>, WindowError> {
        rows.sort_unstable();
        let together = |a: usize, b: usize| self.groups.as_ref().is_none_or(|groups| groups[a] == groups[b]);
        let ends = window.ends(&rows, together);
        let (rows, windows) = (window.rows, ends.len());
        if windows < wanted { Err(WindowError::TooFew { windows, rows, part, wanted }) } else { Ok(ends) }
    }
}

/// The samples of both parts by their last rows.
pub fn windows(
    table: &Pieces,
    parts: &Parts,
    options: &Options,
    report: &mut Vec<String>,
) -> Result<Parts, PrepareError> {
    let window = options.window;
    if window == Window::default() {
        return Ok(parts.clone());
    }
    if options.missing == Missing::Drop {
        return Err(WindowError::Gaps.into());
    }
    if matches!(options.split, Split::Random(_)) && options.test.is_none() && table.first_to_test().is_none() {
        return Err(WindowError::AtRandom.into());
    }
    let order = Order::new(table, &options.split)?;
    let samples = Parts {
        train: order.ends(window, parts.train.clone(), "to train on", FEWEST_ROWS - 1)?,
        test: order.ends(window, parts.test.clone(), "to test with", usize::from(!parts.test.is_empty()))?,
    };
    let (Window { rows, stride }, train, test) = (window, samples.train.len(), samples.test.len());
    report.push(format!(
        "{train} windows to train on, {test} to test with: {rows} rows each, {stride} from one to the next (--stride); its target is \
         the last row's"
    ));
    Ok(samples)
}

/// Checks that there is the memory for the features of so many samples: windows have most rows several times.
pub fn check_memory(schema: &Schema, samples: usize) -> Result<(), MemoryError> {
    let (samples, inputs) = (samples as u64, schema.inputs() as u64);
    let what = format!("a table of {samples} samples of {inputs} features");
    memory::check(samples.saturating_mul(inputs).saturating_mul(size_of::<f32>() as u64), what)
}
