//! Pictures of a run's way.

use plotters::prelude::*;

use super::Point;

/// Pixels.
const SIZE: (u32, u32) = (720, 440);
/// Of all letters: pictures are shown on telephones, too, at half their size.
pub(super) const FONT: (&str, u32) = ("sans-serif", 16);

/// Loss (logarithmic, left) and test accuracy (right) against moves.
pub(super) fn loss(curve: &[Point]) -> anyhow::Result<String> {
    let accuracy = curve.iter().filter_map(|point| Some((point.step, point.test_accuracy?))).collect();
    draw(curve, ("loss U (blue)", |point| point.loss), ("test accuracy (red)", accuracy))
}

/// The scale of moves, sigma (logarithmic, left), and the acceptance rate so far (right) against moves.
pub(super) fn moves(curve: &[Point]) -> anyhow::Result<String> {
    let rates = curve.iter().map(|point| (point.step, point.acceptance_rate)).collect();
    draw(curve, ("sigma (blue)", |point| point.sigma), ("acceptance rate (red)", rates))
}

/// Where a logarithmic axis has numbers: some, however short it is.
fn ticks(low: f32, high: f32) -> Vec<f32> {
    const FEWEST: usize = 3;
    const MOST: usize = 8;
    let decades = || low.log10().floor() as i32..=high.log10().ceil() as i32;
    let of = |digits: &[u8]| {
        let all = decades().flat_map(|power| digits.iter().map(move |digit| f32::from(*digit) * 10_f32.powi(power)));
        all.filter(|tick| (low..=high).contains(tick)).collect::<Vec<_>>()
    };
    let each = [&[1][..], &[1, 2, 5], &[1, 2, 3, 4, 5, 6, 7, 8, 9]].into_iter().map(of);
    let ticks = each.into_iter().find(|ticks| ticks.len() >= FEWEST);
    let ticks = ticks.unwrap_or_else(|| vec![low, (low + high) / 2.0, high]);
    ticks.iter().copied().step_by(ticks.len().div_ceil(MOST)).collect()
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
            .x_label_area_size(48)
            .y_label_area_size(80)
            .right_y_label_area_size(64)
            .build_cartesian_2d(0..last, (low..high).log_scale().with_key_points(ticks(low, high)))?
            .set_secondary_coord(0..last, 0.0_f32..1.0);
        chart
            .configure_mesh()
            .x_desc("step")
            .y_desc(left)
            .label_style(FONT)
            .axis_desc_style(FONT)
            .light_line_style(TRANSPARENT)
            .y_label_formatter(&|number| format!("{number:.1e}"))
            .draw()?;
        chart.draw_series(LineSeries::new(curve.iter().map(|point| (point.step, number(point).max(low))), &BLUE))?;
        if !shares.is_empty() {
            chart.configure_secondary_axes().y_desc(right).label_style(FONT).axis_desc_style(FONT).draw()?;
            chart.draw_secondary_series(LineSeries::new(shares, &RED))?;
        }
        area.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn axes_of_any_length_have_numbers() {
        let near = |low, high, wanted: &[f32]| {
            let ticks = ticks(low, high);
            let same = ticks.iter().zip(wanted).all(|(tick, wanted)| (tick / wanted - 1.0).abs() < 1e-5);
            assert!(same && ticks.len() == wanted.len(), "{low} to {high}: {ticks:?}");
        };
        near(5e-4, 0.3, &[1e-3, 1e-2, 1e-1]);
        near(0.03, 0.3, &[0.05, 0.1, 0.2]);
        near(0.031, 0.068, &[0.04, 0.05, 0.06]);
        near(0.011, 0.0242, &[0.011, 0.0176, 0.0242]);
        near(0.9e-20, 1.1, &[1e-20, 1e-17, 1e-14, 1e-11, 1e-8, 1e-5, 1e-2]);
        assert!(ticks(f32::MIN_POSITIVE * 0.9, 1.0).len() > 2, "a loss of 0");
    }
}
