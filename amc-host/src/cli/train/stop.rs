//! When a run ends: asked to by a signal, or because it has come far enough.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use amc_engine::data::{Data, Set};
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::time;

/// The exit code of a run that was asked to end.
pub(super) const ASKED: u8 = 130;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Ends")]
pub(super) struct StopArgs {
    /// End when the loss is at most this [default: by data set]
    #[arg(long, allow_negative_numbers = true, value_parser = loss)]
    until_loss: Option<f32>,
    #[arg(skip)]
    until_default: Option<f32>,
    /// End when this share of the test samples is classified rightly: from 0 to 1. They have then chosen the model, and say less
    /// of how good it is
    #[arg(long, allow_negative_numbers = true, value_parser = share)]
    until_accuracy: Option<f32>,
    /// End when the loss has not fallen by 0.1% in so many steps
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    patience: Option<u64>,
    /// End after this time, like 90s or 10m or 1h30m
    #[arg(long, value_parser = time)]
    time: Option<Duration>,
}

fn loss(text: &str) -> Result<f32, &'static str> {
    text.parse().ok().filter(|loss: &f32| !loss.is_nan()).ok_or("use a number")
}

fn share(text: &str) -> Result<f32, &'static str> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or("use a number from 0 to 1")
}

impl StopArgs {
    /// The same, ending at a loss by default, unless one is said.
    pub fn or_at(self, loss: Option<f32>) -> Self {
        Self { until_default: loss.filter(|_| self.until_loss.is_none()), ..self }
    }

    /// The loss at which it ends, if it does.
    pub fn loss(&self) -> Option<f32> {
        self.until_loss.or(self.until_default)
    }

    /// Checks that all ends can be reached on these data.
    pub fn check(&self, data: &Data) -> anyhow::Result<()> {
        let has_accuracy = data.test.as_ref().is_some_and(Set::has_classes);
        let asked = self.until_accuracy.is_some();
        anyhow::ensure!(has_accuracy || !asked, "--until-accuracy needs classes, and samples to test with");
        Ok(())
    }

    /// Why a run ends here, if it does; `not_lowered` is the number of steps since the loss was lowered.
    pub fn reached(
        &self,
        seconds: impl FnOnce() -> f64,
        loss: f32,
        not_lowered: u64,
        accuracy: Option<f32>,
    ) -> Option<String> {
        if self.until_loss.is_some_and(|least| loss <= least) {
            return Some(format!("the loss is {loss}"));
        }
        if self.until_default.is_some_and(|least| loss <= least) {
            return Some(format!("the loss is {loss}, and rows this few are soon learned by heart (--until-loss)"));
        }
        if let (Some(least), Some(accuracy)) = (self.until_accuracy, accuracy)
            && accuracy >= least
        {
            return Some(format!("the accuracy is {accuracy}"));
        }
        if self.patience.is_some_and(|patience| not_lowered >= patience) {
            return Some(format!("the loss has not fallen by 0.1% in {not_lowered} steps"));
        }
        let time = self.time?;
        let seconds = seconds();
        (seconds >= time.as_secs_f64()).then(|| format!("it took {seconds:.0} s"))
    }
}

/// Becomes true when this process is asked to end; asked again, it ends on the spot.
pub(super) fn asked() -> std::io::Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in signals() {
        flag::register_conditional_shutdown(signal, ASKED.into(), Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(asked)
}

#[cfg(not(unix))]
fn signals() -> Vec<i32> {
    vec![SIGINT, SIGTERM]
}

/// Those that `nohup` has this process ignore stay ignored.
#[cfg(unix)]
fn signals() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let all = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
    all.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::StopArgs;

    #[test]
    fn a_run_ends_where_one_of_its_ends_is_reached() {
        let (time, patience) = (Some(Duration::from_secs(60)), Some(100));
        let all = StopArgs { until_loss: Some(0.1), until_default: None, until_accuracy: Some(0.9), patience, time };
        assert!(all.reached(|| 0.0, 0.1, 0, None).is_some_and(|why| why.contains("loss is 0.1")));
        assert!(all.reached(|| 0.0, 0.2, 0, Some(0.9)).is_some_and(|why| why.contains("accuracy is 0.9")));
        assert!(all.reached(|| 0.0, 0.2, 100, Some(0.8)).is_some_and(|why| why.contains("in 100 steps")));
        assert!(all.reached(|| 60.0, 0.2, 99, Some(0.8)).is_some_and(|why| why.contains("60 s")));
        assert_eq!(all.reached(|| 59.0, f32::NAN, 99, Some(f32::NAN)), None);
        let by_heart = all.clone().or_at(Some(0.2)).reached(|| 0.0, 0.2, 0, None);
        assert_eq!(by_heart, None, "what is said comes before what is not");
        let none = StopArgs { until_loss: None, until_default: None, until_accuracy: None, patience: None, time: None };
        let by_heart = none.clone().or_at(Some(0.2)).reached(|| 0.0, 0.2, 0, None);
        assert!(by_heart.is_some_and(|why| why.contains("--until-loss")));
        assert_eq!(none.reached(|| 1e9, 0.0, u64::MAX, Some(1.0)), None);
    }
}
