//! Runs, each in a file of its own, so that a second start goes on where the first was interrupted.
//!
//! A file is a line `# crc C seconds S settings {…}`, and then the run's curves as CSV, or, with the extension
//! `checkpoint`, its curves so far and the place that it goes on from. C is the CRC-32 of what follows the line in eight
//! hexadecimal digits, S the run's time. The file's name comes from the settings: figures that have a run in common
//! share it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::series::{Curve, from_csv, to_csv};
use amc_engine::CRC;
use amc_host::output::save_again;

/// A folder of runs.
pub struct Finished {
    dir: PathBuf,
}

/// What a run left.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// How long it took.
    pub seconds: f64,
    /// Its curves.
    pub curves: Vec<Curve>,
}

impl Kept {
    /// The curve of that name; without points where there is none.
    pub fn curve(&self, name: &str) -> &Curve {
        const NONE: &Curve = &Curve { name: String::new(), points: Vec::new() };
        self.curves.iter().find(|curve| curve.name == name).unwrap_or(NONE)
    }
}

impl Finished {
    /// The runs in `dir`, which is made if it is not there.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        Ok(Self { dir: dir.to_path_buf() })
    }

    fn path(&self, label: &str, settings: &Value) -> PathBuf {
        let words = label.split(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c));
        let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        let crc = CRC.checksum(settings.to_string().as_bytes());
        self.dir.join(format!("{name}-{crc:08x}.csv"))
    }

    fn file<'s>(&self, label: &str, settings: &'s Value) -> RunFile<'s> {
        RunFile { path: self.path(label, settings), settings }
    }

    /// Where the run of these settings keeps what it goes on from.
    pub fn checkpoint<'s>(&self, label: &str, settings: &'s Value) -> RunFile<'s> {
        RunFile { path: self.path(label, settings).with_extension("checkpoint"), settings }
    }

    /// The run of these settings, if it is there and whole.
    pub fn get(&self, label: &str, settings: &Value) -> Option<Kept> {
        let (seconds, csv) = self.file(label, settings).read()?;
        Some(Kept { seconds, curves: from_csv(&csv).ok()? })
    }

    /// Keeps a finished run, in place of its checkpoint.
    pub fn put(&self, label: &str, settings: &Value, kept: &Kept) -> anyhow::Result<()> {
        self.file(label, settings).write(kept.seconds, &to_csv([(label, &kept.curves[..])])?)?;
        match std::fs::remove_file(self.checkpoint(label, settings).path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("a checkpoint cannot be removed"),
            _ => Ok(()),
        }
    }
}

/// A file of the run of some settings.
pub struct RunFile<'s> {
    path: PathBuf,
    settings: &'s Value,
}

impl RunFile<'_> {
    /// The run's time in seconds, and what the file holds, if it is whole and of these settings.
    pub fn read(&self) -> Option<(f64, Vec<u8>)> {
        let mut bytes = std::fs::read(&self.path).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let body = bytes.split_off(end + 1);
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let (crc, head) = head.strip_prefix("# crc ")?.split_once(" seconds ")?;
        let (seconds, kept) = head.split_once(" settings ")?;
        // As text: reading numbers back might round them.
        let wanted = self.settings.to_string();
        if kept != wanted || crc != checksum(&body) {
            return None;
        }
        Some((seconds.parse().ok()?, body))
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, seconds: f64, body: &[u8]) -> anyhow::Result<()> {
        let head = format!("# crc {} seconds {seconds} settings {}\n", checksum(body), self.settings);
        save_again(&self.path, &[head.as_bytes(), body].concat())
    }
}

fn checksum(body: &[u8]) -> String {
    format!("{:08x}", CRC.checksum(body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Curve, Finished, Kept};

    #[test]
    fn a_run_is_found_again_by_its_settings_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let finished = Finished::open(dir.path()).expect("open");
        let settings = json!({ "sigma": 0.01_f32, "seed": 1 });
        let kept = Kept { seconds: 1.5, curves: vec![Curve::new("loss", vec![(1.0, 0.5), (2.0, 0.25)])] };
        assert_eq!(finished.get("a, b = 1", &settings), None);
        finished.put("a, b = 1", &settings, &kept).expect("kept");
        assert_eq!(finished.get("a, b = 1", &settings), Some(kept));
        assert_eq!(finished.get("a, b = 1", &json!({ "sigma": 0.01_f32, "seed": 2 })), None);
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing half-written stays");
    }

    #[test]
    fn a_damaged_file_is_not_taken() {
        let dir = tempfile::tempdir().expect("a folder");
        let finished = Finished::open(dir.path()).expect("open");
        let settings = json!({ "seed": 1 });
        let kept = Kept { seconds: 1.5, curves: vec![Curve::new("loss", vec![(1.0, 0.5), (2.0, 0.25)])] };
        finished.put("a", &settings, &kept).expect("kept");
        let path = finished.path("a", &settings);
        let text = std::fs::read_to_string(&path).expect("text");
        let end_of = |line: usize| text.match_indices('\n').nth(line).expect("a line").0 + 1;
        for (what, damaged) in [
            ("other settings", text.replace("\"seed\":1", "\"seed\":7")),
            ("no head", text.replace('#', "")),
            ("cut in the head", text[..9].into()),
            ("cut after the head", text[..end_of(0)].into()),
            ("cut after the names", text[..end_of(1)].into()),
            ("cut after a row", text[..end_of(2)].into()),
            ("another digit", text.replace("0.25", "0.35")),
        ] {
            assert_ne!(damaged, text, "{what}");
            std::fs::write(&path, damaged).expect("written");
            assert_eq!(finished.get("a", &settings), None, "{what}");
        }
        std::fs::write(&path, &text).expect("written");
        assert_eq!(finished.get("a", &settings), Some(kept));
    }
}
