//! `amc export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{ArgGroup, Args};

use crate::console::print;
use crate::export::{Frozen, Stored, c, c99, prefix, rust, to_npz, to_onnx, to_safetensors};
use crate::fold::fold;
use crate::model::Model;
use crate::note;
use crate::output::save;

#[derive(Args)]
#[command(group = ArgGroup::new("form").required(true))]
pub(super) struct ExportArgs {
    /// A model file
    model: PathBuf,
    /// As Rust for amc-core: constants NET and OBJECTIVE, and the static PARAMETERS with the same bits
    #[arg(long, group = "form")]
    rust: bool,
    /// As a C header for amc-c: macros of sizes, the net, its layers and parameters with the same bits, what scales a table's
    /// numbers, and classes; all names begin with that of the file, or with MODEL
    #[arg(long, group = "form")]
    c: bool,
    /// As a C99 header that needs no library: what --c has, and functions that scale a table's numbers and compute the net's
    /// outputs, of any kind of layers
    #[arg(long, group = "form")]
    c99: bool,
    /// As a graph of ONNX, whose input and output are the net's: [batch, numbers]
    #[arg(long, group = "form")]
    onnx: bool,
    /// As safetensors: the state_dict of the net of PyTorch whose Python is printed
    #[arg(long, group = "form")]
    safetensors: bool,
    /// As an archive of numpy: the arrays that Keras's set_weights takes, in its order
    #[arg(long, group = "form")]
    npz: bool,
    /// With --rust: the layers in front as constants BODY and FROZEN that a device does not train, their weights of 32, 16 or 8
    /// bits with a scale for each neuron, and those behind as HEAD
    #[arg(long, value_enum, value_name = "BITS")]
    frozen: Option<Stored>,
    /// With --frozen: how many layers are frozen [default: all before the last one that has parameters]
    #[arg(long, value_name = "LAYERS", requires = "frozen")]
    body: Option<usize>,
    /// Fold the scaling of a table's numbers into the first layer, and that of numbers to find into the last: the net takes and
    /// gives them as they are measured
    #[arg(long)]
    fold: bool,
    /// File to write [default: stdout, for source code]
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    anyhow::ensure!(args.rust || args.frozen.is_none(), "--frozen is an option of --rust");
    let model = Model::load(&args.model)?;
    let model = match args.fold {
        true => fold(&model).with_context(|| args.model.display().to_string())?,
        false => model,
    };
    if args.onnx || args.safetensors || args.npz {
        let path = args.output.as_ref().context("that is a file of bytes: name it, with -o FILE")?;
        let bytes = bytes(args, &model).with_context(|| args.model.display().to_string())?;
        return save(path, &bytes);
    }
    let source = match (args.c, args.c99) {
        (true, _) => c(&model, &prefix(args.output.as_deref())?),
        (_, true) => c99(&model, &prefix(args.output.as_deref())?),
        _ => rust(&model, args.frozen.map(|stored| Frozen { stored, layers: args.body })),
    };
    let source = source.with_context(|| args.model.display().to_string())?;
    match &args.output {
        Some(path) => save(path, source.as_bytes()),
        None => Ok(print(source)?),
    }
}

/// The file for another toolchain.
fn bytes(args: &ExportArgs, model: &Model) -> anyhow::Result<Vec<u8>> {
    if args.onnx {
        return to_onnx(model);
    }
    if args.npz {
        return to_npz(model);
    }
    let (bytes, python) = to_safetensors(model)?;
    note!("tensors are the state_dict of this net of PyTorch:\n\n{}", python.trim_end());
    Ok(bytes)
}
