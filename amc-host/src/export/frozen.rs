//! The layers of a net that a device is not to train, with weights of fewer bits, as Rust for `amc-core`.

use std::fmt::Write;

use amc_core::Net;
use anyhow::{Context, bail};

use super::lines;
use crate::model::Model;

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

    fn text(self) -> String;
}

impl Few for i8 {
    const LARGEST: f32 = 127.0;

    fn of(x: f32) -> Self {
        x.round_ties_even() as Self
    }

    fn text(self) -> String {
        self.to_string()
    }
}

impl Few for half::f16 {
    const LARGEST: f32 = 1.0;

    fn of(x: f32) -> Self {
        Self::from_f32(x)
    }

    fn text(self) -> String {
        format!("F16({:#06x})", self.to_bits())
    }
}

/// Weights, and for each layer the scales of its neurons and what follows the weights.
fn few<W: Few>(net: Net<'_>, parameters: &[f32]) -> (Vec<W>, Vec<f32>) {
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

/// Rust that follows that of [`rust`](super::rust) up to the parameters: the first `layers` layers as the constant `BODY` with
/// its parameters as they are stored, and the others as `HEAD` with theirs.
///
/// # Errors
/// Where the net cannot be split there.
pub(super) fn frozen(model: &Model, stored: Stored, layers: usize) -> anyhow::Result<String> {
    let (body, _) = model.description.objective()?.net().split(layers).context("--frozen")?;
    let bad = model.parameters.iter().position(|x| !x.is_finite());
    if let (Some(index), true) = (bad, stored != Stored::F32) {
        bail!("parameter {index} is {}: weights of fewer bits are finite numbers", model.parameters[index]);
    }
    let (of_body, of_head) = model.parameters.split_at(body.parameters());
    let mut text = String::new();
    writeln!(text, "const PARTS: (Net<'static>, Net<'static>) = match NET.split({layers}) {{")?;
    writeln!(text, "    Ok(parts) => parts,\n    Err(_) => panic!(\"NET has other layers\"),\n}};")?;
    writeln!(text, "/// The layers that stay as they are.\npub const BODY: Net<'static> = PARTS.0;")?;
    writeln!(text, "/// Those behind them.\npub const HEAD: Net<'static> = PARTS.1;\n")?;
    let mut array = |what: &str, name: &str, of: &str, values: &mut dyn Iterator<Item = String>| {
        let values = lines(values);
        text += &format!(
            "/// {what}\n#[allow(clippy::approx_constant)]\n#[rustfmt::skip]\npub static {name}: {of} = [\n{values}];\n\n"
        );
    };
    let number = super::rust::number;
    let (weights, others) = ("[{}; Body::stored(&BODY).0]", "[f32; Body::stored(&BODY).1]");
    const OTHERS: &str = "For each layer the scales of its neurons, and what follows its weights.";
    let stored = match stored {
        Stored::F32 => {
            let mut values = of_body.iter().map(|x| number(*x));
            array("What they have learned.", "BODY_PARAMETERS", "[f32; BODY.parameters()]", &mut values);
            "F32(&BODY_PARAMETERS)"
        }
        Stored::F16 => {
            let (of, rest) = few::<half::f16>(body, of_body);
            array("Their weights.", "BODY_WEIGHTS", &weights.replace("{}", "F16"), &mut of.into_iter().map(Few::text));
            array(OTHERS, "BODY_OTHERS", others, &mut rest.into_iter().map(number));
            "F16(Scaled { weights: &BODY_WEIGHTS, others: &BODY_OTHERS })"
        }
        Stored::I8 => {
            let (of, rest) = few::<i8>(body, of_body);
            array("Their weights.", "BODY_WEIGHTS", &weights.replace("{}", "i8"), &mut of.into_iter().map(Few::text));
            array(OTHERS, "BODY_OTHERS", others, &mut rest.into_iter().map(number));
            "I8(Scaled { weights: &BODY_WEIGHTS, others: &BODY_OTHERS })"
        }
    };
    array(
        "What those behind them have learned.",
        "HEAD_PARAMETERS",
        "[f32; HEAD.parameters()]",
        &mut of_head.iter().map(|x| number(*x)),
    );
    writeln!(text, "/// What stays, to be asked for features.\npub const FROZEN: Frozen<'static> = Frozen::{stored};")?;
    Ok(text)
}

/// Layers of the body where nobody says: all before the last one that has parameters.
pub(super) fn body(net: Net<'_>) -> usize {
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
