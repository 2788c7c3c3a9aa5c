//! The scaling of a table's numbers, folded into a net: it then takes them as they are measured, and gives them so.

use amc_core::{Activation, Layer, Objective, Section};

use crate::data::schema::{Scaling, Schema};
use crate::model::Model;
use crate::model::net_file::said;

/// Why a net cannot take numbers as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// It was not trained on a table.
    #[error("the net was not trained on a table: there is no scaling to fold")]
    NoTable,
    /// Its first layer is not one whose weights multiply each input once.
    #[error("scaling is folded into a dense first layer, and this net's is {0}")]
    First(String),
    /// Its last layer does not give sums.
    #[error("the scaling of outputs is folded into a linear dense last layer, and this net's is {0}")]
    Last(String),
    /// A parameter would be beyond single precision.
    #[error("folded, a parameter is beyond single precision: the table's numbers are too far from 1")]
    NotFinite,
}

/// The same net of numbers as they are: W (x − o) s + b is (W s) x + (b − Σ W s o), with offset o and scale s; and an output
/// y / s + o is that of weights and bias over s, and o more. Sums are rounded elsewhere: outputs differ by some 1e-6 of the
/// largest sum's parts.
pub fn fold(model: &Model) -> anyhow::Result<Model> {
    let schema = model.schema.as_ref().ok_or(FoldError::NoTable)?;
    let objective = model.description.objective()?;
    let mut parameters: Vec<_> = model.parameters.iter().map(|x| f64::from(*x)).collect();
    let inputs = schema.input_scaling.repeat(schema.window.rows);
    let sections = objective.net().sections();
    if let Some(section) = sections.clone().next() {
        fold_inputs(&mut parameters, section, first(objective)?, &inputs);
    }
    if let (Some(section), false) = (sections.last(), schema.output_scaling.is_empty()) {
        fold_outputs(&mut parameters, section, last(objective)?, &schema.output_scaling);
    }
    let parameters: Vec<_> = parameters.into_iter().map(|x| x as f32).collect();
    anyhow::ensure!(parameters.iter().all(|x| x.is_finite()), FoldError::NotFinite);
    let none = |scaling: &[Scaling]| vec![Scaling::NONE; scaling.len()];
    let schema = Schema {
        input_scaling: none(&schema.input_scaling),
        output_scaling: none(&schema.output_scaling),
        ..schema.clone()
    };
    Ok(Model { parameters, schema: Some(schema), ..model.clone() })
}

/// Units of the first layer.
fn first(objective: Objective<'_>) -> Result<usize, FoldError> {
    match objective.net().layers().first() {
        Some(Layer::Dense(layer)) => Ok(layer.units),
        other => Err(FoldError::First(other.map_or("none".into(), said))),
    }
}

/// Units of the last layer.
fn last(objective: Objective<'_>) -> Result<usize, FoldError> {
    match objective.net().layers().last() {
        Some(Layer::Dense(layer)) if layer.activation == Activation::Linear => Ok(layer.units),
        other => Err(FoldError::Last(other.map_or("none".into(), said))),
    }
}

fn fold_inputs(parameters: &mut [f64], section: Section, units: usize, scalings: &[Scaling]) {
    let (weights, biases) = parameters[section.start..].split_at_mut(section.weights);
    for (weights, scaling) in weights.chunks_exact_mut(units).zip(scalings) {
        for (weight, bias) in weights.iter_mut().zip(&mut *biases) {
            *weight *= f64::from(scaling.scale);
            *bias -= *weight * f64::from(scaling.offset);
        }
    }
}

fn fold_outputs(parameters: &mut [f64], section: Section, units: usize, scalings: &[Scaling]) {
    let (weights, biases) = parameters[section.start..].split_at_mut(section.weights);
    for weights in weights.chunks_exact_mut(units).chain([&mut biases[..units]]) {
        weights.iter_mut().zip(scalings).for_each(|(weight, scaling)| *weight /= f64::from(scaling.scale));
    }
    biases.iter_mut().zip(scalings).for_each(|(bias, scaling)| *bias += f64::from(scaling.offset));
}

#[cfg(test)]
mod tests {
    use super::{FoldError, fold};
    use crate::data::schema::{Feature, Kind, Outputs, Scaling, Schema};
    use crate::model::Model;
    use crate::predict::predict;
    use amc_engine::data::{OwnedTargets, Set, Values};
    use amc_engine::description::{ActivationName, Description, LossName};
    use amc_kernels::Arithmetic;

    fn model(output: ActivationName) -> Model {
        let description = Description::new(&[2, 3, 2], ActivationName::Tanh, output, LossName::Mse);
        let feature = |column| Feature { column, name: None, kind: Kind::Number(None) };
        let schema = Schema {
            width: 4,
            features: vec![feature(0), feature(1)],
            targets: vec![(2, None), (3, None)],
            outputs: Outputs::Numbers(vec!["a".into(), "b".into()]),
            window: Default::default(),
            input_scaling: vec![Scaling { offset: 1000.0, scale: 0.01 }, Scaling { offset: -3.0, scale: 2.0 }],
            output_scaling: vec![Scaling { offset: 50.0, scale: 0.1 }, Scaling { offset: -1.0, scale: 4.0 }],
        };
        let parameters = (0..17).map(|i| ((i * 7 % 17) as f32 - 8.0) / 10.0).collect();
        Model { description, arithmetic: Arithmetic::Portable, parameters, schema: Some(schema), classes: Vec::new() }
    }

    fn outputs(model: &Model, raw: &[[f32; 2]]) -> Vec<f32> {
        let schema = model.schema.as_ref().expect("of a table");
        let scaled = raw.iter().flat_map(|row| row.iter().zip(&schema.input_scaling).map(|(x, of)| of.apply(*x)));
        let set = Set::new(Values::F32(scaled.collect()), 2, OwnedTargets::Values(vec![], 0));
        let given = predict(model, &set).expect("outputs");
        given.iter().zip(schema.output_scaling.iter().cycle()).map(|(y, of)| of.undo(*y)).collect()
    }

    #[test]
    fn a_folded_net_gives_the_same_numbers_of_those_as_they_are() {
        let (model, raw) = (model(ActivationName::Linear), [[1005.0, -2.5], [900.0, -3.5], [1100.0, -3.0]]);
        let folded = fold(&model).expect("folded");
        assert_eq!(folded.schema.as_ref().expect("of a table").input_scaling, [Scaling::NONE; 2]);
        for (a, b) in outputs(&model, &raw).into_iter().zip(outputs(&folded, &raw)) {
            // Parts of the sums, up to about 100, are rounded to 24 bits: 20 roundings of 6e-6.
            assert!((a - b).abs() < 1.2e-4, "{a} {b}");
        }
    }

    #[test]
    fn what_has_no_scaling_or_no_place_for_it_is_refused() {
        let refused = |model: &Model| fold(model).expect_err("refused").downcast::<FoldError>().expect("a fold error");
        assert!(matches!(refused(&model(ActivationName::Tanh)), FoldError::Last(_)));
        assert_eq!(refused(&Model { schema: None, ..model(ActivationName::Linear) }), FoldError::NoTable);
        let mut far = model(ActivationName::Linear);
        if let Some(schema) = &mut far.schema {
            schema.output_scaling[0].scale = 1e-39;
        }
        assert_eq!(refused(&far), FoldError::NotFinite);
    }
}
