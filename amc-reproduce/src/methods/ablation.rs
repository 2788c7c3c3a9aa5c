//! What mixed moves take with a part of them switched off.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use indicatif::HumanCount;

use super::compare::Middle;
use super::{Records, SEEDS, Setting, Task};

/// The medians of whole passes over the seeds, as Markdown: a row for each folder of records, which is named after the part that was
/// switched off when they were made, and a column for each task. A run that failed counts as more than all others.
///
/// # Errors
/// Where a folder has no records, or not those of all seeds.
pub fn ablation(folders: &[PathBuf], tasks: &[&Task]) -> anyhow::Result<String> {
    let names: Vec<_> = tasks.iter().map(|task| task.name).collect();
    let mut text = format!("| switched off | {} |\n|{}\n", names.join(" | "), " --- |".repeat(tasks.len() + 1));
    for folder in folders {
        let (part, records) = (name(folder), read(folder)?);
        let mut cells = Vec::new();
        for task in tasks {
            let middle = Middle::of_runs(&records, task, Setting::Mixed, &SEEDS);
            let (runs, all) = (middle.runs, SEEDS.len());
            ensure!(runs == all, "{}: {} has {runs} of {all} runs", folder.display(), task.name);
            cells.push(cell(middle));
        }
        text += &format!("| {part} | {} |\n", cells.join(" | "));
    }
    Ok(text)
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

fn read(folder: &Path) -> anyhow::Result<Records> {
    // A folder that is not there would be made.
    ensure!(folder.join("records.csv").is_file(), "{} has no records.csv", folder.display());
    Records::open(folder)
}

fn cell(Middle { passes, failed, .. }: Middle) -> String {
    let median = if passes.is_finite() { HumanCount(passes.round() as u64).to_string() } else { "–".into() };
    if failed == 0 { median } else { format!("{median}, {failed} fail{}", if failed == 1 { "s" } else { "" }) }
}

#[cfg(test)]
mod tests {
    use super::ablation;
    use crate::methods::{Record, Records, SEEDS, TASKS};

    #[test]
    fn medians_of_each_part_stand_below_each_other() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |part: &str, passes: fn(usize) -> (f64, bool), seeds: usize| {
            let folder = dir.path().join(part);
            let mut records = Records::open(&folder).expect("records");
            for (index, seed) in SEEDS.iter().take(seeds).enumerate() {
                let (passes, reached) = passes(index);
                let (task, setting) = (TASKS[0].name.into(), "mixed".into());
                let (loss, moves, multiply_adds, seconds) = (0.0, 1, 1.0, 1.0);
                let record =
                    Record { task, setting, seed: *seed, reached, loss, moves, multiply_adds, passes, seconds };
                records.put(record).expect("kept");
            }
            folder
        };
        let all = [
            write("nothing", |index| (1000.4 * index as f64, true), 9),
            write("choice", |index| (index as f64, index > 0), 9),
            write("start", |index| (index as f64, index > 5), 9),
        ];
        let tasks = [&TASKS[0]];
        let wanted = "| switched off | xor |\n| --- | --- |\n| nothing | 4,002 |\n| choice | 5, 1 fails |\n| start | –, 6 fail |\n";
        assert_eq!(ablation(&all, &tasks).expect("a table"), wanted);
        let short = write("spread", |_| (1.0, true), 8);
        let error = ablation(&[short], &tasks).expect_err("a seed is missing").to_string();
        assert!(error.ends_with("spread: xor has 8 of 9 runs"), "{error}");
        let none = dir.path().join("none");
        assert!(ablation(std::slice::from_ref(&none), &tasks).is_err() && !none.exists());
    }
}
