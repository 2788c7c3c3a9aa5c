//! Panels of curves as SVG.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

/// The paper's colours.
pub const COLOURS: [RGBColor; 6] = [
    RGBColor(0x1f, 0x5f, 0xbf),
    RGBColor(0x80, 0x80, 0x80),
    RGBColor(0x2c, 0x9c, 0x3c),
    RGBColor(0x18, 0xb4, 0xc8),
    RGBColor(0xd0, 0x40, 0x30),
    RGBColor(0x00, 0x00, 0x00),
];
/// Metropolis Monte Carlo, or Adam.
pub const BLUE: RGBColor = COLOURS[0];
/// Gradient descent.
pub const GRAY: RGBColor = COLOURS[1];
/// aMC.
pub const GREEN: RGBColor = COLOURS[2];
/// Another aMC.
pub const CYAN: RGBColor = COLOURS[3];
/// What stands out.
pub const RED: RGBColor = COLOURS[4];
/// A target.
pub const BLACK: RGBColor = COLOURS[5];

/// An axis of a panel.
#[derive(Clone, Debug)]
pub struct Axis {
    label: String,
    log: bool,
    range: Option<(f64, f64)>,
}

impl Axis {
    /// An even axis, as long as its curves.
    pub fn linear(label: &str) -> Self {
        Self { label: label.into(), log: false, range: None }
    }

    /// A logarithmic axis; what is not above 0 is left out.
    pub fn log(label: &str) -> Self {
        Self { label: label.into(), log: true, range: None }
    }

    /// From `low` to `high`.
    pub fn range(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// Where a value stands on the axis, if it does.
    fn place(&self, value: f64) -> Option<f64> {
        let place = if self.log { value.log10() } else { value };
        place.is_finite().then_some(place)
    }

    /// The ends, around `values`.
    fn ends(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        if let Some((low, high)) = self.range {
            return (self.place(low).unwrap_or(0.0), self.place(high).unwrap_or(1.0));
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for place in values.filter_map(|value| self.place(value)) {
            (low, high) = (low.min(place), high.max(place));
        }
        match (low <= high, high - low) {
            (false, _) => (0.0, 1.0),
            (true, width) if width < 1e-9 => (low - 0.5, high + 0.5),
            (true, width) => (low - 0.04 * width, high + 0.04 * width),
        }
    }

    /// The text at a tick; of a logarithmic axis at powers of ten alone, if there are two of them between its ends.
    fn tick(&self, place: f64, (low, high): (f64, f64)) -> String {
        if !self.log {
            format!("{}", (place * 1e6).round() / 1e6)
        } else if low.ceil() >= high.floor() {
            // Two digits, or four where the ends are close.
            let value = 10_f64.powf(place);
            let decimals = if high - low > 0.3 { 1 } else { 3 };
            let rounded: f64 = format!("{value:.decimals$e}").parse().unwrap_or(value);
            if (1e-4..1e5).contains(&rounded) { format!("{rounded}") } else { format!("{rounded:e}") }
        } else if (place - place.round()).abs() < 1e-6 {
            // As an integer: 0 may come as -0.
            format!("1e{}", place.round() as i64)
        } else {
            String::new()
        }
    }
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line.
    Line,
    /// A broken line.
    Dashed,
    /// A line, and a disc at each point.
    Discs,
}

/// A curve in a panel.
#[derive(Clone, Debug)]
pub struct Line {
    /// What the legend says; nothing for none.
    pub label: String,
    /// Its colour.
    pub colour: RGBColor,
    /// Its style.
    pub style: Style,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// Axes with curves.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What stands above.
    pub title: String,
    /// The axis below.
    pub x: Axis,
    /// The axis on the left.
    pub y: Axis,
    /// The curves, the first at the bottom.
    pub lines: Vec<Line>,
}

/// All panels, `columns` side by side.
pub fn draw(panels: &[Panel], columns: usize) -> anyhow::Result<String> {
    let rows = panels.len().div_ceil(columns);
    let mut svg = String::new();
    {
        let size = (420 * columns as u32, 330 * rows as u32);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        for (panel, area) in panels.iter().zip(area.split_evenly((rows, columns))) {
            draw_panel(panel, &area)?;
        }
        area.present()?;
    }
    Ok(svg)
}

fn draw_panel(panel: &Panel, area: &DrawingArea<SVGBackend<'_>, Shift>) -> anyhow::Result<()> {
    let Panel { title, x, y, lines } = panel;
    let values = || lines.iter().flat_map(|line| &line.points);
    let (left, right) = x.ends(values().map(|point| point.0));
    let (low, high) = y.ends(values().map(|point| point.1));
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(title, ("sans-serif", 15))
        .x_label_area_size(38)
        .y_label_area_size(60)
        .build_cartesian_2d(left..right, low..high)?;
    chart
        .configure_mesh()
        .x_desc(&x.label)
        .y_desc(&y.label)
        .x_labels(8)
        .y_labels(8)
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|place| x.tick(*place, (left, right)))
        .y_label_formatter(&|place| y.tick(*place, (low, high)))
        .draw()?;
    let mut corners = Corners::default();
    for line in lines {
        let inside = |point: &(f64, f64)| Some((x.place(point.0)?, y.place(point.1)?.clamp(low, high)));
        let points: Vec<_> = line.points.iter().filter_map(inside).collect();
        for (x, y) in &points {
            corners.count((x - left) / (right - left), (y - low) / (high - low));
        }
        let (colour, label) = (line.colour, if points.is_empty() { String::new() } else { line.label.clone() });
        let drawn = match line.style {
            Style::Line => chart.draw_series(LineSeries::new(points, &colour))?,
            Style::Dashed => chart.draw_series(DashedLineSeries::new(points, 5, 3, colour.stroke_width(1)))?,
            Style::Discs => chart.draw_series(LineSeries::new(points, colour.filled()).point_size(3))?,
        };
        if !label.is_empty() {
            let (named, stroke) = (drawn.label(label), colour.stroke_width(2));
            let ends = |(x, y)| [(x, y), (x + 14, y)];
            match line.style {
                Style::Dashed => named.legend(move |at| DashedPathElement::new(ends(at), 5, 3, stroke)),
                Style::Line | Style::Discs => named.legend(move |at| PathElement::new(ends(at), stroke)),
            };
        }
    }
    if lines.iter().any(|line| !line.label.is_empty()) {
        let mut legend = chart.configure_series_labels();
        legend.position(corners.emptiest()).background_style(WHITE.mix(0.8)).label_font(("sans-serif", 11)).draw()?;
    }
    Ok(())
}

/// Points in the corners of a panel: lower left and right, upper left and right.
#[derive(Default)]
struct Corners([u32; 4]);

impl Corners {
    /// Counts a point, given as shares of the axes' lengths.
    fn count(&mut self, x: f64, y: f64) {
        if (x - 0.5).abs() > 0.1 && (y - 0.5).abs() > 0.1 {
            self.0[usize::from(x > 0.5) + 2 * usize::from(y > 0.5)] += 1;
        }
    }

    fn emptiest(&self) -> SeriesLabelPosition {
        use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
        let corners = self.0.iter().zip([LowerLeft, LowerRight, UpperLeft, UpperRight]);
        corners.min_by_key(|corner| corner.0).map_or(LowerLeft, |corner| corner.1)
    }
}

#[cfg(test)]
mod tests {
    use plotters::chart::SeriesLabelPosition;

    use super::{Axis, BLUE, Corners, GRAY, Line, Panel, Style, draw};

    #[test]
    fn panels_show_titles_axes_and_legends_whatever_the_points() {
        let line = |label: &str, style, points: &[(f64, f64)]| Line {
            label: label.into(),
            colour: if style == Style::Line { BLUE } else { GRAY },
            style,
            points: points.to_vec(),
        };
        let lines = vec![
            line("one", Style::Line, &[(1.0, 0.1), (10.0, 1e-3), (1e5, f64::NAN)]),
            line("two", Style::Dashed, &[(0.0, 0.0), (3.0, 0.5)]),
            line("three", Style::Discs, &[(5.0, f64::INFINITY), (6.0, 0.5)]),
            line("", Style::Line, &[]),
        ];
        let log = Panel { title: "A".into(), x: Axis::log("steps"), y: Axis::log("loss"), lines };
        let empty = Panel { title: "B".into(), x: Axis::linear("x"), y: Axis::linear("y"), lines: Vec::new() };
        let one = vec![line("", Style::Discs, &[(2.0, 2.0)])];
        let point = Panel { title: "C".into(), x: Axis::linear("x").range(0.0, 4.0), y: Axis::linear("y"), lines: one };
        let lines = vec![line("", Style::Line, &[(1.0, 0.691), (2.0, 0.698)])];
        let narrow = Panel { title: "D".into(), x: Axis::linear("x"), y: Axis::log("y"), lines };
        let svg = draw(&[log, empty, point, narrow], 2).expect("a picture");
        for word in ["steps", "loss", "one", "two", "three", "A", "B", "C", "1e-2", "1e0", "0.6918"] {
            assert!(svg.contains(&format!("\n{word}\n")), "{word} is not in the picture");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        // In the legend a line, two dashes, and another line.
        assert_eq!(svg.matches("stroke-width=\"2\"").count(), 4, "{svg}");
        assert_eq!(Axis::log("loss").tick(-1e-17, (-1.1, 0.4)), "1e0");
    }

    #[test]
    fn the_legend_stands_where_no_curve_is() {
        let mut corners = Corners::default();
        for point in [(0.1, 0.9), (0.2, 0.7), (0.9, 0.1), (0.8, 0.2), (0.1, 0.1)] {
            corners.count(point.0, point.1);
        }
        assert!(matches!(corners.emptiest(), SeriesLabelPosition::UpperRight));
    }
}
