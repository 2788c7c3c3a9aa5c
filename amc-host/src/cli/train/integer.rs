//! `amc train --numbers int8`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use amc_engine::CRC;
use amc_engine::data::Data;
use amc_engine::integer::{self, Description, Set};
use amc_engine::memory;
use amc_engine::ranks::{Team, Traffic};
use anyhow::{Context, ensure};

use super::about::about_integers;
use super::best::{Lowest, Watch};
use super::kept::{Keeper, Kept, options};
use super::show::{Show, Stand, Way};
use super::stop::ASKED;
use super::together::{self, Clock};
use super::{Task, TrainArgs, finish};
use crate::cli::integer::{said_of_cuts, said_of_outputs};
use crate::data::integers::in_units;
use crate::metrics::Metrics;
use crate::model::integer::{IntegerModel, of_column, params_hash};
use crate::note;
use crate::output::{self, Folder, Summary};

/// What decides over nothing, or over an integer net as over another.
const TAKEN: [&str; 35] = [
    "--data",
    "--data-dir",
    "--delimiter",
    "--header",
    "--target",
    "--ignore",
    "--task",
    "--missing",
    "--split",
    "--window",
    "--stride",
    "--balance",
    "--test-fraction",
    "--test",
    "--normalise",
    "--layers",
    "--net",
    "--activation",
    "--output",
    "--loss",
    "--numbers",
    "--bits",
    "--steps",
    "--seed",
    "--threads",
    "--isa",
    "--out",
    "--force",
    "--json",
    "--until-loss",
    "--until-accuracy",
    "--patience",
    "--time",
    "--resume",
    "--checkpoint-every",
];

/// Refuses what is not for integer nets.
fn check(args: &TrainArgs, command: &[String]) -> anyhow::Result<()> {
    ensure!(
        !args.speculate,
        "--speculate is an option of --numbers f32: ranks evaluate moves of integer nets together"
    );
    let given = options(command)?;
    if let Some((name, _)) = given.iter().find(|(name, _)| !TAKEN.contains(&name.as_str())) {
        anyhow::bail!(
            "{name} is an option of --numbers f32: integer nets are trained whole, on all samples, by moves of neurons"
        );
    }
    args.table.check_standard()
}

/// What is trained, and on what.
struct Integers {
    description: Description,
    /// In the net's units, not yet rounded.
    data: Data,
    train: Set,
    test: Option<Set>,
    model: IntegerModel,
}

impl Integers {
    /// A rank of a team has its own samples.
    fn of(task: Task, (file, limit): (&str, i8), team: Option<&Arc<Team>>) -> anyhow::Result<Self> {
        let Task { all, mut schema, whole, .. } = task;
        let copies = [Some(&all.train), all.test.as_ref()].into_iter().flatten();
        let numbers = copies.map(|set| set.len() as u64 * (set.width() + set.outputs()) as u64).sum::<u64>();
        // A copy as numbers, and rounded one in rows and one in tiles.
        let checked = memory::check(numbers.saturating_mul(6), "data of integers");
        together::done(team, checked.map_err(anyhow::Error::from))?;
        let (data, units, inputs) = in_units(&all, schema.as_mut())?;
        drop(all);
        let named = |set: anyhow::Result<Set>, of: &str| {
            set.map_err(|error| of_column(error, schema.as_ref())).with_context(|| of.to_owned())
        };
        let sets = named(Set::ordered(&data.train, inputs), file).and_then(|train| {
            let test = data.test.as_ref().map(|test| named(Set::of(test, inputs), "the samples to test with"));
            Ok((train, test.transpose()?))
        });
        let (train, test) = together::done(team, sets)?;
        let (train, test) = (train.together()?, test.map(Set::together).transpose()?);
        let rms = train.root_mean_square();
        let description = Description::fit(whole.inputs, (inputs, rms), whole.layers.clone(), limit);
        description.objective().context("--numbers int8")?;
        let loss = description.of_floats().loss;
        ensure!(
            loss == whole.loss,
            "--loss {}: the loss of an integer net is {}, with {} outputs",
            whole.loss.name(),
            loss.name(),
            description.layers.last().map_or(String::new(), |last| format!("{:?}", last.activation()).to_lowercase())
        );
        let (names, parameters) = (whole.names, Vec::new());
        let model = IntegerModel { description: description.clone(), names, parameters, units, schema };
        Ok(Self { description, data, train, test, model })
    }
}

/// Makes a run, or goes on with one.
pub(super) fn make(
    args: &TrainArgs,
    command: Vec<String>,
    from: Option<(&Path, Kept)>,
    team: Option<&Arc<Team>>,
) -> anyhow::Result<ExitCode> {
    let task = || {
        check(args, &command)?;
        args.machine.limit()?;
        let task = Task::of(args, team)?;
        let (floats, checksums) = (args.settings(&task.all)?, task.checksums()?);
        let stop = args.stop(&task.all, &task.whole, &floats);
        stop.check(&task.all)?;
        Ok((task, floats, checksums, stop))
    };
    let (task, floats, checksums, stop) = together::done(team, task())?;
    let (found, split, limit) = (task.found.clone(), task.split.clone(), args.limit());
    let of_all = super::Settings { threads: 1, ..floats.clone() };
    let options = ("the options", CRC.checksum(format!("{of_all:?} {:?} {limit}", args.stop).as_bytes()));
    together::agree(team, &[&checksums.named()[..], &[options]].concat())?;
    let settings = integer::Settings { steps: floats.steps, seed: floats.seed, threads: floats.threads };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    let Integers { description, data, train, test, model } = Integers::of(task, (&args.data.data, limit), team)?;
    said_of_cuts("train", &train);
    test.iter().for_each(|test| said_of_cuts("test", test));
    let ready = || match &from {
        _ if !together::writes(team) => anyhow::Ok(None),
        Some((dir, kept)) => {
            kept.check(dir, &args.data.data, checksums)?;
            Ok(Some(Folder::take_again(dir)?))
        }
        None => Ok(Some(args.folder()?)),
    };
    let folder = together::done(team, ready())?;
    let dir = folder.as_ref().map(Folder::path);
    let (before, curve, lowest, place) = match from {
        Some((_, Kept { seconds, curve, lowest, place, .. })) => (seconds, curve, lowest, Some(place)),
        None => (0.0, Vec::new(), Lowest::default(), None),
    };
    let about = about_integers(&args.data.data, &command, &description, (&settings, &stop), found);
    let command = (command, std::env::current_dir()?);
    let keeper = Keeper::new(dir, args.checkpoint_every, command, checksums, before);
    let watch = Watch::new(&data, &floats, lowest);
    let clock = Clock::new(team);
    let mut way = Way { curve, stop: &stop, keeper, watch, clock, was_asked: false, ended: None };
    let mut show = Show::new(settings.steps, 1)?;
    let traffic = team.map_or(Traffic::default(), |team| team.traffic());
    let trained = pool.install(|| {
        integer::train_on(&description, (&train, test.as_ref()), &settings, place.as_ref(), |moves| {
            let (counters, loss, batch) = (moves.counters(), moves.loss(), train.all());
            let not_lowered = way.watch.lowest.look(loss, counters.steps, batch);
            let at = Stand { counters, loss, sigma: moves.rate(), batch, not_lowered };
            show.after(at, moves, &mut way)
        })
    })?;
    show.bar.finish_and_clear();
    let dir = dir.unwrap_or(Path::new(""));
    let out = dir.display();
    if way.was_asked {
        note!("stopped after {} steps: `amc train --resume {out}` goes on", trained.counters.steps);
        return Ok(ExitCode::from(ASKED));
    }
    let Way { curve, keeper, ended, .. } = way;
    together::say(team, traffic, trained.counters.steps);
    let model = IntegerModel { parameters: trained.parameters, ..model };
    let of_train = Metrics::of(&model, &data.train)?;
    let of_test = data.test.as_ref().map(|test| Metrics::of(&model, test)).transpose()?;
    let share = |correct: usize, set: &Set| set.has_classes().then(|| correct as f32 / set.all() as f32);
    let tested = trained.test.zip(test.as_ref());
    let mean = |loss, set: &Set| description.mean(loss, set.all());
    let summary = Summary {
        data: args.data.data.clone(),
        split,
        numbers: "int8",
        method: "neurons",
        seed: settings.seed,
        ended,
        steps: trained.counters.steps,
        model_step: trained.counters.steps,
        loss: mean(trained.train.loss, &train),
        test_loss: tested.map(|(score, test)| mean(score.loss, test)),
        acceptance_rate: trained.counters.acceptance_rate(),
        resets: 0,
        sigma: trained.rate,
        parameters: model.parameters.len(),
        saturated: Some(trained.saturated),
        train_accuracy: share(trained.train.correct, &train),
        test_accuracy: tested.and_then(|(score, test)| share(score.correct, test)),
        evaluated_share: None,
        seconds: before + trained.time.as_secs_f64(),
        step_ms: trained.median_step.as_secs_f64() * 1e3,
        params_hash: params_hash(&model.parameters),
        out: out.to_string(),
        train: of_train,
        test: of_test,
    };
    said_of_outputs("train", trained.train.clipped, train.all());
    if let Some((score, test)) = tested {
        said_of_outputs("test", score.clipped, test.all());
    }
    note!("{} of {} parameters are as large as can be: {limit}", trained.saturated, model.parameters.len());
    if folder.is_some() {
        model.save(&dir.join(output::MODEL))?;
        output::write(dir, &about, &curve, &summary)?;
    }
    finish(args, dir, &summary, keeper)
}
