//! The cases that `layers.py` wrote.

use amc_core::{Activation, Image, Kernel, Layer, Loss};
use serde_json::Value;

/// A net, data, and what PyTorch made of them in double precision.
#[allow(dead_code, reason = "forward passes and gradients are tested apart")]
pub struct Golden {
    pub name: String,
    pub inputs: usize,
    pub layers: Vec<Layer>,
    pub loss: Loss,
    pub parameters: Vec<f32>,
    pub features: Vec<f32>,
    /// Classes, where the targets are those.
    pub classes: Option<Vec<u8>>,
    /// Targets as numbers.
    pub values: Vec<f32>,
    /// The loss.
    pub value: f64,
    /// ∇U.
    pub gradient: Vec<f64>,
    pub signals: Vec<f64>,
    pub outputs: Vec<f64>,
}

/// Reads all of them.
pub fn read() -> Vec<Golden> {
    let stored: Value = serde_json::from_str(include_str!("../layers.json")).unwrap();
    stored.as_array().unwrap().iter().map(case).collect()
}

fn case(stored: &Value) -> Golden {
    let values = numbers(&stored["targets"]);
    let (loss, classes) = match stored["loss"].as_str().unwrap() {
        "mse" => (Loss::MeanSquaredError, None),
        _ => (Loss::CrossEntropy, Some(values.iter().map(|class| *class as u8).collect())),
    };
    Golden {
        name: stored["name"].as_str().unwrap().to_owned(),
        inputs: size(&stored["inputs"]),
        layers: stored["layers"].as_array().unwrap().iter().map(layer).collect(),
        loss,
        parameters: numbers(&stored["parameters"]),
        features: numbers(&stored["features"]),
        classes,
        values,
        value: stored["value"].as_f64().unwrap(),
        gradient: wide(&stored["gradient"]),
        signals: wide(&stored["signals"]),
        outputs: wide(&stored["outputs"]),
    }
}

fn wide(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<f32> {
    wide(value).into_iter().map(|x| x as f32).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn layer(layer: &Value) -> Layer {
    let activation = match layer["activation"].as_str().unwrap_or("linear") {
        "linear" => Activation::Linear,
        "tanh" => Activation::Tanh,
        "relu" => Activation::Relu,
        "softmax" => Activation::Softmax,
        other => panic!("{other}"),
    };
    let sizes =
        |name: &str| <[usize; 3]>::try_from(layer[name].as_array().unwrap().iter().map(size).collect::<Vec<_>>());
    let image = || sizes("image").map(|[rows, columns, channels]| Image::new(rows, columns, channels)).unwrap();
    let kernel = || {
        let [size, stride, padding] = sizes("kernel").unwrap().map(|x| x as u32);
        Kernel::new(size, stride, padding)
    };
    let units = layer["units"].as_u64().unwrap_or(0) as usize;
    match layer["kind"].as_str().unwrap() {
        "dense" => Layer::dense(units, activation),
        "normalization" => Layer::normalization(units, activation),
        "recurrent" => {
            let (inputs, steps) = (size(&layer["inputs"]), size(&layer["steps"]));
            match layer["every"].as_bool().unwrap() {
                true => Layer::recurrent_states(inputs, units, steps, activation),
                false => Layer::recurrent(inputs, units, steps, activation),
            }
        }
        "gru" => {
            let (inputs, steps) = (size(&layer["inputs"]), size(&layer["steps"]));
            match layer["every"].as_bool().unwrap() {
                true => Layer::gru_states(inputs, units, steps),
                false => Layer::gru(inputs, units, steps),
            }
        }
        "convolution" => Layer::convolution(image(), size(&layer["filters"]), kernel(), activation),
        "conv1d" => {
            let [steps, channels, filters] = ["steps", "channels", "filters"].map(|name| size(&layer[name]));
            Layer::conv1d(steps, channels, filters, kernel(), activation)
        }
        "max pool" => Layer::max_pool(image(), kernel()),
        "global average" => Layer::global_average(image()),
        "keep" => Layer::keep(units),
        "swap" => Layer::swap(units),
        "add" => Layer::add(units, activation),
        other => panic!("{other}"),
    }
}
