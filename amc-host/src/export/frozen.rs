//! The layers of a net that a device is not to train, with weights of fewer bits.

use amc_core::Net;
use anyhow::{Context, bail};

use crate::model::Model;

/// A body that a device does not train: how its weights are stored, and its layers where somebody says how many.
#[derive(Clone, Copy, Debug)]
pub struct Frozen {
    /// How its weights are stored.
    pub stored: Stored,
    /// The layers in front that are frozen; else all before the last one that has parameters.
    pub layers: Option<usize>,
}

/// How the weights of a body are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Stored {
    /// 32 bits, as they are.
    F32,
    /// 16 bits, times a scale for each neuron.
    F16,
    /// 8 bits, times a scale for each neuron.
    I8,
}

/// A weight that its neuron's scale makes small, and the largest that there is.
trait Few: Copy {
    const LARGEST: f32;

    fn of(x: f32) -> Self;
}

impl Few for i8 {
    const LARGEST: f32 = 127.0;

    fn of(x: f32) -> Self {
        x.round_ties_even() as Self
    }
}

impl Few for half::f16 {
    const LARGEST: f32 = 1.0;

    fn of(x: f32) -> Self {
        Self::from_f32(x)
    }
}

fn few<W: Few>(net: Net<'_>, parameters: &[f32]) -> Scaled<W> {
    let (mut weights, mut others) = (Vec::new(), Vec::new());
    for section in net.sections() {
        let (own, rest) = parameters[section.range()].split_at(section.weights);
        let largest =
            |neuron: usize| own.iter().skip(neuron).step_by(section.neurons).fold(0.0_f32, |a, x| a.max(x.abs()));
        // Weights that are smaller have fewer bits, but no scale is so small that its reciprocal is infinite.
        let scale = |neuron: usize| (largest(neuron) / W::LARGEST).max(f32::MIN_POSITIVE);
        let scales: Vec<_> = (0..section.neurons).map(scale).collect();
        let of = |(x, scale): (&f32, &f32)| W::of((x / scale).clamp(-W::LARGEST, W::LARGEST));
        weights.extend(own.iter().zip(scales.iter().cycle()).map(of));
        others.extend(scales);
        others.extend_from_slice(rest);
    }
    (weights, others)
}

/// Weights, and for each layer the scales of its neurons and what follows the weights.
pub(super) type Scaled<W> = (Vec<W>, Vec<f32>);

/// The parameters of a body as they are stored.
pub(super) enum Parameters<'a> {
    F32(&'a [f32]),
    F16(Scaled<half::f16>),
    I8(Scaled<i8>),
}

/// A net in two.
pub(super) struct Parts<'a> {
    /// The layers of the body.
    pub layers: usize,
    pub body: Net<'a>,
    pub head: Net<'a>,
    pub of_body: Parameters<'a>,
    pub of_head: &'a [f32],
}

/// A model's net, whose first layers are frozen.
///
/// # Errors
/// Where the net cannot be split there, or weights of fewer bits would not be numbers.
pub(super) fn parts<'a>(model: &'a Model, net: Net<'a>, frozen: Frozen) -> anyhow::Result<Parts<'a>> {
    let count = net.layers().len();
    if let Some(layers) = frozen.layers.filter(|layers| !(1..count).contains(layers)) {
        bail!("--body {layers}: of a net's {count} layers the body is at least the first, and not the last");
    }
    let layers = frozen.layers.unwrap_or(body(net));
    let (body, head) = net.split(layers).context("--frozen")?;
    let bad = model.parameters.iter().position(|x| !x.is_finite());
    if let (Some(index), true) = (bad, frozen.stored != Stored::F32) {
        bail!("parameter {index} is {}: weights of fewer bits are finite numbers", model.parameters[index]);
    }
    let (of_body, of_head) = model.parameters.split_at(body.parameters());
    let of_body = match frozen.stored {
        Stored::F32 => Parameters::F32(of_body),
        Stored::F16 => Parameters::F16(few(body, of_body)),
        Stored::I8 => Parameters::I8(few(body, of_body)),
    };
    Ok(Parts { layers, body, head, of_body, of_head })
}

/// Layers of the body where nobody says: all before the last one that has parameters.
fn body(net: Net<'_>) -> usize {
    let last = net.sections().enumerate().filter(|(_, section)| section.weights + section.biases > 0).last();
    last.map_or(0, |(layer, _)| layer)
}

#[cfg(test)]
mod tests {
    use amc_core::{Activation, Layer, Net};

    use super::few;

    #[test]
    fn a_neurons_largest_weight_has_all_bits() {
        const LAYERS: [Layer; 1] = [Layer::dense(2, Activation::Tanh)];
        let net = Net::new(3, &LAYERS);
        let (weights, others) = few::<i8>(net, &[1.0, 0.0, -2.0, 0.0, 0.5, 0.0, 7.0, 8.0]);
        let least = f32::MIN_POSITIVE;
        assert_eq!((weights, others), (vec![64, 0, -127, 0, 32, 0], vec![2.0 / 127.0, least, 7.0, 8.0]));
        let (weights, others) = few::<half::f16>(net, &[1e-39, 3e38, 0.0, -3e38, -1e-39, 1.0, 7.0, 8.0]);
        assert!(weights.iter().all(|weight| weight.is_finite()), "{weights:?}");
        assert_eq!((weights[3].to_f32(), others[1]), (-1.0, 3e38));
        // A half float has 11 bits.
        let (weights, others) = few::<half::f16>(net, &[1e-40, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 8.0]);
        assert!((weights[0].to_f32() * others[0] / 1e-40 - 1.0).abs() < 1e-3, "{weights:?} {others:?}");
    }
}
