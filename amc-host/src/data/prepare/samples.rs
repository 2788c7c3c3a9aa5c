//! The samples of a table: all of them, or those that a rank holds, which are put in their places as the rows come.

use std::sync::Arc;

use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::ranks::{Share, Team};
use crc32fast::Hasher;

use super::features::Raw;
use super::{PrepareError, check_memory};
use crate::data::schema::{Outputs, Schema};
use crate::data::target::Target;

/// Rows that are scaled at once.
const AT_ONCE: usize = 1024;

/// Samples on their way.
struct Filling {
    /// Which of them are held, if several ranks hold them.
    share: Option<Share>,
    /// The last row and the place of each sample, in the order of the rows; and how many of them have come.
    ends: Vec<(usize, u32)>,
    come: usize,
    /// The features of those that are held.
    values: Vec<f32>,
    /// The CRC-32 of the features of all.
    checksum: u32,
}

impl Filling {
    /// Samples by their last rows, of so many inputs.
    fn new(samples: &[usize], schema: &Schema, team: Option<&Arc<Team>>) -> Self {
        let (share, held) = held(samples, team);
        let mut ends: Vec<_> = samples.iter().copied().zip(0..).collect();
        ends.sort_unstable();
        Self { share, ends, come: 0, values: vec![0.0; held * schema.inputs()], checksum: 0 }
    }

    /// Takes the features of the samples that end with a row; rows ascend.
    fn take(&mut self, row: usize, features: &[f32]) {
        let (all, width) = (self.ends.len(), features.len());
        let mut checksum = None;
        while let Some((_, place)) = self.ends.get(self.come).filter(|(end, _)| *end == row) {
            let place = *place as usize;
            self.come += 1;
            let held = match &self.share {
                None => Some(place),
                Some(share) => {
                    let of_sample = *checksum.get_or_insert_with(|| checksum_of(features));
                    self.checksum ^= with_bytes_behind(of_sample, (all - 1 - place) * size_of_val(features));
                    share.place(place)
                }
            };
            if let Some(held) = held {
                self.values[held * width..][..width].copy_from_slice(features);
            }
        }
    }

    /// The set, of samples with these last rows.
    fn finish(self, samples: &[usize], schema: &Schema, target: &Target) -> Set {
        let Some(share) = self.share else {
            return named(schema, self.values, targets_of(schema, target, samples.iter().copied()));
        };
        let of_all = match targets_of(schema, target, samples.iter().copied()) {
            OwnedTargets::Classes(classes) => (crc32fast::hash(&classes), classes.len()),
            OwnedTargets::Values(values, _) => (checksum_of(&values), size_of_val(&values[..])),
        };
        let checksum = with_bytes_behind(self.checksum, of_all.1) ^ of_all.0;
        let own = targets_of(schema, target, share.ranges().flatten().map(|place| samples[place]));
        let share = Share::new(share.team(), samples.len(), checksum);
        named(schema, self.values, own).shared(share)
    }
}

/// Who of several ranks holds which samples, and how many this one holds.
fn held(samples: &[usize], team: Option<&Arc<Team>>) -> (Option<Share>, usize) {
    let share = team.map(|team| Share::new(team, samples.len(), 0));
    let held = share.as_ref().map_or(samples.len(), |share| share.held(samples.len()));
    (share, held)
}

fn checksum_of(numbers: &[f32]) -> u32 {
    crc32fast::hash(&numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
}

/// What a CRC-32 adds, by exclusive or, to that of all where so many bytes follow: so parts come in any order.
fn with_bytes_behind(checksum: u32, bytes: usize) -> u32 {
    let mut hasher = Hasher::new_with_initial(checksum);
    hasher.combine(&Hasher::new_with_initial_len(0, bytes as u64));
    hasher.finalize()
}

/// The samples with these last rows, to train on and to test with, as the net has them: of a team's rank those that it holds.
pub fn sets<const N: usize>(
    raw: &Raw<'_>,
    (schema, target): (&Schema, &Target),
    samples: [&[usize]; N],
    team: Option<&Arc<Team>>,
) -> Result<[Set; N], PrepareError> {
    let width = schema.numbers();
    for samples in samples {
        check_memory(schema, held(samples, team).1)?;
    }
    let mut sets = samples.map(|samples| (samples, Filling::new(samples, schema, team)));
    // Rows that a window may begin with that ends with one to come.
    let mut before: Vec<f32> = Vec::new();
    raw.each(schema, |mut first, rows| {
        for rows in rows.chunks(AT_ONCE * width) {
            let known = before.len() / width;
            before.extend_from_slice(rows);
            let scaled = &mut before[known * width..];
            schema.scale_rows(scaled);
            for row in 0..rows.len() / width {
                let features = schema.window.features(&before, width, known + row);
                sets.iter_mut().for_each(|(_, set)| set.take(first + row, features));
            }
            first += rows.len() / width;
            let wanted = schema.window.rows.saturating_sub(1) * width;
            before.drain(..before.len().saturating_sub(wanted));
        }
        Ok::<_, PrepareError>(())
    })?;
    Ok(sets.map(|(samples, set)| set.finish(samples, schema, target)))
}

/// The targets of these rows.
pub fn targets_of(schema: &Schema, target: &Target, rows: impl Iterator<Item = usize>) -> OwnedTargets {
    match target {
        Target::Classes { of, .. } => OwnedTargets::Classes(rows.map(|row| of[row] as u8).collect()),
        Target::Numbers(columns) => {
            let scaled = |row: usize| {
                columns
                    .iter()
                    .zip(&schema.output_scaling)
                    .map(move |((_, numbers), scaling)| scaling.apply(numbers[row]))
            };
            OwnedTargets::Values(rows.flat_map(scaled).collect(), columns.len())
        }
    }
}

/// Samples with what a table calls their features, and its classes.
pub fn named(schema: &Schema, values: Vec<f32>, targets: OwnedTargets) -> Set {
    let names = schema.features.iter().flat_map(|feature| {
        let place = format!("column {}", feature.column + 1);
        let title = feature.name.as_ref().map_or(place.clone(), |name| format!("{place} ({name})"));
        std::iter::repeat_n(title, feature.kind.numbers())
    });
    let classes = match &schema.outputs {
        Outputs::Classes(names) => names.len(),
        Outputs::Numbers(_) => 0,
    };
    let names: Vec<_> = std::iter::repeat_n(names, schema.window.rows).flatten().collect();
    Set::new(Values::F32(values), schema.inputs(), targets).named(names).of_classes(classes)
}
