//! Windows over the rows of a table in the order of time: a sample is several rows one after another.

use serde::{Deserialize, Serialize};

/// How windows lie over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows of a window, whose features follow one another, the oldest row first; at least 1.
    pub rows: usize,
    /// Rows from the beginning of one window to that of the next; at least 1.
    pub stride: usize,
}

impl Default for Window {
    /// A row for itself.
    fn default() -> Self {
        Self { rows: 1, stride: 1 }
    }
}

/// Why there are no windows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Neighbouring windows have rows in common.
    #[error("--window needs --split last or group:COLUMN: split at random, rows to test with are trained on, too")]
    AtRandom,
    /// Rows that are left out leave gaps.
    #[error("--window needs all rows: use --missing mean, which leaves none out")]
    Gaps,
    /// Too few rows that follow one another.
    #[error(
        "there are {windows} windows of {rows} rows {part}, of the {wanted} needed: take a smaller --window or --stride"
    )]
    TooFew {
        /// Those that there are.
        windows: usize,
        /// Rows of one.
        rows: usize,
        /// What for.
        part: &'static str,
        /// Those needed.
        wanted: usize,
    },
}

impl Window {
    /// The last row of each window over `rows`, which ascend. A window's rows follow one another without a gap, and any two
    /// neighbours of them are `together`.
    pub fn ends(self, rows: &[usize], together: impl Fn(usize, usize) -> bool) -> Vec<usize> {
        let Self { rows: length, stride } = self;
        let mut ends = Vec::new();
        for run in rows.chunk_by(|a, b| a + 1 == *b && together(*a, *b)) {
            ends.extend(run.iter().skip(length.saturating_sub(1)).step_by(stride.max(1)));
        }
        ends
    }

    /// The features of the window that ends with a row, of `all`, which has `width` a row.
    pub fn features(self, all: &[f32], width: usize, end: usize) -> &[f32] {
        let first = (end + 1).saturating_sub(self.rows);
        all.get(first * width..(end + 1) * width).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn windows_stay_within_runs_that_are_together() {
        let window = Window { rows: 3, stride: 2 };
        let all: Vec<usize> = (0..10).collect();
        assert_eq!(window.ends(&all, |_, _| true), [2, 4, 6, 8]);
        assert_eq!(window.ends(&[0, 1, 2, 4, 5, 6, 7, 8, 9], |_, _| true), [2, 6, 8]);
        assert_eq!(window.ends(&all, |_, b| b != 4), [2, 6, 8]);
        assert!(window.ends(&[0, 1], |_, _| true).is_empty());
        assert_eq!(Window::default().ends(&[7, 3, 5], |_, _| false), [7, 3, 5]);
    }

    #[test]
    fn a_window_has_its_rows_the_oldest_first() {
        let all: Vec<f32> = (0..12).map(|x| x as f32).collect();
        let window = Window { rows: 2, stride: 1 };
        assert_eq!(window.features(&all, 3, 1), &all[..6]);
        assert_eq!(window.features(&all, 3, 3), &all[6..]);
        assert_eq!(window.features(&all, 3, 4), &[] as &[f32]);
    }
}
