//! Files for other toolchains.

use amc_exchange::tensor::Tensor;
use amc_exchange::torch::{Modules, modules};
use amc_exchange::{arrays, keras, onnx, safetensors};

use crate::model::{Model, carried};

/// A file of safetensors, whose tensors are called as those of the modules of PyTorch that make the net, and the Python that
/// makes these.
///
/// # Errors
/// Of a net that has no such modules.
pub fn to_safetensors(model: &Model) -> anyhow::Result<(Vec<u8>, String)> {
    finite(model)?;
    let Modules { python, tensors } = modules(&model.description, &model.parameters)?;
    let text = carried::write(model, Some(&python))?;
    Ok((safetensors::write(&tensors, (carried::KEY, text))?, python))
}

/// An archive of numpy, with the arrays that Keras's `set_weights` takes.
///
/// # Errors
/// Of a net with a kind of layers that has none.
pub fn to_npz(model: &Model) -> anyhow::Result<Vec<u8>> {
    finite(model)?;
    let arrays: Vec<Tensor> = keras::arrays(&model.description, &model.parameters)?;
    Ok(arrays::write(&arrays)?)
}

/// A graph of ONNX, which takes and gives what the net does.
///
/// # Errors
/// Of a net with a kind of layers that has no operator.
pub fn to_onnx(model: &Model) -> anyhow::Result<Vec<u8>> {
    finite(model)?;
    let text = carried::write(model, None)?;
    Ok(onnx::write(&model.description, &model.parameters, &[(carried::KEY, &text)])?)
}

/// What is written is read back, and what is not finite is not read.
fn finite(model: &Model) -> anyhow::Result<()> {
    match model.not_finite() {
        Some(what) => anyhow::bail!("{what}: finite ones are written"),
        None => Ok(()),
    }
}
