//! Fig. 5: a recurrent net that tells zeros from ones by their pixels, one after the other, trained by gradient descent,
//! Adam and aMC, and the size of the gradient where aMC passes. Once as the paper has it, and once with shorter sequences.

use anyhow::Context;
use serde::Serialize;

use super::images::Images;
use super::learning::Training;
use super::method::{Method, Steps};
use super::picture::{Axis, BLUE, GRAY, GREEN, Line, Panel, Style};
use super::series::{Curve, median};
use super::under_way::UnderWay;
use super::watch::Watch;
use super::{Claim, Figure, Machine, Made};
use amc_engine::data::sequences::zeros_and_ones;
use amc_engine::description::Description;
use amc_engine::train::{Batching, Initial};

/// `POOLED`: the largest of 2 x 2 pixels stands for them.
#[derive(Serialize)]
pub(super) struct Fig5<const POOLED: bool> {
    images: Images,
    /// Steps of a sequence: the pixels.
    pixels: usize,
    units: usize,
    batch: usize,
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    /// α of gradient descent and of Adam.
    rate: f64,
    /// The norm that their gradients are clipped to: the paper does not say which.
    clip: f64,
    /// The paper does not say how many: what hours allow.
    epochs: u64,
    /// Those of gradient descent and Adam, which take as long.
    gradient_epochs: u64,
    /// The accuracy that aMC should reach.
    accuracy: f64,
    /// By how much |∇U| / U should change along aMC's run.
    regimes: f64,
    /// Whether gradient descent and Adam should fail.
    gradients_fail: bool,
    seeds: u64,
}

impl<const POOLED: bool> Fig5<POOLED> {
    /// aMC first, whose run says most.
    fn methods(&self) -> [(&'static str, plotters::style::RGBColor, Method); 3] {
        let Self { batch, sigma, epsilon, n_reset, rate, clip, .. } = *self;
        let steps = Steps { clip: Some(clip), batch: Some(batch) };
        let batching = Batching::Mini(batch);
        [
            ("aMC", GREEN, Method::Amc { sigma, epsilon, n_reset, signal_norm: false, batching }),
            ("GD", GRAY, Method::GradientDescent { rate, steps }),
            ("Adam", BLUE, Method::Adam { rate, steps }),
        ]
    }

    /// The median of what `of` gives for the runs of a method.
    fn over_seeds(made: &[Made<Training>], method: Method, of: impl Fn(&Made<Training>) -> Option<f64>) -> f64 {
        let of_method = made.iter().filter(|made| made.run.method == method);
        median(of_method.filter_map(of)).unwrap_or(f64::NAN)
    }
}

/// The mean loss of a net that finds zeros and ones equally likely.
const KNOWS_NOTHING: f64 = std::f64::consts::LN_2;

impl<const POOLED: bool> Figure for Fig5<POOLED> {
    type Run = Training;
    const NAME: &'static str = if POOLED { "fig5-pooled" } else { "fig5" };

    fn paper() -> Self {
        Self {
            images: Images::Mnist,
            pixels: if POOLED { 14 * 14 } else { 28 * 28 },
            units: 64,
            batch: 1500,
            sigma: 1e-3,
            epsilon: 0.0,
            n_reset: 100,
            rate: 1e-3,
            clip: 1.0,
            epochs: 4000,
            gradient_epochs: if POOLED { 2000 } else { 200 },
            accuracy: 0.99,
            regimes: 100.0,
            gradients_fail: true,
            seeds: 1,
        }
    }

    fn quick() -> Self {
        Self {
            images: Images::Digits,
            pixels: if POOLED { 4 * 4 } else { 8 * 8 },
            units: 16,
            batch: 100,
            epochs: 6_000,
            gradient_epochs: 300,
            accuracy: 0.9,
            regimes: 10.0,
            gradients_fail: false,
            ..Self::paper()
        }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn images(&self) -> Option<Images> {
        Some(self.images)
    }

    fn runs(&self) -> Vec<Training> {
        let data = match (self.images, POOLED) {
            (Images::Mnist, false) => "mnist-0-1",
            (Images::Mnist, true) => "mnist-0-1-pooled",
            (Images::Digits, false) => "digits-0-1",
            (Images::Digits, true) => "digits-0-1-pooled",
        };
        let training = |method: Method, seed| {
            let epochs = if method.has_gradient() { self.gradient_epochs } else { self.epochs };
            let net = Description::of_sequences(self.pixels, self.units);
            Training { net, data, method, initial: Initial::Kaiming, epochs, seed }
        };
        (1..=self.seeds).flat_map(|seed| self.methods().map(|(_, _, method)| training(method, seed))).collect()
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        let (images, _) = machine.images.as_ref().context("no images are loaded")?;
        let data = zeros_and_ones(images, POOLED);
        let of_run = machine.of_a_run();
        let mut watch = Watch::new(run.net.objective()?, &data, of_run).and_gradient(of_run.1);
        run.learn(&data, of_run, &mut watch, way)?;
        Ok(watch.curves())
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let methods = self.methods();
        let line = |label: &str, colour, run: &Made<Training>, curve: &str| Line {
            label: if run.run.seed == 1 { label.into() } else { String::new() },
            colour,
            style: Style::Line,
            points: run.kept.curve(curve).points.clone(),
        };
        let of = |method: Method| made.iter().filter(move |made| made.run.method == method);
        let all = |curve: &str| {
            let lines = methods
                .iter()
                .flat_map(|(name, colour, method)| of(*method).map(move |run| line(name, *colour, run, curve)));
            lines.collect::<Vec<_>>()
        };
        let n = || Axis::log("epoch n");
        let panel = |title: &str, y, lines| Panel { title: title.into(), x: n(), y, lines };
        let amc = || of(methods[0].2);
        let gradients =
            amc().map(|run| line("|∇U|", BLUE, run, "gradient")).chain(amc().map(|run| line("U", GREEN, run, "loss")));
        let panels = vec![
            panel("(a)", Axis::log("training loss U"), all("loss")),
            panel("(b)", Axis::linear("test accuracy C").range(0.0, 1.0), all("accuracy")),
            panel("(c) aMC", Axis::log("U and |∇U|"), gradients.collect()),
        ];
        (panels, 2)
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let methods = self.methods().map(|(_, _, method)| method);
        let end =
            |curve: &str| methods.map(|method| Self::over_seeds(made, method, |made| made.kept.curve(curve).end()));
        let ([amc, gd, adam], [loss_amc, loss_gd, loss_adam]) = (end("accuracy"), end("loss"));
        let ratio = |of: fn(f64, f64) -> f64, begin: f64| {
            Self::over_seeds(made, methods[0], |made| {
                let (gradients, losses) = (made.kept.curve("gradient"), made.kept.curve("loss"));
                let pairs = gradients.points.iter().zip(&losses.points);
                Some(pairs.fold(begin, |extreme, (gradient, loss)| of(extreme, gradient.1 / loss.1)))
            })
        };
        let (least, most) = (ratio(f64::min, f64::INFINITY), ratio(f64::max, 0.0));
        let (epochs, of_gradients) = (self.epochs, self.gradient_epochs);
        let mut claims = vec![
            Claim::new(
                format!("test accuracy of aMC after {epochs} epochs"),
                "aMC trains to a test-set accuracy of 99.8%",
                format!("{amc:.4}, with U = {loss_amc:.4}"),
                amc >= self.accuracy,
            ),
            Claim::new(
                "least and largest |grad U| / U along the run of aMC",
                "aMC trains where |grad U| << U and where |grad U| >> U, about three orders of magnitude apart",
                format!("{least:.2e} and {most:.2e}"),
                most > self.regimes * least,
            ),
        ];
        if self.gradients_fail {
            claims.push(Claim::new(
                format!(
                    "U (and test accuracy) of GD and Adam after {of_gradients} epochs; knowing nothing, it is 0.69"
                ),
                "GD and Adam cannot train",
                format!("{loss_gd:.4} ({gd:.4}), {loss_adam:.4} ({adam:.4})"),
                loss_gd > 0.9 * KNOWS_NOTHING && loss_adam > 0.9 * KNOWS_NOTHING,
            ));
        }
        claims
    }
}
