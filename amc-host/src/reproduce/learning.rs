//! A net trained by aMC or by its gradient, looked at at moments that are evenly spaced on a logarithmic axis.

use amc_core::Layer;
use amc_core::chain::Options;
use serde::Serialize;

use super::Run;
use super::series::moments;
use crate::data::Data;
use crate::gradient::{Gradient, Optimizer, clip};
use crate::lanes::Arithmetic;
use crate::model::Description;
use crate::train::{Batching, Initial, Settings, with_batches, with_moves};

/// Moments in a decade.
const PER_DECADE: u32 = 20;
/// Steps after which progress is told.
const TOLD: u64 = 128;

/// What trains a net.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Adaptive Metropolis Monte Carlo; with ε = 0, n_s = 0 (never) and no signal norm, Metropolis Monte Carlo.
    Amc { sigma: f64, epsilon: f64, n_reset: u32, signal_norm: bool, batching: Batching },
    /// Gradient descent, Eq. (3).
    GradientDescent { rate: f64, steps: Steps },
    /// Adam.
    Adam { rate: f64, steps: Steps },
}

/// What the steps of a gradient are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Steps {
    /// The norm that a gradient is clipped to.
    pub clip: Option<f64>,
    /// Samples of a minibatch; all where there is none.
    pub batch: Option<usize>,
}

impl Method {
    /// Metropolis Monte Carlo.
    pub fn metropolis(sigma: f64) -> Self {
        Self::Amc { sigma, epsilon: 0.0, n_reset: 0, signal_norm: false, batching: Batching::Full }
    }

    /// Gradient descent on all samples.
    pub fn gradient_descent(rate: f64) -> Self {
        Self::GradientDescent { rate, steps: Steps::default() }
    }

    /// Adam on all samples.
    pub fn adam(rate: f64) -> Self {
        Self::Adam { rate, steps: Steps::default() }
    }

    fn batching(&self) -> Batching {
        match *self {
            Self::Amc { batching, .. } => batching,
            Self::GradientDescent { steps, .. } | Self::Adam { steps, .. } => {
                steps.batch.map_or(Batching::Full, Batching::Mini)
            }
        }
    }

    fn name(&self) -> String {
        match *self {
            Self::Amc { sigma, epsilon: 0.0, n_reset: 0, signal_norm: false, batching: Batching::Full } => {
                format!("MC sigma {sigma}")
            }
            Self::Amc { sigma, epsilon, n_reset, signal_norm, batching } => {
                let norm = if signal_norm { " signal norm" } else { "" };
                let batch = match batching {
                    Batching::Full => String::new(),
                    Batching::Mini(size) => format!(" batch {size}"),
                    Batching::Progressive => " progressive".into(),
                };
                format!("aMC sigma {sigma} epsilon {epsilon} n_s {n_reset}{norm}{batch}")
            }
            Self::GradientDescent { rate, steps } => format!("GD rate {rate}{}", steps.name()),
            Self::Adam { rate, steps } => format!("Adam rate {rate}{}", steps.name()),
        }
    }
}

impl Steps {
    fn name(&self) -> String {
        let clip = self.clip.map(|most| format!(" clip {most}"));
        let batch = self.batch.map(|size| format!(" batch {size}"));
        clip.unwrap_or_default() + &batch.unwrap_or_default()
    }
}

/// A net's training.
#[derive(Clone, Debug, Serialize)]
pub struct Training {
    /// The net and its loss.
    pub net: Description,
    /// The data set's name.
    pub data: &'static str,
    /// What trains it.
    pub method: Method,
    /// What from.
    pub initial: Initial,
    /// n: how often the data are gone through.
    pub epochs: u64,
    /// The generator's seed; the initial parameters depend on it, `initial` and the net alone.
    pub seed: u64,
}

impl Run for Training {
    fn label(&self) -> String {
        let net = name_of(&self.net);
        let start = match self.initial {
            Initial::Gaussian(sigma) => format!("N(0, {sigma}²)"),
            Initial::Kaiming => "Kaiming".into(),
        };
        let (data, method, seed) = (self.data, self.method.name(), self.seed);
        format!("{data} {net}, {method}, from {start}, seed {seed}")
    }

    /// Multiply-adds of all epochs' forward passes, about, and three times as many with backward passes.
    fn cost(&self) -> f64 {
        let Ok(objective) = self.net.objective() else { return 0.0 };
        let (multiply_adds, activations) = objective.net().operations();
        let passes = if matches!(self.method, Method::Amc { .. }) { 1.0 } else { 4.0 };
        passes * (multiply_adds as f64 + 20.0 * activations as f64) * self.epochs as f64
    }
}

/// A net's name.
fn name_of(net: &Description) -> String {
    let count = |of: fn(&Layer) -> bool| net.layers.iter().filter(|layer| of(layer)).count();
    let dense = count(|layer| matches!(layer, Layer::Dense { .. }));
    let normalised = count(|layer| matches!(layer, Layer::Normalization { .. })) > 0;
    let skips = count(|layer| matches!(layer, Layer::Add { .. })) > 0;
    match count(|layer| matches!(layer, Layer::Convolution { .. })) {
        0 if net.layers.len() > 5 => {
            let [normalised, skips] = [(normalised, " layer norm"), (skips, " skip connections")]
                .map(|(has, what)| if has { what } else { "" });
            format!("depth {}{normalised}{skips}", dense - 1)
        }
        0 => net.layers.iter().fold(net.inputs.to_string(), |name, layer| match layer {
            Layer::Recurrent { units, .. } => format!("{name}-RNN {units}"),
            layer => format!("{name}-{}", layer.units()),
        }),
        // Convolutions of residual blocks' projections included.
        convolutions => format!("ResNet of {convolutions} convolutions"),
    }
}

impl Training {
    /// Trains the net on `data`, and calls `watch` with the number of epochs and the parameters at each moment.
    pub fn learn(
        &self,
        data: &Data,
        (arithmetic, threads): (Arithmetic, usize),
        watch: &mut dyn FnMut(u64, &[f32]),
        progress: &dyn Fn(f64),
    ) -> anyhow::Result<()> {
        let settings = self.settings((arithmetic, threads));
        match self.method {
            Method::Amc { .. } => self.move_about(data, &settings, watch, progress),
            Method::GradientDescent { rate, steps } => {
                let optimizer = Optimizer::gradient_descent(rate as f32);
                self.descend(optimizer, steps, data, &settings, watch, progress)
            }
            Method::Adam { rate, steps } => {
                let optimizer = Optimizer::adam(rate as f32, self.net.objective()?.net().parameters());
                self.descend(optimizer, steps, data, &settings, watch, progress)
            }
        }
    }

    /// The settings of a chain; without moves, where a gradient makes the steps.
    pub fn settings(&self, (arithmetic, threads): (Arithmetic, usize)) -> Settings {
        let (options, signal_norm) = match self.method {
            Method::Amc { sigma, epsilon, n_reset, signal_norm, .. } => {
                (Options::new(sigma as f32).epsilon(epsilon as f32).n_reset(n_reset), signal_norm)
            }
            Method::GradientDescent { .. } | Method::Adam { .. } => (Options::new(0.0), false),
        };
        Settings {
            options,
            initial: self.initial,
            in_place: false,
            signal_norm,
            batching: self.method.batching(),
            steps: self.epochs,
            seed: self.seed,
            threads,
            arithmetic,
        }
    }

    fn move_about(
        &self,
        data: &Data,
        settings: &Settings,
        watch: &mut dyn FnMut(u64, &[f32]),
        progress: &dyn Fn(f64),
    ) -> anyhow::Result<()> {
        with_moves(&self.net, data, settings, |mut moves, _| {
            let mut seen = Seen::new(self.epochs, data, progress);
            for moment in moments(self.epochs, PER_DECADE) {
                while seen.is_before(moment) {
                    seen.step(moves.progress(None).batch);
                    moves.make()?;
                }
                watch(moment, moves.progress(None).parameters());
            }
            Ok(())
        })
    }

    fn descend(
        &self,
        mut optimizer: Optimizer,
        steps: Steps,
        data: &Data,
        settings: &Settings,
        watch: &mut dyn FnMut(u64, &[f32]),
        progress: &dyn Fn(f64),
    ) -> anyhow::Result<()> {
        let objective = self.net.objective()?;
        let mut gradient = Gradient::new(objective, settings.arithmetic, settings.threads);
        with_batches(&self.net, data, settings, |mut x, mut batches| {
            let mut seen = Seen::new(self.epochs, data, progress);
            for moment in moments(self.epochs, PER_DECADE) {
                // What has left the finite numbers does not come back.
                while seen.is_before(moment) && x.iter().all(|x| x.is_finite()) {
                    if seen.steps > 0 {
                        batches.redraw();
                    }
                    seen.step(batches.size());
                    let gradient = gradient.evaluate(&x, &batches.current());
                    if let Some(most) = steps.clip {
                        clip(gradient, most);
                    }
                    optimizer.step(&mut x, gradient);
                }
                watch(moment, &x);
            }
            Ok(())
        })
    }
}

/// How much of the data has been seen.
struct Seen<'p> {
    /// Of an epoch, and of all.
    samples: (u64, u64),
    seen: u64,
    steps: u64,
    progress: &'p dyn Fn(f64),
}

impl<'p> Seen<'p> {
    fn new(epochs: u64, data: &Data, progress: &'p dyn Fn(f64)) -> Self {
        let samples = data.train.len() as u64;
        Self { samples: (samples, epochs * samples), seen: 0, steps: 0, progress }
    }

    /// Whether so many epochs are still to be reached.
    fn is_before(&self, epochs: u64) -> bool {
        self.seen < epochs * self.samples.0
    }

    /// Counts a step on so many samples.
    fn step(&mut self, samples: usize) {
        self.seen += samples as u64;
        self.steps += 1;
        if self.steps.is_multiple_of(TOLD) {
            (self.progress)(self.seen as f64 / self.samples.1 as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, Steps, Training};
    use crate::data::functions;
    use crate::lanes::Arithmetic;
    use crate::model::{ActivationName, Description, LossName};
    use crate::reproduce::watch::Watch;
    use crate::train::{Batching, Initial};

    const MACHINE: (Arithmetic, usize) = (Arithmetic::Portable, 1);

    fn training(method: Method, epochs: u64) -> Training {
        let (activation, output, loss) = (ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
        let net = Description::new(&[1, 10, 1], activation, output, loss);
        Training { net, data: "sine", method, initial: Initial::Kaiming, epochs, seed: 3 }
    }

    fn minibatches(clip: f64) -> Steps {
        Steps { clip: Some(clip), batch: Some(500) }
    }

    fn losses(method: Method, epochs: u64) -> Vec<(f64, f64)> {
        let (data, training) = (functions::sine(), training(method, epochs));
        let mut watch = Watch::new(training.net.objective().expect("a net"), &data, MACHINE);
        training.learn(&data, MACHINE, &mut |n, x| watch.see(n, x), &|_| ()).expect("learned");
        watch.curves()[0].points.clone()
    }

    #[test]
    fn every_method_starts_from_the_same_parameters_and_lowers_the_loss() {
        let still = losses(Method::gradient_descent(0.0), 1)[0].1;
        let amc = |batching| Method::Amc { sigma: 0.02, epsilon: 0.01, n_reset: 50, signal_norm: true, batching };
        for method in [
            amc(Batching::Full),
            amc(Batching::Mini(500)),
            Method::metropolis(0.02),
            Method::gradient_descent(0.05),
            Method::adam(0.01),
            Method::GradientDescent { rate: 0.05, steps: minibatches(f64::INFINITY) },
            Method::Adam { rate: 0.01, steps: minibatches(1.0) },
        ] {
            let points = losses(method, 400);
            assert_eq!(points.last().map(|point| point.0), Some(400.0));
            let end = points[points.len() - 1].1;
            assert!(end < 0.7 * still, "{method:?}: {end} of {still}");
        }
        // Moves and steps of next to no size: what is measured is the start.
        for method in [Method::metropolis(1e-12), Method::GradientDescent { rate: 0.05, steps: minibatches(1e-9) }] {
            let stays = losses(method, 2)[0].1;
            assert!((stays - still).abs() < 1e-6 * still, "{method:?}: {stays} {still}");
        }
    }

    #[test]
    fn descent_that_explodes_ends_as_nan_at_every_later_moment() {
        let points = losses(Method::gradient_descent(1e30), 100);
        assert_eq!(points.len(), super::moments(100, super::PER_DECADE).len());
        assert!(points.last().is_some_and(|point| !point.1.is_finite()), "{points:?}");
    }

    #[test]
    fn outputs_are_kept_at_every_point() {
        let (data, training) = (functions::sine(), training(Method::adam(0.0), 1));
        let mut watch = Watch::new(training.net.objective().expect("a net"), &data, MACHINE);
        // Only the output's bias is not 0.
        let mut parameters = vec![0.0; 31];
        parameters[30] = 0.5;
        watch.keep_outputs("outputs", &parameters);
        let curves = watch.curves();
        let points = &curves[1].points;
        assert_eq!(points.len(), functions::POINTS);
        assert!(points.iter().all(|point| point.1 == 0.5) && points[0].0 == 0.0 && points[999].0 == 1.0);
    }
}
