//! Runs side by side on all threads, with progress bars; those that are finished are not made again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use amc_host::note;

use super::resume::{Finished, Kept};
use super::under_way::{UnderWay, so_far};
use super::{Figure, Machine, Run};

/// A run and its curves.
pub struct Made<R> {
    /// The run.
    pub run: R,
    /// How it is called in files and on the screen.
    pub label: String,
    /// What came of it.
    pub kept: Kept,
}

/// A figure's runs.
pub struct Runs<R> {
    /// Those of which there are curves.
    pub made: Vec<Made<R>>,
    /// The names of those that are not finished.
    pub unfinished: Vec<String>,
}

/// Takes the runs that are finished, and of others what has been seen so far.
pub fn take_all<R: Run>(runs: Vec<R>, machine: &Machine, finished: &Finished) -> anyhow::Result<Runs<R>> {
    let (mut made, mut unfinished) = (Vec::new(), Vec::new());
    for run in runs {
        let (label, settings) = (run.label(), settings_of(&run, machine)?);
        let whole = finished.get(&label, &settings);
        if whole.is_none() {
            unfinished.push(label.clone());
        }
        if let Some(kept) = whole.or_else(|| so_far(&finished.checkpoint(&label, &settings))) {
            made.push(Made { run, label, kept });
        }
    }
    Ok(Runs { made, unfinished })
}

/// Makes runs of a figure, or takes them from `finished`.
pub fn make_all<F: Figure>(
    figure: &F,
    runs: Vec<F::Run>,
    machine: &Machine,
    finished: &Finished,
) -> anyhow::Result<Runs<F::Run>> {
    let labels: Vec<String> = runs.iter().map(Run::label).collect();
    let settings: Vec<Value> = runs.iter().map(|run| settings_of(run, machine)).collect::<Result<_, _>>()?;
    let kept = labels.iter().zip(&settings).map(|(label, settings)| finished.get(label, settings));
    let kept: Vec<Mutex<Option<Kept>>> = kept.map(Mutex::new).collect();
    let costs: Vec<f64> = runs.iter().map(Run::cost).collect();
    let mut missing: Vec<usize> = (0..runs.len()).filter(|run| held(&kept[*run]).is_none()).collect();
    if machine.runs_at_once() > 1 {
        // The longest first, so that none is left alone at the end.
        missing.sort_by(|a, b| costs[*b].total_cmp(&costs[*a]));
    }

    let bars = Bars::new(F::NAME, missing.iter().map(|run| costs[*run]).sum(), runs.len() - missing.len(), runs.len())?;
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || -> anyhow::Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(machine.threads_a_run()).build()?;
        while let Some(index) = missing.get(next.fetch_add(1, Relaxed)) {
            let (run, label) = (&runs[*index], &labels[*index]);
            let bar = bars.begin(label, costs[*index]);
            let settings = &settings[*index];
            let made = pool.install(|| {
                let progress = |share| bar.show(share);
                let way = UnderWay::new(finished.checkpoint(label, settings), machine.checkpoint_every, &progress);
                let curves = figure.make(run, machine, &way)?;
                anyhow::Ok(Kept { seconds: way.seconds(), curves })
            })?;
            finished.put(label, settings, &made)?;
            bar.end(&format!("{}: {label}: {:.1} s", F::NAME, made.seconds));
            *held(&kept[*index]) = Some(made);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        for _ in 0..machine.runs_at_once().min(missing.len()) {
            scope.spawn(|| {
                if let Err(error) = work() {
                    next.store(missing.len(), Relaxed);
                    held(&failure).get_or_insert(error);
                }
            });
        }
    });
    bars.all.finish_and_clear();
    if let Some(error) = held(&failure).take() {
        return Err(error);
    }
    let made = runs.into_iter().zip(labels).zip(kept);
    let made = made.filter_map(|((run, label), kept)| Some(Made { run, label, kept: held(&kept).take()? })).collect();
    Ok(Runs { made, unfinished: Vec::new() })
}

/// What decides over a run's numbers.
fn settings_of(run: &impl Run, machine: &Machine) -> anyhow::Result<Value> {
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "arithmetic": machine.arithmetic.name(),
        "data": machine.data_checksum(),
        "run": serde_json::to_value(run)?,
    }))
}

/// A lock's content, also after a panic elsewhere: nothing is left half-changed here.
fn held<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A bar over all runs that are to be made, and one for each under way.
struct Bars {
    multi: MultiProgress,
    all: ProgressBar,
    total: f64,
    /// The cost of what is done of all runs.
    done: Mutex<f64>,
}

/// Parts of a bar.
const LENGTH: u64 = 10_000;

impl Bars {
    fn new(name: &str, total: f64, finished: usize, runs: usize) -> anyhow::Result<Self> {
        let multi = MultiProgress::new();
        let all = multi.add(ProgressBar::new(LENGTH));
        all.set_style(
            ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {percent}%  {msg}  {eta} left")?
                .progress_chars("=> "),
        );
        all.set_message(match finished {
            0 => format!("{name}, {runs} runs"),
            _ => format!("{name}, {runs} runs, {finished} of them finished before"),
        });
        Ok(Self { multi, all, total, done: Mutex::new(0.0) })
    }

    fn begin(&self, label: &str, cost: f64) -> Bar<'_> {
        let bar = self.multi.add(ProgressBar::new(LENGTH));
        if let Ok(style) = ProgressStyle::with_template("         [{bar:30}] {percent}%  {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(label.to_owned());
        Bar { bars: self, bar, cost, shown: Mutex::new(0.0) }
    }
}

struct Bar<'b> {
    bars: &'b Bars,
    bar: ProgressBar,
    cost: f64,
    /// The share of the run that the bar shows.
    shown: Mutex<f64>,
}

impl Bar<'_> {
    fn show(&self, share: f64) {
        let before = std::mem::replace(&mut *held(&self.shown), share);
        let mut done = held(&self.bars.done);
        *done += (share - before) * self.cost;
        self.bar.set_position((share * LENGTH as f64) as u64);
        self.bars.all.set_position((*done / self.bars.total * LENGTH as f64) as u64);
    }

    fn end(&self, line: &str) {
        self.show(1.0);
        self.bar.finish_and_clear();
        self.bars.multi.suspend(|| note!("{line}"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::{Figure, Finished, Kept, Machine, Run, Runs, UnderWay, settings_of, take_all};
    use crate::figures::fig1::Fig1;
    use crate::figures::fig2::Fig2;
    use crate::figures::fig3::Fig3;
    use crate::figures::fig5::Fig5;
    use crate::figures::fig6::Fig6;
    use crate::figures::fig8::Fig8;
    use crate::figures::population::Population;
    use crate::figures::series::Curve;
    use amc_kernels::Arithmetic;

    /// The runs in the repository took weeks: they are found by their settings, to the letter.
    #[test]
    fn the_runs_that_were_made_are_found() {
        fn add<F: Figure>(all: &mut Vec<Value>) {
            for arithmetic in Arithmetic::ALL {
                let machine = Machine::of(1, arithmetic);
                all.extend(F::paper().runs().iter().map(|run| settings_of(run, &machine).expect("JSON")));
            }
        }
        let mut all = Vec::new();
        add::<Fig1>(&mut all);
        add::<Fig2>(&mut all);
        add::<Fig3>(&mut all);
        add::<Fig5<false>>(&mut all);
        add::<Fig5<true>>(&mut all);
        add::<Fig6>(&mut all);
        add::<Fig8>(&mut all);
        add::<Population>(&mut all);
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reproduction/runs");
        let files: Vec<_> = std::fs::read_dir(dir).expect("the runs").map(|file| file.expect("a run").path()).collect();
        assert!(!files.is_empty());
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a run");
            let settings = text.lines().next().and_then(|head| head.split_once("settings ")).expect("settings").1;
            let mut settings: Value = serde_json::from_str(settings).expect("JSON");
            // Which images there are, a test does not know.
            settings["data"] = Value::Null;
            assert!(all.contains(&settings), "{}: {settings}", file.display());
        }
    }

    #[test]
    fn what_is_not_finished_is_taken_as_far_as_it_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let finished = Finished::open(dir.path()).expect("open");
        let machine = Machine::of(1, Arithmetic::Portable);
        let figure = Fig3::paper();
        let curves = |y| vec![Curve::new("f", vec![(1.0, y)])];
        let [whole, under_way, missing] = &figure.runs()[..] else { panic!("three runs") };
        let settings = |run| settings_of(run, &machine).expect("JSON");
        let kept = Kept { seconds: 2.0, curves: curves(1.0) };
        finished.put(&whole.label(), &settings(whole), &kept).expect("finished");
        let settings = settings(under_way);
        let way = UnderWay::new(finished.checkpoint(&under_way.label(), &settings), Duration::ZERO, &|_| ());
        way.keep(|| Ok((curves(0.5), 7_u64))).expect("kept");

        let Runs { made, unfinished } = take_all(figure.runs(), &machine, &finished).expect("taken");
        assert_eq!(unfinished, [under_way.label(), missing.label()]);
        let of_made: Vec<_> = made.iter().map(|made| (&made.label[..], &made.kept.curves[..])).collect();
        assert_eq!(of_made, [(&whole.label()[..], &curves(1.0)[..]), (&under_way.label(), &curves(0.5))]);
    }
}
