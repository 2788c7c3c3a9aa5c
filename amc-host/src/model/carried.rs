//! What files for other toolchains carry beside the parameters of a net, as JSON: what makes a model file of them again.

use std::borrow::Cow;
use std::path::Path;

use amc_kernels::Arithmetic;
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::net_file::{self, NetFile};
use super::{Model, check_classes};
use crate::data::schema::{Outputs, Scaling, Schema};
use crate::data::window::Window;

/// What files call it.
pub const KEY: &str = "amc";

#[derive(Serialize, Deserialize)]
struct Carried<'m> {
    /// A net file.
    net: String,
    arithmetic: Cow<'m, str>,
    /// The Python that makes a net of PyTorch, where the file's tensors are its `state_dict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    python: Option<Cow<'m, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<OfTable<'m>>,
    /// Names of the classes, one for each output, of a net without a table.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    classes: Cow<'m, [String]>,
}

/// What a table's columns are to the net.
#[derive(Serialize, Deserialize)]
struct OfTable<'m> {
    /// Names of the classes, one for each output, where outputs are those; for readers that want no more.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    classes: Option<&'m [String]>,
    /// Offset and scale of each number of a row: the net takes (x − offset) · scale.
    inputs: Vec<[f32; 2]>,
    /// The same of each output that is a number.
    outputs: Vec<[f32; 2]>,
    schema: Cow<'m, Schema>,
    window: Window,
}

/// What a file says of a net.
#[derive(Debug)]
pub struct Said {
    /// The net.
    pub net: NetFile,
    /// What it was trained in.
    pub arithmetic: Arithmetic,
    /// What the columns of a table are to it, if it was trained on one.
    pub schema: Option<Schema>,
    /// The classes that its outputs are, where no table says them.
    pub classes: Vec<String>,
}

/// The text that a file is to carry.
///
/// # Errors
/// Of a net that cannot be described.
pub fn write(model: &Model, python: Option<&str>) -> anyhow::Result<String> {
    let numbers = |scaling: &[Scaling]| scaling.iter().map(|of| (*of).into()).collect();
    let table = model.schema.as_ref().map(|schema| OfTable {
        classes: match &schema.outputs {
            Outputs::Classes(names) => Some(&names[..]),
            Outputs::Numbers(_) => None,
        },
        inputs: numbers(&schema.input_scaling),
        outputs: numbers(&schema.output_scaling),
        schema: Cow::Borrowed(schema),
        window: schema.window,
    });
    let (net, arithmetic) = (net_file::write(&model.description)?, model.arithmetic.name().into());
    let python = python.map(Cow::Borrowed);
    let classes = Cow::Borrowed(&model.classes[..]);
    Ok(serde_json::to_string(&Carried { net, arithmetic, python, table, classes })?)
}

/// What such a text says, in the file at `path`.
///
/// # Errors
/// Of a text of another form, and of a net or a table that the rest of it does not fit.
pub fn read(path: &Path, text: &str) -> anyhow::Result<Said> {
    let Carried { net, arithmetic, table, classes, .. } = serde_json::from_str(text)?;
    let net = net_file::parse(path, &net, 0)?;
    let known = Arithmetic::ALL.into_iter().find(|known| known.name() == arithmetic);
    let arithmetic = known.with_context(|| format!("there is no arithmetic {arithmetic:?}"))?;
    let schema = table.map(|table| {
        let scaling = |of: Vec<[f32; 2]>| of.into_iter().map(Scaling::from).collect::<Vec<_>>();
        let (input_scaling, output_scaling) = (scaling(table.inputs), scaling(table.outputs));
        let mut all = input_scaling.iter().chain(&output_scaling);
        ensure!(
            all.all(|Scaling { offset, scale }| offset.is_finite() && scale.is_finite() && *scale != 0.0),
            "an offset or a scale is not finite, or a scale is 0"
        );
        ensure!(table.window.rows > 0 && table.window.stride > 0, "windows of no rows, or that do not move");
        let schema = Schema { input_scaling, output_scaling, window: table.window, ..table.schema.into_owned() };
        let outputs = net.layers.last().map_or(0, |last| last.units());
        schema.check(net.inputs, outputs).map_err(anyhow::Error::msg)?;
        Ok(schema)
    });
    let schema = schema.transpose()?;
    if !classes.is_empty() {
        ensure!(schema.is_none(), "classes are said beside a table");
        let outputs = net.layers.last().map_or(0, |last| last.units());
        check_classes(&classes, outputs).map_err(anyhow::Error::msg)?;
    }
    Ok(Said { net, arithmetic, schema, classes: classes.into_owned() })
}
