//! Data for an integer net: numbers brought to the units that are rounded to its integers.

use amc_engine::data::{Data, OwnedTargets, Set, Values};
use amc_engine::integer::{INPUT, Inputs, TARGET};
use amc_engine::ranks::RanksError;
use serde::{Deserialize, Serialize};

use super::normalise::{Normalise, scaling};
use super::schema::{Scaling, Schema};

/// How the numbers of data that are no table come to be those of an integer net.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Units {
    /// Of each feature; none of bytes, which are taken as they are.
    pub inputs: Vec<Scaling>,
    /// Of each output that is a number.
    pub outputs: Vec<Scaling>,
}

/// Times as much: of a power of 2, exactly.
fn times(of: &[Scaling], by: f32) -> Vec<Scaling> {
    of.iter().map(|of| Scaling { offset: of.offset, scale: of.scale * by }).collect()
}

impl Units {
    /// Those that standardise the numbers of a set, and make [`INPUT`] and [`TARGET`] of a standard deviation.
    fn of(set: &Set) -> Result<Self, RanksError> {
        let columns = |values: &[f32], width: usize, unit: f32| {
            // Of samples that ranks share all have the numbers of all.
            let of_all = set.share().map(|share| share.rows(values, width)).transpose()?;
            let values = of_all.as_deref().unwrap_or(values);
            let column = |column: usize| values.iter().skip(column).step_by(width).map(|x| f64::from(*x));
            let scalings: Vec<_> = (0..width).map(|at| scaling(column(at), Normalise::Standard)).collect();
            Ok(times(&scalings, unit))
        };
        Ok(Self {
            inputs: match set.values() {
                Values::U8(..) => Vec::new(),
                Values::F32(values) => columns(values, set.width(), INPUT)?,
            },
            outputs: match set.targets() {
                OwnedTargets::Classes(_) => Vec::new(),
                OwnedTargets::Values(values, outputs) => columns(values, *outputs, TARGET)?,
            },
        })
    }

    /// A set in these units.
    fn applied(&self, set: &Set) -> Set {
        set.scaled(
            |feature, x| self.inputs.get(feature).map_or(x, |of| of.apply(x)),
            |output, y| self.outputs.get(output).map_or(y, |of| of.apply(y)),
        )
    }

    /// Data in these units.
    pub fn apply(&self, data: &Data) -> Data {
        Data { train: self.applied(&data.train), test: data.test.as_ref().map(|test| self.applied(test)) }
    }
}

/// Data in the units of an integer net, what these are, and what the net takes. Of a table, they become those of its schema, whose
/// numbers are standardised.
///
/// # Errors
/// Where a rank has gone that shares the data.
pub fn in_units(data: &Data, schema: Option<&mut Schema>) -> Result<(Data, Units, Inputs), RanksError> {
    Ok(match schema {
        Some(schema) => {
            schema.input_scaling = times(&schema.input_scaling, INPUT);
            schema.output_scaling = times(&schema.output_scaling, TARGET);
            let scaled = |set: &Set| set.scaled(|_, x| x * INPUT, |_, y| y * TARGET);
            let data = Data { train: scaled(&data.train), test: data.test.as_ref().map(scaled) };
            (data, Units::default(), Inputs::I8)
        }
        None => {
            let units = Units::of(&data.train)?;
            let inputs = if units.inputs.is_empty() { Inputs::U8 } else { Inputs::I8 };
            (units.apply(data), units, inputs)
        }
    })
}
