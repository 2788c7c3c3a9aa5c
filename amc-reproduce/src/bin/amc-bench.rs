//! Times moves on the paper's nets, beside the machine's limits.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::ensure;
use clap::Parser;

use amc_host::cli::{MachineArgs, arithmetics};
use amc_host::console::{self, print};
use amc_host::note;
use amc_host::output::save;
use amc_kernels::{Arithmetic, Isa};
use amc_reproduce::bench::integers::PAIRS;
use amc_reproduce::bench::{CASES, Case, Machine, Measured, SIGMA, measure, scaling};

#[derive(Parser)]
#[command(version)]
/// Time moves on the paper's nets, and compare with the machine's limits
struct BenchArgs {
    /// mnist, sine-10, sine-100, sine-1000, step-32, step-128 or rnn [default: all, mnist and rnn if MNIST is there]
    cases: Vec<String>,
    /// Folder of MNIST's IDX files, plain or .gz
    #[arg(long, default_value = "data/mnist")]
    data_dir: PathBuf,
    #[command(flatten)]
    machine: MachineArgs,
    /// What a multiply-add rounds
    #[arg(long, value_parser = arithmetics(), default_value = "fused")]
    arithmetic: Arithmetic,
    /// Moves to time [default: by case]
    #[arg(long)]
    steps: Option<u64>,
    /// Print one line of JSON for each case on stdout
    #[arg(long)]
    json: bool,
    /// Instead of the cases: how time grows with parameters and samples; writes scaling.csv and scaling.svg to this folder,
    /// and goes on from a scaling.csv of the same instructions, arithmetic and threads that is there
    #[arg(long, value_name = "DIR")]
    scaling: Option<PathBuf>,
    /// Instead of the cases: nets in integers beside the same in floats, mnist if MNIST is there
    #[arg(long, conflicts_with = "scaling")]
    integers: bool,
}

fn main() -> ExitCode {
    console::main("amc-bench", |args| run(&args).map(|()| ExitCode::SUCCESS))
}

fn run(args: &BenchArgs) -> anyhow::Result<()> {
    args.machine.limit()?;
    let threads = args.machine.threads();
    let few = args.steps.filter(|steps| *steps < 3);
    ensure!(few.is_none(), "--steps is {}: a median needs 3 or more", few.unwrap_or(0));
    let named = args.cases.iter().map(|name| Case::of(name)).collect::<anyhow::Result<Vec<_>>>()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| {
        if let Some(dir) = &args.scaling {
            return grow(dir, (args.arithmetic, threads));
        }
        if args.integers {
            return integers(args, threads);
        }
        let machine = Machine::measure(args.arithmetic, threads);
        let Machine { gflops, gigabytes_per_second } = machine;
        note!(
            "{threads} threads, {}, {} arithmetic: {gflops:.0} GFLOP/s from registers, \
             {gigabytes_per_second:.0} GB/s from memory",
            Isa::used(),
            args.arithmetic
        );
        cases(args, &named, threads, &machine)
    })
}

fn cases(args: &BenchArgs, named: &[Case], threads: usize, machine: &Machine) -> anyhow::Result<()> {
    let cases = if named.is_empty() { &CASES[..] } else { named };
    note!(
        "{:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7} {:>8} {:>5} {:>6}",
        "case, ms:",
        "move",
        "least",
        "rejected",
        "accepted",
        "proposal",
        "forward",
        "loss",
        "signal",
        "decision",
        "waiting",
        "inputs",
        "GFLOP/s",
        "peak",
        "GB/s"
    );
    for case in cases {
        let data = match case.data(&args.data_dir) {
            Err(error) if named.is_empty() && case.needs_files() => {
                note!("{:<10} left out: {error:#}", case.name);
                continue;
            }
            data => data?,
        };
        let steps = args.steps.unwrap_or(case.steps);
        let settings = case.settings(SIGMA, steps, (args.arithmetic, threads));
        let measured = measure(case.name, &case.description(), &data, &settings, machine)?;
        let Measured { step_ms, step_min_ms, rejected_ms, accepted_ms, proposal_ms, decision_ms, .. } = measured;
        let Measured { evaluation_ms, loss_ms, signal_ms, waiting_ms, gflops, percent_of_peak, .. } = measured;
        note!(
            "{:<10} {step_ms:>9.4} {step_min_ms:>9.4} {rejected_ms:>9.4} {accepted_ms:>9.4} {proposal_ms:>9.4} {:>9.4} \
             {loss_ms:>9.4} {signal_ms:>9.4} {decision_ms:>9.4} {waiting_ms:>9.4} {:>6.0}% {gflops:>8.1} \
             {percent_of_peak:>4.0}% {:>6.1}",
            case.name,
            evaluation_ms - loss_ms,
            100.0 * measured.density,
            measured.gigabytes_per_second,
        );
        if args.json {
            print(format_args!("{}\n", serde_json::to_string(&measured)?))?;
        }
    }
    Ok(())
}

fn integers(args: &BenchArgs, threads: usize) -> anyhow::Result<()> {
    note!("{threads} threads, {}, {} arithmetic of floats", Isa::used(), args.arithmetic);
    note!("{:<12} {:<18} {:>9} {:>9} {:>7}", "net, ms:", "", "floats", "integers", "ratio");
    for pair in PAIRS {
        if pair.needs_files && !args.data_dir.exists() {
            note!("{:<12} left out: there is no {}", pair.name, args.data_dir.display());
            continue;
        }
        let compared = pair.compare(&args.data_dir, args.arithmetic, threads)?;
        let layers = compared.neuron_ms.iter().enumerate();
        let neurons = layers.map(|(layer, times)| (format!("neuron of layer {layer}"), *times));
        for (what, (floats, integers)) in std::iter::once(("whole".to_owned(), compared.whole_ms)).chain(neurons) {
            note!("{:<12} {what:<18} {floats:>9.4} {integers:>9.4} {:>7.2}", compared.net, floats / integers);
        }
        if args.json {
            print(format_args!("{}\n", serde_json::to_string(&compared)?))?;
        }
    }
    Ok(())
}

fn grow(dir: &Path, how: (Arithmetic, usize)) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let points = scaling::scaling(dir, how, |point| {
        note!("{:>9} parameters, {:>8} samples: {:.4} ms", point.parameters, point.samples, point.step_ms);
    })?;
    for series in ["parameters", "samples"] {
        if let Some(slope) = scaling::slope(&points, series) {
            note!("slope against {series}, over the last decade: {slope:.2}");
        }
    }
    save(&dir.join("scaling.svg"), scaling::picture(&points)?.as_bytes())
}
