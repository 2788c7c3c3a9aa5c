//! What is measured of a net in training.

use amc_core::{Features, Gather, Lanes, Objective};

use super::series::Curve;
use crate::data::pack::{Pack, Packed};
use crate::data::{Data, Set};
use crate::evaluate::Evaluator;
use crate::gradient::{Gradient, norm};
use crate::lanes::{Arithmetic, OnLanes, TILE, dispatch};
use crate::train::accuracy;

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
