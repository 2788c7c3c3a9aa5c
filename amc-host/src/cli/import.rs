//! `amc import`.

mod flash;
mod net;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use crate::import::{Format, way_here};

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
    let format = Format::of(&args.file);
    let (foreign, what) = match format {
        Some(format) => {
            let foreign = args.flash.given().or_else(|| args.net.given_in_vain(format));
            (foreign, format!("a .{} file", format.ending()))
        }
        None => (args.net.given(), "a device's flash memory".to_string()),
    };
    let are_same = args.file.canonicalize().ok().zip(args.output.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if are_same {
        bail!("{}: the model file would take its place: name another with -o", args.file.display());
    }
    if let Some(way) = way_here(&args.file) {
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

/// The first of these options that was given.
fn first_given(options: &[(&'static str, bool)]) -> Option<&'static str> {
    options.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name)
}

/// What errors of a file begin with.
fn place(path: &Path) -> String {
    path.display().to_string()
}
