//! Downloads a public data set: a program of its own, since what speaks with servers takes longer to compile than all that
//! trains.

mod fetch;

use std::path::PathBuf;
use std::process::ExitCode;

use amc_host::console;
use amc_host::data::sources::{FASHION_MNIST, MNIST};
use clap::Parser;

/// Download a data set; what is there already and whole is left alone
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The data set
    #[arg(value_enum)]
    name: Name,
    /// Folder to put its files into [default: data/NAME]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Where to fetch them from [default: their publishers' copy]
    #[arg(long)]
    url: Option<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Name {
    Mnist,
    FashionMnist,
}

fn main() -> ExitCode {
    console::main("amc-fetch", |Args { name, data_dir, url }| {
        let source = match name {
            Name::Mnist => MNIST,
            Name::FashionMnist => FASHION_MNIST,
        };
        let dir = data_dir.unwrap_or_else(|| source.default_dir());
        fetch::fetch(&source, url.as_deref(), &dir)?;
        Ok(ExitCode::SUCCESS)
    })
}
