//! Durations of moves, in memory that does not grow with their number.

use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

/// Significant decimal digits that are kept of a duration.
const DIGITS: u8 = 3;
/// The longest duration told from longer ones, in nanoseconds: a day.
const LONGEST: u64 = 86_400_000_000_000;

/// Counts of durations by their size, in about 0.6 MB.
pub struct Durations {
    counts: Histogram<u64>,
    least: Option<Duration>,
}

impl Durations {
    /// None yet.
    pub fn new() -> Result<Self, CreationError> {
        Ok(Self { counts: Histogram::new_with_max(LONGEST, DIGITS)?, least: None })
    }

    /// Counts one.
    pub fn add(&mut self, duration: Duration) {
        self.counts.saturating_record(u64::try_from(duration.as_nanos()).unwrap_or(LONGEST));
        self.least = Some(self.least.map_or(duration, |least| least.min(duration)));
    }

    /// The least, exactly; 0 of none.
    pub fn least(&self) -> Duration {
        self.least.unwrap_or_default()
    }

    /// The median within 0.1%; 0 of none.
    pub fn median(&self) -> Duration {
        if self.counts.is_empty() {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.counts.value_at_quantile(0.5))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Durations;

    #[test]
    fn the_median_is_within_a_thousandth_from_nanoseconds_to_hours() {
        for scale in [1, 1_000, 1_234_567, 10_000_000_000] {
            let mut durations = Durations::new().expect("a histogram");
            // From 1 to 3 times the scale, in no order: of 1,001, 500 are less than twice the scale, and 500 more.
            for i in 0..1001 {
                durations.add(Duration::from_nanos(scale + scale * 2 * (i * 37 % 1001) / 1000));
            }
            let (median, exact) = (durations.median().as_nanos() as f64, (2 * scale) as f64);
            assert!((median - exact).abs() <= 1e-3 * exact, "{median} instead of {exact}");
            assert_eq!(durations.least(), Duration::from_nanos(scale));
        }
    }

    #[test]
    fn memory_does_not_grow_with_moves() {
        let mut durations = Durations::new().expect("a histogram");
        let before = durations.counts.distinct_values();
        for i in 0..1_000_000_u64 {
            durations.add(Duration::from_nanos(i * i * i));
        }
        assert_eq!(durations.counts.distinct_values(), before);
        assert!(before * size_of::<u64>() < 1 << 20);
    }

    #[test]
    fn none_and_very_long_ones_have_a_median() {
        let mut durations = Durations::new().expect("a histogram");
        assert_eq!((durations.median(), durations.least()), (Duration::ZERO, Duration::ZERO));
        durations.add(Duration::MAX);
        assert!(durations.median() >= Duration::from_secs(86_000));
        assert_eq!(durations.least(), Duration::MAX);
    }
}
