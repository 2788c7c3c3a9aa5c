//! What a net forgets when its samples change, and what noise in the loss does: `docs/continual.md`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use amc_host::console::{self, print};
use amc_host::output::save_again;
use amc_reproduce::continual::{forgetting, noise};
use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version)]
/// Learning that goes on, by what it learns from
struct ContinualArgs {
    #[command(subcommand)]
    what: What,
    /// Seeds of each: 1 to this
    #[arg(long, global = true, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
}

#[derive(Subcommand)]
enum What {
    /// Digits 0 to 4, and then 5 to 9 alone: writes forgetting.svg, and a table to stdout
    Forgetting {
        /// Folder of the picture
        #[arg(long, default_value = "runs/continual")]
        out: PathBuf,
    },
    /// Functions that are measured with noise: a table to stdout
    Noise,
}

fn main() -> ExitCode {
    console::main("amc-continual", |args| make(&args).map(|()| ExitCode::SUCCESS))
}

fn make(args: &ContinualArgs) -> anyhow::Result<()> {
    match &args.what {
        What::Forgetting { out } => {
            let runs = forgetting::run_all(args.seeds)?;
            fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
            save_again(&out.join("forgetting.svg"), forgetting::picture(&runs)?.as_bytes())?;
            print(forgetting::table(&runs))?;
        }
        What::Noise => print(noise::table(args.seeds)?)?,
    }
    Ok(())
}
