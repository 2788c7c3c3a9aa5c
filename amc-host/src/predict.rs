//! What a trained net makes of rows.

use amc_core::Activation;
use amc_engine::data::Set;
use amc_engine::evaluate::outputs;

use crate::data::schema::{Outputs, Scaling, Schema};
use crate::model::Model;

/// A trained net that is asked.
pub trait Predictor {
    /// What the columns of the table it was trained on are to it, if it was one.
    fn schema(&self) -> Option<&Schema>;

    /// What its last layer makes.
    fn output(&self) -> Activation;

    /// Its outputs.
    fn width(&self) -> usize;

    /// The names of the classes that its outputs are, if they are classes with names.
    fn class_names(&self) -> Option<&[String]>;

    /// The outputs, `[sample][output]`, on the samples of a set in their order.
    ///
    /// # Errors
    /// Where they do not fit it.
    fn outputs(&self, set: &Set) -> anyhow::Result<Vec<f32>>;

    /// How each output that is a number comes from the one to find.
    fn output_scaling(&self) -> &[Scaling] {
        self.schema().map_or(&[], |schema| &schema.output_scaling)
    }
}

impl Predictor for Model {
    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    fn output(&self) -> Activation {
        self.description.layers.last().map_or(Activation::Linear, amc_core::Layer::activation)
    }

    fn width(&self) -> usize {
        self.description.layers.last().map_or(1, amc_core::Layer::units)
    }

    fn class_names(&self) -> Option<&[String]> {
        self.class_names()
    }

    fn outputs(&self, set: &Set) -> anyhow::Result<Vec<f32>> {
        predict(self, set)
    }
}

/// The outputs of a net, `[sample][output]`, on the samples of a set in their order.
pub fn predict(model: &Model, set: &Set) -> anyhow::Result<Vec<f32>> {
    let objective = model.description.objective()?;
    Ok(outputs(objective.net(), model.arithmetic, &model.parameters, set))
}

/// The heads of the columns that [`row`] fills.
pub fn heads(model: &dyn Predictor) -> Vec<String> {
    match model.schema() {
        Some(Schema { outputs: Outputs::Classes(names), .. }) => {
            let outputs = names.iter().map(|name| format!("{}({name})", what(model)));
            std::iter::once("class".to_string()).chain(outputs).collect()
        }
        Some(Schema { outputs: Outputs::Numbers(names), .. }) => names.clone(),
        None => Vec::new(),
    }
}

/// Outputs of softmax are probabilities.
fn what(model: &dyn Predictor) -> &'static str {
    match model.output() {
        Activation::Softmax => "p",
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
