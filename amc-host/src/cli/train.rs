//! `amc train`.

mod about;
mod args;
mod best;
mod integer;
mod kept;
mod show;
mod stop;
mod tested;
mod together;

use std::borrow::Cow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use amc_engine::CRC;
use amc_engine::data::Data;
use amc_engine::data::scale::{Column, LARGE, SCALE_IT};
use amc_engine::description::Description;
use amc_engine::ranks::{Team, Traffic};
use amc_engine::train::{By, Checkpoint, Method, Moves, Progress, Settings, Swaps, Trained, train_by};
use anyhow::bail;

use self::about::about;
use self::args::Numbers;
pub(super) use self::args::TrainArgs;
use self::best::{Lowest, Watch};
use self::kept::{Checksums, Keeper, Kept, checksums};
use self::show::{OfFloats, Show, Stand, Way};
use self::stop::ASKED;
use self::tested::may_have_trained;
use self::together::Clock;
pub(super) use self::together::is_alike;
use crate::console::print;
use crate::data::prepare::{self, Prepared};
use crate::data::schema::{Outputs, Schema, listed};
use crate::data::window::Window;
use crate::metrics::Metrics;
use crate::model::{Model, params_hash};
use crate::note;
use crate::output::{self, Folder, Summary};
use crate::transfer::Plan;

/// The command line of this process.
fn command_line() -> Vec<String> {
    let mut command: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if command.len() < 2 {
        command = ["amc", "train"].map(String::from).to_vec();
    }
    command
}

pub(super) fn run(args: &TrainArgs, team: Option<&Arc<Team>>) -> anyhow::Result<ExitCode> {
    let command = command_line();
    let Some(dir) = &args.resume else { return make(args, command, None, team) };
    let kept = Kept::read(dir, team)?;
    let mut begun = kept.begun_with(dir, &command)?;
    begun.machine.threads = args.machine.threads.or(begun.machine.threads);
    begun.machine.isa = args.machine.isa.or(begun.machine.isa);
    begun.json |= args.json;
    begun.checkpoint_every = args.checkpoint_every;
    begun.speculate = args.speculate;
    let dir = together::done(team, kept.go_to_its_files(&begun, dir))?;
    make(&begun, kept.command.clone(), Some((&dir, kept)), team)
}

/// What is to be learned, and by what.
struct Task {
    /// The samples, as the whole net takes them.
    all: Data,
    schema: Option<Schema>,
    /// Classes that the net knows without a table.
    classes: Vec<String>,
    /// Which rows of a table test.
    split: Option<String>,
    /// What was found out, a line each.
    found: Vec<String>,
    /// The whole net.
    whole: Description,
    /// What is taken over of a model, and what of the net is trained.
    plan: Option<Plan>,
}

impl Task {
    /// A rank of a team that shares samples has its own ones.
    fn of(args: &TrainArgs, team: Option<&Arc<Team>>) -> anyhow::Result<Self> {
        let model = args.from.as_deref().map(Model::load).transpose()?;
        let known = model.as_ref().and_then(|model| model.schema.as_ref());
        let classes = model.as_ref().filter(|_| !args.new_head).map_or(&[][..], |model| &model.classes);
        let (all, schema, mut found) = match args.data.table() {
            Some(path) => {
                let Prepared { data, schema, mut report } = match known {
                    Some(known) => {
                        args.table.check_known()?;
                        let options = args.table.options(known.window);
                        prepare::load_known(known, path, &options, args.new_head, team)?
                    }
                    None => prepare::load_beside(classes, path, &args.table.options(Window::default()), team)?,
                };
                if let (Some(model), None) = (&model, known) {
                    report.push(unknown(model, &schema, args.new_head));
                }
                report.iter().for_each(|line| note!("{line}"));
                (data, Some(schema), report)
            }
            None if known.is_some() => {
                bail!("the model was trained on a table: name one with the same columns, --data FILE")
            }
            None => (args.data.load(team)?, None, Vec::new()),
        };
        let split = schema.as_ref().map(|schema| args.table.options(schema.window).said_of_test());
        let (Some(model), Some(place)) = (&model, &args.from) else {
            let whole = args.description(&all)?;
            return Ok(Self { all, schema, classes: Vec::new(), split, found, whole, plan: None });
        };
        let tested =
            split.as_ref().and_then(|split| may_have_trained(place, (&args.data.data, args.table.test()), split));
        if let Some(warning) = tested {
            note!("{warning}");
            found.push(warning);
        }
        let plan = args.plan(model, place, &all)?;
        note!("{}", plan.report());
        found.push(plan.report());
        let whole = plan.whole().clone();
        let is_of_them = schema.is_none() && whole.layers.last().is_some_and(|last| last.units() == classes.len());
        let classes = if is_of_them { classes.to_vec() } else { Vec::new() };
        Ok(Self { all, schema, classes, split, found, whole, plan: Some(plan) })
    }

    /// Checksums of it.
    fn checksums(&self) -> anyhow::Result<Checksums> {
        let taken_over = self.plan.as_ref().map(Plan::parameters).unwrap_or_default();
        checksums(&self.all, self.schema.as_ref(), (&self.whole, &taken_over))
    }
}

/// What is taken for granted of a model that says nothing of columns and classes.
fn unknown(model: &Model, schema: &Schema, new_head: bool) -> String {
    let outputs = match &schema.outputs {
        Outputs::Classes(names) if model.classes.is_empty() && !new_head => {
            let names = listed(names);
            format!("; its outputs are taken for {names}, in this order, where amc import --classes says no other")
        }
        _ => String::new(),
    };
    format!(
        "the model says nothing of scales: numbers are scaled as --normalise says, off takes them as they are{outputs}"
    )
}

/// Makes a run, or goes on with one; all ranks of a team make it together.
fn make(
    args: &TrainArgs,
    command: Vec<String>,
    from: Option<(&Path, Kept)>,
    team: Option<&Arc<Team>>,
) -> anyhow::Result<ExitCode> {
    if args.numbers == Numbers::Int8 {
        return integer::make(args, command, from, team);
    }
    let limited = args.machine.limit().map_err(anyhow::Error::from);
    let chains = together::done(team, args.chains())?;
    let by = match (&chains, team) {
        (Some(chains), _) => By::Chains(chains, team),
        (None, Some(team)) if args.speculate => By::Ahead(team),
        (None, _) => By::Chain,
    };
    let of_samples = team.filter(|_| matches!(by, By::Chain));
    if args.speculate && team.is_none() {
        note!("--speculate: one process evaluates one move after another; with mpirun, amc-ranks evaluates several");
    }
    let task = limited.and_then(|()| Task::of(args, of_samples)).and_then(|task| {
        let (settings, checksums) = (args.settings(&task.all)?, task.checksums()?);
        Ok((task, settings, checksums))
    });
    let (task, settings, checksums) = together::done(team, task)?;
    let of_all = Settings { threads: 1, ..settings.clone() };
    let options =
        ("the options", CRC.checksum(format!("{of_all:?} {:?} {} {chains:?}", args.stop, args.speculate).as_bytes()));
    together::agree(team, &[&checksums.named()[..], &[options]].concat())?;
    let Task { all, schema, classes, split, found, whole, plan } = task;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    warn_of_scale(&all);
    let ready = || {
        let (description, settings, data) = match &plan {
            Some(plan) => {
                let data = pool.install(|| plan.data(&all, args.arithmetic))?;
                (plan.head()?, plan.settings(settings), data)
            }
            None => (whole.clone(), settings, Cow::Borrowed(&all)),
        };
        by.check(&description, &data, &settings)?;
        let stop = args.stop(&data, &description, &settings);
        stop.check(&data)?;
        let folder = match &from {
            _ if !together::writes(team) => None,
            Some((dir, kept)) => {
                kept.check(dir, &args.data.data, checksums)?;
                Some(Folder::take_again(dir)?)
            }
            None => Some(args.folder()?),
        };
        Ok((description, settings, data, stop, folder))
    };
    let (description, settings, data, stop, folder) = together::done(team, ready())?;
    let dir = folder.as_ref().map(Folder::path);
    let (before, curve, lowest, place) = match from {
        Some((_, Kept { seconds, curve, lowest, place, .. })) => (seconds, curve, lowest, Some(place)),
        None => (0.0, Vec::new(), Lowest::default(), None),
    };
    let about = about(&args.data.data, &command, &whole, (&settings, &stop), found);
    let command = (command, std::env::current_dir()?);
    let keeper = Keeper::new(dir, args.checkpoint_every, command, checksums, before);
    let watch = Watch::new(&data, &settings, lowest);
    let clock = Clock::new(team);
    let mut way = Way { curve, stop: &stop, keeper, watch, clock, was_asked: false, ended: None };
    let traffic = team.map_or(Traffic::default(), |team| team.traffic());
    let from = (place.as_ref(), by);
    let trained = pool.install(|| train_and_show(&description, &data, &settings, from, &mut way))?;
    let dir = dir.unwrap_or(Path::new(""));
    let out = dir.display();
    if way.was_asked {
        note!("stopped after {} steps: `amc train --resume {out}` goes on", trained.counters.steps);
        return Ok(ExitCode::from(ASKED));
    }
    let Way { curve, keeper, watch, ended, .. } = way;
    let (mut trained, model_step) = watch.choose(trained, &description, &data, &settings)?;
    if let Some(plan) = &plan {
        trained.parameters = plan.with(&trained.parameters);
    }
    together::say(team, traffic, trained.counters.steps);
    let parameters = trained.parameters.clone();
    let model = Model { description: whole, arithmetic: args.arithmetic, parameters, schema, classes };
    let train = Metrics::of(&model, &all.train)?;
    let test = all.test.as_ref().map(|test| Metrics::of(&model, test)).transpose()?;
    let Settings { method, seed, .. } = settings;
    let run = Run { data: &args.data.data, split, method, seed, ended, before, out: dir };
    let summary = summary(&trained, model_step, run, train, test);
    if folder.is_some() {
        model.save(&dir.join(output::MODEL))?;
        output::write(dir, &about, &curve, &summary)?;
    }
    finish(args, dir, &summary, keeper)
}

/// Ends a run whose results are in its folder, and says them.
fn finish(args: &TrainArgs, out: &Path, summary: &Summary, keeper: Keeper) -> anyhow::Result<ExitCode> {
    keeper.forget()?;
    say(summary);
    note!("the model and a report are in {}", out.display());
    if args.json {
        print(format_args!("{}\n", serde_json::to_string(summary)?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which features are so large that a net hardly learns from them, and whether the numbers to find are so large that it
/// hardly comes to them.
fn warn_of_scale(data: &Data) {
    let count = data.train.columns_beyond(LARGE);
    if let Some(Column { name, largest }) = data.train.largest_column().filter(|_| count > 0) {
        let others = if count > 1 { format!(", and {} more beyond {LARGE}", count - 1) } else { String::new() };
        note!("warning: {name} reaches {largest:e}{others}: nets hardly learn from so large numbers; {SCALE_IT}");
    }
    if let Some(largest) = data.train.largest_target().filter(|largest| *largest > LARGE) {
        note!(
            "warning: the numbers to find reach {largest:e}: a net begins near 0, and hardly comes so far; {SCALE_IT}"
        );
    }
}

/// Trains, and shows it.
fn train_and_show(
    description: &Description,
    data: &Data,
    settings: &Settings,
    (from, by): (Option<&Checkpoint>, By<'_>),
    way: &mut Way<'_>,
) -> anyhow::Result<Trained> {
    let stride = if let By::Chains(chains, _) = by { chains.stride() } else { 1 };
    let mut show = Show::new(settings.steps, stride)?;
    let mut swaps = Swaps::default();
    let trained = train_by(description, data, settings, (from, by), |moves, test| {
        if let Moves::Population(population) = moves {
            swaps = population.swaps();
        }
        let mut progress = moves.progress(test);
        let not_lowered = way.watch.look(&mut progress);
        if let Some(advice) = way.watch.advice(&progress) {
            show.bar.suspend(|| note!("{advice}"));
        }
        let Progress { counters, loss, sigma, batch, .. } = progress;
        show.after(Stand { counters, loss, sigma, batch, not_lowered }, &mut OfFloats(moves, test), way)
    })?;
    show.bar.finish_and_clear();
    if swaps.asked > 0 {
        note!("neighbours on the ladder swapped {} of {} times that they were asked to", swaps.made, swaps.asked);
    }
    Ok(trained)
}

/// What a summary has of a run beside what training gave.
struct Run<'r> {
    data: &'r str,
    split: Option<String>,
    method: Method,
    seed: u64,
    ended: Option<String>,
    /// Seconds that it took before it was interrupted, if it was.
    before: f64,
    out: &'r Path,
}

fn summary(trained: &Trained, model_step: u64, run: Run<'_>, train: Metrics, test: Option<Metrics>) -> Summary {
    let Run { data, split, method, seed, ended, before, out } = run;
    Summary {
        data: data.to_string(),
        split,
        numbers: "f32",
        method: method.name(),
        seed,
        ended,
        steps: trained.counters.steps,
        model_step,
        loss: trained.train_loss,
        test_loss: trained.test_loss,
        acceptance_rate: trained.counters.acceptance_rate(),
        resets: trained.counters.resets,
        sigma: trained.sigma,
        parameters: trained.parameters.len(),
        saturated: None,
        train_accuracy: trained.train_accuracy,
        test_accuracy: trained.test_accuracy,
        seconds: before + trained.time.as_secs_f64(),
        evaluated_share: trained.early_rejection.evaluated_share(),
        step_ms: trained.median_step.as_secs_f64() * 1e3,
        params_hash: params_hash(&trained.parameters),
        out: out.display().to_string(),
        train,
        test,
    }
}

fn say(summary: &Summary) {
    let parts = [("train", summary.train_accuracy), ("test", summary.test_accuracy)];
    let percent = |(part, accuracy): (&str, Option<f32>)| accuracy.map(|a| format!(" {:.1}% ({part})", 100.0 * a));
    let accuracy: String = parts.into_iter().filter_map(percent).collect();
    let test_loss = summary.test_loss.map_or(String::new(), |loss| format!(" (train) {loss:.6} (test)"));
    note!(
        "{} parameters, {} steps in {:.1} s ({:.3} ms each): loss {:.6}{test_loss}, {}acceptance {:.3}",
        summary.parameters,
        summary.steps,
        summary.seconds,
        summary.step_ms,
        summary.loss,
        if accuracy.is_empty() { accuracy } else { format!("accuracy{accuracy}, ") },
        summary.acceptance_rate,
    );
    let (part, metrics) = summary.test.as_ref().map_or(("train", &summary.train), |test| ("test", test));
    note!("{part} samples:\n{}", metrics.table());
}
