//! What a run leaves behind: the model, the loss curve as CSV and as a picture, a summary, a picture of how good the
//! model's predictions are, and all of it on a page.

mod curves;
mod folder;
mod quality;
mod report;

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

pub use self::folder::{Folder, FolderError};
pub use self::report::About;
use crate::metrics::Metrics;
use crate::{model, whole_file};

/// The trained net.
pub const MODEL: &str = model::FILE_NAME;
/// The points of the loss curve.
pub const CURVE: &str = "curve.csv";
/// The loss curve's picture.
pub const PICTURE: &str = "curve.svg";
/// The [`Summary`].
pub const SUMMARY: &str = "summary.json";
/// Of classes: which were found for those of each, on the test samples if there are some.
pub const CONFUSION: &str = "confusion.svg";
/// Of numbers to find: those found against the true ones, on the test samples if there are some.
pub const PREDICTED: &str = "predicted.svg";
/// All of it on a page.
pub const REPORT: &str = "report.html";
/// Of a run that has not ended: where it stands.
pub const CHECKPOINT: &str = "checkpoint";
/// The files of a run.
const FILES: [&str; 8] = [MODEL, CURVE, PICTURE, SUMMARY, CONFUSION, PREDICTED, REPORT, CHECKPOINT];

/// One point of the loss curve.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Moves made.
    pub step: u64,
    /// The loss of the current parameters on the current batch.
    pub loss: f32,
    /// Accepted moves over all moves so far.
    pub acceptance_rate: f32,
    /// The scale of moves.
    pub sigma: f32,
    /// Samples in the batch.
    pub batch: usize,
    /// The share of test samples classified rightly, where it was measured.
    pub test_accuracy: Option<f32>,
}

/// A finished run in numbers, and where its files are: [`SUMMARY`], and the line that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The data set's name, or the file's.
    pub data: String,
    /// Of a table, which of its rows tested.
    pub split: Option<String>,
    /// The net's numbers, as `--numbers` names them.
    pub numbers: &'static str,
    /// What made the moves, as `--method` names it. Of mixed moves `sigma` is the geometric mean of their kinds', of those of
    /// an integer net's neurons the weights that one changes, and there are no resets.
    pub method: &'static str,
    /// The generator's seed.
    pub seed: u64,
    /// Why it ended before its last step, if it did.
    pub ended: Option<String>,
    /// Moves made.
    pub steps: u64,
    /// The move after which the model's parameters were the chain's: the last one, unless the loss was lower before.
    pub model_step: u64,
    /// The loss of the model's parameters on all training samples.
    pub loss: f32,
    /// The same on the test samples, if there are any.
    pub test_loss: Option<f32>,
    /// Accepted moves over all moves.
    pub acceptance_rate: f32,
    /// Times that sigma was reduced.
    pub resets: u64,
    /// The last scale of moves.
    pub sigma: f32,
    /// N.
    pub parameters: usize,
    /// Of an integer net the parameters that are as large as can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturated: Option<usize>,
    /// Where there are classes.
    pub train_accuracy: Option<f32>,
    /// Where there are classes and test samples.
    pub test_accuracy: Option<f32>,
    /// The share of samples that moves were evaluated on before they were certain to be rejected.
    pub evaluated_share: Option<f64>,
    /// Wall time of all moves.
    pub seconds: f64,
    /// Median wall time of a move, in milliseconds, within 0.1%.
    pub step_ms: f64,
    /// CRC-32 of the parameters' little-endian bytes.
    pub params_hash: String,
    /// The folder of the run's files.
    pub out: String,
    /// How good predictions are on the samples trained on.
    pub train: Metrics,
    /// The same on those never trained on.
    pub test: Option<Metrics>,
}

/// Writes [`CURVE`], [`PICTURE`], [`REPORT`], [`SUMMARY`], and [`CONFUSION`] or [`PREDICTED`] into `dir`.
pub fn write(dir: &Path, about: &About, curve: &[Point], summary: &Summary) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for point in curve {
        csv.serialize(point)?;
    }
    save(&dir.join(CURVE), &csv.into_inner()?)?;
    save(&dir.join(PICTURE), curves::loss(curve)?.as_bytes())?;
    let metrics = summary.test.as_ref().unwrap_or(&summary.train);
    let (name, other) = match metrics {
        Metrics::Classes(_) => (CONFUSION, PREDICTED),
        Metrics::Numbers(_) => (PREDICTED, CONFUSION),
    };
    // Of a run that was overwritten.
    match std::fs::remove_file(dir.join(other)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be removed", dir.join(other).display()));
        }
        _ => (),
    }
    save(&dir.join(name), quality::draw(metrics)?.as_bytes())?;
    save(&dir.join(REPORT), report::page(about, curve, summary)?.as_bytes())?;
    let mut json = serde_json::to_vec_pretty(summary)?;
    json.push(b'\n');
    save(&dir.join(SUMMARY), &json)
}

/// Writes a file of a run that may be killed and made again, whole or not at all: see [`whole_file::write_again`].
pub fn save_again(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    whole_file::write_again(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes a file whole or not at all.
pub fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    whole_file::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
