//! How the cost of a move grows with the net and with the data.

use plotters::prelude::*;
use serde::Serialize;

use super::{Case, Machine, SIGMA, Shape, measure};
use amc_engine::data::functions::sine_at;
use amc_kernels::Arithmetic;

/// One net on some samples.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// What grows: `parameters` or `samples`.
    pub series: &'static str,
    /// N.
    pub parameters: usize,
    /// Samples.
    pub samples: usize,
    /// Median time of a move, in milliseconds.
    pub step_ms: f64,
}

/// Widths W of nets 1-W-W-1, of about 10², 10³, … 10⁷ parameters.
const WIDTHS: [usize; 11] = [8, 16, 30, 54, 98, 176, 315, 562, 1000, 1779, 3160];
/// Samples that the net of each width is tried on.
const SAMPLES: usize = 1000;
/// Numbers of samples that the net of width [`WIDTH`] is tried on.
const SIZES: [usize; 9] = [100, 316, 1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000];
const WIDTH: usize = 32;

/// The growth of both, `done` being told of each point.
pub fn scaling(
    machine: &Machine,
    how: (Arithmetic, usize),
    mut done: impl FnMut(&Point),
) -> anyhow::Result<Vec<Point>> {
    let nets = WIDTHS.map(|width| ("parameters", width, SAMPLES));
    let data = SIZES.map(|samples| ("samples", WIDTH, samples));
    let mut points = Vec::new();
    for (series, width, samples) in nets.into_iter().chain(data) {
        // About 10^10 multiply-adds, and no fewer than 12 moves.
        let steps = 10_000_000_000 / (width * width * samples) as u64;
        let case = Case { name: series, shape: Shape::Sine(width), steps: steps.clamp(12, 3000) };
        let settings = case.settings(SIGMA, case.steps, how);
        let measured = measure(series, &case.description(), &sine_at(samples), &settings, machine)?;
        let point = Point { series, parameters: measured.parameters, samples, step_ms: measured.step_ms };
        done(&point);
        points.push(point);
    }
    Ok(points)
}

/// What a point stands at on its series' axis.
fn size(point: &Point) -> f64 {
    if point.series == "parameters" { point.parameters as f64 } else { point.samples as f64 }
}

/// The slope of log time against log size, between the last two of a series a hundredfold or more apart.
pub fn slope(points: &[Point], series: &str) -> Option<f64> {
    let of: Vec<_> = points.iter().filter(|point| point.series == series).collect();
    let last = of.last()?;
    let first = of.iter().rfind(|point| 100.0 * size(point) <= 1.01 * size(last))?;
    Some((last.step_ms / first.step_ms).ln() / (size(last) / size(first)).ln())
}

/// Step time against parameters and against samples, both logarithmic, as SVG.
pub fn picture(points: &[Point]) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (840, 380)).into_drawing_area();
        area.fill(&WHITE)?;
        let panels = [
            ("parameters", format!("parameters N ({SAMPLES} samples)")),
            ("samples", format!("samples (1-{WIDTH}-{WIDTH}-1)")),
        ];
        for ((series, title), area) in panels.iter().zip(area.split_evenly((1, 2))) {
            let of = || points.iter().filter(|point| point.series == *series);
            let low = of().map(size).fold(f64::INFINITY, f64::min);
            let high = of().map(size).fold(1.0, f64::max);
            let fast = points.iter().map(|point| point.step_ms).fold(f64::INFINITY, f64::min) / 2.0;
            let slow = points.iter().map(|point| point.step_ms).fold(0.0, f64::max) * 2.0;
            let mut chart = ChartBuilder::on(&area)
                .margin(14)
                .x_label_area_size(40)
                .y_label_area_size(64)
                .build_cartesian_2d((low / 2.0..high * 2.0).log_scale(), (fast..slow).log_scale())?;
            chart
                .configure_mesh()
                .x_desc(title)
                .y_desc("ms a move")
                .light_line_style(TRANSPARENT)
                .x_label_formatter(&|x| format!("{x:.0e}"))
                .y_label_formatter(&|y| format!("{y:.0e}"))
                .draw()?;
            let line: Vec<_> = of().map(|point| (size(point), point.step_ms)).collect();
            chart.draw_series(LineSeries::new(line.iter().copied(), &BLUE))?;
            chart.draw_series(line.iter().map(|point| Circle::new(*point, 3, BLUE.filled())))?;
        }
        area.present()?;
    }
    Ok(svg)
}
