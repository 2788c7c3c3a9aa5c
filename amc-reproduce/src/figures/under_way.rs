//! A run under way: it tells how far it is, and keeps now and then what it takes to go on from there, should it be
//! interrupted.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resume::{Kept, RunFile};
use super::series::Curve;

/// What a run tells and keeps while it lasts.
pub struct UnderWay<'r> {
    progress: &'r dyn Fn(f64),
    checkpoint: RunFile<'r>,
    period: Duration,
    begun: Instant,
    /// How long it took before it was interrupted.
    before: Cell<f64>,
    kept: Cell<Instant>,
}

impl<'r> UnderWay<'r> {
    /// A run that begins now, or goes on from what was kept at `checkpoint`, with a checkpoint after each `period`.
    pub fn new(checkpoint: RunFile<'r>, period: Duration, progress: &'r dyn Fn(f64)) -> Self {
        let now = Instant::now();
        Self { progress, checkpoint, period, begun: now, before: Cell::new(0.0), kept: Cell::new(now) }
    }

    /// Tells which share of the run is done.
    pub fn show(&self, share: f64) {
        (self.progress)(share);
    }

    /// The checkpoint that a run of the same settings has left, if it is whole: its curves, and its place.
    pub fn checkpoint<P: DeserializeOwned>(&self) -> Option<(Vec<Curve>, P)> {
        let (seconds, bytes) = self.checkpoint.read()?;
        let checkpoint = postcard::from_bytes(&bytes).ok()?;
        self.before.set(seconds);
        Some(checkpoint)
    }

    /// Keeps a checkpoint, if it is time for one: the run's curves so far, and its place.
    pub fn keep<P: Serialize>(
        &self,
        checkpoint: impl FnOnce() -> anyhow::Result<(Vec<Curve>, P)>,
    ) -> anyhow::Result<()> {
        if self.kept.get().elapsed() < self.period {
            return Ok(());
        }
        let bytes = postcard::to_stdvec(&checkpoint()?).context("a checkpoint cannot be made")?;
        self.checkpoint.write(self.seconds(), &bytes)?;
        self.kept.set(Instant::now());
        Ok(())
    }

    /// How long the run has taken, without the time between an interruption and the next start.
    pub fn seconds(&self) -> f64 {
        self.before.get() + self.begun.elapsed().as_secs_f64()
    }
}

/// What has been seen of a run that is under way, or was interrupted.
pub fn so_far(checkpoint: &RunFile<'_>) -> Option<Kept> {
    let (seconds, bytes) = checkpoint.read()?;
    let (curves, _) = postcard::take_from_bytes(&bytes).ok()?;
    Some(Kept { seconds, curves })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{Curve, UnderWay, so_far};
    use crate::figures::resume::{Finished, Kept};

    #[test]
    fn a_checkpoint_is_found_by_the_same_run_until_that_is_finished() {
        let dir = tempfile::tempdir().expect("a folder");
        let finished = Finished::open(dir.path()).expect("open");
        let (settings, others) = (json!({ "seed": 1 }), json!({ "seed": 2 }));
        let every = |period, settings| UnderWay::new(finished.checkpoint("a", settings), period, &|_| ());
        let way = |settings| every(Duration::MAX, settings);
        let found = |settings| way(settings).checkpoint::<(u64, String)>();
        let curves = |y| vec![Curve::new("loss", vec![(1.0, y)])];
        let seen = |settings| so_far(&finished.checkpoint("a", settings)).map(|kept| kept.curves);

        way(&settings).keep(|| Ok((curves(1.0), (1_u64, "one")))).expect("nothing to do");
        assert_eq!((found(&settings), seen(&settings)), (None, None), "it is not yet time");
        let first = every(Duration::ZERO, &settings);
        for place in [(2_u64, "two"), (3, "three")] {
            first.keep(|| Ok((curves(place.0 as f64), place))).expect("kept");
        }
        assert_eq!(found(&settings), Some((curves(3.0), (3, "three".into()))));
        assert_eq!(seen(&settings), Some(curves(3.0)));
        assert_eq!((found(&others), seen(&others)), (None, None));

        // Its time is added to that of the run that it is of.
        let file = finished.checkpoint("a", &settings);
        file.write(1e6, &file.read().expect("a file").1).expect("written");
        let second = way(&settings);
        assert!(second.seconds() < 1e6 && second.checkpoint::<(u64, String)>().is_some() && second.seconds() >= 1e6);

        file.write(1.0, b"not a checkpoint").expect("written");
        assert_eq!((found(&settings), seen(&settings)), (None, None));
        first.keep(|| Ok((curves(4.0), (4_u64, "four")))).expect("kept");
        finished.put("a", &settings, &Kept { seconds: 1.0, curves: Vec::new() }).expect("finished");
        assert_eq!(found(&settings), None);
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
