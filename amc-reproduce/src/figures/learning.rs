//! A net trained by aMC or by its gradient, looked at at moments that are evenly spaced on a logarithmic axis.

use amc_core::Layer;
use amc_core::chain::Options;
use serde::{Deserialize, Serialize};

use super::Run;
use super::method::{Method, Steps};
use super::series::{Curve, moments};
use super::under_way::UnderWay;
use super::watch::Watch;
use amc_engine::data::Data;
use amc_engine::description::Description;
use amc_engine::train::{self, Initial, Settings, with_batches, with_moves};
use amc_gradient::{Gradient, Optimizer, clip};
use amc_kernels::Arithmetic;

/// Moments in a decade.
const PER_DECADE: u32 = 20;
/// Steps after which progress is told.
const TOLD: u64 = 128;

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
        let passes = if self.method.has_gradient() { 4.0 } else { 1.0 };
        passes * (multiply_adds as f64 + 20.0 * activations as f64) * self.epochs as f64
    }

    fn baseline_seed(&self) -> Option<u64> {
        self.method.has_gradient().then_some(self.seed)
    }
}

/// A net's name.
fn name_of(net: &Description) -> String {
    let count = |of: fn(&Layer) -> bool| net.layers.iter().filter(|layer| of(layer)).count();
    let dense = count(|layer| matches!(layer, Layer::Dense(_)));
    let normalised = count(|layer| matches!(layer, Layer::Normalization(_))) > 0;
    let skips = count(|layer| matches!(layer, Layer::Add(_))) > 0;
    match count(|layer| matches!(layer, Layer::Convolution(_))) {
        0 if net.layers.len() > 5 => {
            let [normalised, skips] = [(normalised, " layer norm"), (skips, " skip connections")]
                .map(|(has, what)| if has { what } else { "" });
            format!("depth {}{normalised}{skips}", dense - 1)
        }
        0 => net.layers.iter().fold(net.inputs.to_string(), |name, layer| match layer {
            Layer::Recurrent(layer) => format!("{name}-RNN {}", layer.units),
            layer => format!("{name}-{}", layer.units()),
        }),
        // Convolutions of residual blocks' projections included.
        convolutions => format!("ResNet of {convolutions} convolutions"),
    }
}

impl Training {
    /// Trains the net on `data`, watched at each moment.
    pub fn learn(
        &self,
        data: &Data,
        (arithmetic, threads): (Arithmetic, usize),
        watch: &mut Watch<'_>,
        way: &UnderWay<'_>,
    ) -> anyhow::Result<()> {
        let settings = self.settings((arithmetic, threads));
        match self.method {
            Method::Amc { .. } => self.move_about(data, &settings, watch, way),
            Method::GradientDescent { rate, steps } => {
                let optimizer = Optimizer::gradient_descent(rate as f32);
                self.descend(optimizer, steps, data, &settings, watch, way)
            }
            Method::Adam { rate, steps } => {
                let optimizer = Optimizer::adam(rate as f32, self.net.objective()?.net().parameters());
                self.descend(optimizer, steps, data, &settings, watch, way)
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
            method: amc_engine::train::Method::Amc,
            options,
            initial: self.initial,
            transfer: Default::default(),
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
        watch: &mut Watch<'_>,
        way: &UnderWay<'_>,
    ) -> anyhow::Result<()> {
        let from: Option<(Vec<Curve>, Checkpoint<train::Checkpoint>)> = way.checkpoint();
        let place = from.as_ref().map(|(_, from)| &from.place);
        with_moves(&self.net, data, settings, place, |mut moves, _| {
            let mut seen = Seen::new(self.epochs, data);
            if let Some((curves, Checkpoint { samples, .. })) = &from {
                seen.samples = *samples;
                watch.resume(curves);
            }
            for moment in seen.moments() {
                while seen.is_before(moment) {
                    way.keep(|| Ok((watch.curves(), seen.checkpoint(moves.checkpoint()?))))?;
                    seen.step(moves.progress(None).batch, way);
                    moves.make()?;
                }
                watch.see(moment, moves.progress(None).parameters());
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
        watch: &mut Watch<'_>,
        way: &UnderWay<'_>,
    ) -> anyhow::Result<()> {
        let objective = self.net.objective()?;
        let mut gradient = Gradient::new(objective, settings.arithmetic, settings.threads);
        with_batches(&self.net, data, settings, |mut x, mut batches| {
            let mut seen = Seen::new(self.epochs, data);
            if let Some((curves, Checkpoint { samples, steps, place })) = way.checkpoint() {
                (seen.samples, seen.steps) = (samples, steps);
                (x, optimizer) = place;
                batches.resume(steps, batches.size());
                watch.resume(&curves);
            }
            for moment in seen.moments() {
                // What has left the finite numbers does not come back.
                while seen.is_before(moment) && x.iter().all(|x| x.is_finite()) {
                    way.keep(|| Ok((watch.curves(), seen.checkpoint((&x, &optimizer)))))?;
                    if seen.steps > 0 {
                        batches.redraw();
                    }
                    seen.step(batches.size(), way);
                    let gradient = gradient.evaluate(&x, &batches.current().samples);
                    if let Some(most) = steps.clip {
                        clip(gradient, most);
                    }
                    optimizer.step(&mut x, gradient);
                }
                watch.see(moment, &x);
            }
            Ok(())
        })
    }
}

/// What a training goes on from: between two steps, at all moments before which it was watched.
#[derive(Serialize, Deserialize)]
struct Checkpoint<P> {
    samples: u64,
    steps: u64,
    place: P,
}

/// How much of the data has been seen.
struct Seen {
    samples: u64,
    steps: u64,
    /// Samples of an epoch.
    epoch: u64,
    epochs: u64,
}

impl Seen {
    fn new(epochs: u64, data: &Data) -> Self {
        Self { samples: 0, steps: 0, epoch: data.train.len() as u64, epochs }
    }

    /// Moments that are still to be reached.
    fn moments(&self) -> Vec<u64> {
        let mut moments = moments(self.epochs, PER_DECADE);
        moments.retain(|moment| self.is_before(*moment));
        moments
    }

    /// Whether so many epochs are still to be reached.
    fn is_before(&self, epochs: u64) -> bool {
        self.samples < epochs * self.epoch
    }

    /// Counts a step on so many samples.
    fn step(&mut self, samples: usize, way: &UnderWay<'_>) {
        self.samples += samples as u64;
        self.steps += 1;
        if self.steps.is_multiple_of(TOLD) {
            way.show(self.samples as f64 / (self.epochs * self.epoch) as f64);
        }
    }

    fn checkpoint<P>(&self, place: P) -> Checkpoint<P> {
        Checkpoint { samples: self.samples, steps: self.steps, place }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;
    use std::time::Duration;

    use serde_json::Value;

    use super::{Method, Steps, Training};
    use crate::figures::resume::Finished;
    use crate::figures::series::Curve;
    use crate::figures::under_way::UnderWay;
    use crate::figures::watch::Watch;
    use amc_engine::data::functions;
    use amc_engine::description::{ActivationName, Description, LossName};
    use amc_engine::train::{Batching, Initial};
    use amc_kernels::Arithmetic;

    const MACHINE: (Arithmetic, usize) = (Arithmetic::Portable, 1);

    fn training(method: Method, epochs: u64) -> Training {
        let (activation, output, loss) = (ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
        let net = Description::new(&[1, 10, 1], activation, output, loss);
        Training { net, data: "sine", method, initial: Initial::Kaiming, epochs, seed: 3 }
    }

    fn minibatches(clip: f64) -> Steps {
        Steps { clip: Some(clip), batch: Some(500) }
    }

    /// What is seen of a training that keeps its checkpoints in `dir`, all or none, and how often it told its progress.
    fn learn(method: Method, epochs: u64, dir: &Path, all: bool) -> (Vec<Curve>, u32) {
        let (data, training) = (functions::sine(), training(method, epochs));
        let mut watch = Watch::new(training.net.objective().expect("a net"), &data, MACHINE);
        let (told, settings) = (Cell::new(0), Value::Null);
        let progress = |_| told.set(told.get() + 1);
        let period = if all { Duration::ZERO } else { Duration::MAX };
        let checkpoint = Finished::open(dir).expect("a folder").checkpoint("run", &settings);
        let way = UnderWay::new(checkpoint, period, &progress);
        training.learn(&data, MACHINE, &mut watch, &way).expect("learned");
        (watch.curves(), told.get())
    }

    fn losses(method: Method, epochs: u64) -> Vec<(f64, f64)> {
        let dir = tempfile::tempdir().expect("a folder");
        learn(method, epochs, dir.path(), false).0[0].points.clone()
    }

    #[test]
    fn an_interruption_changes_no_bit() {
        let amc = |batching| Method::Amc { sigma: 0.02, epsilon: 0.01, n_reset: 50, signal_norm: true, batching };
        for method in [
            amc(Batching::Full),
            amc(Batching::Mini(500)),
            Method::GradientDescent { rate: 0.05, steps: minibatches(f64::INFINITY) },
            Method::adam(0.01),
        ] {
            let [dir, straight] = [0; 2].map(|_| tempfile::tempdir().expect("a folder"));
            let (wanted, told) = learn(method, 400, straight.path(), false);
            // As far as the last checkpoint goes, the same training: one step before the end.
            learn(method, 150, dir.path(), true);
            let (curves, rest) = learn(method, 400, dir.path(), false);
            assert_eq!(curves, wanted, "{method:?}");
            assert!(rest < told, "{method:?}: it began anew");
        }
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
}
