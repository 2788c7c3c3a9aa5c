//! What is measured of a net in training.

use amc_core::sums::BLOCK;
use amc_core::{Measurements, Objective};

use super::series::Curve;
use amc_engine::data::pack::PackedSet;
use amc_engine::data::{Data, Set};
use amc_engine::evaluate::Evaluator;
use amc_engine::train::accuracy;
use amc_gradient::{Gradient, norm};
use amc_kernels::{Arithmetic, evaluate};

/// What is measured of a net in training: the loss on sets of samples, the accuracy where there are classes, and the
/// outputs.
pub struct Watch<'a> {
    objective: Objective<'a>,
    arithmetic: Arithmetic,
    evaluator: Evaluator<'a>,
    /// Losses on these, by name.
    losses: Vec<(PackedSet<'a>, Curve)>,
    /// Test samples.
    accuracy: Option<(PackedSet<'a>, Curve)>,
    gradient: Option<(Gradient<'a>, Curve)>,
    /// The name of the outputs that are kept at an epoch, if they are.
    name_outputs: Box<dyn Fn(u64) -> Option<String> + 'a>,
    outputs: Vec<Curve>,
}

impl<'a> Watch<'a> {
    /// Watches the loss on the training samples and, where there are test samples, the accuracy on those.
    pub fn new(objective: Objective<'a>, data: &'a Data, (arithmetic, threads): (Arithmetic, usize)) -> Self {
        let evaluator = Evaluator::new(objective, arithmetic, threads);
        let losses = vec![(PackedSet::all(&data.train, threads), Curve::new("loss", Vec::new()))];
        let accuracy =
            data.test.as_ref().map(|test| (PackedSet::all(test, threads), Curve::new("accuracy", Vec::new())));
        Self {
            objective,
            arithmetic,
            evaluator,
            losses,
            accuracy,
            gradient: None,
            name_outputs: Box::new(|_| None),
            outputs: Vec::new(),
        }
    }

    /// Watches the loss on another set, too.
    pub fn and_loss(mut self, name: &str, set: &'a Set) -> Self {
        self.losses.push((PackedSet::all(set, 1), Curve::new(name, Vec::new())));
        self
    }

    /// Watches |∇U| on the training samples, too.
    pub fn and_gradient(mut self, threads: usize) -> Self {
        let gradient = Gradient::new(self.objective, self.arithmetic, threads);
        self.gradient = Some((gradient, Curve::new("gradient", Vec::new())));
        self
    }

    /// Keeps the net's output at each training sample, at the epochs for which `name` gives the curve's name; for nets of
    /// one input and one output.
    pub fn and_outputs(mut self, name: impl Fn(u64) -> Option<String> + 'a) -> Self {
        self.name_outputs = Box::new(name);
        self
    }

    /// Measures at a moment.
    pub fn see(&mut self, epoch: u64, parameters: &[f32]) {
        let n = epoch as f64;
        for (pack, curve) in &mut self.losses {
            let loss = self.evaluator.evaluate(parameters, &pack.batch(), Measurements::default()).loss;
            curve.points.push((n, loss.into()));
        }
        if let Some((pack, curve)) = &mut self.accuracy {
            let accuracy = accuracy(&mut self.evaluator, parameters, pack).unwrap_or(f32::NAN);
            curve.points.push((n, accuracy.into()));
        }
        if let (Some((gradient, curve)), Some((pack, _))) = (&mut self.gradient, self.losses.first()) {
            curve.points.push((n, norm(gradient.evaluate(parameters, &pack.batch().samples))));
        }
        let outputs = (self.name_outputs)(epoch).and_then(|name| self.outputs(&name, parameters));
        self.outputs.extend(outputs);
    }

    /// The output, of a net of one input and one output, at the training samples.
    fn outputs(&self, name: &str, parameters: &[f32]) -> Option<Curve> {
        let (pack, _) = self.losses.first()?;
        let batch = pack.batch();
        let mut outputs = vec![0.0; batch.samples.len().next_multiple_of(BLOCK)];
        evaluate::outputs(self.arithmetic, &self.objective, parameters, batch.samples.features, &mut outputs);
        let inputs: Vec<f32> = pack.set().inputs().collect();
        let place = |sample| batch.places.map_or(sample, |places| places[sample] as usize);
        let points = outputs.iter().take(inputs.len()).enumerate();
        let points = points.map(|(sample, y)| (f64::from(inputs[place(sample)]), f64::from(*y)));
        Some(Curve::new(name, points.collect()))
    }

    /// What was measured so far.
    pub fn curves(&self) -> Vec<Curve> {
        let losses = self.losses.iter().map(|(_, curve)| curve);
        let accuracy = self.accuracy.iter().map(|(_, curve)| curve);
        let gradient = self.gradient.iter().map(|(_, curve)| curve);
        losses.chain(accuracy).chain(gradient).chain(&self.outputs).cloned().collect()
    }

    /// Adds to what was measured so far, by another watch of the same.
    pub fn resume(&mut self, curves: &[Curve]) {
        let losses = self.losses.iter_mut().map(|(_, curve)| curve);
        let accuracy = self.accuracy.iter_mut().map(|(_, curve)| curve);
        let gradient = self.gradient.iter_mut().map(|(_, curve)| curve);
        let mut measured: Vec<&mut Curve> = losses.chain(accuracy).chain(gradient).collect();
        let (of_moments, outputs) = curves.split_at(measured.len().min(curves.len()));
        for (own, curve) in measured.iter_mut().zip(of_moments) {
            own.points.clone_from(&curve.points);
        }
        self.outputs = outputs.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;
    use amc_engine::data::functions;
    use amc_engine::description::{ActivationName, Description, LossName};
    use amc_kernels::Arithmetic;

    /// Only the output's bias is not 0.
    fn constant(bias: f32) -> Vec<f32> {
        let mut parameters = vec![0.0; 31];
        parameters[30] = bias;
        parameters
    }

    #[test]
    fn outputs_are_kept_at_every_point_and_a_watch_goes_on_with_anothers_curves() {
        let (tanh, linear) = (ActivationName::Tanh, ActivationName::Linear);
        let net = Description::new(&[1, 10, 1], tanh, linear, LossName::Mse);
        let (data, other) = (functions::sine(), functions::log());
        let watch = || {
            let watch = Watch::new(net.objective().expect("a net"), &data, (Arithmetic::Portable, 1));
            let watch = watch.and_loss("other", &other.train).and_gradient(1);
            watch.and_outputs(|epoch| epoch.is_multiple_of(2).then(|| format!("outputs at {epoch}")))
        };
        let mut first = watch();
        first.see(1, &constant(0.25));
        first.see(2, &constant(0.5));
        let mut second = watch();
        second.resume(&first.curves());
        for watch in [&mut first, &mut second] {
            watch.see(4, &constant(0.75));
        }
        let curves = first.curves();
        assert_eq!(curves, second.curves());
        let names: Vec<_> = curves.iter().map(|curve| (&curve.name[..], curve.points.len())).collect();
        let outputs = [("outputs at 2", functions::POINTS), ("outputs at 4", functions::POINTS)];
        assert_eq!(names, [&[("loss", 3), ("other", 3), ("gradient", 3)], &outputs[..]].concat());
        let points = &curves[3].points;
        assert!(points.iter().all(|point| point.1 == 0.5) && points[0].0 == 0.0 && points[999].0 == 1.0);
    }
}
