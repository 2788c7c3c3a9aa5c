//! `amc eval` and `amc info` of integer nets.

use amc_core::integer::Scale;
use amc_engine::data::Data;
use amc_engine::description::Description;
use amc_engine::integer::score;
use anyhow::Context;

use crate::console::print;
use crate::metrics::Metrics;
use crate::model::integer::{IntegerModel, params_hash};
use crate::model::net_file;
use crate::note;

/// Measures a net on the parts of a data set, of which the first is called so.
pub(super) fn eval(model: &IntegerModel, data: &Data, first: &str) -> anyhow::Result<()> {
    measure(model, &model.units.apply(data), first)
}

/// The same of data in the net's units.
pub(super) fn measure(model: &IntegerModel, data: &Data, first: &str) -> anyhow::Result<()> {
    for (name, set) in [(first, Some(&data.train)), ("test", data.test.as_ref())] {
        let Some(set) = set else { continue };
        let unfit = || format!("{name}: the data do not fit the model");
        let integers = model.integers(set).with_context(unfit)?;
        let score = score(&model.description, &model.parameters, &integers).with_context(unfit)?;
        said_of_cuts(name, &integers);
        let loss = model.description.mean(score.loss, set.len());
        let accuracy = score.correct as f32 / set.len().max(1) as f32;
        let accuracy = if set.has_classes() { format!("  accuracy {accuracy:.4}") } else { String::new() };
        let table = Metrics::of(model, set)?.table();
        print(format_args!("{name}: {} samples  loss {loss:.6}{accuracy}\n{table}\n", set.len()))?;
        said_of_outputs(name, score.clipped, set.len());
    }
    Ok(())
}

/// Says how many numbers of a part were cut off.
pub(super) fn said_of_cuts(name: &str, set: &amc_engine::integer::Set) {
    let cut = set.cut();
    let (features, targets) = set.numbers();
    for (what, count, all, most) in
        [("features", cut.features, features, 127), ("targets", cut.targets, targets, 32_767)]
    {
        if count > 0 {
            let are = if count == 1 { "is" } else { "are" };
            note!("{name}: {count} of {all} {what} {are} beyond ±{most}, as the net has them, and cut off there");
        }
    }
}

/// Says of how many samples an output was cut off.
pub(super) fn said_of_outputs(name: &str, clipped: usize, samples: usize) {
    if clipped > 0 {
        note!(
            "{name}: outputs of {clipped} of {samples} samples are beyond what the loss tells apart, and are cut off"
        );
    }
}

pub(super) fn info(model: &IntegerModel) -> anyhow::Result<()> {
    let IntegerModel { description, names, parameters, schema, .. } = model;
    let scale = |Scale { shift, bias }: &Scale| format!("sums / 2^{shift}, biases * 2^{bias}");
    let scales: Vec<_> = description.scales.iter().map(scale).collect();
    let rest = [
        "numbers: int8".to_string(),
        format!("inputs: {}", description.of.name()),
        format!("scales: {}", scales.join("; ")),
        format!("weights: -{0} to {0}, {1} of them as large as that", description.limit, model.saturated()),
        format!("parameters: {}", parameters.len()),
        format!("params_hash: {}", params_hash(parameters)),
    ];
    let schema = schema.as_ref().map_or(String::new(), |schema| format!("\n{schema}"));
    let rest: String = (rest.join("\n") + &schema).lines().map(|line| format!("# {line}\n")).collect();
    // A net file, in which all else is a comment.
    let net = Description { names: names.clone(), ..description.of_floats() };
    Ok(print(format_args!("{}\n{rest}", net_file::write(&net)?))?)
}
