//! Samples that every rank has, and those that one has of all.

use std::sync::Arc;

use super::{Data, OwnedTargets, Set, Values};
use crate::ranks::{RanksError, Share, Team};

impl Data {
    /// The part of these samples that a rank holds of them.
    #[must_use]
    pub fn part(&self, team: &Arc<Team>) -> Self {
        Self { train: self.train.part(team), test: self.test.as_ref().map(|test| test.part(team)) }
    }
}

impl Set {
    /// Every so many-th sample of the whole set, from the first on: on each of several ranks all of them.
    ///
    /// # Errors
    /// Where a rank has gone.
    pub fn every(&self, step: usize) -> Result<Set, RanksError> {
        let wanted: Vec<usize> = (0..self.all()).step_by(step).collect();
        let here = |sample: usize| self.share.as_ref().map_or(Some(sample), |share| share.place(sample));
        let own = self.at(wanted.iter().filter_map(|sample| here(*sample)));
        match &self.share {
            None => Ok(own),
            Some(share) => own.gathered(share, &wanted),
        }
    }

    /// The samples at these places of those that are here.
    fn at(&self, places: impl Iterator<Item = usize>) -> Set {
        let places: Vec<usize> = places.collect();
        fn rows<T: Copy>(of: &[T], width: usize, places: &[usize]) -> Vec<T> {
            places.iter().flat_map(|place| &of[place * width..][..width]).copied().collect()
        }
        let values = match &self.values {
            Values::U8(from, scale) => Values::U8(rows(from, self.width, &places), *scale),
            Values::F32(from) => Values::F32(rows(from, self.width, &places)),
        };
        let targets = match &self.targets {
            OwnedTargets::Classes(classes) => OwnedTargets::Classes(rows(classes, 1, &places)),
            OwnedTargets::Values(values, outputs) => OwnedTargets::Values(rows(values, *outputs, &places), *outputs),
        };
        let Self { width, columns, classes, .. } = self;
        Set {
            values,
            targets,
            samples: places.len(),
            width: *width,
            columns: columns.clone(),
            classes: *classes,
            share: None,
        }
    }

    /// The samples that are wanted of all, of which each rank has some here, in their order.
    fn gathered(self, share: &Share, wanted: &[usize]) -> Result<Set, RanksError> {
        let ranks = share.team().count();
        let mut next = vec![0; ranks];
        // Of each sample, who has it, and how many of that rank's come before it.
        let places: Vec<(usize, usize)> = wanted
            .iter()
            .map(|sample| {
                let rank = share.holder(*sample);
                next[rank] += 1;
                (rank, next[rank] - 1)
            })
            .collect();
        let rows = |own: &[u8], width: usize| -> Result<Vec<u8>, RanksError> {
            let all = share.team().gather(own)?;
            Ok(places.iter().flat_map(|(rank, place)| &all[*rank][place * width..][..width]).copied().collect())
        };
        let numbers = |own: &[f32], width: usize| -> Result<Vec<f32>, RanksError> {
            let bytes: Vec<u8> = own.iter().flat_map(|x| x.to_le_bytes()).collect();
            Ok(rows(&bytes, size_of::<f32>() * width)?.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect())
        };
        let values = match &self.values {
            Values::U8(own, scale) => Values::U8(rows(own, self.width)?, *scale),
            Values::F32(own) => Values::F32(numbers(own, self.width)?),
        };
        let targets = match &self.targets {
            OwnedTargets::Classes(own) => OwnedTargets::Classes(rows(own, 1)?),
            OwnedTargets::Values(own, outputs) => OwnedTargets::Values(numbers(own, *outputs)?, *outputs),
        };
        Ok(Set { values, targets, samples: wanted.len(), ..self })
    }

    /// The part of these samples that a rank holds of them.
    #[must_use]
    pub fn part(&self, team: &Arc<Team>) -> Set {
        let share = Share::new(team, self.samples, self.checksum());
        let part = self.at(share.ranges().flatten());
        // A part may have no sample of the last class.
        part.of_classes(if self.has_classes() { self.outputs() } else { 0 }).shared(share)
    }
}
