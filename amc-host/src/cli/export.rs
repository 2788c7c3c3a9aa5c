//! `amc export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{ArgGroup, Args};

use crate::console::print;
use crate::export::{Frozen, Stored, c, c99, integer, prefix, rust, to_npz, to_onnx, to_safetensors};
use crate::fold::fold;
use crate::model::integer::IntegerModel;
use crate::model::{Model, Trained};
use crate::note;
use crate::output::save;

#[derive(Args)]
#[command(group = ArgGroup::new("form").required(true))]
pub(super) struct ExportArgs {
    /// A model file
    model: PathBuf,
    /// As Rust for amc-core: constants NET and OBJECTIVE, and the static PARAMETERS with the same bits. An integer net is written
    /// so, or by --c99
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
    /// With --rust or --c: the layers in front as constants BODY and FROZEN that a device does not train, their weights of 32, 16 or
    /// 8 bits with a scale for each neuron, and those behind as HEAD
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
    anyhow::ensure!(args.rust || args.c || args.frozen.is_none(), "--frozen is an option of --rust and of --c");
    let model = match Trained::load(&args.model)? {
        Trained::Floats(model) => model,
        Trained::Integers(model) => return integers(args, &model),
    };
    let model = match args.fold {
        true => fold(&model).with_context(|| args.model.display().to_string())?,
        false => model,
    };
    if args.onnx || args.safetensors || args.npz {
        let path = args.output.as_ref().context("that is a file of bytes: name it, with -o FILE")?;
        let bytes = bytes(args, &model).with_context(|| args.model.display().to_string())?;
        return save(path, &bytes);
    }
    let frozen = args.frozen.map(|stored| Frozen { stored, layers: args.body });
    let source = match (args.c, args.c99) {
        (true, _) => c(&model, &prefix(args.output.as_deref())?, frozen),
        (_, true) => c99(&model, &prefix(args.output.as_deref())?),
        _ => rust(&model, frozen),
    };
    write(args, source)
}

fn write(args: &ExportArgs, source: anyhow::Result<String>) -> anyhow::Result<()> {
    let source = source.with_context(|| args.model.display().to_string())?;
    match &args.output {
        Some(path) => save(path, source.as_bytes()),
        None => Ok(print(source)?),
    }
}

/// An integer net, as what has one.
fn integers(args: &ExportArgs, model: &IntegerModel) -> anyhow::Result<()> {
    const NO_OTHER: &str = "has no such integers: its tanh is no table, and what it divides it rounds to the nearest";
    let refused = [
        ("--onnx", args.onnx, NO_OTHER),
        ("--safetensors", args.safetensors, NO_OTHER),
        ("--npz", args.npz, NO_OTHER),
        ("--c", args.c, "is of the library amc-c, which has nets of floats: take --c99, which needs no library"),
        ("--frozen", args.frozen.is_some(), "is of nets of floats: this one has 8 bits a weight as it is"),
        ("--fold", args.fold, "is of nets of floats: weights of 8 bits have no room for a table's scaling"),
    ];
    if let Some((option, _, why)) = refused.into_iter().find(|(_, is_asked, _)| *is_asked) {
        anyhow::bail!("{}: an integer net: {option} {why}", args.model.display());
    }
    match args.c99 {
        true => write(args, integer::c99(model, &prefix(args.output.as_deref())?)),
        false => write(args, integer::rust(model)),
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
