//! Curves, and their form as CSV: `run,curve,x,y`.

use serde::{Deserialize, Serialize};

/// Points that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What it shows: `loss`, `accuracy`, …
    pub name: String,
    /// (x, y)
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// A curve of these points.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points }
    }

    /// The last y.
    pub fn end(&self) -> Option<f64> {
        Some(self.points.last()?.1)
    }

    /// The y of the last point whose x is at most `x`, or of the first point.
    pub fn at(&self, x: f64) -> Option<f64> {
        let before = self.points.iter().rfind(|point| point.0 <= x);
        Some(before.or(self.points.first())?.1)
    }

    /// The first x at which y is at most `y`.
    pub fn first_below(&self, y: f64) -> Option<f64> {
        Some(self.points.iter().find(|point| point.1 <= y)?.0)
    }
}

/// The median of some numbers, NaN counted as the largest; none of none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// Some moments between 1 and `last`, `per_decade` to a power of ten, evenly spaced on a logarithmic axis; the last is
/// `last`.
pub fn moments(last: u64, per_decade: u32) -> Vec<u64> {
    let power = |k: u32| 10_f64.powf(f64::from(k) / f64::from(per_decade)).round() as u64;
    let mut moments: Vec<u64> = (0..).map(power).take_while(|moment| *moment < last).collect();
    moments.push(last);
    moments.dedup();
    moments
}

#[derive(Serialize, Deserialize)]
struct Row {
    run: String,
    curve: String,
    x: f64,
    y: f64,
}

/// The rows of some runs' curves, under one head.
pub fn to_csv<'a>(runs: impl IntoIterator<Item = (&'a str, &'a [Curve])>) -> anyhow::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for (run, curves) in runs {
        for curve in curves {
            for (x, y) in &curve.points {
                csv.serialize(Row { run: run.into(), curve: curve.name.clone(), x: *x, y: *y })?;
            }
        }
    }
    Ok(csv.into_inner()?)
}

/// The curves of a file of one run.
pub fn from_csv(text: &[u8]) -> anyhow::Result<Vec<Curve>> {
    let mut curves: Vec<Curve> = Vec::new();
    for row in csv::Reader::from_reader(text).deserialize() {
        let Row { curve, x, y, .. } = row?;
        match curves.last_mut() {
            Some(last) if last.name == curve => last.points.push((x, y)),
            _ => curves.push(Curve { name: curve, points: vec![(x, y)] }),
        }
    }
    Ok(curves)
}

#[cfg(test)]
mod tests {
    use super::{Curve, from_csv, median, moments, to_csv};

    #[test]
    fn curves_survive_csv_to_the_bit() {
        let numbers = [0.1, f64::NAN, f64::INFINITY, -1e-300, f64::from(0.1_f32)];
        let points = numbers.map(|y| (y * 3.0, y)).to_vec();
        let curves = [Curve::new("loss", points.clone()), Curve::new("a,\"b", points)];
        let csv = to_csv([("run 1", &curves[..])]).expect("CSV");
        let back = from_csv(&csv).expect("curves");
        let bits = |curves: &[Curve]| -> Vec<(String, Vec<(u64, u64)>)> {
            let bits = |curve: &Curve| curve.points.iter().map(|(x, y)| (x.to_bits(), y.to_bits())).collect();
            curves.iter().map(|curve| (curve.name.clone(), bits(curve))).collect()
        };
        assert_eq!(bits(&back), bits(&curves));
    }

    #[test]
    fn moments_begin_at_1_rise_and_end_at_the_last() {
        assert_eq!(moments(100, 2), [1, 3, 10, 32, 100]);
        assert_eq!(moments(1, 10), [1]);
        let many = moments(123_456, 40);
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]), "{many:?}");
        assert_eq!(many.last(), Some(&123_456));
    }

    #[test]
    fn a_curve_is_read_between_its_points() {
        let curve = Curve::new("loss", vec![(1.0, 9.0), (10.0, 4.0), (100.0, 5.0)]);
        assert_eq!((curve.at(0.0), curve.at(10.0), curve.at(99.0)), (Some(9.0), Some(4.0), Some(4.0)));
        assert_eq!((curve.first_below(4.5), curve.first_below(3.0)), (Some(10.0), None));
        assert_eq!(curve.end(), Some(5.0));
        assert_eq!(median([3.0, f64::NAN, 1.0]), Some(3.0));
        assert_eq!(median([]), None);
    }
}
