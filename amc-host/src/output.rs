//! What a run leaves behind: the model, the loss curve as CSV and as a picture, and a summary.

mod folder;

use std::path::Path;

use anyhow::Context;
use plotters::prelude::*;
use serde::Serialize;

pub use self::folder::{Folder, FolderError};
use crate::whole_file;

/// The trained net.
pub const MODEL: &str = "model.amc";
/// The points of the loss curve.
pub const CURVE: &str = "curve.csv";
/// The loss curve's picture.
pub const PICTURE: &str = "curve.svg";
/// The [`Summary`].
pub const SUMMARY: &str = "summary.json";
/// The files of a run.
const FILES: [&str; 4] = [MODEL, CURVE, PICTURE, SUMMARY];

/// One point of the loss curve.
#[derive(Clone, Copy, Debug, Serialize)]
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
    /// Moves made.
    pub steps: u64,
    /// The loss of the last parameters on all training samples.
    pub loss: f32,
    /// Accepted moves over all moves.
    pub acceptance_rate: f32,
    /// Times that sigma was reduced.
    pub resets: u64,
    /// The last scale of moves.
    pub sigma: f32,
    /// N.
    pub parameters: usize,
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
}

/// Writes [`CURVE`], [`PICTURE`] and [`SUMMARY`] into `dir`.
pub fn write(dir: &Path, curve: &[Point], summary: &Summary) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for point in curve {
        csv.serialize(point)?;
    }
    save(&dir.join(CURVE), &csv.into_inner()?)?;
    save(&dir.join(PICTURE), picture(curve)?.as_bytes())?;
    let mut json = serde_json::to_vec_pretty(summary)?;
    json.push(b'\n');
    save(&dir.join(SUMMARY), &json)
}

/// Writes a file whole or not at all.
pub fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    whole_file::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// Loss (logarithmic, left) and test accuracy (right) against moves.
fn picture(curve: &[Point]) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (720, 440)).into_drawing_area();
        area.fill(&WHITE)?;
        let last = curve.last().map_or(1, |point| point.step.max(1));
        let losses = || curve.iter().map(|point| point.loss.max(f32::MIN_POSITIVE));
        let low = losses().fold(f32::INFINITY, f32::min).min(1.0) * 0.9;
        let high = losses().fold(low * 2.0, f32::max) * 1.1;
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .right_y_label_area_size(56)
            .build_cartesian_2d(0..last, (low..high).log_scale())?
            .set_secondary_coord(0..last, 0.0_f32..1.0);
        chart
            .configure_mesh()
            .x_desc("step")
            .y_desc("loss U")
            .light_line_style(TRANSPARENT)
            .y_label_formatter(&|loss| format!("{loss:.1e}"))
            .draw()?;
        chart.draw_series(LineSeries::new(curve.iter().map(|p| (p.step, p.loss.max(low))), &BLUE))?;
        let measured: Vec<_> = curve.iter().filter_map(|p| Some((p.step, p.test_accuracy?))).collect();
        if !measured.is_empty() {
            chart.configure_secondary_axes().y_desc("test accuracy").draw()?;
            chart.draw_secondary_series(LineSeries::new(measured, &RED))?;
        }
        area.present()?;
    }
    Ok(svg)
}
