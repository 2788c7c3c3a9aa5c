//! `amc import`.

mod flash;
mod net;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use self::net::Format;

#[derive(Args)]
pub(super) struct ImportArgs {
    /// A net from another toolchain, .safetensors, .npz or .onnx; or a device's flash memory, or the part of it that a store is
    /// in, as it was read out: bytes and nothing else
    file: PathBuf,
    /// Model file to write
    #[arg(short, long, visible_alias = "model", value_name = "MODEL")]
    output: PathBuf,
    #[command(flatten)]
    net: net::NetArgs,
    #[command(flatten)]
    flash: flash::FlashArgs,
}

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let ending = args.file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let format = Format::ALL.into_iter().find(|format| format.ending() == ending);
    let (foreign, what) = match format {
        Some(format) => (args.flash.given().or_else(|| args.net.given_in_vain(format)), format!("a .{ending} file")),
        None => (args.net.given(), "a device's flash memory".to_string()),
    };
    let are_same = args.file.canonicalize().ok().zip(args.output.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if are_same {
        bail!("{}: the model file would take its place: name another with -o", args.file.display());
    }
    if let Some(way) = way_here(&ending) {
        bail!("{}: .safetensors, .npz and .onnx are read: {way}", args.file.display());
    }
    if let Some(option) = foreign {
        bail!("{}: --{option} is not for {what}", args.file.display());
    }
    match format {
        Some(format) => net::run(&args.file, format, &args.net, &args.output),
        None => flash::run(&args.file, &args.flash, &args.output),
    }
}

/// How a net in a file of another format gets into one that is read.
fn way_here(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "pt" | "pth" | "ckpt" => {
            "in Python, safetensors.torch.save_file(net.state_dict(), \"net.safetensors\") writes one of a net of PyTorch"
        }
        "h5" | "keras" => "in Python, numpy.savez(\"net.npz\", *net.get_weights()) writes one of a net of Keras",
        "pb" | "tflite" => "tf2onnx writes one of a net of TensorFlow",
        _ => return None,
    })
}

/// The first of these options that was given.
fn first_given(options: &[(&'static str, bool)]) -> Option<&'static str> {
    options.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name)
}

/// What errors of a file begin with.
fn place(path: &Path) -> String {
    path.display().to_string()
}
