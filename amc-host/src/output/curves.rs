//! Pictures of a run's way.

use plotters::prelude::*;

use super::Point;

/// Pixels.
const SIZE: (u32, u32) = (720, 440);

/// Loss (logarithmic, left) and test accuracy (right) against moves.
pub(super) fn loss(curve: &[Point]) -> anyhow::Result<String> {
    let accuracy = curve.iter().filter_map(|point| Some((point.step, point.test_accuracy?))).collect();
    draw(curve, ("loss U", |point| point.loss), ("test accuracy", accuracy))
}

/// The scale of moves, sigma (logarithmic, left), and the acceptance rate so far (right) against moves.
pub(super) fn moves(curve: &[Point]) -> anyhow::Result<String> {
    let rates = curve.iter().map(|point| (point.step, point.acceptance_rate)).collect();
    draw(curve, ("sigma", |point| point.sigma), ("acceptance rate", rates))
}

/// A number of each point against a logarithmic axis, in blue, and shares against one from 0 to 1, in red, if there are some.
fn draw(
    curve: &[Point],
    (left, number): (&str, fn(&Point) -> f32),
    (right, shares): (&str, Vec<(u64, f32)>),
) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let last = curve.last().map_or(1, |point| point.step.max(1));
        let numbers = || curve.iter().map(|point| number(point).max(f32::MIN_POSITIVE));
        let low = numbers().fold(f32::INFINITY, f32::min).min(1.0) * 0.9;
        let high = numbers().fold(low * 2.0, f32::max) * 1.1;
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
            .y_desc(left)
            .light_line_style(TRANSPARENT)
            .y_label_formatter(&|number| format!("{number:.1e}"))
            .draw()?;
        chart.draw_series(LineSeries::new(curve.iter().map(|point| (point.step, number(point).max(low))), &BLUE))?;
        if !shares.is_empty() {
            chart.configure_secondary_axes().y_desc(right).draw()?;
            chart.draw_secondary_series(LineSeries::new(shares, &RED))?;
        }
        area.present()?;
    }
    Ok(svg)
}
