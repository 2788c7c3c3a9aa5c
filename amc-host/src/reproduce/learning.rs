//! A net trained by aMC or by its gradient, watched at moments that are evenly spaced on a logarithmic axis.

use amc_core::chain::Options;
use amc_core::{Features, Gather, Generator, Lanes, Layer, Objective};
use rand_core::SeedableRng;
use serde::Serialize;

use super::Run;
use super::series::{Curve, moments};
use crate::data::pack::{Pack, Packed};
use crate::data::{Data, Set};
use crate::evaluate::Evaluator;
use crate::gradient::{Gradient, Optimizer};
use crate::lanes::{Arithmetic, OnLanes, TILE, dispatch};
use crate::model::Description;
use crate::train::{Batching, Initial, Settings, accuracy, with_moves};

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
    /// Gradient descent on all samples, Eq. (3).
    GradientDescent { rate: f64 },
    /// Adam on all samples.
    Adam { rate: f64 },
}

impl Method {
    /// Metropolis Monte Carlo.
    pub fn metropolis(sigma: f64) -> Self {
        Self::Amc { sigma, epsilon: 0.0, n_reset: 0, signal_norm: false, batching: Batching::Full }
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
            Self::GradientDescent { rate } => format!("GD rate {rate}"),
            Self::Adam { rate } => format!("Adam rate {rate}"),
        }
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
        let net = match &self.net.layers[..] {
            // A deep net is named by its depth.
            layers if layers.len() > 5 => format!("depth {}", layers.len() - 1),
            layers => layers.iter().fold(self.net.inputs.to_string(), |name, layer| match layer {
                Layer::Recurrent { units, .. } => format!("{name}-RNN {units}"),
                layer => format!("{name}-{}", layer.units()),
            }),
        };
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

impl Training {
    /// Trains the net on `data`, and calls `watch` with the number of epochs and the parameters at each moment.
    pub fn learn(
        &self,
        data: &Data,
        (arithmetic, threads): (Arithmetic, usize),
        watch: &mut dyn FnMut(u64, &[f32]),
        progress: &dyn Fn(f64),
    ) -> anyhow::Result<()> {
        match self.method {
            Method::Amc { sigma, epsilon, n_reset, signal_norm, batching } => {
                let options = Options::new(sigma as f32).epsilon(epsilon as f32).n_reset(n_reset);
                let (initial, seed) = (self.initial, self.seed);
                let (in_place, steps) = (false, self.epochs);
                let settings =
                    Settings { options, initial, in_place, signal_norm, batching, steps, seed, threads, arithmetic };
                self.move_about(data, &settings, watch, progress)
            }
            Method::GradientDescent { rate } => {
                self.descend(Optimizer::gradient_descent(rate as f32), data, (arithmetic, threads), watch, progress)
            }
            Method::Adam { rate } => {
                let parameters = self.net.objective()?.net().parameters();
                self.descend(Optimizer::adam(rate as f32, parameters), data, (arithmetic, threads), watch, progress)
            }
        }
    }

    fn move_about(
        &self,
        data: &Data,
        settings: &Settings,
        watch: &mut dyn FnMut(u64, &[f32]),
        progress: &dyn Fn(f64),
    ) -> anyhow::Result<()> {
        let samples = data.train.len() as u64;
        with_moves(&self.net, data, settings, |mut moves, _| {
            let mut seen = 0;
            for moment in moments(self.epochs, PER_DECADE) {
                let mut steps = 0_u64;
                while seen < moment * samples {
                    seen += moves.progress(None).batch as u64;
                    moves.make()?;
                    steps += 1;
                    if steps.is_multiple_of(TOLD) {
                        progress(seen as f64 / (self.epochs * samples) as f64);
                    }
                }
                watch(moment, moves.progress(None).parameters());
            }
            Ok(())
        })
    }

    fn descend(
        &self,
        mut optimizer: Optimizer,
        data: &Data,
        (arithmetic, threads): (Arithmetic, usize),
        watch: &mut dyn FnMut(u64, &[f32]),
        progress: &dyn Fn(f64),
    ) -> anyhow::Result<()> {
        let objective = self.net.objective()?;
        data.train.check(objective)?;
        let pack = Pack::all(&data.train, threads);
        let mut x = self.initial.draw(objective.net(), arithmetic, &mut Generator::seed_from_u64(self.seed));
        let mut gradient = Gradient::new(objective, arithmetic, threads);
        let mut epoch = 0;
        for moment in moments(self.epochs, PER_DECADE) {
            // What has left the finite numbers does not come back.
            while epoch < moment && x.iter().all(|x| x.is_finite()) {
                let gradient = gradient.evaluate(&x, &pack.batch());
                optimizer.step(&mut x, gradient);
                epoch += 1;
                if epoch.is_multiple_of(TOLD) {
                    progress(epoch as f64 / self.epochs as f64);
                }
            }
            watch(moment, &x);
        }
        Ok(())
    }
}

/// What is measured of a net in training: the loss on sets of samples, the accuracy where there are classes, and the
/// outputs.
pub struct Watch<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    evaluator: Evaluator<'a>,
    /// Losses on these, by name.
    losses: Vec<(Pack<'a>, Curve)>,
    /// Test samples.
    accuracy: Option<(Pack<'a>, Curve)>,
    outputs: Vec<Curve>,
}

impl<'a> Watch<'a> {
    /// Watches the loss on the training samples and, where there are test samples, the accuracy on those.
    pub fn new(objective: Objective<'a>, data: &'a Data, (arithmetic, threads): (Arithmetic, usize)) -> Self {
        let evaluator = Evaluator::new(objective, arithmetic, threads);
        let losses = vec![(Pack::all(&data.train, threads), Curve::new("loss", Vec::new()))];
        let accuracy = data.test.as_ref().map(|test| (Pack::all(test, threads), Curve::new("accuracy", Vec::new())));
        Self { objective, arithmetic, evaluator, losses, accuracy, outputs: Vec::new() }
    }

    /// Watches the loss on another set, too.
    pub fn and_loss(mut self, name: &str, set: &'a Set) -> Self {
        self.losses.push((Pack::all(set, 1), Curve::new(name, Vec::new())));
        self
    }

    /// Measures at a moment.
    pub fn see(&mut self, epoch: u64, parameters: &[f32]) {
        let n = epoch as f64;
        for (pack, curve) in &mut self.losses {
            let loss = self.evaluator.evaluate(parameters, &pack.batch(), Gather::default()).loss;
            curve.points.push((n, loss.into()));
        }
        if let Some((pack, curve)) = &mut self.accuracy {
            let accuracy = accuracy(&mut self.evaluator, parameters, pack).unwrap_or(f32::NAN);
            curve.points.push((n, accuracy.into()));
        }
    }

    /// Keeps the net's output at each training sample, where it has one input and one output.
    pub fn keep_outputs(&mut self, name: &str, parameters: &[f32]) {
        let (pack, _) = &self.losses[0];
        let features = match pack.batch().features {
            Packed::F32(features) => features,
            Packed::U8(_) => return,
        };
        let objective = self.objective;
        let points = dispatch(self.arithmetic, Outputs { objective, parameters, features });
        self.outputs.push(Curve::new(name, points));
    }

    /// All curves.
    pub fn curves(self) -> Vec<Curve> {
        let losses = self.losses.into_iter().map(|(_, curve)| curve);
        losses.chain(self.accuracy.map(|(_, curve)| curve)).chain(self.outputs).collect()
    }
}

/// (input, output) of every sample, for one of each.
struct Outputs<'a, F> {
    objective: Objective<'a>,
    parameters: &'a [f32],
    features: F,
}

impl<F: Features> OnLanes for Outputs<'_, F> {
    type Output = Vec<(f64, f64)>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Self::Output {
        let Self { objective, parameters, features } = self;
        let mut scratch = vec![0.0; objective.net().scratch(TILE)];
        let mut points = Vec::new();
        for first in (0..features.samples()).step_by(TILE) {
            let mut inputs = [0.0; TILE];
            for (_, values) in features.tile(lanes, first) {
                lanes.store(values, &mut inputs);
            }
            let Ok(outputs) = objective.predict(lanes, parameters, &features, first, &mut scratch) else { break };
            let pairs = inputs.iter().zip(outputs).map(|(x, y)| (f64::from(*x), f64::from(*y)));
            points.extend(pairs.take(features.samples() - first));
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, Training, Watch};
    use crate::data::functions;
    use crate::lanes::Arithmetic;
    use crate::model::{ActivationName, Description, LossName};
    use crate::train::{Batching, Initial};

    const MACHINE: (Arithmetic, usize) = (Arithmetic::Portable, 1);

    fn training(method: Method, epochs: u64) -> Training {
        let (activation, output, loss) = (ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
        let net = Description::new(&[1, 10, 1], activation, output, loss);
        Training { net, data: "sine", method, initial: Initial::Kaiming, epochs, seed: 3 }
    }

    fn losses(method: Method, epochs: u64) -> Vec<(f64, f64)> {
        let (data, training) = (functions::sine(), training(method, epochs));
        let mut watch = Watch::new(training.net.objective().expect("a net"), &data, MACHINE);
        training.learn(&data, MACHINE, &mut |n, x| watch.see(n, x), &|_| ()).expect("learned");
        watch.curves()[0].points.clone()
    }

    #[test]
    fn every_method_starts_from_the_same_parameters_and_lowers_the_loss() {
        let still = losses(Method::GradientDescent { rate: 0.0 }, 1)[0].1;
        let amc = |batching| Method::Amc { sigma: 0.02, epsilon: 0.01, n_reset: 50, signal_norm: true, batching };
        for method in [
            amc(Batching::Full),
            amc(Batching::Mini(500)),
            Method::metropolis(0.02),
            Method::GradientDescent { rate: 0.05 },
            Method::Adam { rate: 0.01 },
        ] {
            let points = losses(method, 400);
            assert_eq!(points.last().map(|point| point.0), Some(400.0));
            let end = points[points.len() - 1].1;
            assert!(end < 0.7 * still, "{method:?}: {end} of {still}");
        }
        // Moves of next to no size: what is measured is the start.
        let stays = losses(Method::metropolis(1e-12), 2)[0].1;
        assert!((stays - still).abs() < 1e-6 * still, "{stays} {still}");
    }

    #[test]
    fn descent_that_explodes_ends_as_nan_at_every_later_moment() {
        let points = losses(Method::GradientDescent { rate: 1e30 }, 100);
        assert_eq!(points.len(), super::moments(100, super::PER_DECADE).len());
        assert!(points.last().is_some_and(|point| !point.1.is_finite()), "{points:?}");
    }

    #[test]
    fn outputs_are_kept_at_every_point() {
        let (data, training) = (functions::sine(), training(Method::Adam { rate: 0.0 }, 1));
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
