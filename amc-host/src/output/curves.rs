//! Pictures of a run's way.

use plotters::prelude::*;

use super::Point;

/// Pixels.
const SIZE: (u32, u32) = (720, 440);

/// Loss (logarithmic, left) and test accuracy (right) against moves.
pub(super) fn loss(curve: &[Point]) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
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

/// The scale of moves, sigma (logarithmic, left), and the acceptance rate so far (right) against moves.
pub(super) fn moves(curve: &[Point]) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let last = curve.last().map_or(1, |point| point.step.max(1));
        let sigmas = || curve.iter().map(|point| point.sigma.max(f32::MIN_POSITIVE));
        let low = sigmas().fold(f32::INFINITY, f32::min).min(1.0) * 0.9;
        let high = sigmas().fold(low, f32::max) * 1.1;
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .right_y_label_area_size(56)
            .build_cartesian_2d(0..last, (low..high.max(low * 2.0)).log_scale())?
            .set_secondary_coord(0..last, 0.0_f32..1.0);
        chart
            .configure_mesh()
            .x_desc("step")
            .y_desc("sigma")
            .light_line_style(TRANSPARENT)
            .y_label_formatter(&|sigma| format!("{sigma:.1e}"))
            .draw()?;
        chart.draw_series(LineSeries::new(curve.iter().map(|p| (p.step, p.sigma.max(low))), &BLUE))?;
        chart.configure_secondary_axes().y_desc("acceptance rate").draw()?;
        chart.draw_secondary_series(LineSeries::new(curve.iter().map(|p| (p.step, p.acceptance_rate)), &RED))?;
        area.present()?;
    }
    Ok(svg)
}
