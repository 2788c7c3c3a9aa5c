//! Pictures of how good predictions are: a confusion matrix, or found numbers against true ones.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::curves::FONT;
use crate::metrics::{Confusion, Errors, Metrics, shown};

/// Pixels of a panel's side.
const SIDE: u32 = 480;
/// Around all of it.
const MARGIN: u32 = 16;
/// Of numbers at axes, and of names.
const LABEL: (&str, u32) = ("sans-serif", 13);
/// Classes whose counts are written into their cells.
const MOST_WRITTEN: usize = 20;
/// Classes whose names are written.
const MOST_NAMED: usize = 40;
/// Pixels for names beside the rows.
const NAMES: u32 = 128;
/// Pixels of a letter of a name, about.
const LETTER: u32 = 7;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// As SVG: a panel for all classes, or one for each number.
pub(super) fn draw(metrics: &Metrics) -> anyhow::Result<String> {
    let panels = if let Metrics::Numbers(errors) = metrics { errors.len().max(1) as u32 } else { 1 };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (SIDE * panels, SIDE)).into_drawing_area();
        area.fill(&WHITE)?;
        match metrics {
            Metrics::Classes(confusion) => matrix(&area, confusion)?,
            Metrics::Numbers(errors) => {
                for (area, errors) in area.split_evenly((1, panels as usize)).iter().zip(errors) {
                    scatter(area, errors)?;
                }
            }
        }
        area.present()?;
    }
    Ok(svg)
}

/// A name where there is room for some letters: whole, or cut, or not at all if next to nothing would be left of it.
fn shortened(name: &str, letters: usize) -> String {
    match name.chars().count() {
        all if all <= letters => name.into(),
        _ if letters < 4 => String::new(),
        _ => name.chars().take(letters - 1).chain(['…']).collect(),
    }
}

/// A square for each class and each class found, the darker the larger its share of the class.
fn matrix(area: &Area<'_>, confusion: &Confusion) -> anyhow::Result<()> {
    let classes = confusion.names.len();
    let last = classes.saturating_sub(1) as i32;
    let name = |class: i32, pixels: u32| {
        let name = confusion.names.get(class as usize).filter(|_| classes <= MOST_NAMED)?;
        Some(shortened(&shown(name), (pixels / LETTER) as usize))
    };
    let column = (SIDE - NAMES - 2 * MARGIN) / classes.max(1) as u32;
    let named = |class: &SegmentValue<i32>| match class {
        SegmentValue::CenterOf(class) => name(*class, column).unwrap_or_default(),
        _ => String::new(),
    };
    // The first class is at the top.
    let named_upwards = |cell: &SegmentValue<i32>| match cell {
        SegmentValue::CenterOf(cell) => name(last - cell, NAMES - 4 * LETTER).unwrap_or_default(),
        _ => String::new(),
    };
    let mut chart = ChartBuilder::on(area)
        .margin(MARGIN)
        .x_label_area_size(48)
        .y_label_area_size(NAMES)
        .build_cartesian_2d((0..last).into_segmented(), (0..last).into_segmented())?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(classes)
        .y_labels(classes)
        .x_desc("class found")
        .y_desc("class")
        .label_style(LABEL)
        .axis_desc_style(FONT)
        .x_label_formatter(&named)
        .y_label_formatter(&named_upwards)
        .draw()?;
    // What is right runs from the top left to the bottom right, as in a table.
    let cell = |class: usize| classes - 1 - class;
    let at = |class: usize| SegmentValue::Exact(class as i32);
    let middle = |class: usize| SegmentValue::CenterOf(class as i32);
    let all = (0..classes).flat_map(|class| (0..classes).map(move |found| (class, found)));
    for (class, found) in all {
        let count = confusion.counts[class][found];
        if count == 0 {
            continue;
        }
        let share = count as f64 / confusion.samples[class].max(1) as f64;
        let shade = |from: u8| (255.0 - share * f64::from(255 - from)) as u8;
        let colour = RGBColor(shade(8), shade(69), shade(148));
        let square = [(at(found), at(cell(class))), (at(found + 1), at(cell(class) + 1))];
        chart.draw_series(std::iter::once(Rectangle::new(square, colour.filled())))?;
        if classes <= MOST_WRITTEN {
            let ink = if share > 0.5 { &WHITE } else { &BLACK };
            let size = (240 / classes.max(1)).clamp(9, 18);
            let style = ("sans-serif", size as i32).into_font().color(ink);
            let style = style.pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Center,
                plotters::style::text_anchor::VPos::Center,
            ));
            let text = Text::new(count.to_string(), (middle(found), middle(cell(class))), style);
            chart.draw_series(std::iter::once(text))?;
        }
    }
    Ok(())
}

/// A point for each sample, and the line on which all would be.
fn scatter(area: &Area<'_>, errors: &Errors) -> anyhow::Result<()> {
    let finite = || errors.points.iter().filter(|(wanted, found)| wanted.is_finite() && found.is_finite());
    let all = || finite().flat_map(|(wanted, found)| [*wanted, *found]);
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
    let margin = 0.03 * (high - low);
    let range = || low - margin..high + margin;
    let mut chart = ChartBuilder::on(area)
        .margin(MARGIN)
        .caption(shown(&errors.name), FONT)
        .x_label_area_size(48)
        .y_label_area_size(80)
        .build_cartesian_2d(range(), range())?;
    chart
        .configure_mesh()
        .x_desc("true")
        .y_desc("found")
        .label_style(LABEL)
        .axis_desc_style(FONT)
        .light_line_style(TRANSPARENT)
        .draw()?;
    chart.draw_series(LineSeries::new([(low, low), (high, high)], &RED))?;
    chart.draw_series(finite().map(|point| Circle::new(*point, 2, BLUE.mix(0.5).filled())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::metrics::{Confusion, Metrics};

    /// The places of texts in an SVG.
    fn places(svg: &str, text: &str) -> Vec<(i32, i32)> {
        let number = |element: &str, name: &str| {
            let from = element.find(&format!(" {name}=\"")).expect(name) + name.len() + 3;
            element[from..].split('"').next().and_then(|number| number.parse().ok()).expect("a number")
        };
        let of_text = |element: &&str| element.split(['>', '<']).any(|part| part.trim() == text);
        svg.split("<text").skip(1).filter(of_text).map(|element| (number(element, "x"), number(element, "y"))).collect()
    }

    #[test]
    fn counts_stand_where_their_classes_do() {
        let found = [[70, 11, 12], [13, 80, 15], [16, 17, 90]];
        let all = |class: usize, found: usize, count: usize| std::iter::repeat_n((class, Some(found)), count);
        let each = (0..3).flat_map(|class| (0..3).flat_map(move |other| all(class, other, found[class][other])));
        let names = ["ape", "bee", "cat"];
        let svg = draw(&Metrics::Classes(Confusion::of(names.map(String::from).to_vec(), each))).expect("drawn");
        // A class is named at its row and at its column; both within a few pixels of the middle of a letter.
        let near = |a: i32, b: i32| (a - b).abs() < 12;
        for (class, name) in names.iter().enumerate() {
            let named = places(&svg, name);
            let (row, column) = (named.iter().min_by_key(|place| place.0), named.iter().max_by_key(|place| place.1));
            let (row, column) = (row.expect("a row").1, column.expect("a column").0);
            for other in 0..3 {
                let [(_, y)] = places(&svg, &found[class][other].to_string())[..] else { panic!("one count") };
                assert!(near(y, row), "{name}, found {}: {y}, not {row}", names[other]);
                let [(x, _)] = places(&svg, &found[other][class].to_string())[..] else { panic!("one count") };
                assert!(near(x, column), "{} found as {name}: {x}, not {column}", names[other]);
            }
        }
    }
}
