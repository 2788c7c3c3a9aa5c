//! Fig. 1: Metropolis Monte Carlo trains a net on MNIST about as well as gradient descent.

use serde::Serialize;

use super::images::{Images, train};
use super::learning::Training;
use super::method::Method;
use super::picture::{Axis, BLACK, BLUE, GRAY, Line, Panel, Style};
use super::resume::Kept;
use super::series::{Curve, median};
use super::under_way::UnderWay;
use super::{Claim, Figure, Machine, Made};
use amc_engine::train::Initial;

/// The settings of panel (b): σ of Metropolis Monte Carlo, α of gradient descent.
pub(super) const SHOWN: (f64, f64) = (2e-3, 4.5e-2);
/// The same on the digits.
pub(super) const SHOWN_QUICK: (f64, f64) = (5e-3, 0.45);

#[derive(Serialize)]
pub(super) struct Fig1 {
    images: Images,
    /// σ of Metropolis Monte Carlo, which starts from N(0, σ²).
    sigmas: Vec<f64>,
    /// α of gradient descent from Kaiming's start: the paper names the start of Monte Carlo only.
    rates: Vec<f64>,
    /// α of gradient descent from the start of Monte Carlo in panel (b).
    rates_from_gaussian: Vec<f64>,
    /// σ and α of panel (b).
    shown: (f64, f64),
    epochs: u64,
    seeds: u64,
}

impl Figure for Fig1 {
    type Run = Training;
    const NAME: &'static str = "fig1";

    fn paper() -> Self {
        Self {
            images: Images::Mnist,
            sigmas: vec![2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2],
            rates: vec![4.5e-4, 4.5e-3, 4.5e-2, 0.45, 4.5, 45.0],
            rates_from_gaussian: vec![4.5e-2, 4.5],
            shown: SHOWN,
            epochs: 100_000,
            seeds: 1,
        }
    }

    fn quick() -> Self {
        Self {
            images: Images::Digits,
            sigmas: vec![2e-4, 5e-3, 0.1],
            rates: vec![4.5e-3, 0.45, 450.0],
            rates_from_gaussian: Vec::new(),
            shown: SHOWN_QUICK,
            epochs: 20_000,
            seeds: 1,
        }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn images(&self) -> Option<Images> {
        Some(self.images)
    }

    fn runs(&self) -> Vec<Training> {
        let training = |method, initial, seed| self.images.training(method, initial, self.epochs, seed);
        let of_seed = |seed| {
            let mc =
                self.sigmas.iter().map(move |s| training(Method::metropolis(*s), Initial::Gaussian(*s as f32), seed));
            let gd = |rates: &'_ Vec<f64>, initial| {
                let descents = rates.iter().map(|rate| training(Method::gradient_descent(*rate), initial, seed));
                descents.collect::<Vec<_>>()
            };
            let from_gaussian = gd(&self.rates_from_gaussian, Initial::Gaussian(self.shown.0 as f32));
            mc.chain(gd(&self.rates, Initial::Kaiming)).chain(from_gaussian).collect::<Vec<_>>()
        };
        (1..=self.seeds).flat_map(of_seed).collect()
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        train(run, machine, way)
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let scan = |kind, label: &str, colour| {
            let (label, style) = (label.into(), Style::Discs);
            Line { label, colour, style, points: accuracies(made, kind) }
        };
        let lines = vec![
            scan(Kind::Metropolis, "MC, σ", BLUE),
            scan(Kind::Descent, "GD, α", GRAY),
            scan(Kind::DescentFromGaussian, "GD from N(0, σ²)", BLACK),
        ];
        let title = format!("(a) after {} epochs", self.epochs);
        let a = Panel { title, x: Axis::log("σ or α"), y: Axis::linear("test accuracy C").range(0.0, 1.0), lines };
        let (mc, gd) = (self.shown(made, Kind::Metropolis), self.shown(made, Kind::Descent));
        let (sigma, rate) = self.shown;
        let lines = |curve: &str| {
            let line = |kept: Option<&Kept>, label: &str, colour| {
                let points = kept.map_or(Vec::new(), |kept| kept.curve(curve).points.clone());
                Line { label: label.into(), colour, style: Style::Line, points }
            };
            vec![line(gd, &format!("GD, α = {rate}"), GRAY), line(mc, &format!("MC, σ = {sigma}"), BLUE)]
        };
        let y = Axis::log("training loss U");
        let b = Panel { title: "(b)".into(), x: Axis::log("epoch n"), y, lines: lines("loss") };
        let y = Axis::linear("test accuracy C").range(0.0, 1.0);
        let c = Panel { title: "(b)".into(), x: Axis::log("epoch n"), y, lines: lines("accuracy") };
        (vec![a, b, c], 3)
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let (mc, gd) = (accuracies(made, Kind::Metropolis), accuracies(made, Kind::Descent));
        let (best_mc, best_gd) = (best(&mc), best(&gd));
        let mut claims = Vec::new();
        if self.images == Images::Mnist {
            // Sec. II F: runs of one setting differ by about 1%.
            for (what, paper, ours) in [("MC", 0.95, best_mc), ("GD", 0.96, best_gd)] {
                let what = format!("test accuracy of {what} after {} epochs at its best setting", self.epochs);
                claims.push(Claim::new(what, format!("about {paper}"), ours, (ours - paper).abs() <= 0.01));
            }
        }
        let said =
            "MC can achieve results roughly comparable to gradient descent: the maximum of GD is slightly higher";
        let ours = format!("MC {best_mc:.4}, GD {best_gd:.4}");
        claims.push(Claim::new("the best of MC and the best of GD", said, ours, comparable(best_mc, best_gd)));
        let said = "each has a range of its parameter over which it is effective, and a maximum at a particular value";
        let what = "accuracy of MC against sigma";
        claims.push(Claim::new(what, said, format!("{mc:.4?}"), has_maximum_inside(&mc)));
        let what = "accuracy of GD against alpha";
        claims.push(Claim::new(what, said, format!("{gd:.4?}"), has_maximum_inside(&gd)));
        let early = self.epochs as f64 / 100.0;
        let loss = |kind| self.shown(made, kind).and_then(|kept| kept.curve("loss").at(early)).unwrap_or(f64::NAN);
        let (mc, gd) = (loss(Kind::Metropolis), loss(Kind::Descent));
        let ours = format!("MC {mc:.5}, GD {gd:.5}");
        claims.push(Claim::new(
            format!("loss of panel (b) after {early} epochs"),
            "GD trains faster initially",
            ours,
            gd < mc,
        ));
        claims
    }
}

impl Fig1 {
    /// A run of panel (b).
    fn shown<'m>(&self, made: &'m [Made<Training>], of: Kind) -> Option<&'m Kept> {
        let wanted = if of == Kind::Metropolis { self.shown.0 } else { self.shown.1 };
        let found = made.iter().find(|made| kind(&made.run) == of && setting(&made.run) == wanted)?;
        Some(&found.kept)
    }
}

/// Which of the figure's curves a run belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Metropolis,
    Descent,
    DescentFromGaussian,
}

fn kind(run: &Training) -> Kind {
    match (run.method, run.initial) {
        (Method::Amc { .. }, _) => Kind::Metropolis,
        (_, Initial::Kaiming) => Kind::Descent,
        _ => Kind::DescentFromGaussian,
    }
}

/// σ or α.
fn setting(run: &Training) -> f64 {
    match run.method {
        Method::Amc { sigma, .. } => sigma,
        Method::GradientDescent { rate, .. } | Method::Adam { rate, .. } => rate,
    }
}

/// The final accuracy at each setting, the median over seeds.
fn accuracies(made: &[Made<Training>], of: Kind) -> Vec<(f64, f64)> {
    let of_kind = || made.iter().filter(|made| kind(&made.run) == of);
    let mut settings: Vec<f64> = of_kind().map(|made| setting(&made.run)).collect();
    settings.sort_by(f64::total_cmp);
    settings.dedup();
    let accuracy = |at: f64| {
        let ends =
            of_kind().filter(|made| setting(&made.run) == at).filter_map(|made| made.kept.curve("accuracy").end());
        median(ends).unwrap_or(f64::NAN)
    };
    settings.into_iter().map(|setting| (setting, accuracy(setting))).collect()
}

fn best(accuracies: &[(f64, f64)]) -> f64 {
    accuracies.iter().map(|point| point.1).fold(0.0, f64::max)
}

/// Within three points of each other, at a level far above chance.
fn comparable(mc: f64, gd: f64) -> bool {
    (gd - mc).abs() <= 0.03 && mc.min(gd) > 0.8
}

/// Whether both ends lie two points or more below the best.
fn has_maximum_inside(accuracies: &[(f64, f64)]) -> bool {
    let [first, .., last] = accuracies else { return false };
    best(accuracies) - first.1 >= 0.02 && best(accuracies) - last.1 >= 0.02
}

#[cfg(test)]
mod tests {
    use super::{comparable, has_maximum_inside};

    #[test]
    fn the_claims_fail_on_other_curves() {
        assert!(comparable(0.95, 0.96) && comparable(0.95, 0.94));
        assert!(!comparable(0.90, 0.96) && !comparable(0.5, 0.5) && !comparable(f64::NAN, 0.9));
        assert!(has_maximum_inside(&[(0.1, 0.2), (0.2, 0.95), (0.3, 0.9)]));
        assert!(!has_maximum_inside(&[(0.1, 0.2), (0.2, 0.95), (0.3, 0.96)]), "still rising");
        assert!(!has_maximum_inside(&[(0.1, 0.94), (0.2, 0.95), (0.3, 0.1)]), "not yet rising");
        assert!(!has_maximum_inside(&[]));
    }
}
