//! A trained net of floats as one of integers: to compare with one that was trained as such.

use amc_core::integer::Scale;
use amc_core::{Activation, Layer, Net};
use amc_engine::data::{self, Data, Values};
use amc_engine::evaluate::outputs;
use amc_engine::integer::{Description, INPUT, Set, TARGET, score};

use crate::data::integers::in_units;
use crate::data::schema::Scaling;
use crate::model::Model;
use crate::model::integer::IntegerModel;

/// What an activation of 1 is.
const ONE: f64 = 127.0;

/// Biases and weights have room for numbers of up to this size.
const MOST: f64 = 127.0;

/// Bits by which weights may be finer than the largest has room for, which is then cut off.
const FINER: u8 = 3;

/// Why a net of floats does not become one of integers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantiseError {
    /// A number that is not finite has no integer.
    #[error("parameter {0} is not finite")]
    NotFinite(usize),
    /// A layer of a kind that has no integers, or a last one that is not dense.
    #[error(
        "layer {0} (from 0) is not rounded to integers: dense, convolutional, pooling and simple recurrent ones are, of which the last is dense"
    )]
    Kind(usize),
    /// A layer other than dense whose inputs have scales of their own, or zeros that are not 0.
    #[error("layer {0} (from 0): the inputs of a layer that is not dense have to have one scale, and no offset")]
    Inputs(usize),
}

/// A net in integers.
#[derive(Debug)]
pub struct Quantised {
    /// The net.
    pub model: IntegerModel,
    /// The data in its units.
    pub data: Data,
    /// Parameters that were cut off.
    pub cut: usize,
}

/// A layer of a net in floats, in the units that an integer one has: of each neuron the weights, and the bias; of one that pools the
/// power of 2 by which it divides.
enum Units {
    Neurons { weights: Vec<Vec<f64>>, biases: Vec<f64>, is_recurrent: bool },
    Pooled(u8),
}

/// The net in integers of 8 bits, with scales of powers of 2: of each layer those with which the loss on the samples to train on is
/// lowest, where each layer in front has its own already.
///
/// # Errors
/// Of a net that has no integers: of layers of other kinds, of another output than softmax and linear, of parameters that are not
/// finite; and of data that the net does not take.
pub fn quantise(model: &Model, data: &Data) -> anyhow::Result<Quantised> {
    let objective = model.description.objective()?;
    data.train.check(objective)?;
    let net = objective.net();
    if let Some(index) = model.parameters.iter().position(|x| !x.is_finite()) {
        return Err(QuantiseError::NotFinite(index).into());
    }
    let mut schema = model.schema.clone();
    let (in_units, units, inputs) = in_units(data, schema.as_mut())?;
    let of_inputs: Vec<_> = (0..net.inputs()).map(|input| of_input(&data.train, units.inputs.get(input))).collect();
    let of_outputs = |output: usize| match units.outputs.get(output) {
        Some(of) => (f64::from(of.scale) / f64::from(TARGET), f64::from(of.offset)),
        None => (1.0, 0.0),
    };
    let layers = layers(model, &data.train, &of_inputs, &of_outputs)?;
    let train = Set::of(&in_units.train, inputs)?;
    let mut finer = vec![0; layers.len()];
    let integers = |finer: &[u8]| {
        let (mut parameters, mut scales, mut cut) = (Vec::new(), Vec::new(), 0);
        for (layer, finer) in layers.iter().zip(finer) {
            scales.push(layer.fitted(*finer, &mut parameters, &mut cut));
        }
        let layers = model.description.layers.clone();
        (Description { inputs: net.inputs(), of: inputs, layers, scales, limit: i8::MAX }, parameters, cut)
    };
    for layer in (0..layers.len()).filter(|layer| matches!(layers[*layer], Units::Neurons { .. })) {
        let mut best = (u64::MAX, 0);
        for bits in 0..=FINER {
            finer[layer] = bits;
            let (description, parameters, _) = integers(&finer);
            best = best.min((score(&description, &parameters, &train)?.loss, bits));
        }
        finer[layer] = best.1;
    }
    let (description, parameters, cut) = integers(&finer);
    let model = IntegerModel { description, names: model.description.names.clone(), parameters, units, schema };
    Ok(Quantised { model, data: in_units, cut })
}

/// What an integer input of 1 is to the net of floats, and what one of 0 is.
fn of_input(set: &data::Set, scaling: Option<&Scaling>) -> (f64, f64) {
    match (set.values(), scaling) {
        (Values::U8(_, scale), _) => (f64::from(*scale), 0.0),
        (Values::F32(_), Some(of)) => (1.0 / f64::from(of.scale), f64::from(of.offset)),
        (Values::F32(_), None) => (1.0 / f64::from(INPUT), 0.0),
    }
}

/// The layers in the units of integers.
fn layers(
    model: &Model,
    train: &data::Set,
    of_inputs: &[(f64, f64)],
    of_outputs: &dyn Fn(usize) -> (f64, f64),
) -> anyhow::Result<Vec<Units>> {
    let Model { description, arithmetic, parameters, .. } = model;
    let last = description.layers.len().saturating_sub(1);
    let net = Net::try_new(description.inputs, &description.layers)?;
    let (mut given, mut layers) = (of_inputs.to_vec(), Vec::new());
    for ((index, layer), section) in description.layers.iter().enumerate().zip(net.sections()) {
        let units = section.neurons;
        if index == last && !matches!(layer, Layer::Dense(_)) {
            return Err(QuantiseError::Kind(index).into());
        }
        if let Layer::MaxPool(_) | Layer::GlobalAverage(_) = layer {
            let (of_one, of_zero) = alike(&given, index)?;
            // Bytes without a sign become some with one.
            let shift = u8::from(index == 0 && matches!(train.values(), Values::U8(..)));
            layers.push(Units::Pooled(shift));
            given = vec![(of_one * f64::from(1 << shift), of_zero); layer.units()];
            continue;
        }
        // What 127 stands for: of a layer that has no largest activation that of the samples.
        let largest = match layer.activation() {
            Activation::Linear | Activation::Relu if index < last => {
                let net = Net::try_new(description.inputs, &description.layers[..=index])?;
                let all = outputs(net, *arithmetic, &parameters[..section.range().end], train);
                all.iter().fold(0.0_f32, |most, y| most.max(y.abs())).max(f32::MIN_POSITIVE).into()
            }
            _ => 1.0,
        };
        let made = (largest / ONE, 0.0);
        given = match layer {
            Layer::Dense(_) => given,
            Layer::Convolution(_) | Layer::Conv1d(_) => vec![alike(&given, index)?; section.weights / units],
            Layer::Recurrent(layer) => [vec![alike(&given, index)?; layer.inputs], vec![made; layer.units]].concat(),
            _ => return Err(QuantiseError::Kind(index).into()),
        };
        // A sum that is divided, of a pre-activation of 1.
        let unit = match layer.activation() {
            Activation::Softmax => 256.0 / std::f64::consts::LN_2,
            Activation::Linear if index == last => f64::from(TARGET),
            Activation::Linear | Activation::Relu => ONE / largest,
            _ => 64.0,
        };
        let (weights, biases) = parameters[section.range()].split_at(section.weights);
        let of_unit = |output: usize| {
            let (times, less) = if index == last { of_outputs(output) } else { (1.0, 0.0) };
            let row = || weights.iter().skip(output).step_by(units).map(|x| f64::from(*x)).zip(&given);
            let offset: f64 = row().map(|(weight, (_, of_zero))| weight * of_zero).sum();
            let bias = (f64::from(biases[output]) + offset - less) * times * unit;
            (row().map(|(weight, (of_one, _))| weight * of_one * times * unit).collect::<Vec<_>>(), bias)
        };
        let (weights, biases) = (0..units).map(of_unit).unzip();
        layers.push(Units::Neurons { weights, biases, is_recurrent: matches!(layer, Layer::Recurrent(_)) });
        given = vec![made; layer.units()];
    }
    Ok(layers)
}

/// What all inputs of a layer have, which its zeros beyond an image, and before the first step, have as well.
fn alike(given: &[(f64, f64)], layer: usize) -> Result<(f64, f64), QuantiseError> {
    match given {
        [first, rest @ ..] if first.1 == 0.0 && rest.iter().all(|other| other == first) => Ok(*first),
        _ => Err(QuantiseError::Inputs(layer)),
    }
}

impl Units {
    /// Adds the layer's integers to `parameters`, weights so many bits finer than all of them have room for, and gives their scale.
    fn fitted(&self, finer: u8, parameters: &mut Vec<i8>, cut: &mut usize) -> Scale {
        let (weights, biases, is_recurrent) = match self {
            Self::Neurons { weights, biases, is_recurrent } => (weights, biases, *is_recurrent),
            Self::Pooled(shift) => return Scale { shift: *shift, ..Scale::NONE },
        };
        let largest = |all: &mut dyn Iterator<Item = f64>| all.fold(0.0_f64, |most, x| most.max(x.abs()));
        let weight = largest(&mut weights.iter().flatten().copied());
        // The power of 2 by which the largest may be multiplied.
        let room = |largest: f64| (MOST / largest.max(f64::MIN_POSITIVE)).log2().floor();
        let shift = (room(weight) + f64::from(finer)).clamp(0.0, Scale::MOST.into()) as u8;
        let bias = largest(&mut biases.iter().copied()) * f64::from(shift).exp2();
        // Below it a recurrent layer's inputs would be multiplied: here their weights are as large as they have to be.
        let least = if is_recurrent { Scale::new(shift).bias.into() } else { 0.0 };
        let bias = (-room(bias)).clamp(least, Scale::MOST.into()) as u8;
        let mut add = |x: f64, power: i32| {
            let x = (x * f64::from(power).exp2()).round();
            *cut += usize::from(x.abs() > MOST);
            parameters.push(x.clamp(-MOST, MOST) as i8);
        };
        weights.iter().flatten().for_each(|x| add(*x, shift.into()));
        biases.iter().for_each(|x| add(*x, i32::from(shift) - i32::from(bias)));
        Scale::new(shift).bias(bias)
    }
}
