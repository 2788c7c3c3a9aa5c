//! A net trained by aMC or by its gradient, watched at moments that are evenly spaced on a logarithmic axis.

use amc_core::chain::Options;
use amc_core::{Features, Gather, Lanes, Layer, Objective};
use serde::Serialize;

use super::Run;
use super::series::{Curve, moments};
use crate::data::pack::{Pack, Packed};
use crate::data::{Data, Set};
use crate::evaluate::Evaluator;
use crate::gradient::{Gradient, Optimizer, clip, norm};
use crate::lanes::{Arithmetic, OnLanes, TILE, dispatch};
use crate::model::Description;
use crate::train::{Batching, Initial, Settings, accuracy, with_batches, with_moves};

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
    gradient: Option<(Gradient<'a>, Curve)>,
    outputs: Vec<Curve>,
}

impl<'a> Watch<'a> {
    /// Watches the loss on the training samples and, where there are test samples, the accuracy on those.
    pub fn new(objective: Objective<'a>, data: &'a Data, (arithmetic, threads): (Arithmetic, usize)) -> Self {
        let evaluator = Evaluator::new(objective, arithmetic, threads);
        let losses = vec![(Pack::all(&data.train, threads), Curve::new("loss", Vec::new()))];
        let accuracy = data.test.as_ref().map(|test| (Pack::all(test, threads), Curve::new("accuracy", Vec::new())));
        Self { objective, arithmetic, evaluator, losses, accuracy, gradient: None, outputs: Vec::new() }
    }

    /// Watches the loss on another set, too.
    pub fn and_loss(mut self, name: &str, set: &'a Set) -> Self {
        self.losses.push((Pack::all(set, 1), Curve::new(name, Vec::new())));
        self
    }

    /// Watches |∇U| on the training samples, too.
    pub fn and_gradient(mut self, threads: usize) -> Self {
        let gradient = Gradient::new(self.objective, self.arithmetic, threads);
        self.gradient = Some((gradient, Curve::new("gradient", Vec::new())));
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
        if let (Some((gradient, curve)), Some((pack, _))) = (&mut self.gradient, self.losses.first()) {
            curve.points.push((n, norm(gradient.evaluate(parameters, &pack.batch()))));
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
        let (accuracy, gradient) = (self.accuracy.map(|(_, curve)| curve), self.gradient.map(|(_, curve)| curve));
        losses.chain(accuracy).chain(gradient).chain(self.outputs).collect()
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
    use super::{Method, Steps, Training, Watch};
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
