//! Fig. 6: deep nets learn a step by aMC with the signal norm on, where gradients are too small for GD and Adam.

use serde::Serialize;

use super::learning::Training;
use super::method::Method;
use super::picture::{Axis, BLACK, BLUE, GRAY, GREEN, Line, Panel, Style};
use super::series::Curve;
use super::under_way::UnderWay;
use super::watch::Watch;
use super::{Claim, Figure, Machine, Made};
use amc_engine::data::functions;
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::{Batching, Initial};

/// The variance of the step, 1/4 · 3/4 · (1/2)²: the loss of a net that gives its mean.
const UNLEARNED: f64 = 0.046_875;
/// The loss below which a net counts as learning.
pub(super) const LEARNED: f64 = 0.75 * UNLEARNED;

#[derive(Serialize)]
pub(super) struct Fig6 {
    /// Hidden layers.
    depths: Vec<usize>,
    /// Hidden layers of nets that only aMC with the signal norm is tried on.
    depths_of_amc: Vec<usize>,
    /// Depths from which Adam stops.
    adam_stops_above: usize,
    /// The same of GD, and of aMC without the signal norm.
    others_stop_above: usize,
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    gd_rate: f64,
    adam_rate: f64,
    epochs: u64,
    /// Runs of each start, Gaussian and Kaiming.
    seeds: u64,
}

/// A curve of panel (a).
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    GradientDescent,
    Adam,
    Off,
    On,
}

const KINDS: [Kind; 4] = [Kind::GradientDescent, Kind::Adam, Kind::Off, Kind::On];

impl Kind {
    fn of(run: &Training) -> Self {
        match run.method {
            Method::GradientDescent { .. } => Kind::GradientDescent,
            Method::Adam { .. } => Kind::Adam,
            Method::Amc { signal_norm, .. } => [Kind::Off, Kind::On][usize::from(signal_norm)],
        }
    }

    fn style(self) -> (&'static str, plotters::style::RGBColor, Style) {
        match self {
            Kind::GradientDescent => ("GD", GRAY, Style::Line),
            Kind::Adam => ("Adam", BLUE, Style::Line),
            Kind::Off => ("aMC, signal norm off", GREEN, Style::Dashed),
            Kind::On => ("aMC, signal norm on", GREEN, Style::Line),
        }
    }
}

impl Fig6 {
    fn method(&self, kind: Kind) -> Method {
        let Self { sigma, epsilon, n_reset, .. } = *self;
        match kind {
            Kind::GradientDescent => Method::gradient_descent(self.gd_rate),
            Kind::Adam => Method::adam(self.adam_rate),
            Kind::Off | Kind::On => {
                Method::Amc { sigma, epsilon, n_reset, signal_norm: kind == Kind::On, batching: Batching::Full }
            }
        }
    }

    fn all_depths(&self) -> impl Iterator<Item = usize> {
        self.depths.iter().chain(&self.depths_of_amc).copied()
    }

    /// Of the runs of a depth and a kind: the least final loss, and the share that learn.
    fn ends(&self, made: &[Made<Training>], kind: Kind, depth: usize) -> (f64, f64) {
        let ends: Vec<f64> = of(made, kind, depth).filter_map(|made| made.kept.curve("loss").end()).collect();
        let learned = ends.iter().filter(|end| **end < LEARNED).count();
        (ends.iter().copied().fold(f64::NAN, f64::min), learned as f64 / ends.len() as f64)
    }
}

/// The runs of a depth and a kind.
fn of(made: &[Made<Training>], kind: Kind, depth: usize) -> impl Iterator<Item = &Made<Training>> {
    made.iter().filter(move |made| Kind::of(&made.run) == kind && made.run.net.layers.len() == depth + 1)
}

/// d hidden layers: 10 neurons in the last, 4 in each of the others, tanh everywhere.
pub(super) fn net(depth: usize) -> Description {
    let mut sizes = vec![4; depth + 2];
    sizes[0] = 1;
    sizes[depth] = 10;
    sizes[depth + 1] = 1;
    Description::new(&sizes, ActivationName::Tanh, ActivationName::Tanh, LossName::Mse)
}

impl Figure for Fig6 {
    type Run = Training;
    const NAME: &'static str = "fig6";

    fn paper() -> Self {
        Self {
            depths: vec![2, 4, 8, 16, 32, 64, 128],
            depths_of_amc: vec![256],
            adam_stops_above: 32,
            others_stop_above: 4,
            sigma: 1e-2,
            epsilon: 1e-2,
            n_reset: 100,
            gd_rate: 1e-3,
            adam_rate: 1e-4,
            epochs: 1_000_000,
            seeds: 10,
        }
    }

    fn quick() -> Self {
        Self { depths: vec![4, 40], depths_of_amc: Vec::new(), epochs: 6_000, seeds: 2, ..Self::paper() }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn runs(&self) -> Vec<Training> {
        let starts = [Initial::Gaussian(self.sigma as f32), Initial::Kaiming];
        let mut runs = Vec::new();
        for depth in self.all_depths() {
            for kind in KINDS {
                if kind != Kind::On && self.depths_of_amc.contains(&depth) {
                    continue;
                }
                for initial in starts {
                    for seed in 1..=self.seeds {
                        let (net, method, epochs) = (net(depth), self.method(kind), self.epochs);
                        runs.push(Training { net, data: "step", method, initial, epochs, seed });
                    }
                }
            }
        }
        runs
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        let data = functions::step();
        let watch = Watch::new(run.net.objective()?, &data, machine.of_a_run());
        let mut watch = watch.and_outputs(|epoch| (epoch == run.epochs).then(|| "outputs".into()));
        run.learn(&data, machine.of_a_run(), &mut watch, way)?;
        Ok(watch.curves())
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let best = |kind, depth| {
            let end = |made: &Made<Training>| made.kept.curve("loss").end().unwrap_or(f64::INFINITY);
            of(made, kind, depth).min_by(|a, b| end(a).total_cmp(&end(b)))
        };
        let line = |kind: Kind, points: Vec<(f64, f64)>, named: bool| {
            let (name, colour, style) = kind.style();
            Line { label: if named { name.into() } else { String::new() }, colour, style, points }
        };
        let axes = || (Axis::log("epoch n"), Axis::log("loss U").range(1e-5, 0.2));
        let mut panels = Vec::new();
        for depth in self.all_depths() {
            let of_kind = |kind| Some(line(kind, best(kind, depth)?.kept.curve("loss").points.clone(), true));
            let ((x, y), lines) = (axes(), KINDS.into_iter().filter_map(of_kind).collect());
            panels.push(Panel { title: format!("(a) depth {depth}"), x, y, lines });
        }
        for depth in self.depths.first().into_iter().chain(self.depths.last()) {
            let target = Line {
                label: String::new(),
                colour: BLACK,
                style: Style::Line,
                points: functions::step().train.points(),
            };
            let shown = [Kind::GradientDescent, Kind::Adam, Kind::On];
            let outputs = shown
                .into_iter()
                .filter_map(|kind| Some(line(kind, best(kind, *depth)?.kept.curve("outputs").points.clone(), true)));
            let lines = std::iter::once(target).chain(outputs).collect();
            panels.push(Panel {
                title: format!("(b) depth {depth}"),
                x: Axis::linear("θ"),
                y: Axis::linear("f(θ)"),
                lines,
            });
        }
        for depth in self.depths.iter().filter(|depth| **depth >= 16) {
            for kind in [Kind::Adam, Kind::On] {
                let runs = of(made, kind, *depth).take(10).enumerate();
                let lines =
                    runs.map(|(run, made)| line(kind, made.kept.curve("loss").points.clone(), run == 0)).collect();
                let (x, y) = axes();
                panels.push(Panel { title: format!("(c) depth {depth}, {}", kind.style().0), x, y, lines });
            }
        }
        (panels, 4)
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let all: Vec<usize> = self.all_depths().collect();
        let from = |least: usize| self.depths.iter().copied().filter(|depth| *depth > least).collect::<Vec<_>>();
        let ends = |kind: Kind, depths: &[usize]| {
            depths.iter().map(|depth| (*depth, self.ends(made, kind, *depth).0)).collect::<Vec<_>>()
        };
        let claim = |what: &str, paper: &str, kind: Kind, depths: Vec<usize>, learns: bool| {
            let ends = ends(kind, &depths);
            let what = format!("{what}: (depth, least loss of all runs)");
            Claim::new(what, paper, format!("{ends:.5?}"), all_or_none_learn(&ends, learns))
        };
        let (adam, others) = (self.adam_stops_above, self.others_stop_above);
        let shallow = self.depths.iter().copied().filter(|depth| *depth <= adam).collect();
        let mut claims = vec![
            claim("aMC, signal norm on", "learns at every depth", Kind::On, all, true),
            claim("Adam", &format!("learns up to depth {adam}"), Kind::Adam, shallow, true),
            claim("Adam, deeper", &format!("stops learning above depth {adam}"), Kind::Adam, from(adam), false),
            claim("GD", &format!("stops learning above depth {others}"), Kind::GradientDescent, from(others), false),
            claim(
                "aMC, signal norm off",
                &format!("stops learning above depth {others}"),
                Kind::Off,
                from(others),
                false,
            ),
        ];
        let shares: Vec<_> = from(15)
            .iter()
            .map(|depth| (*depth, self.ends(made, Kind::On, *depth).1, self.ends(made, Kind::Adam, *depth).1))
            .collect();
        let holds = shares.iter().all(|(_, amc, adam)| amc >= adam);
        let what = "(depth, share of runs that learn by aMC, by Adam)";
        claims.push(Claim::new(
            what,
            "in general the rate of nucleation is higher for aMC",
            format!("{shares:.2?}"),
            holds,
        ));
        claims
    }
}

/// Whether the least loss at every depth is that of a net that learns, or that of one that does not.
fn all_or_none_learn(ends: &[(usize, f64)], learns: bool) -> bool {
    !ends.is_empty() && ends.iter().all(|(_, end)| if learns { *end < LEARNED } else { *end >= LEARNED })
}

#[cfg(test)]
mod tests {
    use amc_core::Layer;

    use super::{LEARNED, UNLEARNED, all_or_none_learn, net};
    use amc_engine::data::functions;

    #[test]
    fn the_claims_fail_where_one_depth_is_another() {
        let (yes, no) = (0.1 * UNLEARNED, 0.99 * UNLEARNED);
        assert!(yes < LEARNED && no > LEARNED);
        assert!(all_or_none_learn(&[(4, yes), (64, yes)], true) && all_or_none_learn(&[(4, no), (64, no)], false));
        assert!(!all_or_none_learn(&[(4, yes), (64, no)], true) && !all_or_none_learn(&[(4, yes), (64, no)], false));
        assert!(!all_or_none_learn(&[(4, f64::NAN)], true) && !all_or_none_learn(&[(4, f64::NAN)], false));
        assert!(!all_or_none_learn(&[], true), "nothing was run");
    }

    #[test]
    fn the_net_is_as_deep_as_it_says_and_the_step_has_that_variance() {
        assert_eq!(net(2).layers.iter().map(Layer::units).collect::<Vec<_>>(), [4, 10, 1]);
        assert_eq!(net(128).layers.len(), 129);
        let points = functions::step().train.points();
        let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
        let variance = points.iter().map(|point| (point.1 - mean).powi(2)).sum::<f64>() / points.len() as f64;
        // 250 of 1,000 points, or one more or less at either end.
        assert!((variance - UNLEARNED).abs() < 2e-4, "{variance}");
    }
}
