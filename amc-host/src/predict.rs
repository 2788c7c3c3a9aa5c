//! What a trained net makes of rows.

use amc_core::Activation;
use amc_engine::data::Set;
use amc_engine::evaluate::outputs;

use crate::data::schema::{Outputs, Schema};
use crate::model::Model;

/// The outputs of a net, `[sample][output]`, on the samples of a set in their order.
pub fn predict(model: &Model, set: &Set) -> anyhow::Result<Vec<f32>> {
    let objective = model.description.objective()?;
    Ok(outputs(objective.net(), model.arithmetic, &model.parameters, set))
}

/// The heads of the columns that [`row`] fills.
pub fn heads(model: &Model) -> Vec<String> {
    match &model.schema {
        Some(Schema { outputs: Outputs::Classes(names), .. }) => {
            let outputs = names.iter().map(|name| format!("{}({name})", what(model)));
            std::iter::once("class".to_string()).chain(outputs).collect()
        }
        Some(Schema { outputs: Outputs::Numbers(names), .. }) => names.clone(),
        None => Vec::new(),
    }
}

/// Outputs of softmax are probabilities.
fn what(model: &Model) -> &'static str {
    match model.description.layers.last().map(amc_core::Layer::activation) {
        Some(Activation::Softmax) => "p",
        _ => "output",
    }
}

/// What a net's outputs for a sample say: the class of the largest output and all outputs, or the numbers as they were
/// measured.
pub fn row(schema: &Schema, outputs: &[f32]) -> Vec<String> {
    match &schema.outputs {
        Outputs::Classes(names) => {
            let class = best(outputs).and_then(|class| names.get(class)).cloned().unwrap_or_default();
            std::iter::once(class).chain(outputs.iter().take(names.len()).map(f32::to_string)).collect()
        }
        Outputs::Numbers(_) => {
            outputs.iter().zip(&schema.output_scaling).map(|(y, scaling)| scaling.undo(*y).to_string()).collect()
        }
    }
}

/// The first of the largest outputs; none where one is NaN.
pub(crate) fn best(outputs: &[f32]) -> Option<usize> {
    if outputs.iter().any(|y| y.is_nan()) {
        return None;
    }
    (0..outputs.len()).rev().max_by(|a, b| outputs[*a].total_cmp(&outputs[*b]))
}
