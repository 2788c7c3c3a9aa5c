//! How the cost of a move grows with the net and with the data.

use std::path::Path;
use std::time::{Duration, Instant};

use amc_core::chain::Options;
use amc_engine::data::functions::sine_at;
use amc_engine::train::{Laps, median, with_moves};
use amc_host::output::save_again;
use amc_kernels::{Arithmetic, Isa};
use anyhow::Context;
use plotters::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Case, SIGMA, Shape, milliseconds};

/// One net on some samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What grows: `parameters` or `samples`.
    pub series: String,
    /// N.
    pub parameters: usize,
    /// Samples.
    pub samples: usize,
    /// What was computed with: instruction set, arithmetic and threads.
    pub how: String,
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
/// At this temperature every move is accepted, so that it is evaluated in whole.
const TEMPERATURE: f32 = 1e20;
/// Moves of each point, at least, and how long they are made.
const MOVES: usize = 12;
const TIME: Duration = Duration::from_millis(1500);

/// The growth of both, `done` being told of each point. They are kept in `scaling.csv` in `dir` one by one: those that are
/// there, of the same instruction set, arithmetic and threads, are not measured again.
///
/// # Errors
/// Where the file is there and is none of these, or cannot be written.
pub fn scaling(dir: &Path, how: (Arithmetic, usize), mut done: impl FnMut(&Point)) -> anyhow::Result<Vec<Point>> {
    let file = dir.join("scaling.csv");
    let kept = read(&file)?;
    let name = format!("{} {} {}", Isa::used(), how.0, how.1);
    let nets = WIDTHS.map(|width| ("parameters", width, SAMPLES));
    let data = SIZES.map(|samples| ("samples", WIDTH, samples));
    let mut points = Vec::new();
    for (series, width, samples) in nets.into_iter().chain(data) {
        let case = Case { name: series, shape: Shape::Sine(width), steps: u64::MAX };
        let parameters = case.description().objective()?.net().parameters();
        let is_it = |point: &&Point| {
            point.series == series && (point.parameters, point.samples) == (parameters, samples) && point.how == name
        };
        match kept.iter().find(is_it) {
            Some(point) => points.push(point.clone()),
            None => {
                let step_ms = time_of_a_move(&case, samples, how)?;
                points.push(Point { series: series.to_owned(), parameters, samples, how: name.clone(), step_ms });
                write(&file, &points)?;
            }
        }
        points.last().into_iter().for_each(&mut done);
    }
    Ok(points)
}

/// The points in a file; none where there is no file.
fn read(file: &Path) -> anyhow::Result<Vec<Point>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let points = csv::Reader::from_path(file).and_then(|mut csv| csv.deserialize().collect());
    points.with_context(|| format!("{} has no points to go on from: remove it", file.display()))
}

fn write(file: &Path, points: &[Point]) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    points.iter().try_for_each(|point| csv.serialize(point))?;
    save_again(file, &csv.into_inner()?)
}

/// The median time of a move of which all samples are evaluated, and each Gaussian is drawn once.
fn time_of_a_move(case: &Case, samples: usize, how: (Arithmetic, usize)) -> anyhow::Result<f64> {
    let mut settings = case.settings(SIGMA, case.steps, how);
    settings.options = Options::new(SIGMA).temperature(TEMPERATURE);
    with_moves(&case.description(), &sine_at(samples), &settings, None, |mut moves, _| {
        let (begun, mut times) = (Instant::now(), Vec::new());
        while times.len() < MOVES || begun.elapsed() < TIME {
            times.extend(moves.make_timed()?.as_ref().map(Laps::whole));
        }
        Ok(milliseconds(median(times)))
    })
}

/// What a point stands at on its series' axis.
fn size(point: &Point) -> f64 {
    if point.series == "parameters" { point.parameters as f64 } else { point.samples as f64 }
}

/// The slope of log time against log size over the last decade of a series, where caches are left behind, by least squares;
/// none of fewer than two points.
pub fn slope(points: &[Point], series: &str) -> Option<f64> {
    let of = || points.iter().filter(|point| point.series == series);
    let last = of().map(size).fold(0.0, f64::max);
    let logs: Vec<_> =
        of().filter(|point| 10.1 * size(point) >= last).map(|at| (size(at).ln(), at.step_ms.ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / logs.len() as f64;
    let (x, y) = (mean(|log| log.0), mean(|log| log.1));
    let of_both: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    let of_size: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    (of_size > 0.0).then(|| of_both / of_size)
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
            let title = match slope(points, series) {
                Some(slope) => format!("{title}; slope {slope:.2}"),
                None => title.clone(),
            };
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

#[cfg(test)]
mod tests {
    use super::{Point, slope};

    #[test]
    fn slopes_are_those_of_the_last_decade() {
        let point = |samples: usize, step_ms: f64| {
            let (series, how) = ("samples".to_owned(), String::new());
            Point { series, parameters: 7, samples, how, step_ms }
        };
        // What comes before is of slope 0.
        let points = [(10, 1.0), (100, 1.0), (316, 10.0_f64.powf(0.55)), (1000, 10.0_f64.powf(1.1))];
        let points = points.map(|(samples, step_ms)| point(samples, step_ms));
        // 316 is not the square root of 10⁵.
        assert!(slope(&points, "samples").is_some_and(|slope| (slope - 1.1).abs() < 1e-4));
        assert_eq!(slope(&points[..1], "samples"), None);
        assert_eq!(slope(&points, "parameters"), None);
    }
}
