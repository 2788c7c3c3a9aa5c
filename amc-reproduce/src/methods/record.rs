//! What runs took, kept in a file, so that those that are finished are not made again.

use std::path::{Path, PathBuf};

use amc_host::output::save_again;
use anyhow::Context;
use serde::{Deserialize, Serialize};

/// What one run took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The task.
    pub task: String,
    /// The setting of the method.
    pub setting: String,
    /// The seed.
    pub seed: u64,
    /// Whether it came to the loss.
    pub reached: bool,
    /// The loss that it came to.
    pub loss: f32,
    /// Moves.
    pub moves: u64,
    /// Multiply-adds a sample.
    pub multiply_adds: f64,
    /// What was computed, in whole passes: multiply-adds and elementary functions.
    pub passes: f64,
    /// Its time.
    pub seconds: f64,
}

/// A file of them, `records.csv` in a folder.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    all: Vec<Record>,
}

impl Records {
    /// Those in `dir`, which is made if it is not there.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        let path = dir.join("records.csv");
        let all = match csv::Reader::from_path(&path) {
            Ok(mut reader) => {
                let read: Result<_, _> = reader.deserialize().collect();
                read.with_context(|| format!("{} is damaged", path.display()))?
            }
            Err(_) if !path.exists() => Vec::new(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        Ok(Self { path, all })
    }

    /// All of them.
    pub fn all(&self) -> &[Record] {
        &self.all
    }

    /// That of a run, if it was made.
    pub fn get(&self, task: &str, setting: &str, seed: u64) -> Option<&Record> {
        self.all.iter().find(|record| record.task == task && record.setting == setting && record.seed == seed)
    }

    /// Keeps one more.
    pub fn put(&mut self, record: Record) -> anyhow::Result<()> {
        self.all.push(record);
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in &self.all {
            writer.serialize(record)?;
        }
        save_again(&self.path, &writer.into_inner()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, Records};

    #[test]
    fn runs_are_found_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let record = |seed| Record {
            task: "sine".into(),
            setting: "aMC, sigma 0.1".into(),
            seed,
            reached: seed == 1,
            loss: 0.25,
            moves: 7,
            multiply_adds: 1.5,
            passes: 0.5,
            seconds: 2.0,
        };
        let mut records = Records::open(dir.path()).expect("records");
        for seed in [1, 2] {
            records.put(record(seed)).expect("kept");
        }
        let again = Records::open(dir.path()).expect("records");
        assert_eq!(again.all(), [record(1), record(2)]);
        assert_eq!(again.get("sine", "aMC, sigma 0.1", 2), Some(&record(2)));
        assert_eq!(again.get("sine", "mixed", 2), None);
        std::fs::write(dir.path().join("records.csv"), "task\nsine,1\n").expect("written");
        assert!(Records::open(dir.path()).is_err());
    }
}
