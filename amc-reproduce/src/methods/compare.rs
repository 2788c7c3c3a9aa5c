//! What runs of two methods come to, side by side.

use super::{GRID_SEEDS, Record, Records, SEEDS, Setting, TASKS, Task, adam_grid, grid};

/// A task's runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The task.
    pub task: &'static str,
    /// The setting of aMC that was best on the seeds of the grid.
    pub best: String,
    /// Of aMC with it.
    pub amc: Middle,
    /// Of mixed moves.
    pub mixed: Middle,
    /// Of Adam, with the setting that was best on the seeds of its grid.
    pub adam: (String, Middle),
}

/// Medians of some runs: infinite where more than half of them did not come to the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Middle {
    /// Runs.
    pub runs: usize,
    /// Those that did not come to the loss.
    pub failed: usize,
    /// Multiply-adds a sample.
    pub multiply_adds: f64,
    /// Whole passes.
    pub passes: f64,
    /// Moves.
    pub moves: f64,
    /// Seconds.
    pub seconds: f64,
}

impl Middle {
    fn of(records: &[&Record]) -> Self {
        let median = |number: fn(&Record) -> f64| {
            let number = |record: &&Record| if record.reached { number(record) } else { f64::INFINITY };
            let mut numbers: Vec<f64> = records.iter().map(number).collect();
            numbers.sort_by(f64::total_cmp);
            numbers.get(numbers.len() / 2).copied().unwrap_or(f64::INFINITY)
        };
        Self {
            runs: records.len(),
            failed: records.iter().filter(|record| !record.reached).count(),
            multiply_adds: median(|record| record.multiply_adds),
            passes: median(|record| record.passes),
            moves: median(|record| record.moves as f64),
            seconds: median(|record| record.seconds),
        }
    }

    pub(super) fn of_runs(records: &Records, task: &Task, setting: Setting, seeds: &[u64]) -> Self {
        let name = setting.name();
        Self::of(&seeds.iter().filter_map(|seed| records.get(task.name, &name, *seed)).collect::<Vec<_>>())
    }
}

/// The setting of a grid that is best on its seeds: by how many fail, and then by what the median computes.
pub fn best(records: &Records, task: &Task, grid: impl Iterator<Item = Setting>) -> Option<Setting> {
    let rank = |setting: &Setting| {
        let middle = Middle::of_runs(records, task, *setting, &GRID_SEEDS);
        (middle.failed, middle.passes)
    };
    grid.min_by(|a, b| {
        let (a, b) = (rank(a), rank(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    })
}

impl Compared {
    /// What is known of a task, once all of its runs are made.
    pub fn of(records: &Records, task: &Task) -> Option<Self> {
        let adam = best(records, task, adam_grid())?;
        let best = best(records, task, grid())?;
        let of = |setting| Middle::of_runs(records, task, setting, &SEEDS);
        let (amc, mixed, adam) = (of(best), of(Setting::Mixed), (adam.name(), of(adam)));
        let is_whole = [amc, mixed, adam.1].iter().all(|of| of.runs == SEEDS.len());
        is_whole.then(|| Self { task: task.name, best: best.name(), amc, mixed, adam })
    }
}

/// A number of three digits, or what stands for more than half of the runs failing.
fn short(number: f64) -> String {
    match number {
        n if !n.is_finite() => "–".into(),
        n if n >= 1e6 => format!("{:.1}M", n * 1e-6),
        n if n >= 1e4 => format!("{:.0}k", n * 1e-3),
        n if n >= 10.0 => format!("{n:.0}"),
        n => format!("{n:.2}"),
    }
}

/// The table of all tasks whose runs are made, as Markdown.
pub fn table(records: &Records) -> String {
    let mut text = String::from(
        "| task | method | failed | multiply-adds a sample | whole passes | moves | seconds |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for compared in TASKS.iter().filter_map(|task| Compared::of(records, task)) {
        let adam = (&compared.adam.0[..], compared.adam.1);
        for (method, of) in [adam, (&compared.best[..], compared.amc), ("mixed", compared.mixed)] {
            let Middle { runs, failed, multiply_adds, passes, moves, seconds } = of;
            let cells = [multiply_adds, passes, moves, seconds].map(short).join(" | ");
            text += &format!("| {} | {method} | {failed} of {runs} | {cells} |\n", compared.task);
        }
        let times = |of: fn(&Middle) -> f64| {
            let times = of(&compared.amc) / of(&compared.mixed);
            if times.is_finite() { format!("{times:.1}x") } else { "–".into() }
        };
        let all = [times(|of| of.multiply_adds), times(|of| of.passes), times(|of| of.moves), times(|of| of.seconds)];
        text += &format!("| | *fewer than aMC* | | {} |\n", all.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Middle, short};
    use crate::methods::Record;

    #[test]
    fn a_median_counts_what_fails_as_more_than_all_others() {
        let record = |reached, moves| Record {
            task: String::new(),
            setting: String::new(),
            seed: 0,
            reached,
            loss: 0.0,
            moves,
            multiply_adds: 0.0,
            passes: 0.0,
            seconds: 0.0,
        };
        let all = [record(true, 5), record(false, 1), record(true, 3)];
        let middle = Middle::of(&all.iter().collect::<Vec<_>>());
        assert_eq!((middle.runs, middle.failed, middle.moves), (3, 1, 5.0));
        let middle = Middle::of(&[&all[1], &all[1], &all[0]]);
        assert_eq!((middle.failed, short(middle.moves)), (2, "–".to_string()));
        assert_eq!([short(0.05), short(97.2), short(43_210.0), short(2.5e6)], ["0.05", "97", "43k", "2.5M"]);
    }
}
