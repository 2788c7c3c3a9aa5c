//! Fig. 7: aMC on MNIST, with all samples, with minibatches, and with progressive batches.

use serde::Serialize;

use super::fig1::{SHOWN, SHOWN_QUICK};
use super::images::{Images, train};
use super::learning::Training;
use super::method::Method;
use super::picture::{Axis, BLUE, CYAN, GRAY, GREEN, Line, Panel, Style};
use super::series::{Curve, median};
use super::under_way::UnderWay;
use super::{Claim, Figure, Machine, Made};
use amc_engine::train::{Batching, Initial};

/// The training loss at which speeds are compared: a third of that of a net that knows nothing, 0.09.
const LEVEL: f64 = 0.03;

#[derive(Serialize)]
pub(super) struct Fig7 {
    images: Images,
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    minibatch: usize,
    /// σ of Metropolis Monte Carlo and α of gradient descent, those of Fig. 1(b).
    of_fig_1: (f64, f64),
    epochs: u64,
    seeds: u64,
}

impl Fig7 {
    fn amc(&self, batching: Batching) -> Method {
        let Self { sigma, epsilon, n_reset, .. } = *self;
        Method::Amc { sigma, epsilon, n_reset, signal_norm: true, batching }
    }

    /// The figure's curves: their names, colours and methods.
    fn curves(&self) -> [(&'static str, plotters::style::RGBColor, Method); 5] {
        [
            ("GD", GRAY, Method::gradient_descent(self.of_fig_1.1)),
            ("MC", BLUE, Method::metropolis(self.of_fig_1.0)),
            ("aMC, all samples", GREEN, self.amc(Batching::Full)),
            ("aMC, minibatches", BLUE, self.amc(Batching::Mini(self.minibatch))),
            ("aMC, progressive", CYAN, self.amc(Batching::Progressive)),
        ]
    }
}

impl Figure for Fig7 {
    type Run = Training;
    const NAME: &'static str = "fig7";

    fn paper() -> Self {
        let (sigma, epsilon, n_reset) = (1e-2, 0.0, 20);
        Self {
            images: Images::Mnist,
            sigma,
            epsilon,
            n_reset,
            minibatch: 2000,
            of_fig_1: SHOWN,
            epochs: 100_000,
            seeds: 1,
        }
    }

    fn quick() -> Self {
        Self { images: Images::Digits, minibatch: 200, of_fig_1: SHOWN_QUICK, epochs: 20_000, ..Self::paper() }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn images(&self) -> Option<Images> {
        Some(self.images)
    }

    fn runs(&self) -> Vec<Training> {
        let training = |method, seed| {
            let initial = match method {
                Method::Amc { sigma, .. } => Initial::Gaussian(sigma as f32),
                // As in Fig. 1.
                _ => Initial::Kaiming,
            };
            self.images.training(method, initial, self.epochs, seed)
        };
        let each = (1..=self.seeds).flat_map(|seed| self.curves().map(|(_, _, method)| training(method, seed)));
        each.collect()
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        train(run, machine, way)
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let panel = |title: &str, which: std::ops::Range<usize>, curve: &str| {
            let all = self.curves();
            let lines = all[which].iter().flat_map(|(name, colour, method)| {
                made.iter().filter(|made| made.run.method == *method).map(|made| Line {
                    label: if made.run.seed == 1 { (*name).into() } else { String::new() },
                    colour: *colour,
                    style: Style::Line,
                    points: made.kept.curve(curve).points.clone(),
                })
            });
            let y = match curve {
                "loss" => Axis::log("training loss U"),
                _ => Axis::linear("test accuracy C").range(0.0, 1.0),
            };
            Panel { title: title.into(), x: Axis::log("epoch n"), y, lines: lines.collect() }
        };
        (
            vec![
                panel("(a)", 0..3, "loss"),
                panel("(a)", 0..3, "accuracy"),
                panel("(b)", 2..5, "loss"),
                panel("(b)", 2..5, "accuracy"),
            ],
            2,
        )
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let [gd, mc, batch, mini, progressive] = self.curves().map(|(_, _, method)| {
            let of_method = || made.iter().filter(|made| made.run.method == method);
            let over_seeds = |of: &dyn Fn(&Made<Training>) -> f64| median(of_method().map(of)).unwrap_or(f64::NAN);
            Ends {
                learned: over_seeds(&|made| made.kept.curve("loss").first_below(LEVEL).unwrap_or(f64::INFINITY)),
                loss: over_seeds(&|made| made.kept.curve("loss").end().unwrap_or(f64::NAN)),
                accuracy: over_seeds(&|made| made.kept.curve("accuracy").end().unwrap_or(f64::NAN)),
            }
        });
        // The digits' test set is 28 times smaller.
        let close = if self.images == Images::Mnist { 0.01 } else { 0.03 };
        let learned = format!("epochs until U <= {LEVEL}");
        vec![
            Claim::new(
                "test accuracy at the end: aMC, MC, GD",
                "similar for all three algorithms",
                format!("aMC {:.4}, MC {:.4}, GD {:.4}", batch.accuracy, mc.accuracy, gd.accuracy),
                within(close, &[batch.accuracy, mc.accuracy, gd.accuracy]),
            ),
            Claim::new(
                format!("{learned}: aMC and MC"),
                "aMC trains faster than MC",
                format!("aMC {}, MC {}", batch.learned, mc.learned),
                batch.learned < mc.learned,
            ),
            Claim::new(
                format!("{learned}: minibatches, progressive batches, all samples"),
                "minibatches and progressive batches are faster than all samples",
                format!("{}, {}, {}", mini.learned, progressive.learned, batch.learned),
                mini.learned < batch.learned && progressive.learned < batch.learned,
            ),
            Claim::new(
                "training loss at the end: minibatches and all samples",
                "slightly larger with minibatches",
                format!("{:.6} and {:.6}", mini.loss, batch.loss),
                mini.loss > batch.loss,
            ),
            Claim::new(
                "test accuracy at the end: progressive batches and all samples",
                "similar",
                format!("{:.4} and {:.4}", progressive.accuracy, batch.accuracy),
                within(close, &[progressive.accuracy, batch.accuracy]),
            ),
        ]
    }
}

/// Where a curve gets to.
struct Ends {
    /// Epochs until the level of loss.
    learned: f64,
    loss: f64,
    accuracy: f64,
}

/// Whether numbers differ by `most` at most.
fn within(most: f64, numbers: &[f64]) -> bool {
    let (low, high) =
        (numbers.iter().copied().fold(f64::INFINITY, f64::min), numbers.iter().copied().fold(0.0, f64::max));
    numbers.iter().all(|number| number.is_finite()) && high - low <= most
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn numbers_apart_are_told_apart() {
        assert!(within(0.01, &[0.95, 0.955, 0.946]));
        assert!(!within(0.01, &[0.95, 0.955, 0.944]));
        assert!(!within(0.01, &[0.95, f64::NAN]));
    }
}
