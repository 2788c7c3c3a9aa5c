//! Makes the paper's figures again, and compares with what it says of them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use amc_host::cli::{MachineArgs, arithmetics, time};
use amc_host::{console, note};
use amc_kernels::Arithmetic;
use amc_reproduce::figures::{Name, Options, reproduce};

#[derive(Parser)]
#[command(version)]
/// Make the paper's figures again, and compare with what it says of them
struct ReproduceArgs {
    /// The figure
    #[arg(value_enum)]
    figure: Name,
    /// In minutes instead of hours or days; what it shrinks is printed
    #[arg(long)]
    quick: bool,
    /// Make no run: draw from those that are finished, and from the checkpoints of those that are not
    #[arg(long, conflicts_with = "check")]
    so_far: bool,
    /// Runs of each setting, from 1 to 10000 [default: as many as the paper's, by figure]
    #[arg(long)]
    seeds: Option<u64>,
    /// Of these, runs by gradient descent and Adam, from 1 [default: as many]
    #[arg(long, value_name = "SEEDS")]
    baseline_seeds: Option<u64>,
    /// End with exit code 1 if a claim of the paper does not hold
    #[arg(long)]
    check: bool,
    /// Folder of MNIST's IDX files, plain or .gz
    #[arg(long, default_value = "data/mnist")]
    data_dir: PathBuf,
    #[command(flatten)]
    machine: MachineArgs,
    /// What a multiply-add rounds
    #[arg(long, value_parser = arithmetics(), default_value = "portable")]
    arithmetic: Arithmetic,
    /// Time between checkpoints, from which a run that was interrupted goes on at the next start
    #[arg(long, value_parser = time, default_value = "1m", value_name = "TIME")]
    checkpoint_every: Duration,
    /// Folder for the results: one for each figure, and one with the finished runs, which are not made again
    #[arg(long, default_value = "runs/reproduce")]
    out: PathBuf,
}

fn main() -> ExitCode {
    console::main("amc-reproduce", |args| run(&args))
}

/// Exit code 1 stands for claims that were to be checked and do not hold.
fn run(args: &ReproduceArgs) -> anyhow::Result<ExitCode> {
    args.machine.limit()?;
    let options = Options {
        quick: args.quick,
        so_far: args.so_far,
        seeds: args.seeds,
        baseline_seeds: args.baseline_seeds,
        out: args.out.clone(),
        data_dir: args.data_dir.clone(),
        threads: args.machine.threads(),
        arithmetic: args.arithmetic,
        checkpoint_every: args.checkpoint_every,
    };
    let outcomes = reproduce(args.figure, &options)?;
    let claims = || outcomes.iter().flat_map(|outcome| &outcome.claims);
    let (failed, all) = (claims().filter(|claim| !claim.holds).count(), claims().count());
    if args.check && failed > 0 {
        note!("amc-reproduce: {failed} of {all} claims do not hold");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
