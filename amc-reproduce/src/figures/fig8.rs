//! Fig. 8: ResNet-18 with layer normalisation learns MNIST by gradient descent and by aMC.

use amc_core::Image;
use serde::Serialize;

use super::images::{Images, train};
use super::learning::Training;
use super::method::{Method, Steps};
use super::picture::{Axis, GRAY, GREEN, Line, Panel, Style};
use super::series::{Curve, median};
use super::under_way::UnderWay;
use super::{Claim, Figure, Machine, Made};
use amc_engine::description::Description;
use amc_engine::train::{Batching, Initial};

#[derive(Serialize)]
pub(super) struct Fig8 {
    images: Images,
    /// Channels in each pair of residual blocks.
    channels: [usize; 4],
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    /// α of gradient descent.
    rate: f64,
    /// The norm that its gradients are clipped to.
    clip: f64,
    /// The paper does not say how many.
    batch: usize,
    /// The paper does not say how many: what hours allow.
    epochs: u64,
    /// Those of gradient descent.
    gradient_epochs: u64,
    /// The accuracy of a net that has begun to learn.
    accuracy: f64,
    seeds: u64,
}

impl Fig8 {
    fn methods(&self) -> [(&'static str, plotters::style::RGBColor, Method); 2] {
        let Self { sigma, epsilon, n_reset, rate, clip, batch, .. } = *self;
        let batching = Batching::Mini(batch);
        [
            ("GD", GRAY, Method::GradientDescent { rate, steps: Steps { clip: Some(clip), batch: Some(batch) } }),
            ("aMC", GREEN, Method::Amc { sigma, epsilon, n_reset, signal_norm: false, batching }),
        ]
    }
}

impl Figure for Fig8 {
    type Run = Training;
    const NAME: &'static str = "fig8";

    fn paper() -> Self {
        Self {
            images: Images::Mnist,
            channels: [64, 128, 256, 512],
            sigma: 1e-3,
            epsilon: 1e-3,
            n_reset: 100,
            rate: 1e-3,
            clip: 1.0,
            batch: 1000,
            epochs: 400,
            gradient_epochs: 50,
            accuracy: 0.98,
            seeds: 1,
        }
    }

    fn quick() -> Self {
        Self {
            images: Images::Digits,
            channels: [4, 6, 8, 8],
            sigma: 3e-3,
            rate: 0.1,
            epochs: 6_000,
            gradient_epochs: 100,
            accuracy: 0.25,
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
        let (data, image) = match self.images {
            Images::Mnist => ("mnist", Image::new(28, 28, 1)),
            Images::Digits => ("digits", Image::new(8, 8, 1)),
        };
        let training = |method: Method, seed| {
            let epochs = if method.has_gradient() { self.gradient_epochs } else { self.epochs };
            let net = Description::resnet(image, self.channels);
            Training { net, data, method, initial: Initial::Kaiming, epochs, seed }
        };
        (1..=self.seeds).flat_map(|seed| self.methods().map(|(_, _, method)| training(method, seed))).collect()
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        train(run, machine, way)
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let methods = self.methods();
        let panel = |title: &str, y, curve: &str| {
            let lines = methods.iter().flat_map(|(name, colour, method)| {
                made.iter().filter(|made| made.run.method == *method).map(|made| Line {
                    label: if made.run.seed == 1 { (*name).into() } else { String::new() },
                    colour: *colour,
                    style: Style::Line,
                    points: made.kept.curve(curve).points.clone(),
                })
            });
            Panel { title: title.into(), x: Axis::log("epoch n"), y, lines: lines.collect() }
        };
        let panels = vec![
            panel("(a)", Axis::log("training loss U"), "loss"),
            panel("(b)", Axis::linear("test accuracy C").range(0.0, 1.0), "accuracy"),
        ];
        (panels, 2)
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let over_seeds = |curve: &str, at: &dyn Fn(&Curve) -> Option<f64>| {
            self.methods().map(|(_, _, method)| {
                let of_method = made.iter().filter(|made| made.run.method == method);
                median(of_method.filter_map(|made| at(made.kept.curve(curve)))).unwrap_or(f64::NAN)
            })
        };
        let [gd, amc] = over_seeds("accuracy", &Curve::end);
        let (epochs, of_gd) = (self.epochs, self.gradient_epochs);
        let common = epochs.min(of_gd) as f64;
        let [loss_gd, loss_amc] = over_seeds("loss", &|curve| curve.at(common));
        vec![
            Claim::new(
                format!("test accuracy of GD after {of_gd} epochs, of aMC after {epochs}"),
                "both GD and aMC train to about 99.2% accuracy",
                format!("{gd:.4}, {amc:.4}"),
                gd >= self.accuracy && amc >= self.accuracy,
            ),
            Claim::new(
                format!("U of GD and of aMC after {common} epochs"),
                "gradient descent trains faster than aMC",
                format!("{loss_gd:.4}, {loss_amc:.4}"),
                loss_gd < loss_amc,
            ),
        ]
    }
}
