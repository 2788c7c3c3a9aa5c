//! Finished runs, each in a file of its own, so that a second start goes on where the first was interrupted.
//!
//! A file is a line `# crc C seconds S settings {…}`, and then the run's curves as CSV. C is the CRC-32 of the CSV in eight
//! hexadecimal digits, S the run's time. The file's name comes from the settings: figures that have a run in common
//! share it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::series::{Curve, from_csv, to_csv};
use crate::CRC;
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
        let crc = CRC.checksum(settings.to_string().as_bytes());
        self.dir.join(format!("{name}-{crc:08x}.csv"))
    }

    /// The run of these settings, if it is there and whole.
    pub fn get(&self, label: &str, settings: &Value) -> Option<Kept> {
        let bytes = std::fs::read(self.path(label, settings)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (head, csv) = (std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]);
        let (crc, head) = head.strip_prefix("# crc ")?.split_once(" seconds ")?;
        let (seconds, kept) = head.split_once(" settings ")?;
        // As text: reading numbers back might round them.
        let wanted = settings.to_string();
        if kept != wanted || crc != checksum(csv) {
            return None;
        }
        Some(Kept { seconds: seconds.parse().ok()?, curves: from_csv(csv).ok()? })
    }

    /// Keeps a finished run.
    pub fn put(&self, label: &str, settings: &Value, kept: &Kept) -> anyhow::Result<()> {
        let csv = to_csv([(label, &kept.curves[..])])?;
        let head = format!("# crc {} seconds {} settings {settings}\n", checksum(&csv), kept.seconds);
        save(&self.path(label, settings), &[head.as_bytes(), &csv].concat())
    }
}

fn checksum(csv: &[u8]) -> String {
    format!("{:08x}", CRC.checksum(csv))
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
