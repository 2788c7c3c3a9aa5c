//! The nets of the files that `make.py` wrote, what is read of these, and what nets give.

use std::fs;
use std::path::PathBuf;

use amc_core::{Activation, Image, Kernel, Layer, Net, Portable, Rows};
use amc_core::{Loss, Objective};
use amc_engine::description::ActivationName;
use amc_exchange::layers::Taken;
use amc_exchange::torch::Order;
use amc_exchange::{arrays, chain, keras, onnx, safetensors, torch};

use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};

/// A net in the core's order.
#[derive(Debug, PartialEq)]
pub struct Read {
    pub inputs: usize,
    pub layers: Vec<Layer>,
    pub parameters: Vec<f32>,
}

pub fn path(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exchange/files")).join(file)
}

pub fn bytes(file: &str) -> Vec<u8> {
    fs::read(path(file)).expect(file)
}

/// Layers of a file that has tensors alone, and inputs; none of a chain of dense layers.
fn layers(file: &str) -> Option<(usize, Vec<Layer>)> {
    let image = Image::new(4, 3, 2);
    let (small, pooled) = (Kernel::new(3, 1, 1), Image::new(5, 4, 3));
    let (conv, rnn, gru) = (Layer::convolution, Layer::recurrent, Layer::gru);
    Some(match file {
        "images.safetensors" => (
            24,
            vec![
                conv(image, 3, small, Relu),
                Layer::max_pool(Image::new(4, 3, 3), Kernel::new(2, 1, 1)),
                Layer::normalization(60, Linear),
                conv(pooled, 4, Kernel::new(2, 1, 0), Tanh),
                Layer::dense(2, Linear),
            ],
        ),
        "averaged.safetensors" => (
            24,
            vec![
                conv(image, 3, Kernel::new(2, 1, 0), Sigmoid),
                Layer::global_average(Image::new(3, 2, 3)),
                Layer::dense(2, Linear),
            ],
        ),
        "sequences.safetensors" => (
            16,
            vec![
                Layer::conv1d(8, 2, 3, Kernel::new(3, 2, 1), Relu),
                Layer::normalization(12, Linear),
                Layer::dense(2, Linear),
            ],
        ),
        "rnn.safetensors" => {
            (15, vec![Layer::recurrent_states(3, 4, 5, Tanh), rnn(4, 4, 5, Tanh), Layer::dense(2, Linear)])
        }
        "gru.safetensors" => (15, vec![Layer::gru_states(3, 4, 5), gru(4, 4, 5), Layer::dense(2, Linear)]),
        "keras-images.npz" => (
            24,
            vec![conv(image, 3, Kernel::new(2, 1, 0), Relu), Layer::normalization(18, Linear), Layer::dense(2, Linear)],
        ),
        "keras-sequences.npz" => {
            (16, vec![Layer::conv1d(8, 2, 3, Kernel::new(3, 1, 0), Tanh), Layer::dense(2, Linear)])
        }
        "keras-rnn.npz" => {
            (15, vec![Layer::recurrent_states(3, 4, 5, Tanh), rnn(4, 3, 5, Tanh), Layer::dense(2, Linear)])
        }
        "keras-gru.npz" => (15, vec![Layer::gru_states(3, 4, 5), gru(4, 3, 5), Layer::dense(2, Linear)]),
        _ => return None,
    })
}

/// The net of a file's bytes, and what is told of it; what is wrong as text.
pub fn read(file: &str, bytes: &[u8]) -> Result<(Read, Vec<String>), String> {
    fn text(error: impl ToString) -> String {
        error.to_string()
    }
    if file.ends_with(".onnx") {
        let onnx::Read { inputs, layers, parameters, told, .. } = onnx::read(bytes).map_err(text)?;
        return Ok((Read { inputs, layers, parameters }, told));
    }
    let tensors = match file.ends_with(".npz") {
        true => arrays::read(bytes.to_vec(), file).map_err(text)?,
        false => safetensors::read(bytes).map_err(text)?.0,
    };
    let order = if file.ends_with(".npz") { Order::Given } else { Order::Names };
    let chained = || {
        let chain = chain::chain(&tensors, order, ActivationName::Tanh, ActivationName::Softmax).map_err(text)?;
        Ok::<_, String>((chain.inputs, chain.layers))
    };
    let (inputs, layers) = layers(file).map_or_else(chained, Ok)?;
    let Taken { parameters, told, .. } = match torch::is_named(&tensors) {
        true => torch::parameters(&tensors, order, inputs, &layers).map_err(text)?,
        false => keras::parameters(&tensors, inputs, &layers).map_err(text)?,
    };
    Ok((Read { inputs, layers, parameters }, told))
}

/// What a net gives for a sample.
pub fn outputs(net: &Read, sample: &[f32]) -> Vec<f32> {
    let layers = Net::try_new(net.inputs, &net.layers).expect("a net");
    let objective = Objective::try_new(layers, Loss::MeanSquaredError).expect("its loss");
    let mut scratch = vec![0.0; layers.scratch(1)];
    let rows = Rows::new(sample, net.inputs, 1.0);
    let given = objective.predict(Portable::<1>, &net.parameters, &rows, 0, &mut scratch);
    given.expect("outputs").to_vec()
}

/// The layers that the graphs of `make.py` are.
pub fn of_graph(file: &str) -> Vec<Layer> {
    let image = Image::new(4, 3, 2);
    let conv = Layer::convolution;
    let small = Kernel::new(3, 1, 1);
    match file {
        "dense.onnx" => vec![Layer::dense(7, Tanh), Layer::dense(7, Tanh), Layer::dense(3, Softmax)],
        "images.onnx" | "images-new.onnx" => vec![
            conv(image, 3, small, Relu),
            Layer::max_pool(Image::new(4, 3, 3), Kernel::new(2, 1, 1)),
            conv(Image::new(5, 4, 3), 4, Kernel::new(2, 1, 0), Tanh),
            Layer::dense(2, Linear),
        ],
        "averaged.onnx" | "averaged-new.onnx" => layers("averaged.safetensors").expect("layers").1,
        "sequences.onnx" => layers("sequences.safetensors").expect("layers").1,
        "rnn.onnx" => layers("rnn.safetensors").expect("layers").1,
        "rnn-all.onnx" => vec![Layer::recurrent_states(3, 4, 5, Relu), Layer::dense(2, Linear)],
        "shapes.onnx" => vec![Layer::conv1d(8, 2, 3, Kernel::new(3, 1, 0), Tanh), Layer::dense(2, Linear)],
        "gru.onnx" | "gru-new.onnx" | "gru-shapes-new.onnx" => vec![Layer::gru(3, 4, 5), Layer::dense(2, Linear)],
        "block.onnx" => vec![
            Layer::keep(24),
            conv(image, 3, small, Relu),
            conv(Image::new(4, 3, 3), 2, small, Linear),
            Layer::add(24, Relu),
            Layer::dense(2, Linear),
        ],
        "projection.onnx" => vec![
            Layer::keep(24),
            conv(image, 3, small, Relu),
            conv(Image::new(4, 3, 3), 4, small, Linear),
            Layer::swap(24),
            conv(image, 4, Kernel::new(1, 1, 0), Linear),
            Layer::add(48, Relu),
            Layer::dense(2, Linear),
        ],
        other => panic!("{other}"),
    }
}
