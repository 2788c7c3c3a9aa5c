//! Arrays as Keras's `get_weights` gives them: without names, in the order of the layers, weights `[input][unit]` and channels
//! last, as ours are.

use std::slice::Iter;

use amc_core::{Layer, Section};
use amc_engine::description::{Description, LayerNames};

use crate::layers::{FitError, Fitting, Taken, with_parameters};
use crate::order::{Cell, transpose};
use crate::tensor::{Tensor, shape_text};

/// Why arrays are not those of a net's layers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KerasError {
    /// An array is not the layer's.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A gated unit of other equations.
    #[error(
        "layer {layer}, gru: {name} is {found}: Keras's GRU with reset_after=True alone, whose bias is (2, {neurons}), has the equations of this one"
    )]
    ResetBefore {
        /// The layer, from 0.
        layer: usize,
        /// The array.
        name: String,
        /// Its shape.
        found: String,
        /// Three times its units.
        neurons: usize,
    },
}

/// Arrays that are still to be taken.
struct Rest<'t> {
    arrays: Iter<'t, Tensor>,
    taken: Vec<&'t Tensor>,
}

impl<'t> Rest<'t> {
    fn next(&mut self, fitting: Fitting<'_>, shape: &[usize]) -> Result<&'t [f32], FitError> {
        let array = self.arrays.next().ok_or_else(|| fitting.too_few())?;
        let values = fitting.shaped(array, shape)?;
        self.taken.push(array);
        Ok(values)
    }

    /// A bias, if it is next: a layer may have none.
    fn bias(&mut self, fitting: Fitting<'_>, units: usize) -> Result<Vec<f32>, FitError> {
        match self.arrays.as_slice().first() {
            Some(next) if next.shape.len() == 1 => self.next(fitting, &[units]).map(<[f32]>::to_vec),
            _ => Ok(vec![0.0; units]),
        }
    }
}

/// What stands before the last point or slash in the names of all these arrays, as `hidden` in `hidden/kernel` and `hidden/bias`.
fn stem(arrays: &[&Tensor]) -> Option<String> {
    let mut stems = arrays.iter().map(|array| array.name.rfind(['.', '/']).map(|end| &array.name[..end]));
    let first = stems.next()??;
    stems.all(|stem| stem == Some(first)).then(|| first.to_string())
}

/// The parameters of a net, of arrays in the order of its layers, which they may give names.
///
/// # Errors
/// Any [`KerasError`].
pub fn parameters(arrays: &[Tensor], inputs: usize, layers: &[Layer]) -> Result<Taken, KerasError> {
    let (mut parameters, mut told, mut names) = (Vec::new(), Vec::new(), vec![None; layers.len()]);
    let mut rest = Rest { arrays: arrays.iter(), taken: Vec::new() };
    for (index, layer, section) in with_parameters(inputs, layers) {
        if section.weights + section.biases == 0 {
            continue;
        }
        let fitting = Fitting { layer: index, of: layer };
        parameters.extend(of_layer(fitting, section, &mut rest)?);
        let arrays = std::mem::take(&mut rest.taken);
        names[index] = stem(&arrays);
        let arrays: Vec<_> = arrays.iter().map(|of| format!("{} {}", of.name, shape_text(&of.shape))).collect();
        let arrays = arrays.join(", ");
        told.push(format!("layer {index}, {}: {arrays}, weights [input][unit]", fitting.kind()));
        if let Layer::Normalization(_) = layer {
            told.push(format!("layer {index}: 0.00001 is added to a variance, where Keras's default is 0.001"));
        }
    }
    match rest.arrays.next() {
        Some(array) => Err(FitError::TooMany(array.name.clone()).into()),
        None => Ok(Taken { parameters, names: LayerNames::guessed(&names), told }),
    }
}

fn of_layer(fitting: Fitting<'_>, section: Section, rest: &mut Rest<'_>) -> Result<Vec<f32>, KerasError> {
    let mut weights_and_bias = |shape: &[usize]| {
        let weights = rest.next(fitting, shape)?;
        Ok([weights, &rest.bias(fitting, shape[shape.len() - 1])?].concat())
    };
    match fitting.of {
        Layer::Dense(of) => weights_and_bias(&[section.weights / of.units.max(1), of.units]),
        Layer::Conv1d(of) => weights_and_bias(&[of.kernel.size as usize, of.channels, of.filters]),
        Layer::Convolution(of) => {
            let size = of.kernel.size as usize;
            weights_and_bias(&[size, size, of.image.channels, of.filters])
        }
        Layer::Normalization(of) => Ok([rest.next(fitting, &[of.units])?, rest.next(fitting, &[of.units])?].concat()),
        Layer::Recurrent(of) => {
            let weights = [rest.next(fitting, &[of.inputs, of.units])?, rest.next(fitting, &[of.units, of.units])?];
            Ok([weights.concat(), rest.bias(fitting, of.units)?].concat())
        }
        Layer::Gru(of) => {
            let (inputs, units, neurons) = (of.inputs, of.units, 3 * of.units);
            let of_inputs = transpose(rest.next(fitting, &[inputs, neurons])?, inputs, neurons);
            let of_states = transpose(rest.next(fitting, &[units, neurons])?, units, neurons);
            let biases = match rest.arrays.as_slice().first() {
                Some(next) if next.shape == [neurons] => {
                    let (name, found) = (next.name.clone(), shape_text(&next.shape));
                    return Err(KerasError::ResetBefore { layer: fitting.layer, name, found, neurons });
                }
                _ => rest.next(fitting, &[2, neurons])?,
            };
            let (input_biases, state_biases) = biases.split_at(neurons);
            let (input_biases, state_biases) = (input_biases.into(), state_biases.into());
            let cell = Cell { of_inputs, of_states, input_biases, state_biases };
            Ok(cell.with_gates_changed().to_ours(inputs, units))
        }
        _ => Err(fitting.unknown().into()),
    }
}

/// The arrays for Keras's `set_weights`, called `arr_0` and on, as `numpy.savez` does.
///
/// # Errors
/// `Fit` of a kind of layers that is not written.
pub fn arrays(description: &Description, parameters: &[f32]) -> Result<Vec<Tensor>, KerasError> {
    let mut arrays = Vec::new();
    let mut put = |shape: &[usize], values: Vec<f32>| {
        let name = format!("arr_{}", arrays.len());
        arrays.push(Tensor::of(name, shape, values));
    };
    for (index, layer, section) in with_parameters(description.inputs, &description.layers) {
        let own = parameters.get(section.range()).unwrap_or_default();
        let (weights, biases) = own.split_at_checked(section.weights).unwrap_or_default();
        let shape = match layer {
            Layer::Dense(of) => vec![section.weights / of.units.max(1), of.units],
            Layer::Conv1d(of) => vec![of.kernel.size as usize, of.channels, of.filters],
            Layer::Convolution(of) => {
                let size = of.kernel.size as usize;
                vec![size, size, of.image.channels, of.filters]
            }
            Layer::Normalization(of) => {
                let (gains, biases) = own.split_at_checked(of.units).unwrap_or_default();
                put(&[of.units], gains.into());
                put(&[of.units], biases.into());
                continue;
            }
            Layer::Recurrent(of) => {
                let (of_inputs, of_states) = weights.split_at_checked(of.inputs * of.units).unwrap_or_default();
                put(&[of.inputs, of.units], of_inputs.into());
                put(&[of.units, of.units], of_states.into());
                put(&[of.units], biases.into());
                continue;
            }
            Layer::Gru(of) => {
                let neurons = 3 * of.units;
                let cell = Cell::of_ours(own, of.inputs, of.units, 3).with_gates_changed();
                put(&[of.inputs, neurons], transpose(&cell.of_inputs, neurons, of.inputs));
                put(&[of.units, neurons], transpose(&cell.of_states, neurons, of.units));
                put(&[2, neurons], [cell.input_biases, cell.state_biases].concat());
                continue;
            }
            _ if own.is_empty() => continue,
            _ => return Err(Fitting { layer: index, of: layer }.unknown().into()),
        };
        put(&shape, weights.into());
        put(&shape[shape.len() - 1..], biases.into());
    }
    Ok(arrays)
}
