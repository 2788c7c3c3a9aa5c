//! Compares mixed moves with the paper's aMC.

use std::path::PathBuf;
use std::process::ExitCode;

use amc_host::cli::arithmetics;
use amc_host::console::{self, print};
use amc_host::note;
use amc_kernels::Arithmetic;
use amc_reproduce::methods::{
    GRID_SEEDS, Records, SEEDS, Setting, TASKS, Task, ablation, adam_grid, best, grid, run, table,
};
use clap::Parser;
use clap::builder::PossibleValuesParser;

#[derive(Parser)]
#[command(version)]
/// Compare mixed moves with the paper's aMC and with Adam, each at its best of a grid of settings, on one thread
struct MethodsArgs {
    /// The tasks [default: all]
    #[arg(value_parser = PossibleValuesParser::new(TASKS.map(|task| task.name)))]
    tasks: Vec<String>,
    /// Only mixed moves: of the others, what was made before
    #[arg(long)]
    mixed_only: bool,
    /// What a multiply-add rounds
    #[arg(long, value_parser = arithmetics(), default_value = "fused")]
    arithmetic: Arithmetic,
    /// Folder of the finished runs, which are not made again
    #[arg(long, default_value = "runs/methods")]
    out: PathBuf,
    /// Makes no runs: prints the medians of mixed moves' passes in these folders, each of runs with a part switched off
    #[arg(long, num_args = 1.., value_name = "FOLDER", conflicts_with_all = ["mixed_only", "out"])]
    ablation: Vec<PathBuf>,
}

fn main() -> ExitCode {
    console::main("amc-methods", |args| make(&args).map(|()| ExitCode::SUCCESS))
}

fn make(args: &MethodsArgs) -> anyhow::Result<()> {
    let is_wanted = |task: &&Task| args.tasks.is_empty() || args.tasks.iter().any(|name| name == task.name);
    let tasks: Vec<_> = TASKS.iter().filter(is_wanted).collect();
    if !args.ablation.is_empty() {
        return Ok(print(format_args!("{}", ablation(&args.ablation, &tasks)?))?);
    }
    let mut records = Records::open(&args.out)?;
    for task in tasks {
        let make = |records: &mut Records, setting: Setting, seeds: &[u64]| -> anyhow::Result<()> {
            for seed in seeds {
                if records.get(task.name, &setting.name(), *seed).is_none() {
                    let record = run(task, setting, *seed, args.arithmetic)?;
                    let came = if record.reached { "reached" } else { "not reached" };
                    let (name, seconds) = (&record.setting, record.seconds);
                    note!("{}, {name}, seed {seed}: {} {came}, {seconds:.2} s", task.name, task.loss);
                    records.put(record)?;
                }
            }
            Ok(())
        };
        make(&mut records, Setting::Mixed, &SEEDS)?;
        if args.mixed_only {
            continue;
        }
        for grid in [adam_grid().collect::<Vec<_>>(), grid().collect()] {
            for setting in &grid {
                make(&mut records, *setting, &GRID_SEEDS)?;
            }
            if let Some(setting) = best(&records, task, grid.into_iter()) {
                make(&mut records, setting, &SEEDS)?;
            }
        }
    }
    print(format_args!("{}", table(&records)))?;
    Ok(())
}
