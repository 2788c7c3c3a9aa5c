//! The paper's figures, made again: what the program `amc-reproduce` does.
//!
//! A figure is a number of runs, each of which gives curves; a picture of them; and the paper's claims about them. Runs
//! are made side by side (`runs`), each is kept when it is finished (`resume`), and what it goes on from before that
//! (`under_way`); the rest follows from what was kept.

// The figures.
mod fig1;
mod fig2;
mod fig3;
mod fig4;
mod fig5;
mod fig6;
mod fig7;
mod fig8;
mod modified;
mod population;

// What they train and by what method, and what is seen of it.
mod acceptance;
mod images;
mod learning;
mod method;
mod series;
mod watch;

// Runs: made side by side, kept, and taken up where they were interrupted.
mod resume;
mod runs;
mod under_way;

// What comes of them.
pub(crate) mod picture;
mod result;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::Value;

pub use self::result::{Claim, Outcome};

use self::images::Images;
use self::picture::Panel;
use self::resume::Finished;
use self::runs::{Made, Runs, make_all, take_all};
use self::series::{Curve, to_csv};
use self::under_way::UnderWay;
use amc_engine::data::Data;
use amc_host::note;
use amc_host::output::save_again;
use amc_kernels::{Arithmetic, Isa};

/// Runs of a setting, at most: all are listed before the first begins.
const MOST_SEEDS: u64 = 10_000;

/// A figure of the paper that can be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// Metropolis Monte Carlo against gradient descent on MNIST
    Fig1,
    /// Acceptance rate against loss and against the size of the net
    Fig2,
    /// aMC on Rosenbrock's function, for three rates epsilon
    Fig3,
    /// Slow and fast parts of a function, learned by gradient descent, Adam and aMC
    Fig4,
    /// A recurrent net that tells zeros from ones, by gradient descent, Adam and aMC
    Fig5,
    /// The same with images of 14 x 14 pixels
    Fig5Pooled,
    /// Deep nets that learn a step, by gradient descent, Adam and aMC
    Fig6,
    /// Fig. 6's nets with layer normalisation or skip connections, by Adam and aMC
    Fig6Modified,
    /// aMC on MNIST with all samples, minibatches, and progressive batches
    Fig7,
    /// ResNet-18 on MNIST, by gradient descent and aMC
    Fig8,
    /// Thirty chains on MNIST at one setting, alone, and eight of them with the best copied
    Population,
    /// Every one of them
    All,
}

/// How figures are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// In minutes, with less of everything.
    pub quick: bool,
    /// Without making a run: drawn from those that are finished, and from what has been seen of the others.
    pub so_far: bool,
    /// Runs of each setting, if not as many as the paper's.
    pub seeds: Option<u64>,
    /// Runs of each setting by gradient descent and Adam, if not as many as by Monte Carlo.
    pub baseline_seeds: Option<u64>,
    /// Folder for the results.
    pub out: PathBuf,
    /// Folder of MNIST's files.
    pub data_dir: PathBuf,
    /// Threads, from 1.
    pub threads: usize,
    /// What a multiply-add rounds.
    pub arithmetic: Arithmetic,
    /// Time between a run's checkpoints.
    pub checkpoint_every: Duration,
}

/// What runs are made with.
struct Machine {
    threads: usize,
    arithmetic: Arithmetic,
    checkpoint_every: Duration,
    /// Images, for the figures that need them, and their checksum.
    images: Option<(Data, u32)>,
}

impl Machine {
    /// One for runs without images that end before their first checkpoint.
    #[cfg(test)]
    fn of(threads: usize, arithmetic: Arithmetic) -> Self {
        Self { threads, arithmetic, checkpoint_every: Duration::MAX, images: None }
    }

    /// Threads of one run: all, where it has so many samples that they bring more than runs side by side do.
    fn threads_a_run(&self) -> usize {
        const MANY: usize = 10_000;
        let are_many = self.images.as_ref().is_some_and(|(data, _)| data.train.len() > MANY);
        if are_many { self.threads } else { 1 }
    }

    /// Runs that are made side by side.
    fn runs_at_once(&self) -> usize {
        self.threads / self.threads_a_run()
    }

    /// What a run computes with.
    fn of_a_run(&self) -> (Arithmetic, usize) {
        (self.arithmetic, self.threads_a_run())
    }

    fn data_checksum(&self) -> Option<u32> {
        Some(self.images.as_ref()?.1)
    }
}

/// One run of a figure: all that decides over its numbers.
trait Run: Serialize + Sync {
    /// Its name, different from that of every other run of the figure.
    fn label(&self) -> String;

    /// How long it takes, in any unit.
    fn cost(&self) -> f64;

    /// The seed of a run that Monte Carlo is compared with: one by gradient descent or Adam.
    fn baseline_seed(&self) -> Option<u64> {
        None
    }
}

/// A figure: its settings, and what is done with them.
trait Figure: Serialize + Sync + Sized {
    /// What it is made of.
    type Run: Run;

    /// Its name on the command line and in files.
    const NAME: &'static str;

    /// As the paper has it.
    fn paper() -> Self;

    /// In minutes.
    fn quick() -> Self;

    /// With another number of runs of each setting.
    fn seeds(self, seeds: u64) -> Self;

    /// The images that its runs are on.
    fn images(&self) -> Option<Images> {
        None
    }

    /// All runs.
    fn runs(&self) -> Vec<Self::Run>;

    /// Makes a run, from where it was interrupted if it was.
    fn make(&self, run: &Self::Run, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>>;

    /// The figure's panels, and how many stand side by side.
    fn panels(&self, made: &[Made<Self::Run>]) -> (Vec<Panel>, usize);

    /// What the paper says of them.
    fn claims(&self, made: &[Made<Self::Run>]) -> Vec<Claim>;
}

/// Makes a figure, or all; gives what each came to. Results are in a folder for each, named in [`Options::out`].
pub fn reproduce(name: Name, options: &Options) -> anyhow::Result<Vec<Outcome>> {
    let available = amc_kernels::is_available(options.arithmetic);
    ensure!(available, "{} has no FMA instructions: use --arithmetic portable", Isa::used());
    ensure!(options.threads > 0, "--threads is 0: at least one is needed");
    ensure!(options.seeds != Some(0), "--seeds is 0: at least one run of each setting is needed");
    let many = options.seeds.filter(|seeds| *seeds > MOST_SEEDS);
    ensure!(many.is_none(), "--seeds is {}: use a number from 1 to {MOST_SEEDS}", many.unwrap_or(0));
    ensure!(options.baseline_seeds != Some(0), "--baseline-seeds is 0: at least one run of each setting is needed");
    let mut outcomes = Vec::new();
    let mut make = |one: Name, figure: fn(&Options) -> anyhow::Result<Outcome>| {
        if name == one || name == Name::All {
            outcomes.push(figure(options)?);
        }
        anyhow::Ok(())
    };
    make(Name::Fig1, figure::<fig1::Fig1>)?;
    make(Name::Fig2, figure::<fig2::Fig2>)?;
    make(Name::Fig3, figure::<fig3::Fig3>)?;
    make(Name::Fig4, figure::<fig4::Fig4>)?;
    make(Name::Fig5, figure::<fig5::Fig5<false>>)?;
    make(Name::Fig5Pooled, figure::<fig5::Fig5<true>>)?;
    make(Name::Fig6, figure::<fig6::Fig6>)?;
    make(Name::Fig6Modified, figure::<modified::Modified>)?;
    make(Name::Fig7, figure::<fig7::Fig7>)?;
    make(Name::Fig8, figure::<fig8::Fig8>)?;
    make(Name::Population, figure::<population::Population>)?;
    Ok(outcomes)
}

fn figure<F: Figure>(options: &Options) -> anyhow::Result<Outcome> {
    let Options { quick, so_far, seeds, baseline_seeds, threads, arithmetic, checkpoint_every, .. } = *options;
    let paper = F::paper();
    let figure = if quick { F::quick() } else { F::paper() };
    let figure = match seeds {
        Some(seeds) => figure.seeds(seeds),
        None => figure,
    };
    let mut settings = serde_json::to_value(&figure)?;
    for change in changes(&serde_json::to_value(&paper)?, &settings) {
        note!("{}: {change}", F::NAME);
    }
    let runs = with_baselines(figure.runs(), baseline_seeds);
    if let Some(most) = baseline_seeds {
        settings["baseline_seeds"] = most.into();
        note!("{}: of runs by gradient descent and Adam, seeds up to {most} only", F::NAME);
    }
    let images = match figure.images() {
        Some(images) => {
            let data = images.load(&options.data_dir)?;
            let checksum = data.train.checksum();
            Some((data, checksum))
        }
        None => None,
    };
    let machine = Machine { threads, arithmetic, checkpoint_every, images };
    let finished = Finished::open(&options.out.join("runs"))?;
    let Runs { made, unfinished } = match so_far {
        true => take_all(runs, &machine, &finished)?,
        false => make_all(&figure, runs, &machine, &finished)?,
    };

    let dir = options.out.join(if quick { format!("{}-quick", F::NAME) } else { F::NAME.into() });
    std::fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let csv = to_csv(made.iter().map(|made| (&made.label[..], &made.kept.curves[..])))?;
    save_again(&dir.join(format!("{}.csv", F::NAME)), &csv)?;
    let (panels, columns) = figure.panels(&made);
    save_again(&dir.join(format!("{}.svg", F::NAME)), picture::draw(&panels, columns)?.as_bytes())?;
    let seconds = made.iter().map(|made| made.kept.seconds).sum();
    let claims = if unfinished.is_empty() { figure.claims(&made) } else { Vec::new() };
    let outcome = Outcome { figure: F::NAME, quick, settings, seconds, unfinished, claims };
    outcome.write(&dir)?;
    outcome.say();
    note!("{}: the picture, its curves and result.json are in {}", F::NAME, dir.display());
    Ok(outcome)
}

/// The runs without those of gradient descent and Adam whose seed is above `most`.
fn with_baselines<R: Run>(mut runs: Vec<R>, most: Option<u64>) -> Vec<R> {
    runs.retain(|run| run.baseline_seed().zip(most).is_none_or(|(seed, most)| seed <= most));
    runs
}

/// What differs from the paper's settings.
fn changes(paper: &Value, ours: &Value) -> Vec<String> {
    let (Value::Object(paper), Value::Object(ours)) = (paper, ours) else { return Vec::new() };
    let changed = paper.iter().filter(|(key, value)| ours.get(*key) != Some(value));
    changed.map(|(key, value)| format!("{key} {} instead of {value}", ours.get(key).unwrap_or(&Value::Null))).collect()
}

#[cfg(test)]
mod tests {
    use super::fig6::Fig6;
    use super::{Figure, Run, with_baselines};

    #[test]
    fn fewer_baselines_leave_monte_carlo_whole() {
        let runs = || Fig6::quick().seeds(3).runs();
        let baselines = |most| with_baselines(runs(), most).iter().filter_map(Run::baseline_seed).collect::<Vec<_>>();
        // Two depths, two starts, and three seeds of GD and Adam, and of aMC with the signal norm on and off.
        assert_eq!((runs().len(), baselines(None).len()), (48, 24));
        assert_eq!(baselines(Some(1)), [1; 8]);
        assert_eq!(with_baselines(runs(), Some(1)).len(), 24 + 8);
        assert_eq!(with_baselines(runs(), Some(9)).len(), 48);
    }
}
