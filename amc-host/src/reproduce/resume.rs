//! Finished runs, each in a file of its own, so that a second start goes on where the first was interrupted.
//!
//! A file is a line `# seconds S settings {…}` with the run's time and settings, and then the run's curves as CSV. Its
//! name comes from the settings: figures that have a run in common share it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::series::{Curve, from_csv, to_csv};
use crate::output::save;

/// A folder of finished runs.
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

impl Finished {
    /// The runs in `dir`, which is made if it is not there.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        Ok(Self { dir: dir.to_path_buf() })
    }

    fn path(&self, label: &str, settings: &Value) -> PathBuf {
        let words = label.split(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c));
        let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(settings.to_string().as_bytes());
        self.dir.join(format!("{name}-{crc:08x}.csv"))
    }

    /// The run of these settings, if it is there and whole.
    pub fn get(&self, label: &str, settings: &Value) -> Option<Kept> {
        let bytes = std::fs::read(self.path(label, settings)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?.strip_prefix("# seconds ")?;
        let (seconds, kept) = head.split_once(" settings ")?;
        // As text: reading numbers back might round them.
        let wanted = settings.to_string();
        if kept != wanted {
            return None;
        }
        Some(Kept { seconds: seconds.parse().ok()?, curves: from_csv(&bytes[end + 1..]).ok()? })
    }

    /// Keeps a finished run.
    pub fn put(&self, label: &str, settings: &Value, kept: &Kept) -> anyhow::Result<()> {
        let mut bytes = format!("# seconds {} settings {settings}\n", kept.seconds).into_bytes();
        bytes.extend(to_csv([(label, &kept.curves[..])])?);
        save(&self.path(label, settings), &bytes)
    }
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
    fn a_file_of_other_settings_or_cut_short_is_not_taken() {
        let dir = tempfile::tempdir().expect("a folder");
        let finished = Finished::open(dir.path()).expect("open");
        let settings = json!({ "seed": 1 });
        let kept = Kept { seconds: 1.5, curves: vec![Curve::new("loss", vec![(1.0, 0.5), (2.0, 0.25)])] };
        finished.put("a", &settings, &kept).expect("kept");
        let path = finished.path("a", &settings);
        let text = std::fs::read_to_string(&path).expect("text");
        for damaged in [text.replace("\"seed\":1", "\"seed\":7"), text.replace('#', ""), text[..9].into()] {
            assert_ne!(damaged, text);
            std::fs::write(&path, damaged).expect("written");
            assert_eq!(finished.get("a", &settings), None);
        }
        std::fs::write(&path, &text).expect("written");
        assert_eq!(finished.get("a", &settings), Some(kept));
    }
}
